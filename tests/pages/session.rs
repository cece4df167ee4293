//! Sessions: a line `$ command`, and what it prints, both streams in the order in which they are written.
//!
//! Durations, dates, versions and the costs of runs are made alike before the comparison; `...` stands for
//! any text.

use super::{Reader, shell};

impl Reader<'_> {
    pub(super) fn session(&mut self, place: &str, text: &str) {
        for (command, quoted) in commands(text) {
            let printed = shell::run(&command, self.folder.path()).printed;
            if let Err(why) = compare(&quoted, &printed) {
                panic!("{place}: `{command}` {why}");
            }
            self.counts.compared += 1;
        }
    }
}

/// The commands of a session, each with what it prints.
fn commands(session: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in session.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push((command.into(), String::new()));
        } else {
            let (_, printed) = commands.last_mut().expect("a session begins with `$ `");
            *printed += &format!("{line}\n");
        }
    }
    commands
}

/// Whether a text prints what is quoted.
pub fn compare(quoted: &str, printed: &str) -> Result<(), String> {
    let (quoted, mut rest) = (alike(quoted) + "\n", alike(printed) + "\n");
    for (number, part) in quoted.split("...").enumerate() {
        // Only what `...` stands for may come before a part.
        let at = rest.find(part).filter(|&at| number > 0 || at == 0);
        let Some(at) = at else {
            return Err(format!("is quoted with\n{part}\nbut prints\n{printed}"));
        };
        rest = rest[at + part.len()..].to_string();
    }
    match quoted.ends_with("...\n") || rest.trim().is_empty() {
        true => Ok(()),
        false => Err(format!("also prints\n{rest}")),
    }
}

/// The text with everything replaced that differs from run to run or from version to version.
fn alike(text: &str) -> String {
    let lines = text.trim_end().lines().map(|line| {
        let mut words: Vec<String> = Vec::new();
        for word in line.split(' ') {
            take(&mut words, word);
        }
        words.join(" ").trim_end().to_string()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn take(words: &mut Vec<String>, word: &str) {
    const UNITS: [&str; 4] = ["ms", "s", "min", "h"];
    const COSTS: [&str; 3] = ["steps", "rejected", "evaluations"];
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    let number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    match words.last_mut() {
        Some(last) if UNITS.contains(&bare) && number(last) => *last = "TIME".into(),
        Some(last) if COSTS.contains(&bare) && number(last) => {
            *last = "COUNT".into();
            words.push(word.into());
        }
        _ if number(bare) && bare.matches('-').count() >= 2 => words.push("DATE".into()),
        _ if number(bare) && bare.matches('.').count() == 2 => words.push("VERSION".into()),
        _ => words.push(word.into()),
    }
}
