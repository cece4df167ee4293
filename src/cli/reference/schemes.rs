//! The page of the schemes: their cards.

use super::markdown::{code, prose, table};
use crate::cli::methods::rows;
use crate::engine::schemes::CARDS;

/// Every card, in the order of `nullcline methods`.
pub fn page() -> String {
    let mut text = String::from("# Schemes\n\nThe names that `solver.method` takes.\n\n");
    for card in CARDS {
        let rows = rows(card).into_iter();
        let rows: Vec<_> = rows
            .map(|row| row.iter().map(|cell| prose(cell)).collect())
            .collect();
        let title = prose(card.title);
        text += &format!("## {}\n\n{title}\n\n", code(card.name));
        text += &table(&["what", "how"], &rows);
    }
    text
}
