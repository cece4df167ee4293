//! The house has one-way stairs: modules depend on each other in one direction only.
//!
//! The checker reads every path that begins with `crate::`, `nullcline::` or `super::` in `src/` and
//! `models/`, comments and texts left out, and compares it with the allowed graph below;
//! modules of unit tests may use what they need. A second test plants back edges and shows that the
//! checker finds them. The other tests hold the habits of the
//! house: every file introduces itself and stays readable, every model is listed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What each module may use, besides itself.
const ALLOWED: &[(&str, &[&str])] = &[
    ("main", &["cli", "models"]),
    (
        "cli",
        &[
            "config",
            "plan",
            "ensemble",
            "analysis",
            "archive",
            "plot",
            "registry",
            "system",
            "engine::card",
            "engine::schemes",
            "engine::outcome",
        ],
    ),
    ("plot", &["archive"]),
    ("analysis", &["engine", "noise", "system"]),
    (
        "ensemble",
        &[
            "plan", "config", "engine", "analysis", "archive", "registry", "system",
        ],
    ),
    (
        "archive",
        &[
            "plan",
            "config::axis",
            "config::experiment",
            "engine::card",
            "engine::outcome",
            "engine::schemes",
            "system",
        ],
    ),
    ("plan", &["config", "noise", "registry", "system"]),
    (
        "config",
        &["registry", "system", "engine::card", "engine::schemes"],
    ),
    ("registry", &["analysis", "system"]),
    ("models::mod", &["registry", "models"]),
    ("models", &["prelude"]),
    ("prelude", &["system"]),
    ("engine", &["noise", "system"]),
    ("noise", &["system"]),
    ("system", &[]),
];

/// Source texts by path from the root of the repository.
type Tree = BTreeMap<String, String>;

fn read(folders: &[&str]) -> Tree {
    fn walk(folder: &Path, tree: &mut Tree) {
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, tree);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let root = Path::new(env!("CARGO_MANIFEST_DIR"));
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                tree.insert(name.replace('\\', "/"), fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut tree = Tree::new();
    for folder in folders {
        walk(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
            &mut tree,
        );
    }
    tree
}

/// The path of the module that a file is, from the root of the crate: `["engine", "schemes", "rk4"]`.
fn module_of(file: &str) -> Vec<&str> {
    let inside = file.strip_prefix("src/").unwrap_or(file);
    let mut path: Vec<&str> = inside.trim_end_matches(".rs").split('/').collect();
    if path.last() == Some(&"mod") {
        path.pop();
    }
    path
}

/// The text without comments and without what stands between quotes.
fn code_of(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = String::new();
    let mut at = 0;
    let skip_past = |from: usize, end: &str| {
        text[from..]
            .find(end)
            .map_or(text.len(), |i| from + i + end.len())
    };
    while at < bytes.len() {
        let rest = &text[at..];
        if rest.starts_with("//") {
            at = skip_past(at, "\n");
        } else if rest.starts_with("/*") {
            at = skip_past(at, "*/");
        } else if rest.starts_with("r\"") {
            at = skip_past(at + 2, "\"");
        } else if rest.starts_with("r#\"") {
            at = skip_past(at + 3, "\"#");
        } else if rest.starts_with("'\"'")
            || rest.starts_with("'\\\"'")
            || rest.starts_with("'\\''")
        {
            at = skip_past(at + 2, "'");
        } else if rest.starts_with('"') {
            at += 1;
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            at += 1;
        } else {
            let character = rest.chars().next().unwrap();
            code.push(character);
            at += character.len_utf8();
        }
    }
    code
}

/// The code without its modules of unit tests, which may use what the code itself must not.
fn without_tests(code: &str) -> String {
    let Some((before, tests)) = code.split_once("#[cfg(test)]\nmod ") else {
        return code.to_string();
    };
    let mut depth = 0;
    for (at, character) in tests.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return format!("{before}{}", without_tests(&tests[at + 1..])),
            '}' => depth -= 1,
            _ => {}
        }
    }
    before.to_string()
}

