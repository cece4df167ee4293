//! Reruns find every number that was changed: samples, members, statistics, events, shards.

use super::*;

#[test]
fn a_rerun_finds_a_number_that_was_changed() {
    let folder = experiments::folder();
    let path = folder.path().join("grid.h5");
    run_with(&load(&format!("{BASE}{GRID}"), &path), |_| {});
    let never = AtomicBool::new(false);
    let options = RunOptions::new(&never);
    let verdict = |only| {
        let reader = Reader::open(&path).unwrap();
        rerun(&reader, only, &models::registry(), &options, &mut |_| {}).unwrap()
    };
    assert_eq!((verdict(None).different, verdict(Some(40)).runs), (0, 1));
    {
        let file = hdf5::File::open_rw(&path).unwrap();
        let x = file.dataset("x_mean").unwrap();
        let mut values = x.read_raw::<f64>().unwrap();
        values[40 * 3 + 1] += 1e-15;
        x.write_raw(&values).unwrap();
    }
    let found = verdict(None);
    assert_eq!(found.different, 1);
    assert_eq!(
        (found.told[0].run, found.told[0].name.as_str()),
        (Some(40), "x_mean")
    );
    assert_eq!(
        (verdict(Some(40)).different, verdict(Some(39)).different),
        (1, 0)
    );
    let reader = Reader::open(&path).unwrap();
    assert!(
        rerun(
            &reader,
            Some(63),
            &models::registry(),
            &options,
            &mut |_| {}
        )
        .is_err()
    );
}

/// A member of an ensemble has numbers of its own, whatever statistics are kept beside it.
#[test]
fn a_rerun_of_one_member_compares_its_numbers() {
    let folder = experiments::folder();
    let never = AtomicBool::new(false);
    let options = RunOptions::new(&never);
    let kept = "[ensemble]\nmembers = 40\nstatistics = [\"mean\", \"variance\"]\n";
    let swept = format!("{kept}[sweep.axes]\n\"model.parameters.input[0]\" = [0.5, 1.0, 1.5]\n");
    let nothing_else = "[record]\ntrajectories = false\nsummaries = [\"mean\"]\n";
    for (name, more) in [("members", kept), ("both", swept.as_str())] {
        for (kind, base) in [
            ("all", BASE.to_string()),
            (
                "summaries",
                format!("{}{nothing_else}", without_record(BASE)),
            ),
        ] {
            let path = folder.path().join(format!("{name}-{kind}.h5"));
            run_with(&load(&format!("{base}{more}"), &path), |_| {});
            let reader = Reader::open(&path).unwrap();
            let rerun = |run| {
                rerun(
                    &reader,
                    Some(run),
                    &models::registry(),
                    &options,
                    &mut |_| {},
                )
            };
            let last = reader.runs() as u64 - 1;
            for run in [0, 3, 17, last] {
                let found = rerun(run).unwrap();
                assert_eq!((found.runs, found.different), (1, 0), "{name} {run}");
                // How it ended is 5 numbers, and the last state and the means 3 each.
                assert!(
                    found.numbers >= 11,
                    "{name} {run}: {} numbers",
                    found.numbers
                );
                assert!(!found.left_out.is_empty());
            }
            let refused = rerun(last + 1).unwrap_err();
            assert_eq!(refused.exit_code(), 2);
            assert!(
                refused.to_string().contains(&format!("from 0 to {last}")),
                "{refused}"
            );
        }
    }
}

fn without_record(text: &str) -> &str {
    text.split("[record]").next().unwrap()
}

