//! The recipes of `docs/recipes` are followed to the letter, in a copy of the repository.
//!
//! Blocks of the language `sh` are run, blocks of the language `diff` are applied; before each step the
//! checks must name what is missing. The copy has a target folder of its own with the dependencies of this
//! build, so only nullcline itself is compiled again.

mod pages;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use pages::{Block, blocks, root};
use tempfile::TempDir;

/// The text with the change of a block: what it shows as there must be there once.
fn changed(text: &str, block: &str) -> Result<String, String> {
    let side = |sign: char| -> String {
        let lines = block.lines().filter(|line| line.starts_with([' ', sign]));
        lines.map(|line| format!("\n{}", &line[1..])).collect()
    };
    let (old, new) = (side('-') + "\n", side('+') + "\n");
    match text.matches(&old).count() {
        1 => Ok(text.replacen(&old, &new, 1)),
        count => Err(format!("{count} places look like{old}")),
    }
}

/// A copy of what git knows here, changes included.
struct Copy {
    here: TempDir,
    target: PathBuf,
}

impl Copy {
    fn new() -> Self {
        let here = TempDir::new().unwrap();
        let listed = Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(listed.status.success(), "this is no git repository");
        let listed = String::from_utf8(listed.stdout).unwrap();
        let settings = ".cargo/config.toml";
        for file in listed.split_terminator('\0').chain([settings]) {
            let (from, to) = (root().join(file), here.path().join(file));
            if from.is_file() {
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::copy(from, to).unwrap();
            }
        }
        let target = cargo_bin("nullcline")
            .ancestors()
            .nth(2)
            .unwrap()
            .join("recipes");
        let copy = Self { here, target };
        copy.lend();
        copy
    }

