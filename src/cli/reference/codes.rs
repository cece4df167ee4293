//! The page of the exit codes and of the form of errors.

use super::markdown::{code, table};
use crate::cli::failure::Code;

/// The codes with their meaning, and where errors go.
pub fn page() -> String {
    let ok = vec![code("0"), "what was asked is done".to_string()];
    let rest = Code::ALL.iter().map(|&one| {
        let number = (one as u8).to_string();
        vec![code(&number), one.meaning().to_string()]
    });
    let rows: Vec<_> = std::iter::once(ok).chain(rest).collect();
    format!(
        "# Exit codes and errors\n\n{}\
         Standard output carries data, standard error carries talk. For people an error is `error: what` and `help: what to do`, \
         and a mistake in an experiment file is shown in its place. With `--json` it is one object on standard error:\n\n\
         ```json\n{{\"error\": {{\"message\": \"..\", \"help\": \"..\", \"exit_code\": 2, \
         \"problems\": [{{\"place\": \"..\", \"message\": \"..\", \"help\": \"..\"}}]}}}}\n```\n\n\
         `problems` is there for experiment files alone, one for each mistake.\n",
        table(&["code", "meaning"], &rows)
    )
}
