//! Inputs that no careful person writes: sizes beyond any memory, endless expressions, definitions that double, broken headers. The program answers
//! each with words, at once: no panic, no abort, no allocation that fails.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn nullcline(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nullcline"))
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("NULLCLINE_MEMORY", "2GB")
        .args(arguments)
        .output()
        .expect("the program starts")
}

/// Check a text; its exit code, and what it says in one line.
fn check(text: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.toml"), text).unwrap();
    let output = nullcline(folder.path(), &["check", "x.toml"]);
    let said = String::from_utf8_lossy(&output.stderr).replace('│', " ");
    let words: Vec<&str> = said.split_whitespace().collect();
    (output.status.code(), words.join(" "))
}

#[track_caller]
fn refused(text: &str, words: &str) {
    let (code, said) = check(text);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(words), "{words}: {said}");
}

fn drift(expression: &str) -> String {
    format!(
        "[model]\nfamily = \"equations\"\n[model.state.x]\ndrift = \"{expression}\"\n[time]\nstop = 1.0\n"
    )
}

#[test]
fn expressions_of_any_length_and_depth_have_an_answer() {
    let many = |joint: &str| vec!["x"; 20_000].join(joint);
    for joint in ["+", "-", "*", "/"] {
        refused(&drift(&many(joint)), "more than 2000 operations in a row");
    }
    let nested =
        |open: &str, close: &str| format!("{}x{}", open.repeat(20_000), close.repeat(20_000));
    for (open, close) in [
        ("(", ")"),
        ("sin(", ")"),
        ("-", ""),
        ("x^", ""),
        ("max(1, ", ")"),
    ] {
        refused(&drift(&nested(open, close)), "nested too deeply");
    }
    let (code, said) = check(&drift(&vec!["sin(x)"; 1500].join("+")));
    assert_eq!(code, Some(0), "{said}");
}

/// `next` makes each of so many definitions of the one before.
fn chain(count: usize, is_reversed: bool, next: impl Fn(usize) -> String) -> String {
    let mut lines: Vec<String> = (1..=count)
        .map(|k| format!("a{k} = \"{}\"", next(k - 1)))
        .collect();
    lines.insert(0, "a0 = \"log(x)\"".into());
    if is_reversed {
        lines.reverse();
    }
    format!(
        "[model]\nfamily = \"equations\"\n[model.define]\n{}\n[model.state.x]\ndrift = \"a{count}\"\n\
         [initial]\nx = -1.0\n[time]\nstop = 1.0\n",
        lines.join("\n")
    )
}

