//! The schemes, one file each, and the list of their cards.

pub mod dopri5;
pub mod euler;
pub mod ode_solvers_dopri5;
pub mod rk4;
pub mod tsit5;

use self::ode_solvers_dopri5::OdeSolversDopri5;
use super::card::{Card, Mismatch};
use super::explicit::{Explicit, Tolerances};
use super::field::Field;
use super::integrate::{Options, check_step, tolerances, unknown};
use super::scheme::Scheme;
use super::tableau::Tableau;
use crate::system::System;

/// The cards of every scheme, in the order in which `methods` lists them.
pub const CARDS: &[&Card] = &[
    &euler::CARD,
    &rk4::CARD,
    &tsit5::CARD,
    &dopri5::CARD,
    &ode_solvers_dopri5::CARD,
];

/// The explicit Runge-Kutta schemes: card and coefficients.
pub const TABLEAUS: &[(&Card, &Tableau)] = &[
    (&euler::CARD, &euler::TABLEAU),
    (&rk4::CARD, &rk4::TABLEAU),
    (&tsit5::CARD, &tsit5::TABLEAU),
    (&dopri5::CARD, &dopri5::TABLEAU),
];

/// The card of that name.
pub fn card(name: &str) -> Option<&'static Card> {
    CARDS.iter().copied().find(|card| card.name == name)
}

/// Whether runs can go side by side by the scheme of that name.
pub fn has_lanes(name: &str) -> bool {
    TABLEAUS.iter().any(|(card, _)| card.name == name)
}

/// The explicit Runge-Kutta scheme of that name for L lanes of a field; `None` for any other name.
pub fn explicit<F: Field<L> + ?Sized, const L: usize>(
    name: &str,
    field: &F,
    tolerances: Tolerances,
) -> Option<Box<dyn Scheme<F, L>>> {
    let &(card, tableau) = TABLEAUS.iter().find(|(card, _)| card.name == name)?;
    Some(Box::new(Explicit::<L>::new(
        card, tableau, field, tolerances,
    )))
}

/// The scheme of that name for a system, ready for [`integrate`](super::integrate::integrate).
///
/// # Errors
/// A [`Mismatch`] if there is no such scheme, or it cannot integrate the system.
pub fn make<S: System + ?Sized>(
    name: &str,
    system: &S,
    options: &Options,
) -> Result<Box<dyn Scheme<S, 1>>, Mismatch> {
    let card = card(name).ok_or_else(|| unknown(name))?;
    card.accepts(system)?;
    check_step(card, options)?;
    let tolerances = tolerances(options, &system.layout().measured());
    if name == ode_solvers_dopri5::CARD.name {
        let dim = system.layout().len();
        return Ok(Box::new(OdeSolversDopri5::new(dim, &tolerances)?));
    }
    explicit(name, system, tolerances).ok_or_else(|| unknown(name))
}