    /// Give the copy the compiled dependencies of this build.
    fn lend(&self) {
        let (from, to) = (
            self.target.parent().unwrap().join("release"),
            self.target.join("release"),
        );
        if to.exists() {
            return;
        }
        fs::create_dir_all(&to).unwrap();
        for folder in [".fingerprint", "build", "deps"] {
            fs::create_dir(to.join(folder)).unwrap();
            for entry in fs::read_dir(from.join(folder)).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                let library = [".rlib", ".rmeta", ".so", ".d"]
                    .iter()
                    .any(|end| name.ends_with(end));
                if name.contains("nullcline") || (folder == "deps" && !library) {
                    continue;
                }
                // Times are what cargo knows its artefacts by.
                let done = Command::new("cp")
                    .arg("-a")
                    .arg(entry.path())
                    .arg(to.join(folder))
                    .status();
                assert!(done.unwrap().success(), "{name} cannot be copied");
            }
        }
    }

    fn sh(&self, script: &str) -> Output {
        let mut sh = Command::new("sh");
        // What cargo told this test about its own package is not true of the copy.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG_")) {
            sh.env_remove(name);
        }
        sh.args(["-ec", script])
            .current_dir(self.here.path())
            .env_remove("CARGO_MANIFEST_DIR")
            .env_remove("CARGO_MANIFEST_PATH")
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_NET_OFFLINE", "true")
            // The copy is built several times, each time with a little more.
            .env("CARGO_INCREMENTAL", "1")
            .output()
            .unwrap()
    }

    fn take(&self, Block { language, text, .. }: &Block) {
        match language.as_str() {
            "sh" => {
                let output = self.sh(text);
                println!("{text}{}", told(&output));
                assert!(output.status.success(), "{text}{}", told(&output));
            }
            "diff" => {
                let (file, block) = text.split_once('\n').unwrap();
                let file = self
                    .here
                    .path()
                    .join(file.strip_prefix("--- ").expect("`--- FILE`"));
                let old = fs::read_to_string(&file).unwrap();
                let new =
                    changed(&old, block).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
                fs::write(file, new).unwrap();
            }
            other => panic!("a block in the language `{other}`"),
        }
    }

    #[track_caller]
    fn fails(&self, command: &str, parts: &[&str]) {
        let output = self.sh(command);
        let told = told(&output);
        assert!(!output.status.success(), "`{command}` passes too early");
        for part in parts {
            assert!(
                told.contains(part),
                "`{command}` does not say `{part}`:\n{told}"
            );
        }
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn a_block_changes_the_one_place_that_looks_like_it() {
    let text = "use a;\n    one,\n    two,\n";
    assert_eq!(
        changed(text, "     one,\n+    more,\n").unwrap(),
        "use a;\n    one,\n    more,\n    two,\n"
    );
    assert_eq!(
        changed(text, "-    two,\n+    2,\n").unwrap(),
        "use a;\n    one,\n    2,\n"
    );
    assert!(changed(text, " three,\n+x\n").is_err());
}

#[test]
fn the_recipes_fit_the_files_they_change() {
    for recipe in ["model", "scheme"] {
        let page = fs::read_to_string(root().join(format!("docs/recipes/{recipe}.md"))).unwrap();
        let mut count = 0;
        for Block { language, text, .. } in blocks(&page) {
            if language == "diff" {
                let (file, block) = text.split_once('\n').unwrap();
                let file = file.strip_prefix("--- ").expect("`--- FILE`");
                let old = fs::read_to_string(root().join(file)).unwrap();
                changed(&old, block).unwrap_or_else(|why| panic!("{recipe}.md, {file}: {why}"));
                count += 1;
            }
        }
        assert!(count >= 3, "{recipe}.md has only {count} changes");
    }
}

#[test]
#[ignore = "builds the repository again; .ci/run runs it"]
fn both_recipes_work_and_what_is_forgotten_is_told() {
    let copy = Copy::new();
    let page = |name: &str| blocks(&fs::read_to_string(copy.here.path().join(name)).unwrap());
    let (model, scheme) = (
        page("docs/recipes/model.md"),
        page("docs/recipes/scheme.md"),
    );

    // The files alone: cargo compiles none of them, and the checks say so.
    copy.take(&model[0]);
    copy.take(&scheme[0]);
    let check = "cargo test --release --test architecture";
    let all = [
        "add `pub mod oscillator;` to models/mod.rs",
        "add `pub mod kutta3;` to src/engine/schemes/mod.rs",
    ];
    copy.fails(check, &all);

    // The checks read the sources: they need not be built again to see the next steps.
    let list = copy.sh(&format!("{check} --no-run --message-format=json"));
    let list = String::from_utf8(list.stdout).unwrap();
    let built = list
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let check = built
        .filter_map(|message| message["executable"].as_str().map(String::from))
        .find(|path| path.contains("architecture"))
        .expect("the test was built");
    copy.take(&model[1]);
    copy.take(&scheme[1]);
    let all = [
        "add its family `oscillator`, as `&oscillator::...`, to the registry in models/mod.rs",
        "add `&kutta3::CARD,` to CARDS",
    ];
    copy.fails(&check, &all);
    copy.take(&model[2]);
    copy.take(&scheme[2]);
    copy.fails(
        &check,
        &["add `(&kutta3::CARD, &kutta3::TABLEAU),` to TABLEAUS"],
    );
    copy.take(&scheme[3]);

    let check = "cargo test --release --test architecture --test order --no-fail-fast";
    let all = [
        "add one under configs/oscillator/",
        "add `\"kutta3\" => STEPS,` to `coarsest` in tests/order.rs",
    ];
    copy.fails(check, &all);
    copy.take(&model[3]);
    let check = "cargo test --release --test architecture";
    copy.fails(check, &["add docs/families/oscillator.md"]);
    copy.take(&model[4]);
    copy.fails(
        check,
        &["add `- [oscillator](families/oscillator.md)` to docs/SUMMARY.md"],
    );
    for step in model[5..].iter().chain(&scheme[4..]) {
        copy.take(step);
    }
}
