//! Convergence: the same run at finer steps or tolerances, and how many digits to trust.
//!
//! ```text
//! level k       rtol, atol / 10^k   (adaptive schemes; rtol not below 1e-14)
//!               step / 2^k          (fixed steps)
//! distance      d_k = max |v_k - v_last| / max |v_last|       to the finest level
//! gain          e_k = max |v_k - v_{k+1}|
//! order         log2(e_k / e_{k+1})                           (fixed steps)
//! digits        floor(-log10 d_0)
//! ```
//!
//! The maxima run over all samples and components of a variable. Differences that do not shrink from
//! level to level say that the finest level is no reference: of chaos, of steps beyond rounding, or of
//! a solution that is not unique. With noise all levels follow one and the same path; the order of a single path
//! scatters about that of the mean.

use crate::engine::card::Mismatch;
use crate::engine::integrate::{Checkpoints, Job, Options, Span, integrate_job};
use crate::engine::outcome::{Counts, Outcome};
use crate::engine::recorder::Samples;
use crate::engine::schemes;
use crate::noise::key::Key;
use crate::system::System;

/// The numbers of a variable at a time and a state.
pub type Value<'a> = Box<dyn Fn(f64, &[f64]) -> Vec<f64> + 'a>;

/// A function of time and state that is followed.
pub struct Followed<'a> {
    /// Its name.
    pub name: String,
    /// Its numbers at a time and a state.
    pub value: Value<'a>,
}

/// What is run.
pub struct Question<'a> {
    /// The system.
    pub system: &'a dyn System,
    /// The scheme.
    pub method: &'a str,
    /// How it integrates at level 0.
    pub options: Options,
    /// From when to when.
    pub span: Span,
    /// The initial state.
    pub x0: Vec<f64>,
    /// When the variables are compared.
    pub times: Vec<f64>,
    /// The variables.
    pub followed: Vec<Followed<'a>>,
    /// What the noise is addressed by: all levels follow one and the same path.
    pub key: Key,
}

/// One level.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// The relative tolerance, of adaptive schemes.
    pub rtol: Option<f64>,
    /// The step, of fixed-step schemes.
    pub step: Option<f64>,
    /// What it cost.
    pub counts: Counts,
    /// How it ended.
    pub outcome: Outcome,
    /// For each variable its distance from the finest level.
    pub distance: Vec<f64>,
    /// For each variable the difference to the next finer level; nothing at the finest.
    pub gain: Vec<f64>,
    values: Vec<Vec<f64>>,
}

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Convergence {
    /// The levels, the finest last; only one if a run failed.
    pub levels: Vec<Level>,
    /// The level that failed, if one did.
    pub failed: Option<usize>,
}

/// Tolerances below this ask for more than double precision has.
const FINEST: f64 = 1e-14;

/// Run `finer` levels besides the given one.
///
/// # Errors
/// A [`Mismatch`] if the scheme cannot integrate the system.
pub fn convergence(question: &Question<'_>, finer: usize) -> Result<Convergence, Mismatch> {
    let adaptive = schemes::card(question.method)
        .is_none_or(|card| card.stepping.takes_tolerances())
        && question.options.step.is_none();
    let mut levels: Vec<Level> = Vec::new();
    for level in 0..=finer {
        let options = refined(&question.options, adaptive, level);
        if adaptive && level > 0 && options.rtol < FINEST {
            break;
        }
        let found = run(question, &options, adaptive)?;
        let failed = !found.outcome.status.is_success();
        levels.push(found);
        if failed {
            return Ok(Convergence {
                failed: Some(levels.len() - 1),
                levels,
            });
        }
    }
    compare(&mut levels);
    Ok(Convergence {
        levels,
        failed: None,
    })
}

