//! How much memory a model may take: what would need more is refused before anything is allocated.
//!
//! The budget is half of the machine's memory, or what the environment variable `NULLCLINE_MEMORY` says: `8GB`, `500MB`, a number of bytes.

use std::sync::OnceLock;

/// The budget where the machine does not say how much memory it has.
const UNKNOWN: u64 = 4 << 30;

/// The bytes that a model may take.
pub fn budget() -> u64 {
    static BUDGET: OnceLock<u64> = OnceLock::new();
    *BUDGET.get_or_init(|| {
        let said = std::env::var("NULLCLINE_MEMORY").ok();
        let said = said.and_then(|text| bytes(&text));
        said.unwrap_or_else(|| physical().map_or(UNKNOWN, |all| all / 2))
    })
}

/// What is wrong with so many numbers of double precision, if they exceed the budget.
pub fn excess(numbers: f64) -> Option<String> {
    let needed = 8.0 * numbers;
    // A NaN is no number that fits.
    if needed <= budget() as f64 {
        return None;
    }
    Some(format!(
        "that takes {} of memory, and the budget is {}; the environment variable NULLCLINE_MEMORY sets another, for example 8GB",
        shown(needed),
        shown(budget() as f64)
    ))
}

/// A number of bytes from its text.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "K" | "KB" | "KIB" => 1024.0,
        "M" | "MB" | "MIB" => 1024.0 * 1024.0,
        "G" | "GB" | "GIB" => 1024.0 * 1024.0 * 1024.0,
        "T" | "TB" | "TIB" => 1024.0_f64.powi(4),
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    (number > 0.0).then_some((number * factor) as u64)
}

/// The memory of the machine, where `/proc/meminfo` says it.
fn physical() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn shown(bytes: f64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut bytes = bytes;
    let mut unit = 0;
    while bytes >= 1024.0 && unit + 1 < UNITS.len() {
        bytes /= 1024.0;
        unit += 1;
    }
    match bytes < 10.0 {
        true => format!("{bytes:.1} {}", UNITS[unit]),
        false => format!("{bytes:.0} {}", UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_read_as_they_are_written() {
        assert_eq!(bytes("8GB"), Some(8 << 30));
        assert_eq!(bytes(" 1.5 k"), Some(1536));
        assert_eq!(bytes("4096"), Some(4096));
        assert_eq!(
            (bytes("much"), bytes("-1GB"), bytes("")),
            (None, None, None)
        );
        assert_eq!(shown(8.0e12), "7.3 TB");
        assert!(excess(1e18).unwrap().contains("NULLCLINE_MEMORY"));
        assert_eq!(excess(10.0), None);
        assert!(excess(f64::NAN).is_some());
    }
}
