//! The few forms of Markdown that reference pages have.

/// A table; nothing if it has no rows.
pub fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let heads: Vec<String> = heads.iter().map(|&head| head.into()).collect();
    let rule = vec!["---".to_string(); heads.len()];
    let mut text = String::new();
    for cells in [&heads, &rule].into_iter().chain(rows) {
        let cells: Vec<String> = cells.iter().map(|one| cell(one)).collect();
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text + "\n"
}

/// A section with a table; nothing if the table has no rows.
pub fn section(title: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    match rows.is_empty() {
        true => String::new(),
        false => format!("## {title}\n\n{}", table(heads, rows)),
    }
}

/// Text as code.
pub fn code(text: &str) -> String {
    format!("`{text}`")
}

/// Text that stays as it is inside prose: what Markdown or HTML would take for its own is escaped, outside of code.
pub fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        if index % 2 == 1 {
            return part.to_string();
        }
        let mut escaped = String::new();
        for letter in part.chars() {
            if "*_<>[]".contains(letter) {
                escaped.push('\\');
            }
            escaped.push(letter);
        }
        escaped
    });
    parts.collect::<Vec<_>>().join("`")
}

/// A cell is one line, and a bar in it no border.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_prose_are_taken_literally() {
        let rows = vec![vec!["a|b".into(), prose("x_1 < `x_1`")]];
        let text = table(&["name", "meaning"], &rows);
        let wanted = "| name | meaning |\n| --- | --- |\n| a\\|b | x\\_1 \\< `x_1` |\n\n";
        assert_eq!(text, wanted);
        assert_eq!(section("Nothing", &["name"], &[]), "");
    }
}
