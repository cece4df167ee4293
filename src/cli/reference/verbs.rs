//! The page of the verbs, from the declaration of the command line.

use clap::builder::StyledStr;
use clap::{Arg, Command};

use super::markdown::{code, prose, table};

/// Every verb with its arguments and an example.
pub fn page() -> String {
    let mut text = String::from("# Verbs\n\n`nullcline VERB --help` prints the same.\n\n");
    let command = crate::cli::command();
    for verb in command.get_subcommands() {
        text += &section(verb);
    }
    text
}

fn section(verb: &Command) -> String {
    let arguments: Vec<_> = verb.get_arguments().map(row).collect();
    let example = said(verb.get_after_help());
    let example = match example.trim_start().strip_prefix("Example:") {
        Some(lines) => lines.lines().map(str::trim).collect::<Vec<_>>().join("\n"),
        None => example,
    };
    format!(
        "## `{}`\n\n{}\n\n{}```sh\n{}\n```\n\n",
        verb.get_name(),
        prose(&said(verb.get_about())),
        table(&["argument", "meaning"], &arguments),
        example.trim()
    )
}

/// How an argument is written, and what it means.
fn row(argument: &Arg) -> Vec<String> {
    let names = [
        argument.get_short().map(|short| format!("-{short}")),
        argument.get_long().map(|long| format!("--{long}")),
    ];
    let mut form: Vec<String> = names.into_iter().flatten().collect();
    if argument.get_action().takes_values() {
        form.extend(value(argument));
    }
    let meaning = prose(&said(argument.get_help()));
    let choices = argument.get_possible_values();
    let choices: Vec<String> = choices.iter().map(|one| code(one.get_name())).collect();
    let takes = argument.get_action().takes_values();
    let meaning = match choices.is_empty() || !takes {
        true => meaning,
        false => format!("{meaning}: {}", choices.join(", ")),
    };
    vec![code(&form.join(" ")), meaning]
}

fn value(argument: &Arg) -> Vec<String> {
    match argument.get_value_names() {
        Some(names) => names.iter().map(ToString::to_string).collect(),
        None => vec![argument.get_id().as_str().to_uppercase()],
    }
}

fn said(text: Option<&StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}
