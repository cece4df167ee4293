//! Events: what happened at an instant of a run, told by the loop and the schemes to the recorder.

/// One event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event<'a> {
    /// When.
    pub time: f64,
    /// What: the name of a guard, or what a nonsmooth scheme met (`contact`, `release`, `cross`, `slide`,
    /// `leave`, ...), or that a run became stiff (`stiff`).
    pub kind: &'a str,
    /// Where: the component, face, selection or guard it is about, if there is one.
    pub component: Option<usize>,
    /// The mode of every component, face or selection from here on: -1, 0 or +1; empty where there are no
    /// modes.
    pub mode: &'a [i8],
}

/// The kinds that schemes and the loop tell; guards add their names.
pub const KINDS: &[&str] = &[
    "contact",
    "release",
    "cross",
    "slide",
    "leave",
    "non-unique",
    "accumulation",
    "stiff",
];
