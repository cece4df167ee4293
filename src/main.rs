//! The program `nullcline`: the command line over the families of `models/`.

use std::process::ExitCode;

fn main() -> ExitCode {
    nullcline::cli::main(nullcline::models::registry())
}
