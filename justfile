# The commands of daily work: the very ones that .ci/run uses. `just` lists them.

_default:
    @just --list

# Install what building needs.
setup:
    ./setup

# Run all tests that are not slow.
test:
    ./setup --tests && cargo test --release

# Run the slow tests.
test-slow:
    cargo test --release -- --ignored

# Format the code.
format:
    cargo fmt --all

# Look for what the compiler and clippy dislike, and for unformatted code.
lint:
    cargo fmt --all --check
    cargo clippy --release --all-targets -- -D warnings

# Build the reference of the library.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps

# Build the book (needs mdbook).
book:
    mdbook build docs

# Make the pictures of the gallery, the README and the tour again.
gallery:
    ./docs/make-gallery

# Measure.
bench:
    cargo bench

# Everything that has to be green before a change is offered.
all:
    .ci/run
