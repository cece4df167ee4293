//! Stability classes of an equilibrium, from the eigenvalues of its Jacobian.
//!
//! ```text
//! node, focus      all real parts of one sign; a focus has a pair of complex eigenvalues
//! saddle           real parts of both signs
//! non-hyperbolic   a real part that is zero to rounding: the linear part decides nothing
//! ```

/// The codes of the classes in the archive.
pub const CLASSES: &[(i8, &str)] = &[
    (0, "stable_node"),
    (1, "stable_focus"),
    (2, "saddle"),
    (3, "saddle_focus"),
    (4, "unstable_node"),
    (5, "unstable_focus"),
    (6, "non_hyperbolic"),
];

const NON_HYPERBOLIC: i8 = 6;

/// The class of these eigenvalues (real part, imaginary part).
pub fn class(eigenvalues: &[(f64, f64)]) -> i8 {
    let scale = eigenvalues
        .iter()
        .fold(0.0, |scale: f64, (re, im)| scale.max(re.hypot(*im)));
    let zero = 1e-9 * scale;
    // NaN is beyond nothing.
    let is_beyond_zero = |re: f64| re.abs() > zero;
    if !eigenvalues.iter().all(|(re, _)| is_beyond_zero(*re)) {
        return NON_HYPERBOLIC;
    }
    let turns = eigenvalues.iter().any(|(_, im)| im.abs() > zero);
    let unstable = eigenvalues.iter().filter(|(re, _)| *re > 0.0).count();
    let base = match unstable {
        0 => 0,
        all if all == eigenvalues.len() => 4,
        _ => 2,
    };
    base + i8::from(turns)
}

/// Whether the class is asymptotically stable; `None` if the linear part does not tell.
pub fn is_stable(class: i8) -> Option<bool> {
    (class != NON_HYPERBOLIC).then_some(class < 2)
}

/// The name of a class for people.
pub fn name(class: i8) -> String {
    let found = CLASSES.iter().find(|(code, _)| *code == class);
    found.map_or("unknown".into(), |(_, name)| name.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_signs_and_turns() {
        for (eigenvalues, expected, stable) in [
            (&[(-1.0, 0.0), (-2.0, 0.0)][..], "stable node", Some(true)),
            (&[(-1.0, 3.0), (-1.0, -3.0)], "stable focus", Some(true)),
            (&[(-1.0, 0.0), (2.0, 0.0)], "saddle", Some(false)),
            (
                &[(-1.0, 0.0), (2.0, 1.0), (2.0, -1.0)],
                "saddle focus",
                Some(false),
            ),
            (&[(1.0, 0.0)], "unstable node", Some(false)),
            (&[(1.0, 1.0), (1.0, -1.0)], "unstable focus", Some(false)),
            (&[(0.0, 1.0), (0.0, -1.0)], "non hyperbolic", None),
        ] {
            let found = class(eigenvalues);
            assert_eq!((name(found).as_str(), is_stable(found)), (expected, stable));
        }
    }
}
