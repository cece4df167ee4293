//! Maps: systems that go in steps and trials. Counting, drawing, sampling, tables of trials in all their forms, sweeps,
//! ensembles, leaving and going on.
//!
//! ```text
//! walk    x_{k+1} = x_k + scale xi_k,  n_{k+1} = n_k + 1
//! urn     total_{k+1} = total_k + a_k b_k, and what a trial leaves: product = a_k b_k
//! ```

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use nullcline::archive::Reader;
use nullcline::config::experiment::Experiment;
use nullcline::config::{self, ConfigError};
use nullcline::ensemble::{self, RunOptions};
use nullcline::noise::draws::Drawing;
use nullcline::prelude::*;
use nullcline::registry::Registry;
use tempfile::TempDir;

struct Toy;

struct Walk {
    layout: Layout,
    scale: f64,
}

impl Map for Walk {
    fn layout(&self) -> &Layout {
        &self.layout
    }
    fn advance(&self, k: u64, x: &mut [f64], noise: &dyn Draws) {
        assert_eq!(k as f64, x[1], "steps are counted from 0");
        x[0] += self.scale * noise.normal(0);
        x[1] += 1.0;
    }
}

struct Urn {
    layout: Layout,
    a: Vec<f64>,
    b: Vec<f64>,
}

impl Map for Urn {
    fn layout(&self) -> &Layout {
        &self.layout
    }
    fn advance(&self, k: u64, x: &mut [f64], _noise: &dyn Draws) {
        x[0] = self.a[k as usize] * self.b[k as usize];
        x[1] += x[0];
    }
    fn is_random(&self) -> bool {
        false
    }
}

impl Family for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }
    fn title(&self) -> &'static str {
        "maps"
    }
    fn card(&self) -> &'static str {
        "a walk and an urn"
    }
    fn dynamics(&self) -> &'static [Dynamics] {
        &[
            Dynamics {
                name: "walk",
                evolution: Evolution::Steps,
                method: "",
                meaning: "a random walk",
            },
            Dynamics {
                name: "urn",
                evolution: Evolution::Trials,
                method: "",
                meaning: "a sum of products",
            },
        ]
    }
    fn parameters(&self) -> &'static [Parameter] {
        const ALL: &[Parameter] = &[Parameter::real("scale").or(1.0).only(&["walk"])];
        ALL
    }
    fn trials(&self) -> &'static [Parameter] {
        const ALL: &[Parameter] = &[
            Parameter::vector("trials.a", "trial").range(Range::POSITIVE),
            Parameter::vector("trials.b", "trial"),
            Parameter::vector("trials.wait", "trial").fallback(Fallback::Absent),
            Parameter::vector("trials.subject", "trial").fallback(Fallback::Absent),
        ];
        ALL
    }
    fn crossed(&self) -> &'static [&'static str] {
        &["trials.a", "trials.b"]
    }
    fn starter(&self) -> &'static str {
        ""
    }
    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        let parameters = build.parameters;
        let plain = |name: &str| Variable::new(name, vec![]);
        Ok(Built::Map(match build.dynamics {
            "walk" => Box::new(Walk {
                layout: Layout::new().block(plain("x"), 0.0).block(plain("n"), 0.0),
                scale: parameters.real("scale"),
            }),
            _ => Box::new(Urn {
                layout: Layout::new()
                    .block(plain("product"), 0.0)
                    .block(plain("total"), 0.0),
                a: parameters.vector("trials.a").to_vec(),
                b: parameters.vector("trials.b").to_vec(),
            }),
        }))
    }
}

fn load_in(folder: &Path, text: &str) -> Result<Experiment, ConfigError> {
    let text = format!("[output]\npath = \"toy.h5\"\n[model]\nfamily = \"toy\"\n{text}");
    let registry = Registry::new(vec![&Toy]);
    config::load_text(&text, &folder.join("toy.toml"), &[], &registry)
}

#[track_caller]
fn ran(folder: &TempDir, text: &str) -> Reader {
    let experiment = load_in(folder.path(), text);
    let experiment = experiment.unwrap_or_else(|error| panic!("{}", error.render(false, 100)));
    let never = AtomicBool::new(false);
    let options = RunOptions {
        force: true,
        ..RunOptions::new(&never)
    };
    let report = ensemble::run(&experiment, &options, &mut |_| {}).unwrap();
    Reader::open(&report.path).unwrap()
}

#[track_caller]
fn refused(text: &str, part: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("typo.csv"), "a,bb\n1,2\n").unwrap();
    std::fs::write(folder.path().join("bad.csv"), "a,b\n1,2\n3,x\n").unwrap();
    let told = match load_in(folder.path(), text) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => error.render(false, 200),
    };
    assert!(told.contains(part), "{part:?} in:\n{told}");
}