/// Every path in the code that leaves the file, from the root of the crate, two names deep.
fn paths_of(file: &str, text: &str) -> Vec<Vec<String>> {
    let code: String = without_tests(&code_of(text))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace(" ::", "::")
        .replace(":: ", "::");
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("::") {
        let start = code[..at]
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |i| i + 1);
        // Only where a path begins, not in its middle.
        if code[..start].ends_with("::") {
            continue;
        }
        let mut rest = &code[at + 2..];
        let mut base = match &code[start..at] {
            "crate" | "nullcline" => vec![],
            "super" => {
                let mut base = module_of(file);
                base.pop();
                while let Some(further) = rest.strip_prefix("super::") {
                    base.pop();
                    rest = further;
                }
                base
            }
            _ => continue,
        };
        base.truncate(2);
        for end in branches(rest) {
            let mut path: Vec<String> = base.iter().map(ToString::to_string).collect();
            path.extend(end);
            path.truncate(2);
            paths.push(path);
        }
    }
    paths
}

/// The beginnings of `a::b`, `{a::b, c::{d, e}}`: `[[a, b]]`, `[[a, b], [c, d], [c, e]]`.
fn branches(rest: &str) -> Vec<Vec<String>> {
    if let Some(group) = rest.strip_prefix('{') {
        let mut depth = 0;
        let mut parts = vec![String::new()];
        for character in group.chars() {
            match character {
                '}' if depth == 0 => break,
                ',' if depth == 0 => {
                    parts.push(String::new());
                    continue;
                }
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            parts.last_mut().unwrap().push(character);
        }
        return parts
            .iter()
            .flat_map(|part| branches(part.trim()))
            .collect();
    }
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let name = rest[..end].to_string();
    match rest[end..].strip_prefix("::") {
        _ if name.is_empty() => vec![],
        Some(further) => branches(further)
            .into_iter()
            .map(|branch| std::iter::once(name.clone()).chain(branch).collect())
            .chain(branches(further).is_empty().then(|| vec![name.clone()]))
            .collect(),
        None => vec![vec![name]],
    }
}

/// Every use that the graph does not allow, as `file uses path`.
fn back_edges(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (file, text) in tree {
        // The map of the modules mounts them all.
        if file == "src/lib.rs" {
            continue;
        }
        let own = module_of(file)[0];
        let rule = if file == "models/mod.rs" {
            "models::mod"
        } else {
            own
        };
        let allowed = ALLOWED.iter().find(|(module, _)| *module == rule);
        let Some((_, allowed)) = allowed else {
            found.push(format!("{file} belongs to no module of the graph"));
            continue;
        };
        for path in paths_of(file, text) {
            let known = ALLOWED.iter().any(|(module, _)| *module == path[0]);
            let fits = |allowed: &&str| path.join("::") == *allowed || path[0] == *allowed;
            if known && path[0] != own && !allowed.iter().any(fits) {
                found.push(format!("{file} uses {}", path.join("::")));
            }
        }
    }
    found
}

#[test]
fn modules_depend_on_each_other_in_one_direction() {
    let tree = read(&["src", "models"]);
    assert!(tree.len() > 30, "the tree was not found");
    let edges = back_edges(&tree);
    assert!(edges.is_empty(), "back edges:\n{}", edges.join("\n"));
}

#[test]
fn a_planted_back_edge_is_found() {
    let plants = [
        (
            "src/system/layout.rs",
            "use crate::engine::integrate;",
            "engine::integrate",
        ),
        (
            "src/system/mod.rs",
            "pub use super::registry::Registry;",
            "registry::Registry",
        ),
        (
            "src/engine/mod.rs",
            "use crate::{\n    cli,\n    system::System,\n};",
            "cli",
        ),
        (
            "src/engine/schemes/rk4.rs",
            "use super::super::super::archive::grid;",
            "archive::grid",
        ),
        (
            "src/engine/card.rs",
            "fn f() { crate :: plot::save(); }",
            "plot::save",
        ),
        (
            "src/config/mod.rs",
            "use crate::engine::{card::Card, integrate::{Span, Options}};",
            "engine::integrate",
        ),
        (
            "src/registry.rs",
            "use nullcline::models::linear_threshold;",
            "models::linear_threshold",
        ),
        (
            "models/linear_threshold/mod.rs",
            "use nullcline::engine::card::Card;",
            "engine::card",
        ),
        (
            "models/linear_threshold/mod.rs",
            "use crate::system::layout::Layout;",
            "system::layout",
        ),
        ("src/main.rs", "use nullcline::engine;", "engine"),
        (
            "src/plot/mod.rs",
            "use crate::system::layout::Layout;",
            "system::layout",
        ),
        (
            "src/system/tree.rs",
            "#[cfg(test)]\nmod more {\n    mod tests {}\n    use crate::cli;\n}\nuse crate::plot;",
            "uses plot",
        ),
        ("src/dungeon.rs", "//! Nobody knows it.", "no module"),
    ];
    for (file, line, edge) in plants {
        let mut tree = read(&["src", "models"]);
        let text = tree.entry(file.to_string()).or_default();
        *text = format!("{text}\n{line}\n");
        let edges = back_edges(&tree);
        assert!(
            edges
                .iter()
                .any(|found| found.starts_with(file) && found.contains(edge)),
            "`{line}` in {file} was not found; found: {edges:?}"
        );
    }
}

#[test]
fn comments_and_texts_are_not_dependencies() {
    let harmless = r##"
        //! See [`crate::cli`].
        /// use nullcline::engine::integrate;
        /* use crate::archive; */
        const A: &str = "use crate::cli;";
        const B: &str = r#"crate::plot::save"#;
        const C: char = '"'; // use crate::cli;
        const D: char = '"';
        use crate::system::layout::Layout;
    "##
    .to_string()
        + "#[cfg(test)]\nmod tests {\n    use crate::models::registry;\n}\n";
    let tree = Tree::from([("src/system/x.rs".to_string(), harmless.clone())]);
    assert_eq!(back_edges(&tree), Vec::<String>::new());
    assert_eq!(
        paths_of("src/system/x.rs", &harmless),
        [["system", "layout"]]
    );
}

#[test]
fn every_file_introduces_itself_and_stays_readable() {
    for (file, text) in read(&["src", "models", "tests", "examples", "benches"]) {
        assert!(
            text.starts_with("//!"),
            "{file} does not open with what it is (`//! ...`)"
        );
        let lines = text.lines().count();
        assert!(
            lines <= 700,
            "{file} has {lines} lines: a room that wants a wall"
        );
    }
}

#[test]
fn every_model_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = fs::read_to_string(root.join("models/mod.rs")).unwrap();
    let book = fs::read_to_string(root.join("docs/SUMMARY.md")).unwrap();
    let registry = nullcline::models::registry();
    let mut count = 0;
    for file in read(&["models"]).keys() {
        let path = module_of(file);
        let [_, model] = path[..] else { continue };
        count += 1;
        assert!(
            list.contains(&format!("pub mod {model};")),
            "{file} is not compiled: add `pub mod {model};` to models/mod.rs"
        );
        let family = model.replace('_', "-");
        assert!(
            registry.get(&family).is_some(),
            "{file} is not offered: add its family `{family}`, as `&{model}::...`, to the registry in models/mod.rs"
        );
        let experiments = fs::read_dir(root.join("configs").join(&family));
        assert!(
            experiments.is_ok_and(|mut files| files.next().is_some()),
            "{file} has no experiment: add one under configs/{family}/"
        );
        let page = format!("families/{family}.md");
        assert!(
            root.join("docs").join(&page).is_file(),
            "{file} is not described: add docs/{page}"
        );
        assert!(
            book.contains(&page),
            "docs/{page} is not in the book: add `- [{family}]({page})` to docs/SUMMARY.md"
        );
    }
    assert!(count > 0 && count == registry.families().len());
}

#[test]
fn every_scheme_is_listed() {
    const LIST: &str = "src/engine/schemes/mod.rs";
    let tree = read(&["src/engine/schemes"]);
    let list = &tree[LIST];
    let mut count = 0;
    for (file, text) in &tree {
        let Some(scheme) = file
            .strip_prefix("src/engine/schemes/")
            .and_then(|file| file.strip_suffix(".rs"))
            .filter(|_| text.contains("pub const CARD: Card"))
        else {
            continue;
        };
        count += 1;
        assert!(
            list.contains(&format!("pub mod {scheme};")),
            "{file} is not compiled: add `pub mod {scheme};` to {LIST}"
        );
        assert!(
            list.contains(&format!("\n    &{scheme}::CARD,")),
            "{file} is not offered: add `&{scheme}::CARD,` to CARDS in {LIST}"
        );
        let pair = format!("(&{scheme}::CARD, &{scheme}::TABLEAU),");
        assert!(
            !text.contains("pub const TABLEAU: Tableau") || list.contains(&pair),
            "{file} does not step: add `{pair}` to TABLEAUS in {LIST}"
        );
    }
    assert!(count > 10, "only {count} schemes were found");
}
