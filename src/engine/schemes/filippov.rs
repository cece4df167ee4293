//! Discontinuous drifts in the sense of Filippov, event-driven: crossing, sliding, leaving, on one surface or
//! several at once.
//!
//! Surfaces are located; on them the selections solve a box complementarity problem, and sliding follows the
//! surface. Affine pieces are exact, others are stepped by the pair 5(4) of Tsitouras. Source: Filippov,
//! *Differential Equations with Discontinuous Righthand Sides* (1988); Dieci, Lopez, *J. Comput. Appl. Math.* 236
//! (2012) 3967.

use crate::engine::card::{Card, Mismatch, Needs, Stepping};
use crate::engine::explicit::Tolerances;
use crate::engine::nonsmooth::event_driven::EventDriven;
use crate::engine::nonsmooth::selecting::Selecting;
use crate::engine::scheme::Scheme;
use crate::system::{Smoothness, System};

/// The card.
pub const CARD: Card = Card {
    name: "filippov",
    title: "Filippov's solutions, event-driven with sliding",
    order: 5,
    embedded_order: Some(4),
    dense_order: 5,
    stepping: Stepping::Adaptive,
    locates_kinks: false,
    evaluations: 6,
    stability: "between events as tsit5; affine pieces are exact",
    needs: Needs::Selector,
    smoothness: Smoothness::Discontinuous,
    noise: None,
    reference: "Filippov (1988); Dieci, Lopez, J. Comput. Appl. Math. 236 (2012) 3967; docs/nonsmooth.md",
    use_when: "drifts that jump across surfaces: switches, dry friction, sliding modes",
};

/// The scheme for a system with a selector.
///
/// # Errors
/// A [`Mismatch`] if the system has none.
pub fn make<S: System + ?Sized>(
    system: &S,
    tolerances: Tolerances,
) -> Result<Box<dyn Scheme<S, 1>>, Mismatch> {
    CARD.accepts(system)?;
    let Some(selector) = system.selector() else {
        unreachable!("the card accepts systems with a selector only");
    };
    let modal = Selecting::selector(selector, system.linear().is_some());
    Ok(Box::new(EventDriven::new(&CARD, system, modal, tolerances)))
}
