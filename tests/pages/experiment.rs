//! Blocks `toml`: whole experiments, and parts of one.
//!
//! A part has to be accepted together with one of the experiments that the reader has at hand: those that the
//! page has shown before, the starters of the families, and those under `configs/`.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{Block, Reader, files, shell};

impl Reader<'_> {
    pub(super) fn experiment(&mut self, place: &str, block: &Block) {
        self.counts.experiments += 1;
        let part: Table = block
            .text
            .parse()
            .unwrap_or_else(|error| panic!("{place} is no TOML: {error}"));
        if is_whole(&part) {
            let refusal = self.refusal(&block.text, self.folder.path());
            assert!(
                refusal.is_none(),
                "{place}: {}",
                refusal.unwrap_or_default()
            );
            self.shown.push(block.text.clone());
            return;
        }
        let mut why = String::new();
        for (base, folder) in self.bases() {
            let mut whole: Table = base.parse().unwrap();
            lay_over(&mut whole, &part);
            match self.refusal(&whole.to_string(), &folder) {
                None => return,
                Some(refusal) => why = refusal,
            }
        }
        panic!("{place} is a part of no experiment; the last one said\n{why}");
    }

    /// The experiments that a part may belong to, and where they stand.
    fn bases(&self) -> Vec<(String, PathBuf)> {
        let here = self.folder.path();
        let mut bases: Vec<(String, PathBuf)> = Vec::new();
        let mut offer = |text: &str, folder: &Path| bases.push((text.into(), folder.into()));
        for text in self.shown.iter().rev() {
            offer(text, here);
        }
        for family in nullcline::models::registry().families() {
            offer(family.starter(), here);
        }
        for file in files(&here.join("configs"), "toml") {
            offer(&fs::read_to_string(&file).unwrap(), file.parent().unwrap());
        }
        bases
    }

    /// What `check` says against an experiment in a folder.
    fn refusal(&self, text: &str, folder: &Path) -> Option<String> {
        let file = folder.join("shown.toml");
        fs::write(&file, text).unwrap();
        let ran = shell::run("nullcline check shown.toml", folder);
        fs::remove_file(&file).unwrap();
        (ran.code != Some(0)).then_some(ran.printed)
    }
}

fn is_whole(part: &Table) -> bool {
    let over = ["time", "steps", "trials", "analysis", "optimize"];
    part.contains_key("model") && over.iter().any(|table| part.contains_key(*table))
}

/// Put the values of a part over those of an experiment, table by table.
fn lay_over(whole: &mut Table, part: &Table) {
    for (key, value) in part {
        match (whole.get_mut(key), value) {
            // Axes and models are one thing: half of one and half of another are neither.
            (Some(Value::Table(old)), Value::Table(new)) if key != "axes" => lay_over(old, new),
            _ => {
                whole.insert(key.clone(), value.clone());
            }
        }
    }
}