fn shape_of(reader: &Reader, name: &str) -> Vec<String> {
    reader.variable(name).unwrap().dims.clone()
}

const WALK: &str = "dynamics = \"walk\"\n";
const URN: &str = "dynamics = \"urn\"\n";

#[test]
fn steps_are_counted_and_saved_from_the_start_on() {
    let folder = tempfile::tempdir().unwrap();
    let reader = ran(&folder, &format!("{WALK}[steps]\ncount = 10\nsave = 4\n"));
    assert_eq!(reader.read("step").unwrap(), [0.0, 4.0, 8.0, 10.0]);
    assert_eq!(reader.read("n").unwrap(), [0.0, 4.0, 8.0, 10.0]);
    assert_eq!(shape_of(&reader, "x"), ["step"]);
    assert_eq!(reader.read("run_steps").unwrap(), [10.0]);
    let listed = ran(
        &folder,
        &format!("{WALK}[steps]\ncount = 10\nsave = [1, 3]\n"),
    );
    assert_eq!(listed.read("n").unwrap(), [1.0, 3.0]);
}

#[test]
fn draws_are_addressed_by_the_step() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        format!("{WALK}[steps]\ncount = 50\nsave = 1\n[ensemble]\nmembers = 3\nstatistics = []\n");
    let reader = ran(&folder, &text);
    let walks = reader.read("x").unwrap();
    assert_eq!(shape_of(&reader, "x"), ["member", "step"]);
    let experiment = load_in(folder.path(), &text).unwrap();
    let plan = nullcline::plan::Plan::new(&experiment);
    for member in 0..3 {
        let drawing = Drawing::steps(&plan.run(member).noise);
        let mut x = 0.0;
        for k in 0..50 {
            assert_eq!(walks[member as usize * 51 + k as usize], x);
            x += drawing.of(k).normal(0);
        }
    }
    assert!(walks[50] != walks[101] && walks[101] != walks[152]);
}

#[test]
fn a_map_sweeps_and_is_summarised() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "{WALK}[steps]\ncount = 20\n[record]\nsummaries = [\"final\"]\ntrajectories = false\n\
         [sweep.axes]\n\"model.parameters.scale\" = [0.0, 1.0]\n\"steps.count\" = [10, 20]\n"
    );
    let reader = ran(&folder, &text);
    assert_eq!(reader.read("n_final").unwrap(), [10.0, 20.0, 10.0, 20.0]);
    let ends = reader.read("x_final").unwrap();
    assert_eq!(ends[..2], [0.0, 0.0]);
    // The same path, longer: the number of steps is no part of the address.
    let walk = ran(&folder, &text.replace("[10, 20]", "[10, 11]"));
    assert_eq!(walk.read("x_final").unwrap()[2], ends[2]);
}

#[test]
fn trials_come_inline_from_a_file_and_from_a_design() {
    let folder = tempfile::tempdir().unwrap();
    let inline = ran(&folder, &format!("{URN}[trials]\na = [1, 2, 3]\nb = 2\n"));
    assert_eq!(inline.read("product").unwrap(), [2.0, 4.0, 6.0]);
    assert_eq!(inline.read("total").unwrap(), [2.0, 6.0, 12.0]);
    assert_eq!(inline.read("trial").unwrap(), [0.0, 1.0, 2.0]);
    assert_eq!(shape_of(&inline, "product"), ["trial"]);
    let one = ran(&folder, &format!("{URN}[trials]\na = 3\nb = 2\n"));
    assert_eq!(one.read("product").unwrap(), [6.0]);
    let table = "\u{feff}b, a, subject, rt\n2, 1, ann, 0.3\n2, 2, bob, 0.4\n5, 3, ann, 0.5\n";
    std::fs::write(folder.path().join("t.csv"), table).unwrap();
    let text = format!("{URN}[trials]\nfile = \"t.csv\"\nignore = [\"rt\"]\nwait = 0.5\n");
    let file = ran(&folder, &text);
    assert_eq!(file.read("product").unwrap(), [2.0, 4.0, 15.0]);
    assert_eq!(file.read("parameters/trials_a").unwrap(), [1.0, 2.0, 3.0]);
    assert_eq!(file.read("parameters/trials_wait").unwrap(), [0.5; 3]);
    let experiment = load_in(folder.path(), &text).unwrap();
    assert_eq!(
        experiment.parameters.vector("trials.subject"),
        [0.0, 1.0, 0.0]
    );
    assert_eq!(experiment.parameters.text("trials.subjects"), "ann\nbob");
    assert_eq!(experiment.source.files.len(), 1, "the table is kept");
    let text = format!("{URN}[trials]\ndesign = {{ levels = [1, 2], repeats = 2 }}\n");
    let design = ran(&folder, &text);
    let once = [1.0, 2.0, 2.0, 4.0];
    assert_eq!(design.read("product").unwrap(), [once, once].concat());
    assert_eq!(
        design.read("parameters/trials_b").unwrap()[..4],
        [1.0, 2.0, 1.0, 2.0]
    );
}

