//! The schemes, one file each, and the list of their cards.

pub mod auto;
pub mod bdf;
pub mod bs3;
pub mod catching_up;
pub mod dop853;
pub mod dopri5;
pub mod esdirk34;
pub mod euler;
pub mod euler_maruyama;
pub mod exponential;
pub mod filippov;
pub mod heun;
pub mod heun_stratonovich;
pub mod implicit_selector;
pub mod las;
pub mod milstein;
pub mod milstein_levy;
pub mod ode_solvers_dopri5;
pub mod platen_weak_2;
pub mod projected;
pub mod rk4;
pub mod sra1;
pub mod sri1;
pub mod tr_bdf2;
pub mod tsit5;

use self::auto::Auto;
use self::bdf::Bdf;
use self::catching_up::CatchingUp;
use self::exponential::Exponential;
use self::implicit_selector::ImplicitSelector;
use self::las::Las;
use self::ode_solvers_dopri5::OdeSolversDopri5;
use super::card::{Card, Mismatch, Needs};
use super::explicit::{Explicit, Tolerances};
use super::field::Field;
use super::integrate::{Options, check_step, tolerances, unknown};
use super::recurrence::{self, Recurrence};
use super::refusal::check_options;
use super::scheme::Scheme;
use super::stiff::diagonally_implicit::{Coefficients, DiagonallyImplicit};
use super::stiff::jacobian;
use super::stochastic::driver::Stochastic;
use super::stochastic::method::Method;
use super::tableau::Tableau;
use crate::system::System;

/// The cards of every scheme, in the order in which `methods` lists them.
pub const CARDS: &[&Card] = &[
    &auto::CARD,
    &euler::CARD,
    &heun::CARD,
    &rk4::CARD,
    &bs3::CARD,
    &tsit5::CARD,
    &dopri5::CARD,
    &dop853::CARD,
    &ode_solvers_dopri5::CARD,
    &bdf::CARD,
    &esdirk34::CARD,
    &tr_bdf2::CARD,
    &exponential::CARD,
    &projected::CARD,
    &catching_up::CARD,
    &filippov::CARD,
    &implicit_selector::CARD,
    &las::CARD,
    &euler_maruyama::CARD,
    &milstein::CARD,
    &heun_stratonovich::CARD,
    &sra1::CARD,
    &sri1::CARD,
    &platen_weak_2::CARD,
    &milstein_levy::CARD,
];

/// The card that maps come with, which a file cannot ask for.
pub const OF_MAPS: &Card = &recurrence::CARD;

/// The explicit Runge-Kutta schemes: card and coefficients.
pub const TABLEAUS: &[(&Card, &Tableau)] = &[
    (&euler::CARD, &euler::TABLEAU),
    (&heun::CARD, &heun::TABLEAU),
    (&rk4::CARD, &rk4::TABLEAU),
    (&bs3::CARD, &bs3::TABLEAU),
    (&tsit5::CARD, &tsit5::TABLEAU),
    (&dopri5::CARD, &dopri5::TABLEAU),
    (&dop853::CARD, &dop853::TABLEAU),
];

/// The diagonally implicit Runge-Kutta schemes: card and coefficients.
pub const DIAGONALLY_IMPLICIT: &[(&Card, &Coefficients)] = &[
    (&esdirk34::CARD, &esdirk34::COEFFICIENTS),
    (&tr_bdf2::CARD, &tr_bdf2::COEFFICIENTS),
];

/// The card of that name: one of those, or the one that maps come with.
pub fn card(name: &str) -> Option<&'static Card> {
    let mut cards = CARDS.iter().copied().chain([OF_MAPS]);
    cards.find(|card| card.name == name)
}

/// Whether the scheme of that name tells events of its own, whatever the system.
pub fn tells_events(name: &str) -> bool {
    name == auto::CARD.name
}

/// Where the scheme of that name has its Jacobian from; `None` if it uses none.
pub fn jacobian_source(name: &str, system: &(impl System + ?Sized)) -> Option<&'static str> {
    let implicit = [auto::CARD.name, bdf::CARD.name].contains(&name)
        || DIAGONALLY_IMPLICIT
            .iter()
            .any(|(card, _)| card.name == name);
    implicit.then(|| jacobian::source(system))
}

/// Whether runs can go side by side by the scheme of that name.
pub fn has_lanes(name: &str) -> bool {
    card(name).is_some_and(|card| card.noise.is_some() && card.needs != Needs::OwnStep)
        || TABLEAUS.iter().any(|(card, _)| card.name == name)
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

/// The stochastic scheme of that name for L lanes of a field; `None` for any other name.
pub fn stochastic<F: Field<L> + ?Sized, const L: usize>(
    name: &str,
    field: &F,
    tolerances: Tolerances,
    cell: Option<f64>,
) -> Option<Box<dyn Scheme<F, L>>> {
    macro_rules! of {
        ($($method:path),+) => {
            $(if name == <$method as Method>::CARD.name {
                return Some(Box::new(Stochastic::<$method, L>::new(field, tolerances, cell)));
            })+
        };
    }
    of!(
        euler_maruyama::EulerMaruyama,
        milstein::Milstein,
        heun_stratonovich::HeunStratonovich,
        sra1::Sra1,
        sri1::Sri1,
        platen_weak_2::PlatenWeak2,
        milstein_levy::MilsteinLevy
    );
    None
}

/// The scheme of that name for L lanes of a field; `None` if it does not step several at a time.
pub fn in_lanes<F: Field<L> + ?Sized, const L: usize>(
    name: &str,
    field: &F,
    tolerances: Tolerances,
    cell: Option<f64>,
) -> Option<Box<dyn Scheme<F, L>>> {
    let noisy = stochastic(name, field, tolerances.clone(), cell);
    noisy.or_else(|| explicit(name, field, tolerances))
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
    check_options(card, options, system.layout().len())?;
    let (dim, step) = (system.layout().len(), options.step.unwrap_or(f64::NAN));
    if name == exponential::CARD.name {
        return Ok(Box::new(Exponential::new(system, step)));
    }
    let tolerances = tolerances(options, &system.layout().measured());
    if name == projected::CARD.name {
        return projected::make(system, tolerances);
    }
    if name == filippov::CARD.name {
        return filippov::make(system, tolerances);
    }
    if name == catching_up::CARD.name {
        return Ok(Box::new(CatchingUp::new(dim, step)));
    }
    if let (Some(selector), true) = (system.selector(), name == implicit_selector::CARD.name) {
        return Ok(Box::new(ImplicitSelector::new(dim, step, selector)));
    }
    if let (Some(own), true) = (system.own_step(name), name == las::CARD.name) {
        return Ok(Box::new(Las::new(system, own, options)));
    }
    if name == recurrence::CARD.name {
        return Ok(Box::new(Recurrence::new(dim)));
    }
    if name == auto::CARD.name {
        return Ok(Box::new(Auto::new(system, tolerances)?));
    }
    if name == bdf::CARD.name {
        return Ok(Box::new(Bdf::new(system, tolerances)?));
    }
    for (card, coefficients) in DIAGONALLY_IMPLICIT {
        if name == card.name {
            let scheme = DiagonallyImplicit::new(card, coefficients, system, tolerances);
            return Ok(Box::new(scheme));
        }
    }
    if name == ode_solvers_dopri5::CARD.name {
        return Ok(Box::new(OdeSolversDopri5::new(dim, &tolerances)?));
    }
    in_lanes(name, system, tolerances, options.cell).ok_or_else(|| unknown(name))
}
