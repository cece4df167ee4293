//! Names of crates: what cargo, Rust and the registry of families accept at once.

use crate::registry::Registry;

/// Names that cargo refuses for a program, or that would hide a crate that every program has.
const TAKEN: &[&str] = &[
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "incremental",
    "nullcline",
    "proc-macro",
    "std",
    "test",
];

/// The keywords of Rust: the name is also that of a module.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Why a name is no name for a crate; the crate's family takes the same one.
pub fn refuse(name: &str, registry: &Registry) -> Option<String> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase())
        || !name.chars().all(legal)
        || name.ends_with('-')
        || name.contains("--")
    {
        return Some("a crate and its family are named by lower-case letters, digits and single hyphens, with a letter first".into());
    }
    if name.len() > 64 {
        return Some("it is longer than 64 letters".into());
    }
    if KEYWORDS.contains(&name) {
        return Some("it is a word of the language Rust".into());
    }
    if TAKEN.contains(&name) {
        return Some("cargo or Rust has it already".into());
    }
    if registry.get(name).is_some() {
        return Some("a family of this program has it already".into());
    }
    None
}

/// `my-model` as the name of a module: `my_model`.
pub fn snake(name: &str) -> String {
    name.replace('-', "_")
}

/// `my-model` as the name of a type: `MyModel`.
pub fn camel(name: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    name.split('-').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cargo_or_rust_would_refuse_are_refused() {
        let registry = crate::models::registry();
        for good in ["oscillator", "my-model", "fitzhugh-nagumo-2", "x"] {
            assert_eq!(refuse(good, &registry), None, "{good}");
        }
        let bad = [
            "",
            "My-Model",
            "my_model",
            "2d",
            "-x",
            "x-",
            "a--b",
            "a b",
            "a.b",
            "\u{e9}tat",
            "fn",
            "test",
            "std",
            "nullcline",
            "linear-threshold",
        ];
        for bad in bad {
            assert!(refuse(bad, &registry).is_some(), "{bad}");
        }
    }

    #[test]
    fn modules_and_types_are_named_as_rust_does() {
        assert_eq!(
            (snake("my-model"), camel("my-model")),
            ("my_model".into(), "MyModel".into())
        );
        assert_eq!(camel("fitzhugh-nagumo-2"), "FitzhughNagumo2");
    }
}
