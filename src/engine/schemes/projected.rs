//! Projected dynamics, event-driven: `x' = Pi_{T_C(x)} f(t, x)` for a box, curved faces or the unit sphere.
//!
//! Contacts and releases are located and the active set is changed there; between them the scheme is exact where
//! the drift is affine, and the pair 5(4) of Tsitouras elsewhere. The state never leaves C by more than
//! rounding. Source of the formulation: Nagurney, Zhang, *Projected Dynamical Systems* (1996).

use crate::engine::card::{Card, Mismatch, Needs, Stepping};
use crate::engine::explicit::Tolerances;
use crate::engine::nonsmooth::confined::Confined;
use crate::engine::nonsmooth::event_driven::EventDriven;
use crate::engine::nonsmooth::selecting::Selecting;
use crate::engine::nonsmooth::sphere::Sphere;
use crate::engine::scheme::Scheme;
use crate::system::constraint::ClosedSet;
use crate::system::{Smoothness, System};

/// The card.
pub const CARD: Card = Card {
    name: "projected",
    title: "projected dynamics, event-driven on the active set",
    order: 5,
    embedded_order: Some(4),
    dense_order: 5,
    stepping: Stepping::Adaptive,
    locates_kinks: false,
    evaluations: 6,
    stability: "between contacts as tsit5; affine pieces are exact",
    needs: Needs::Constraint,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Nagurney, Zhang, Projected Dynamical Systems (1996); docs/nonsmooth.md",
    use_when: "states confined to a closed set, contacts to the accuracy of the tolerances or to rounding",
};

/// The scheme for a confined system.
///
/// # Errors
/// A [`Mismatch`] if the system is not confined.
pub fn make<S: System + ?Sized>(
    system: &S,
    tolerances: Tolerances,
) -> Result<Box<dyn Scheme<S, 1>>, Mismatch> {
    CARD.accepts(system)?;
    let shape = system.constraint().map(|constraint| constraint.shape());
    Ok(match shape {
        Some(ClosedSet::Box { lower, upper }) => {
            let modal = Confined::new(lower, upper, system.linear().is_some());
            Box::new(EventDriven::new(&CARD, system, modal, tolerances))
        }
        Some(ClosedSet::Faces(faces)) => {
            let modal = Selecting::faces(faces);
            Box::new(EventDriven::new(&CARD, system, modal, tolerances))
        }
        // The card has accepted the system, so there is a shape.
        Some(ClosedSet::UnitSphere) | None => {
            Box::new(EventDriven::new(&CARD, system, Sphere, tolerances))
        }
    })
}