fn refined(options: &Options, adaptive: bool, level: usize) -> Options {
    let mut options = options.clone();
    // The cells of the coarsest level: a finer step looks closer at the same path.
    options.cell = options.cell.or(options.step);
    if adaptive {
        let factor = 10_f64.powi(-(level as i32));
        options.rtol *= factor;
        options.atol.iter_mut().for_each(|atol| *atol *= factor);
        options.max_steps = options.max_steps.saturating_mul(10);
    } else {
        let factor = 1_u64 << level;
        options.step = options.step.map(|step| step / factor as f64);
        options.max_steps = options.max_steps.saturating_mul(factor);
    }
    options
}

fn run(question: &Question<'_>, options: &Options, adaptive: bool) -> Result<Level, Mismatch> {
    let mut samples = Samples::at(question.times.clone());
    let job = Job::new(question.span, question.x0.clone(), &mut samples)
        .key(question.key)
        .stops(&options.stops);
    let (outcome, _) = integrate_job(
        question.system,
        question.method,
        options,
        job,
        Checkpoints::Never,
        &mut |_| true,
    )?;
    let states = question.times.iter().zip(&samples.states);
    let values = question.followed.iter().map(|followed| {
        let states = states.clone();
        states.flat_map(|(&t, x)| (followed.value)(t, x)).collect()
    });
    Ok(Level {
        rtol: adaptive.then_some(options.rtol),
        step: options.step,
        counts: outcome.counts,
        values: values.collect(),
        outcome,
        distance: Vec::new(),
        gain: Vec::new(),
    })
}

/// The greatest difference; NaN where only one is a number.
fn greatest(a: &[f64], b: &[f64]) -> f64 {
    // Two infinities of one sign are equal, whatever their difference is.
    let pairs = a
        .iter()
        .zip(b)
        .filter(|(a, b)| !(a.is_nan() && b.is_nan() || a == b));
    pairs
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |most: f64, next| {
            if next.is_nan() || most.is_nan() {
                f64::NAN
            } else {
                most.max(next)
            }
        })
}

fn compare(levels: &mut [Level]) {
    let Some(finest) = levels.last().map(|level| level.values.clone()) else {
        return;
    };
    let next: Vec<Vec<Vec<f64>>> = levels
        .iter()
        .skip(1)
        .map(|level| level.values.clone())
        .collect();
    for (number, level) in levels.iter_mut().enumerate() {
        let pairs = level.values.iter().zip(&finest);
        level.distance = pairs
            .map(|(values, finest)| {
                let size = finest.iter().fold(0.0, |size: f64, v| size.max(v.abs()));
                let distance = greatest(values, finest);
                if size > 0.0 {
                    distance / size
                } else {
                    distance
                }
            })
            .collect();
        if let Some(next) = next.get(number) {
            let pairs = level.values.iter().zip(next);
            level.gain = pairs.map(|(values, next)| greatest(values, next)).collect();
        }
    }
}

impl Convergence {
    /// The observed order of a variable at a level: how fast its differences shrink per halving of the
    /// step (or per tenth of the tolerance, as a power of ten).
    pub fn order(&self, level: usize, variable: usize) -> Option<f64> {
        let gain = |level: usize| self.levels.get(level)?.gain.get(variable).copied();
        let (here, next) = (gain(level)?, gain(level + 1)?);
        let shrinks = here / next;
        let fixed = self.levels[level].rtol.is_none();
        let order = if fixed {
            shrinks.log2()
        } else {
            shrinks.log10()
        };
        order.is_finite().then_some(order)
    }

    /// The digits to trust at level 0; at most 15. Where differences do not shrink, the finest level is no
    /// better than the others, and the greatest distance counts.
    pub fn digits(&self, variable: usize) -> u32 {
        let counted = match self.shrinks(variable) {
            true => 1,
            false => self.levels.len(),
        };
        let levels = self.levels.iter().take(counted);
        let distances = levels.filter_map(|level| level.distance.get(variable).copied());
        let distance = distances.fold(0.0, |most: f64, next| match next.is_nan() {
            true => f64::INFINITY,
            false => most.max(next),
        });
        match distance < 1.0 {
            true => (-distance.max(1e-15).log10()).floor() as u32,
            false => 0,
        }
    }

