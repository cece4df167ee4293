//! Every rule of the decoder has a broken file and the message it must give.
//!
//! `tests/config_errors/NAME.toml` is rendered without colour at width 100 into `NAME.txt`. A first
//! line `# --set key=value` passes that argument. Look at the texts as a user would; regenerate them
//! with `UPDATE_GOLDEN=1 cargo test --release --test config_errors`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nullcline::config::{self, ConfigError};
use nullcline::models;

const FOLDER: &str = "tests/config_errors";

fn names(extension: &str) -> BTreeSet<String> {
    std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_string())
        .collect()
}

fn path(name: &str, extension: &str) -> PathBuf {
    Path::new(FOLDER).join(format!("{name}.{extension}"))
}

fn error(name: &str) -> ConfigError {
    let path = path(name, "toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let overrides: Vec<String> = text
        .lines()
        .map_while(|line| line.strip_prefix("# --set "))
        .map(str::to_string)
        .collect();
    match config::load(&path, &overrides, &models::registry()) {
        Ok(_) => panic!("{name}.toml is accepted"),
        Err(error) => error,
    }
}

#[test]
fn every_message_is_as_approved() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for name in names("toml") {
        let error = error(&name);
        let rendered = format!(
            "{}\nexit code {}\n",
            error.render(false, 100),
            error.exit_code()
        );
        for problem in error.problems() {
            let place = error.place(problem).expect("a place");
            assert!(
                rendered.contains(&place),
                "{name}: no {place} in\n{rendered}"
            );
        }
        // What only an argument is to blame for stands there.
        let places = [format!("{name}.toml:"), "[--set:".into()];
        assert!(
            places.iter().any(|place| rendered.contains(place)),
            "{name}:\n{rendered}"
        );
        if update {
            std::fs::write(path(&name, "txt"), &rendered).unwrap();
        } else if std::fs::read_to_string(path(&name, "txt")).ok().as_ref() != Some(&rendered) {
            wrong.push(format!("{name}:\n{rendered}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_has_its_message_and_every_message_its_file() {
    assert_eq!(names("toml"), names("txt"));
    assert!(names("toml").len() >= 28);
}
