//! Tables of text with aligned columns; the last column flows on under itself, or every one does.

/// The width that texts are wrapped to: no wider than 100, no wider than the terminal.
pub fn width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0).clamp(60, 100))
}

/// Rows of equal length as lines, indented by two spaces, columns two spaces apart.
pub fn columns(rows: &[Vec<String>], width: usize) -> String {
    let Some(last) = rows.first().map(|row| row.len() - 1) else {
        return String::new();
    };
    let widths: Vec<usize> = (0..last)
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let indent = 2 + widths.iter().map(|width| width + 2).sum::<usize>();
    let mut text = String::new();
    for row in rows {
        let mut line = String::from("  ");
        for (cell, &width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        line.push_str(&wrap(
            &row[last],
            width.saturating_sub(indent).max(24),
            indent,
        ));
        text.push_str(line.trim_end());
        text.push('\n');
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
pub fn cells(row: &[String], widths: &[usize]) -> String {
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

    #[test]
    fn columns_align_and_the_last_one_wraps_under_itself() {
        let rows = [
            ["a", "long words are wrapped at the width"],
            ["bcd", "short"],
        ]
        .map(|row| row.map(String::from).to_vec());
        assert_eq!(
            columns(&rows, 31),
            "  a    long words are wrapped\n       at the width\n  bcd  short\n"
        );
    }

    #[test]
    fn every_cell_flows_on_within_its_width() {
        let widths = shares(&[1, 2], 34);
        assert_eq!(widths, [10, 20]);
        let row = ["some words that wrap", "and others, which wrap too"].map(String::from);
        assert_eq!(
            cells(&row, &widths),
            "  some words  and others, which\n  that wrap   wrap too\n"
        );
    }

    #[test]
    fn a_table_without_rows_is_empty() {
        assert_eq!(columns(&[], 80), "");
    }
}
