//! Every block of code in the README, CONTRIBUTING and the book is checked, in the way that its language has.
//!
//! A page is gone through from its top, in one folder that holds a copy of `configs/` and what the page has
//! made before. The language of a block decides what happens with it:
//!
//! | language | what is done |
//! |---|---|
//! | `console` | a session: each `$ command` is run by `sh`, and has to print what follows |
//! | `sh` | commands to type: a line `nullcline ...` is run, and has to succeed, if the files that it reads are there; where they are the reader's own, and on the reference pages, which quote the helps, the verb and the options have to exist. Files under `configs/` have to be there. Other lines are not run, but the targets that they name exist |
//! | `toml` | a whole experiment passes `nullcline check`; a part does together with one shown before, a starter, or one under `configs/` |
//! | `python` | run, the blocks of a page as the cells of one notebook |
//! | `json` | is JSON |
//! | `rust,ignore` | stands in the program that `new --crate` writes, which `tests/outside.rs` compiles; pages show no other Rust |
//! | `diff` | applied by `tests/recipes.rs` |
//! | `julia`, `matlab` | not run; the page says so |
//! | `text` | shows equations and the like, and no commands |
//!
//! A block of `toml` or `python` whose first line is a comment with a file's name, `# sweep.toml`, is written to
//! the folder under this name. Any other language is an error, no language as well.

mod pages;

use std::panic::catch_unwind;
use std::time::Instant;

use pages::session::compare;
use pages::shell::inputs;
use pages::{Counts, blocks, files, pages, read, root, walk};

/// Pages whose commands take more than some seconds together.
const LONG: [&str; 4] = [
    "docs/gallery.md",
    "docs/response-time.md",
    "docs/seizures.md",
    "docs/families/chloride-network.md",
];

fn walk_all(chosen: impl Fn(&str) -> bool) -> Counts {
    let (mut all, mut false_pages) = (Counts::default(), Vec::new());
    for page in pages().iter().filter(|page| chosen(page)) {
        let begun = Instant::now();
        let Ok(counts) = catch_unwind(|| walk(page)) else {
            // What is wrong has been printed; the other pages are gone through all the same.
            false_pages.push(page.clone());
            continue;
        };
        println!("{page}: {counts:?}, {:.1} s", begun.elapsed().as_secs_f64());
        all.compared += counts.compared;
        all.run += counts.run;
        all.parsed += counts.parsed;
        all.experiments += counts.experiments;
        all.python += counts.python;
    }
    assert!(false_pages.is_empty(), "not what they say: {false_pages:?}");
    all
}

#[test]
fn the_readme_and_the_tour_are_true() {
    for page in ["README.md", "docs/tour.md"] {
        let counts = walk(page);
        assert!(counts.compared >= 9, "{page}: {counts:?}");
    }
}

#[test]
fn every_page_is_what_it_says() {
    let first = ["README.md", "docs/tour.md"];
    let counts = walk_all(|page| !LONG.contains(&page) && !first.contains(&page));
    // So that a page that is no longer found, or a block that is no longer seen, is noticed.
    assert!(counts.compared >= 7 && counts.run >= 45, "{counts:?}");
    // Most commands are run; of these few only the words are looked at.
    assert!(counts.parsed <= 30, "{counts:?}");
    assert!(counts.experiments >= 13 && counts.python >= 7, "{counts:?}");
}

/// There is a picture for each that the commands of the gallery name and no other, the page shows it, and it is small enough
/// for a book. What is on it is what `./docs/make-gallery` made last: the commands are run with the longer tutorials.
#[test]
fn the_gallery_shows_a_small_picture_for_each_of_its_commands_and_no_other() {
    const LARGEST: u64 = 80_000;
    let page = read("docs/gallery.md");
    let commands = blocks(&page)
        .into_iter()
        .filter(|block| block.language == "sh");
    let text: String = commands.map(|block| block.text).collect();
    let words = text.split_whitespace();
    let mut made: Vec<&str> = words.filter(|word| word.ends_with(".png")).collect();
    made.sort_unstable();
    let pictures = files(&root().join("docs/images/gallery"), "png");
    let names = pictures
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap());
    assert_eq!(made, names.collect::<Vec<_>>(), "run ./docs/make-gallery");
    for picture in &pictures {
        let name = picture.file_name().unwrap().to_str().unwrap();
        let shown = page.contains(&format!("](images/gallery/{name})"));
        assert!(shown, "docs/gallery.md does not show {name}");
        let size = picture.metadata().unwrap().len();
        assert!(size < LARGEST, "{name} has {size} bytes");
    }
}

#[test]
#[ignore = "runs every experiment of the longer tutorials; .ci/run runs it"]
fn the_longer_tutorials_are_what_they_say() {
    let counts = walk_all(|page| LONG.contains(&page));
    assert!(counts.run >= 50, "{counts:?}");
}

#[test]
fn a_session_is_compared_word_for_word_but_for_what_differs_from_run_to_run() {
    assert!(
        compare(
            "wrote a.h5: 7 steps, in 3 ms\n",
            "wrote a.h5: 8 steps, in 2.1 s\n"
        )
        .is_ok()
    );
    assert!(compare("one\n...\nfour\n", "one\ntwo\nthree\nfour\n").is_ok());
    assert!(compare("one\n...\n", "one\ntwo\n").is_ok());
    assert!(compare("one\n", "one\ntwo\n").is_err());
    assert!(compare("two\n", "one\ntwo\n").is_err());
    assert!(compare("...\ntwo\n", "one\ntwo\n").is_ok());
    assert!(compare("1.5 mV\n", "1.6 mV\n").is_err());
}

#[test]
fn results_are_no_inputs() {
    let line = "nullcline fit a/b.toml c.csv -o d.h5 --set trials.file=e.csv";
    assert_eq!(inputs(line), ["a/b.toml", "c.csv"]);
}