#[test]
fn trials_are_swept_and_recorded_in_groups() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "{URN}[trials]\na = [1, 2, 3, 4, 5]\nb = 2\n[[record.group]]\nname = \"seldom\"\nvariables = [\"total\"]\nevery = 2\n\
         [sweep.axes]\n\"trials.b\" = [1.0, 10.0]\n"
    );
    let reader = ran(&folder, &text);
    assert_eq!(shape_of(&reader, "product"), ["b", "trial"]);
    assert_eq!(
        reader.read("product").unwrap()[5..],
        [10.0, 20.0, 30.0, 40.0, 50.0]
    );
    assert_eq!(reader.read("trial_seldom").unwrap(), [1.0, 3.0, 4.0]);
    assert_eq!(reader.read("seldom_total").unwrap()[..3], [3.0, 10.0, 15.0]);
}

#[test]
fn what_is_wrong_with_steps_and_trials_is_said() {
    refused(WALK, "the table [steps] is missing");
    refused(
        &format!("{WALK}[steps]\nsave = 2\n"),
        "`count` is missing in [steps]",
    );
    refused(
        &format!("{WALK}[steps]\ncount = 5\nsave = 1.5\n"),
        "whole numbers",
    );
    refused(
        &format!("{WALK}[steps]\ncount = 5\n[time]\nstop = 1\n"),
        "[time] is not used",
    );
    let solver = format!("{WALK}[steps]\ncount = 5\n[solver]\nmethod = \"tsit5\"\n");
    refused(&solver, "[solver] is not used: these dynamics are a map");
    refused(URN, "the table [trials] is missing");
    refused(
        &format!("{URN}[trials]\na = [1, 2]\n"),
        "`trials.b` is missing",
    );
    refused(
        &format!("{URN}[trials]\na = [1, 2]\nb = [1, 2, 3]\n"),
        "trials.b",
    );
    refused(
        &format!("{URN}[trials]\na = [1, -2]\nb = 1\n"),
        "must be > 0",
    );
    refused(&format!("{URN}[trials]\na = [1, 2]\nc = 1\n"), "`c`");
    refused(
        &format!("{URN}[trials]\nfile = \"none.csv\"\n"),
        "does not exist",
    );
    refused(
        &format!("{URN}[trials]\nfile = \"typo.csv\"\n"),
        "has a column `bb`",
    );
    let bad = "`bad.csv`, line 3, column `b`: `x` is no number";
    refused(&format!("{URN}[trials]\nfile = \"bad.csv\"\n"), bad);
    let twice = format!("{URN}[trials]\nfile = \"bad.csv\"\ndesign = {{ levels = [1] }}\n");
    refused(&twice, "from a file and from a design");
}

#[test]
fn a_map_that_was_left_goes_on_with_the_same_draws() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{WALK}[steps]\ncount = 400000\nsave = 1\n");
    let text = text.replace("dynamics", "\ndynamics");
    let checkpoints = "[output]\npath = \"toy.h5\"\ncheckpoint = { steps = 1000 }\n";
    let load = |name: &str| {
        let whole = format!(
            "{}[model]\nfamily = \"toy\"\n{text}",
            checkpoints.replace("toy", name)
        );
        let registry = Registry::new(vec![&Toy]);
        config::load_text(&whole, &folder.path().join("toy.toml"), &[], &registry)
            .unwrap_or_else(|error| panic!("{}", error.render(false, 100)))
    };
    let never = AtomicBool::new(false);
    let straight = ensemble::run(&load("straight"), &RunOptions::new(&never), &mut |_| {}).unwrap();
    let mut left = 0;
    let resumed = loop {
        let stop = AtomicBool::new(false);
        let mut told = 0;
        let report = ensemble::run(&load("left"), &RunOptions::new(&stop), &mut |_| {
            told += 1;
            stop.store(left < 3 && told > 1, Ordering::Relaxed);
        })
        .unwrap();
        if report.path.extension().is_some_and(|end| end == "h5") && report.path.exists() {
            break report;
        }
        left += 1;
        assert!(left < 50, "it never ends");
    };
    assert!(left > 0, "it was never left");
    let read = |path: &Path| Reader::open(path).unwrap().read("x").unwrap();
    assert_eq!(read(&straight.path), read(&resumed.path));
}
