//! Lanes lie innermost: reading and writing one lane of an array `[component, lane]`.

/// Write the values of one lane into an interleaved array.
pub fn scatter<const L: usize>(values: &[f64], lane: usize, into: &mut [f64]) {
    for (into, &value) in into.iter_mut().skip(lane).step_by(L).zip(values) {
        *into = value;
    }
}

/// Read the values of one lane from an interleaved array.
pub fn gather<const L: usize>(from: &[f64], lane: usize, values: &mut [f64]) {
    for (&from, value) in from.iter().skip(lane).step_by(L).zip(values) {
        *value = from;
    }
}
