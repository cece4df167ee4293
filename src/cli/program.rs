//! The name of this program: `nullcline`, or that of the program that somebody built on it.
//!
//! Every message of the library says `nullcline VERB`; here, at the border to people, the name becomes
//! that of the program which was called, so that what is shown can be pasted into a shell.

use std::borrow::Cow;

use clap::builder::StyledStr;

pub use crate::archive::provenance::{LIBRARY, program as name};

/// The text with this program's name in the commands that it quotes.
pub fn own(text: &str) -> Cow<'_, str> {
    renamed(text, name())
}

fn renamed<'a>(text: &'a str, name: &str) -> Cow<'a, str> {
    if name == LIBRARY {
        return text.into();
    }
    text.replace("`nullcline ", &format!("`{name} ")).into()
}

/// The command line with this program's name, in examples as well.
pub fn rename(command: clap::Command) -> clap::Command {
    match name() {
        LIBRARY => command,
        name => rename_to(command, name),
    }
}

fn rename_to(command: clap::Command, name: &'static str) -> clap::Command {
    let in_examples = |help: Option<&StyledStr>| {
        let help = help.map(ToString::to_string).unwrap_or_default();
        let help = help.replace("  nullcline ", &format!("  {name} "));
        help.replace("&& nullcline ", &format!("&& {name} "))
    };
    let after = in_examples(command.get_after_help());
    let command = command
        .name(name)
        .bin_name(name)
        .version(concat!("(nullcline ", env!("CARGO_PKG_VERSION"), ")"))
        .after_help(after);
    command.mut_subcommands(|verb| {
        let after = in_examples(verb.get_after_help());
        let verb = verb.after_help(after);
        verb.mut_args(|argument| match argument.get_help() {
            Some(help) => {
                let help = renamed(&help.to_string(), name).into_owned();
                argument.help(help)
            }
            None => argument,
        })
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::CommandLine;
    use super::*;

    #[test]
    fn commands_in_messages_get_the_name_of_the_program() {
        let text = "`nullcline models` lists what nullcline has";
        assert_eq!(
            renamed(text, "pendulum"),
            "`pendulum models` lists what nullcline has"
        );
        assert_eq!(renamed(text, LIBRARY), text);
    }

    #[test]
    fn help_gets_the_name_of_the_program() {
        let mut command = rename_to(CommandLine::command(), "pendulum");
        fn all(command: &mut clap::Command) -> String {
            let mut text = command.render_long_help().to_string();
            for verb in command.get_subcommands_mut() {
                text += &all(verb);
            }
            text
        }
        let help = all(&mut command);
        assert!(
            help.contains("pendulum new pair && pendulum run pair.toml"),
            "{help}"
        );
        assert!(
            !help.contains("  nullcline ") && !help.contains("`nullcline "),
            "{help}"
        );
    }
}
