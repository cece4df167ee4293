//! Parts: a flow that falls into small independent systems which touch each other only at events.
//!
//! `x = (x_1, ..., x_P)`, `x_p' = f_p(t, x_p)`, each part with guards of its own that read its state alone. An event of
//! part p resets x_p and may *kick* other parts, `x_q <- k(x_q)`: spiking neurons that are coupled by delta synapses, or
//! by synaptic currents that belong to the neuron they arrive at. Between events the whole state is stepped as one; at an
//! event only the parts that it touches are integrated again, so an event costs nothing per component of the state.

use std::ops::Range;

/// The parts of a flow. Every guard belongs to one part; all parts have equally many components.
pub trait Parts: Send + Sync {
    /// How many parts there are.
    fn count(&self) -> usize;
    /// How many components a part has.
    fn size(&self) -> usize;
    /// Where component `k` of a part stands in the flat state. No two parts share a component.
    fn component(&self, part: usize, k: usize) -> usize;
    /// Write the drift of a part at `(t, x)`, `x` being its own components, into `dx`: the same numbers as those of
    /// [`System::drift`](super::System::drift).
    fn drift(&self, part: usize, t: f64, x: &[f64], dx: &mut [f64]);
    /// The guards of a part, in ascending order over the parts.
    fn guards(&self, part: usize) -> Range<usize>;
    /// The part that a guard belongs to.
    fn part_of(&self, guard: usize) -> usize;
    /// Write the guard functions of a part into `g`.
    fn values(&self, part: usize, t: f64, x: &[f64], g: &mut [f64]);
    /// Replace the state of the guard's own part by the one after the event. Nothing is drawn: events of parts whose outcome is random
    /// belong to a flow in one piece.
    fn reset(&self, guard: usize, t: f64, x: &mut [f64]);
    /// The parts that an event of this guard kicks, after its own reset.
    fn targets(&self, guard: usize) -> &[usize] {
        let _ = guard;
        &[]
    }
    /// Replace the state of part `targets(guard)[target]` by the one after the kick. A guard that the kick carries across
    /// its surface fires at once.
    fn kick(&self, guard: usize, target: usize, t: f64, x: &mut [f64]) {
        let _ = (guard, target, t, x);
    }
}

/// Copy the components of a part into `own`.
pub fn gather(parts: &dyn Parts, part: usize, x: &[f64], own: &mut [f64]) {
    for (k, own) in own.iter_mut().enumerate() {
        *own = x[parts.component(part, k)];
    }
}

/// Copy `own` to the components of a part.
pub fn scatter(parts: &dyn Parts, part: usize, own: &[f64], x: &mut [f64]) {
    for (k, &own) in own.iter().enumerate() {
        x[parts.component(part, k)] = own;
    }
}

/// [`Guards::reset`](super::guard::Guards::reset) of a system in parts: the own reset, then the kicks.
pub fn reset(parts: &dyn Parts, guard: usize, t: f64, x: &mut [f64]) {
    let mut own = vec![0.0; parts.size()];
    let mut change = |part: usize, change: &mut dyn FnMut(&mut [f64])| {
        gather(parts, part, x, &mut own);
        change(&mut own);
        scatter(parts, part, &own, x);
    };
    change(parts.part_of(guard), &mut |x| parts.reset(guard, t, x));
    for (target, &part) in parts.targets(guard).iter().enumerate() {
        change(part, &mut |x| parts.kick(guard, target, t, x));
    }
}
