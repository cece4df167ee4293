//! Parameters that a file declares, in the form of those that a family declares.
//!
//! Declarations are constants that everything else refers to for as long as the program runs. Those of a
//! file are kept the same way: each different text and each different list once, so that the runs of a
//! sweep, whose file is read anew, share one.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::parameters::Parameter;

static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
static LISTS: Mutex<Vec<&'static [Parameter]>> = Mutex::new(Vec::new());

/// The text, kept.
pub fn text(text: &str) -> &'static str {
    // A panic elsewhere leaves the set as it was.
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.get(text) {
        return known;
    }
    let kept: &'static str = Box::leak(text.to_string().into_boxed_str());
    texts.insert(kept);
    kept
}

/// The declarations, kept.
///
/// ```
/// use nullcline::system::{declared, parameters::Parameter};
/// let list = || vec![Parameter::real(declared::text("C")).unit("pF")];
/// assert!(std::ptr::eq(declared::list(list()), declared::list(list())));
/// ```
pub fn list(parameters: Vec<Parameter>) -> &'static [Parameter] {
    let mut lists = LISTS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = lists.iter().find(|known| {
        known.len() == parameters.len() && known.iter().zip(&parameters).all(|(a, b)| is_same(a, b))
    });
    if let Some(known) = known {
        return known;
    }
    let kept: &'static [Parameter] = Box::leak(parameters.into_boxed_slice());
    lists.push(kept);
    kept
}

/// Whether two declarations of a file, which have no generators and serve all dynamics, say the same.
fn is_same(a: &Parameter, b: &Parameter) -> bool {
    let said = |one: &Parameter| (one.name, one.kind, one.fallback, one.unit, one.range);
    said(a) == said(b) && (a.meaning, a.source) == (b.meaning, b.source)
}