    /// Whether a variable has a number to compare: one that is not NaN, at a level before the finest.
    pub fn is_compared(&self, variable: usize) -> bool {
        let coarser = self.levels.len().saturating_sub(1);
        let values = |level: &Level| {
            let values = level.values.get(variable).into_iter().flatten();
            values.filter(|value| !value.is_nan()).count()
        };
        self.levels
            .iter()
            .take(coarser)
            .any(|level| values(level) > 0)
    }

    /// Whether a variable is the same at every level.
    pub fn is_equal(&self, variable: usize) -> bool {
        let mut distances = self
            .levels
            .iter()
            .filter_map(|level| level.distance.get(variable));
        distances.all(|&distance| distance == 0.0)
    }

    /// Whether the differences of a variable shrink from level to level, rounding aside.
    pub fn shrinks(&self, variable: usize) -> bool {
        const ROUNDING: f64 = 1e-12;
        let gains: Vec<f64> = self
            .levels
            .iter()
            .filter_map(|level| level.gain.get(variable).copied())
            .collect();
        let size = self.levels.last().map_or(1.0, |level| {
            let values = level.values.get(variable).into_iter().flatten();
            values.fold(f64::MIN_POSITIVE, |size: f64, v| size.max(v.abs()))
        });
        gains
            .windows(2)
            .all(|pair| pair[1] < pair[0] || pair[1] <= ROUNDING * size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::Smoothness;
    use crate::system::layout::{Layout, Variable};

    struct Oscillator(Layout);

    impl System for Oscillator {
        fn layout(&self) -> &Layout {
            &self.0
        }

        fn smoothness(&self) -> Smoothness {
            Smoothness::Smooth
        }

        fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
            // x'' = -x as two blocks, with a growing amplitude left out.
            (dx[0], dx[1]) = (x[1], -x[0]);
        }
    }

    fn ask(method: &str, step: Option<f64>) -> Convergence {
        let layout = Layout::new()
            .block(Variable::new("x", vec![]), 1.0)
            .block(Variable::new("v", vec![]), 0.0);
        let system = Oscillator(layout);
        let mut options = Options::new(2, 1e-5, 1e-8);
        options.step = step;
        let question = Question {
            system: &system,
            method,
            options,
            span: Span {
                start: 0.0,
                stop: 10.0,
            },
            x0: vec![1.0, 0.0],
            times: (0..=10).map(f64::from).collect(),
            followed: vec![Followed {
                name: "x".into(),
                value: Box::new(|_, x| vec![x[0]]),
            }],
            key: Key::of_seed(0),
        };
        convergence(&question, 3).unwrap()
    }

    #[test]
    fn a_fixed_step_shows_its_order_and_its_digits() {
        let found = ask("rk4", Some(0.05));
        assert_eq!(found.levels.len(), 4);
        for level in 0..2 {
            let order = found.order(level, 0).unwrap();
            assert!((order - 4.0).abs() < 0.1, "{order}");
        }
        // The error of the run itself: |x(t) - cos t|.
        let error = found.levels[0].values[0]
            .iter()
            .enumerate()
            .map(|(t, x)| (x - (t as f64).cos()).abs())
            .fold(0.0, f64::max);
        assert_eq!(found.digits(0), (-error.log10()).floor() as u32);
        assert!(found.shrinks(0));
    }

    #[test]
    fn tolerances_shrink_differences_down_to_rounding() {
        let found = ask("tsit5", None);
        assert!(found.shrinks(0));
        let distances: Vec<f64> = found.levels.iter().map(|level| level.distance[0]).collect();
        assert!(
            distances[0] > 5.0 * distances[1] && distances[3] == 0.0,
            "{distances:?}"
        );
        assert_eq!(found.levels[3].rtol.unwrap(), 1e-5 * 1e-3);
    }
}
