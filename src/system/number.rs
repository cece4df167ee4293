//! Numbers for people: no row of zeros where an exponent says it.

/// A number as people write it: `0.05`, `1200`, `5e-324`.
///
/// ```
/// use nullcline::system::number::plain;
/// assert_eq!((plain(0.05), plain(1200.0), plain(5e-324)), ("0.05".into(), "1200".into(), "5e-324".into()));
/// ```
pub fn plain(value: f64) -> String {
    match value.abs() {
        size if size != 0.0 && !(1e-5..1e16).contains(&size) => format!("{value:e}"),
        _ => value.to_string(),
    }
}