/// Where only statistics are kept, these are made again and compared; a single run cannot be.
#[test]
fn a_rerun_compares_the_statistics_over_the_members() {
    let folder = experiments::folder();
    let never = AtomicBool::new(false);
    let options = RunOptions::new(&never);
    for (name, more) in [
        (
            "moments",
            "keep = false\nstatistics = [\"mean\", \"variance\", \"standard_error\"]\n",
        ),
        ("quantiles", "keep = false\nquantiles = [0.1, 0.5]\n"),
        (
            "kept",
            "statistics = [\"mean\", \"variance\"]\nquantiles = [0.25]\n",
        ),
    ] {
        let path = folder.path().join(format!("{name}.h5"));
        let more = format!(
            "[ensemble]\nmembers = 37\n{more}[sweep.axes]\n\"model.parameters.input[0]\" = [0.5, 1.0]\n"
        );
        run_with(&load(&format!("{BASE}{more}"), &path), |_| {});
        let verdict = || {
            let reader = Reader::open(&path).unwrap();
            rerun(&reader, None, &models::registry(), &options, &mut |_| {}).unwrap()
        };
        let found = verdict();
        assert_eq!(
            (found.runs, found.different, found.different_points),
            (74, 0, 0),
            "{name}"
        );
        assert!(found.left_out.is_empty(), "{name}: {:?}", found.left_out);
        let statistic = match name {
            "moments" => "x_mean_member_variance",
            "quantiles" => "x_mean_member_q10",
            _ => "x_mean_member_q25",
        };
        {
            let file = hdf5::File::open_rw(&path).unwrap();
            let set = file.dataset(statistic).unwrap();
            let mut values = set.read_raw::<f64>().unwrap();
            let place = values.len() - 1;
            values[place] *= 1.0 + 4.0 * f64::EPSILON;
            set.write_raw(&values).unwrap();
        }
        let found = verdict();
        assert_eq!((found.different, found.different_points), (0, 1), "{name}");
        assert_eq!((found.told[0].run, found.told[0].point), (None, Some(1)));
        assert_eq!(found.told[0].name, statistic);
        if name != "kept" {
            let reader = Reader::open(&path).unwrap();
            let refused = rerun(&reader, Some(3), &models::registry(), &options, &mut |_| {});
            let refused = refused.unwrap_err();
            assert_eq!(refused.exit_code(), 2);
            assert!(
                refused
                    .to_string()
                    .contains("statistics over the members only"),
                "{refused}"
            );
        }
    }
}

#[test]
fn a_rerun_compares_the_events_of_each_run() {
    let folder = experiments::folder();
    let never = AtomicBool::new(false);
    let options = RunOptions::new(&never);
    let text = "[model]\nfamily = \"equations\"\n[model.parameters]\na = 1.0\n[model.state.v]\n\
                drift = \"a\"\n[[model.guards]]\nname = \"spike\"\nwhen = \"v - 1\"\nreset = { v = \"0\" }\n\
                [time]\nstop = 10.0\n";
    let swept = "[sweep.axes]\n\"model.parameters.a\" = [0.5, 1.7]\n";
    for (name, text) in [
        ("one", text.to_string()),
        ("several", format!("{text}{swept}")),
    ] {
        let path = folder.path().join(format!("{name}.h5"));
        run_with(&load(&text, &path), |_| {});
        let verdict = |only| {
            let reader = Reader::open(&path).unwrap();
            rerun(&reader, only, &models::registry(), &options, &mut |_| {}).unwrap()
        };
        let last = if name == "one" { 0 } else { 1 };
        assert_eq!(verdict(None).different, 0);
        {
            let file = hdf5::File::open_rw(&path).unwrap();
            let time = file.dataset("events/time").unwrap();
            let mut times = time.read_raw::<f64>().unwrap();
            let place = times.len() - 1;
            times[place] += 1e-12;
            time.write_raw(&times).unwrap();
        }
        for only in [None, Some(last)] {
            let found = verdict(only);
            assert_eq!(found.different, 1, "{name}");
            assert_eq!(
                (found.told[0].run, found.told[0].name.as_str()),
                (Some(last), "events/time")
            );
        }
    }
}

#[test]
fn a_rerun_of_a_shard_compares_the_runs_that_it_holds() {
    let folder = experiments::folder();
    let path = folder.path().join("shard.h5");
    run_with(&load(&format!("{BASE}{MEMBERS}"), &path), |options| {
        options.shard = "2/3".parse().unwrap();
    });
    let never = AtomicBool::new(false);
    let options = RunOptions::new(&never);
    let reader = Reader::open(&path).unwrap();
    let verdict = |only| rerun(&reader, only, &models::registry(), &options, &mut |_| {});
    let found = verdict(None).unwrap();
    assert_eq!((found.runs, found.different), (reader.runs() as u64, 0));
    let held = reader.read("run").unwrap();
    for run in [held[0], held[held.len() - 1]] {
        let found = verdict(Some(run as u64)).unwrap();
        assert_eq!((found.runs, found.different), (1, 0));
        assert!(found.numbers > 5);
    }
    let other = (0..).find(|run| !held.contains(&(*run as f64))).unwrap();
    let refused = verdict(Some(other)).unwrap_err();
    assert!(refused.to_string().contains("another shard"), "{refused}");
}