#[test]
fn definitions_are_shared_and_not_written_out() {
    let doubled = chain(100, false, |k| format!("a{k}*a{k} + a{k}"));
    assert_eq!(check(&doubled).0, Some(0));
    let vector = chain(100, true, |k| format!("a{k}*a{k}")).replace("drift", "size = 3\ndrift");
    let vector = vector
        .replace("log(x)", "log(x[i])")
        .replace("\"a100\"", "\"a100[i]\"");
    assert_eq!(check(&vector).0, Some(0), "{}", check(&vector).1);
    assert_eq!(
        check(&chain(5000, false, |k| format!("a{k} + 1"))).0,
        Some(0)
    );
    refused(
        &chain(5000, true, |k| format!("a{k} + 1")),
        "nested too deeply",
    );
    // The formula of a run that ends with NaN is found, too.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.toml"), doubled).unwrap();
    let output = nullcline(folder.path(), &["run", "x.toml"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("the logarithm of a negative number"),
        "{said}"
    );
}

#[test]
fn what_exceeds_the_memory_is_refused_before_it_is_allocated() {
    let chloride = |space: &str| {
        format!(
            "[model]\nfamily = \"chloride-network\"\n[model.space]\n{space}\n[time]\nstop = 10.0\n"
        )
    };
    refused(&chloride("size = 2147483648"), "the budget is 2.0 GB");
    refused(
        &chloride("geometry = \"sheet\"\nsize = 2147483648"),
        "NULLCLINE_MEMORY",
    );
    let network = |weights: &str| {
        format!(
            "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\nweights = {weights}\n[initial]\nx = 0.0\n\
             [time]\nstop = 1.0\n"
        )
    };
    let random = "{ random = \"gaussian\", size = 1000000 }";
    refused(&network(random), "takes 7.3 TB of memory");
    refused(
        &drift("-x[i]").replace("drift", "size = 3000000000\ndrift"),
        "is too large",
    );
    // A sweep of more values than there are numbers for.
    let axes = "[sweep.axes]\n\"time.stop\" = { from = 1.0, to = 2.0, count = 4000000000 }\n";
    assert_eq!(check(&format!("{}{axes}", network("[[0.0]]"))).0, Some(2));
}

#[test]
fn generators_draw_nothing_from_parameters_with_mistakes() {
    let prediction = |more: &str| {
        format!(
            "[model]\nfamily = \"lateral-predictive-coding\"\n[model.parameters]\nunits = 4\n\
             weights = {{ random = \"antisymmetric\" }}\nentropy = -4.0\n{more}\n[time]\nstop = 1.0\n"
        )
    };
    for more in [
        "features.count = \"x\"",
        "features.count = +nan",
        "features.count = []",
    ] {
        refused(&prediction(more), "`features.count` must be an integer");
    }
    refused(
        "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\n\
         weights = { random = \"diagonally-stable\", size = 10 }\ndissipation = -1\n[initial]\nx = 0.0\n[time]\nstop = 1.0\n",
        "`dissipation` is -1.0",
    );
}

#[test]
fn headers_of_files_are_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\nweights = { file = \"w.npy\" }\n\
                [initial]\nx = 0.0\n[time]\nstop = 1.0\n";
    std::fs::write(folder.path().join("x.toml"), text).unwrap();
    for shape in [
        "(4294967296, 4294967296)",
        "(18446744073709551615, 2)",
        "(99999999999999999999999,)",
        "(1000, 1000)",
        "(0, 18446744073709551615, 18446744073709551615)",
    ] {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
        let padded = format!("{header:<117}\n");
        let mut file = std::fs::File::create(folder.path().join("w.npy")).unwrap();
        file.write_all(b"\x93NUMPY\x01\x00").unwrap();
        file.write_all(&(padded.len() as u16).to_le_bytes())
            .unwrap();
        file.write_all(padded.as_bytes()).unwrap();
        file.write_all(&[0; 64]).unwrap();
        drop(file);
        let output = nullcline(folder.path(), &["check", "x.toml"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            matches!(output.status.code(), Some(2 | 4)),
            "{shape}: {said}"
        );
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn mistakes_by_the_thousand_are_listed_at_once() {
    let keys: Vec<String> = (0..10_000).map(|k| format!("key{k} = 1")).collect();
    let text = format!(
        "[model]\nfamily = \"linear-threshold\"\n[model.parameters]\nweights = [[0.0]]\n{}\n[time]\nstop = 1.0\n",
        keys.join("\n")
    );
    let (code, said) = check(&text);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("`key9999`") && said.contains("x.toml:10004:1"),
        "{}",
        &said[said.len() - 400..]
    );
}

/// Standard error that is full or closed takes nothing from a result; names that are no text are refused or used, not panicked over.
#[cfg(target_os = "linux")]
#[test]
fn a_result_does_not_depend_on_who_listens() {
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.toml"), drift("-x")).unwrap();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_nullcline"));
    let run = command.current_dir(folder.path()).args(["run", "x.toml"]);
    let status = run.stderr(Stdio::from(full)).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(folder.path().join("x.h5").exists());
    let name = std::ffi::OsStr::from_bytes(b"\xfe.h5");
    let mut command = Command::new(env!("CARGO_BIN_EXE_nullcline"));
    let run = command
        .current_dir(folder.path())
        .args(["run", "x.toml", "-o"]);
    let output = run.arg(name).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    let output = nullcline(
        folder.path(),
        &["run", "x.toml", "--force", "--threads", "100000"],
    );
    assert_eq!(output.status.code(), Some(0));
}
