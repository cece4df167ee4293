//! Tables of text with aligned columns; the last column flows on under itself, or every one does.

use std::io::{self, IsTerminal};

/// The width of texts where no terminal is narrower.
pub const WIDEST: usize = 100;

/// The width that texts are wrapped to: no wider than 100, no wider than the terminal.
pub fn width() -> usize {
    let terminal = terminal_size::terminal_size();
    terminal.map_or(WIDEST, |(width, _)| usize::from(width.0).clamp(60, WIDEST))
}

/// What a table is written on.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The width that texts are wrapped to.
    pub width: usize,
    /// Whether people read it, and no other program.
    pub for_people: bool,
}

/// Standard output.
pub fn page() -> Page {
    Page {
        width: width(),
        for_people: io::stdout().is_terminal(),
    }
}

/// The room that the texts of the last column have beside the others, at least.
const LEAST: usize = 24;

/// Rows of equal length as lines, indented by two spaces, columns two spaces apart. Where they are wider than
/// the page, long texts of the last column stand below their row, and for people a table of numbers goes on below
/// itself; another program that reads it gets each row in one line.
pub fn columns(rows: &[Vec<String>], Page { width, for_people }: Page) -> String {
    let Some(last) = rows.first().map(|row| row.len() - 1) else {
        return String::new();
    };
    let widths: Vec<usize> = (0..=last)
        .map(|column| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        })
        .collect();
    let indent = 2 + widths[..last].iter().map(|width| width + 2).sum::<usize>();
    let room = width.saturating_sub(indent);
    if room >= widths[last].min(LEAST) {
        return beside(rows, &widths, room);
    }
    match widths[last] > LEAST {
        true => below(rows, &widths, width),
        false if for_people => in_parts(rows, &widths, width),
        false => beside(rows, &widths, usize::MAX),
    }
}

/// The cells of a row but the last, in their columns.
fn cells(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).take(row.len() - 1);
    let cells = cells.map(|(cell, &width)| format!("{cell:width$}  "));
    std::iter::once("  ".to_string()).chain(cells).collect()
}

fn beside(rows: &[Vec<String>], widths: &[usize], room: usize) -> String {
    let mut text = String::new();
    for row in rows {
        let cells = cells(row, widths);
        let indent = cells.chars().count();
        let last = wrap(&row[row.len() - 1], room, indent);
        text += &format!("{}\n", format!("{cells}{last}").trim_end());
    }
    text
}

/// The widths of columns that share this width, two spaces apart and indented by two, in these proportions.
pub fn shares(proportions: &[usize], width: usize) -> Vec<usize> {
    let all: usize = proportions.iter().sum();
    let room = width.saturating_sub(2 * proportions.len());
    let shares = proportions.iter().map(|share| room * share / all.max(1));
    shares.collect()
}

/// A row whose cells flow on under themselves within these widths.
pub fn flowing(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths);
    let cells: Vec<Vec<String>> = cells
        .map(|(cell, &width)| wrap(cell, width, 0).lines().map(String::from).collect())
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let mut text = String::new();
    for line in 0..height {
        let mut whole = String::new();
        for (cell, width) in cells.iter().zip(widths) {
            let part = cell.get(line).map_or("", String::as_str);
            whole.push_str(&format!("  {part:width$}"));
        }
        text.push_str(whole.trim_end());
        text.push('\n');
    }
    text
}

fn below(rows: &[Vec<String>], widths: &[usize], width: usize) -> String {
    const INDENT: usize = 6;
    let mut text = String::new();
    for row in rows {
        text += &format!("{}\n", cells(row, widths).trim_end());
        let last = &row[row.len() - 1];
        if !last.is_empty() {
            let last = wrap(last, width.saturating_sub(INDENT), INDENT);
            text += &format!("{}{last}\n", " ".repeat(INDENT));
        }
    }
    text
}

/// As many columns as there is room for, then the others below, each part behind the first column.
fn in_parts(rows: &[Vec<String>], widths: &[usize], width: usize) -> String {
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut used = usize::MAX;
    for column in 1..widths.len() {
        if used.saturating_add(widths[column] + 2) > width {
            parts.push(vec![0]);
            used = 2 + widths[0];
        }
        used += widths[column] + 2;
        if let Some(part) = parts.last_mut() {
            part.push(column);
        }
    }
    let texts = parts.iter().map(|part| {
        let of_part = |row: &Vec<String>| part.iter().map(|&column| row[column].clone()).collect();
        let rows: Vec<Vec<String>> = rows.iter().map(of_part).collect();
        let widths: Vec<usize> = part.iter().map(|&column| widths[column]).collect();
        beside(&rows, &widths, usize::MAX)
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// A line of words as it is if it fits, else in lines of at most `width` that keep its indentation.
pub fn fitted(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_string();
    }
    let lead = line.len() - line.trim_start().len();
    let text = wrap(line, width.saturating_sub(lead + 2), lead + 2);
    format!("{}{text}", " ".repeat(lead))
}

/// A line of words for standard output.
pub fn line(text: &str) -> String {
    fitted(text, width())
}

/// The text in lines of at most `width`, all but the first indented.
pub fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize) -> Page {
        Page {
            width,
            for_people: true,
        }
    }

    #[test]
    fn columns_align_and_the_last_one_wraps_under_itself() {
        let rows = [
            ["a", "long words are wrapped at the width"],
            ["bcd", "short"],
        ]
        .map(|row| row.map(String::from).to_vec());
        assert_eq!(
            columns(&rows, page(31)),
            "  a    long words are wrapped\n       at the width\n  bcd  short\n"
        );
    }

    #[test]
    fn every_cell_flows_on_within_its_width() {
        let widths = shares(&[1, 2], 34);
        assert_eq!(widths, [10, 20]);
        let row = ["some words that wrap", "and others, which wrap too"].map(String::from);
        assert_eq!(
            flowing(&row, &widths),
            "  some words  and others, which\n  that wrap   wrap too\n"
        );
    }

    #[test]
    fn where_there_is_no_room_long_texts_stand_below_and_numbers_go_on_below() {
        let text = "a text that is too long for what is left";
        let rows = [vec!["a_long_name".into(), "1".into(), text.into()]];
        assert_eq!(
            columns(&rows, page(36)),
            "  a_long_name  1\n      a text that is too long for\n      what is left\n"
        );
        let rows = [["run", "mean", "least"], ["10", "1.25", "0.5"]];
        let rows = rows.map(|row| row.map(String::from).to_vec());
        assert_eq!(
            columns(&rows, page(12)),
            "  run  mean\n  10   1.25\n\n  run  least\n  10   0.5\n"
        );
        let for_programs = Page {
            for_people: false,
            ..page(12)
        };
        assert_eq!(
            columns(&rows, for_programs),
            "  run  mean  least\n  10   1.25  0.5\n"
        );
    }

    #[test]
    fn a_line_that_fits_stays_as_it_is() {
        assert_eq!(fitted("  x' = y,   y' = -x", 20), "  x' = y,   y' = -x");
        assert_eq!(fitted("  one two three", 12), "  one two\n    three");
    }

    #[test]
    fn a_table_without_rows_is_empty() {
        assert_eq!(columns(&[], page(80)), "");
    }
}
