//! Suggestions: the nearest valid name, and the list of them if it is short.

/// The longest list of names that an error message prints.
const SHORT: usize = 24;

/// The name that the user most likely meant, if any is near.
pub fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&given, name), name))
        .filter(|&(distance, name)| {
            let length = name.chars().count().max(given.chars().count());
            distance <= 1 + length / 3 && distance < length
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// "did you mean `a`? valid are `a`, `b`".
pub fn advice(given: &str, what: &str, names: &[&str]) -> String {
    let near = nearest(given, names.iter().copied())
        .map(|name| format!("did you mean `{name}`?"))
        .unwrap_or_default();
    let list = if names.is_empty() {
        format!("there are no {what} here")
    } else if names.len() <= SHORT {
        format!("{what}: {}", list(names))
    } else {
        String::new()
    };
    [near, list]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// "`a`, `b`, `c`".
pub fn list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
