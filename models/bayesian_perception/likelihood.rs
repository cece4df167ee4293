//! The likelihood of responses.
//!
//! ```text
//! log L = sum_k log P_k if the second was judged stronger, log(1 - P_k) if not;  P clipped to [1e-9, 1 - 1e-9]
//! canonical form  P = lapse/2 + (1 - lapse) Phi([(z2 - mu) - w (z1 - mu)]/sigma_eff)
//! ```
//!
//! With one interval and trials that start from the prior, only mu, w and sigma_eff can be told apart: they are what is free by default. Equal trials
//! are then counted together. With a carried history P_k is that of one trial by itself, and the product neglects what neighbours share.

use super::memory::Memory;
use super::perceiver::{Perceiver, Rule};
use super::trials::Trials;
use crate::prelude::*;

/// Probabilities are kept this far from 0 and 1.
const CLIP: f64 = 1e-9;

/// The likelihood.
pub struct OfResponses;

const SHARE: Range = Range {
    upper: 1.0,
    lower_included: true,
    ..Range::POSITIVE
};

const FREE: &[Free] = &[
    Free {
        name: "prior_mean",
        meaning: "mean of the prior",
        unit: "intensity",
        range: Range::FINITE,
        bounds: Some([0.0, 1.2]),
    },
    Free {
        name: "w",
        meaning: "weight of the first stimulus, b1/b2",
        unit: "1",
        range: Range::FINITE,
        bounds: Some([0.05, 1.2]),
    },
    Free {
        name: "sigma_eff",
        meaning: "effective noise of the comparison, sigma sqrt(1 + w^2)",
        unit: "intensity",
        range: Range::POSITIVE,
        bounds: Some([0.01, 1.0]),
    },
    Free {
        name: "prior_sd",
        meaning: "standard deviation of the prior",
        unit: "intensity",
        range: Range::POSITIVE,
        bounds: None,
    },
    Free {
        name: "noise_sd",
        meaning: "standard deviation of a measurement",
        unit: "intensity",
        range: Range::POSITIVE,
        bounds: None,
    },
    Free {
        name: "weber",
        meaning: "growth of the noise with intensity",
        unit: "1",
        range: Range::NON_NEGATIVE,
        bounds: None,
    },
    Free {
        name: "time_constant",
        meaning: "time constant of the drift",
        unit: "s",
        range: Range::POSITIVE,
        bounds: None,
    },
    Free {
        name: "lapse",
        meaning: "share of guesses",
        unit: "1",
        range: SHARE,
        bounds: None,
    },
];

/// What a coordinate of the point stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    PriorMean,
    Weight,
    Noise,
    PriorSd,
    NoiseSd,
    Weber,
    TimeConstant,
    Lapse,
}

impl Role {
    fn of(name: &str) -> Self {
        match name {
            "prior_mean" => Role::PriorMean,
            "w" => Role::Weight,
            "sigma_eff" => Role::Noise,
            "prior_sd" => Role::PriorSd,
            "noise_sd" => Role::NoiseSd,
            "weber" => Role::Weber,
            "time_constant" => Role::TimeConstant,
            // What can be free is declared above, and nothing else comes here.
            _ => Role::Lapse,
        }
    }
}

/// Equal trials and their responses; with a carried history each trial by itself, in its order.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cell {
    /// The place of the trial in the evidence's own table.
    trial: usize,
    count: f64,
    second: f64,
}

/// The responses of one subject.
struct Responses {
    base: Perceiver,
    /// w and sigma_eff where they are held or free.
    canonical: [Option<f64>; 2],
    roles: Vec<Role>,
    trials: Trials,
    cells: Vec<Cell>,
    /// The one gap, if there is one and trials start from the prior.
    gap: Option<f64>,
}

/// A perceiver and what stands in place of its weights.
struct Point {
    perceiver: Perceiver,
    canonical: [Option<f64>; 2],
}

impl Point {
    fn set(&mut self, role: Role, value: f64) {
        match role {
            Role::PriorMean => self.perceiver.prior_mean = value,
            Role::Weight => self.canonical[0] = Some(value),
            Role::Noise => self.canonical[1] = Some(value),
            Role::PriorSd => self.perceiver.prior_variance = value * value,
            Role::NoiseSd => self.perceiver.noise_sd = value,
            Role::Weber => self.perceiver.weber = value,
            Role::TimeConstant => self.perceiver.time_constant = value,
            Role::Lapse => self.perceiver.lapse = value,
        }
    }

    /// w and sigma_eff for a gap.
    fn weights(&self, gap: f64) -> [f64; 2] {
        let [w, _] = self.perceiver.canonical(gap);
        let w = self.canonical[0].unwrap_or(w);
        let noise = self.perceiver.noise_sd * 1.0_f64.hypot(w);
        [w, self.canonical[1].unwrap_or(noise)]
    }

    /// P(2 > 1) of a trial that starts from the prior.
    fn fresh(&self, z1: f64, z2: f64, gap: f64) -> f64 {
        if self.canonical == [None, None] {
            return self.perceiver.fresh(z1, z2, gap);
        }
        let [w, noise] = self.weights(gap);
        let mu = self.perceiver.prior_mean;
        self.perceiver.probability((z2 - mu) - w * (z1 - mu), noise)
    }
}

impl Likelihood for OfResponses {
    fn free(&self) -> &'static [Free] {
        FREE
    }

    fn evidence(&self, observed: &Observed<'_>) -> Result<Box<dyn Evidence>, BuildError> {
        let (base, table) = super::model(observed.parameters)?;
        let Some(responses) = &table.responses else {
            let message =
                "[trials] has no `response`, and without responses there is nothing to fit";
            return Err(BuildError::about("trials.response", message).help(
                "add a column `response`: 1 if the second stimulus was judged stronger, 0 if not",
            ));
        };
        let pick = |k: &usize| (table.all[*k], table.anew[*k], responses[*k]);
        let picked: Vec<_> = observed.trials.iter().map(pick).collect();
        let trials = Trials {
            all: picked.iter().map(|one| one.0).collect(),
            anew: picked
                .iter()
                .enumerate()
                .map(|(place, one)| place == 0 || one.1)
                .collect(),
            responses: Some(picked.iter().map(|one| one.2).collect()),
        };
        let named = |name: &str| {
            observed.free.contains(&name) || observed.fixed.iter().any(|(fixed, _)| *fixed == name)
        };
        fits(&base, &trials, &named)?;
        let gaps = trials.gaps();
        let mut point = Point {
            perceiver: base,
            canonical: [None, None],
        };
        for (name, value) in observed.fixed {
            point.set(Role::of(name), *value);
        }
        Ok(Box::new(Responses {
            base: point.perceiver,
            canonical: point.canonical,
            roles: observed.free.iter().map(|name| Role::of(name)).collect(),
            cells: cells(&trials, base.carries),
            gap: match gaps.as_slice() {
                [only] if !base.carries => Some(*only),
                _ => None,
            },
            trials,
        }))
    }
}

/// Whether the free and held quantities go together and with the design.
fn fits(base: &Perceiver, trials: &Trials, named: &dyn Fn(&str) -> bool) -> Result<(), BuildError> {
    let canonical = ["w", "sigma_eff"].into_iter().find(|name| named(name));
    let Some(canonical) = canonical else {
        return Ok(());
    };
    let refuse = |message: String, help: &str| Err(BuildError::about("free", message).help(help));
    let plain = "fit `prior_mean`, `noise_sd`, `prior_sd`, `time_constant` in their place";
    if base.carries {
        let message = format!(
            "`{canonical}` stands for trials that start from the prior, and these carry their history"
        );
        return refuse(message, plain);
    }
    if base.weber > 0.0 || named("weber") {
        let message = format!("`{canonical}` stands for constant noise, and `weber` lets it grow");
        return refuse(message, plain);
    }
    if named("w") && trials.gaps().len() > 1 {
        let message = "`w` stands for one interval, and the trials have several".to_string();
        return refuse(message, plain);
    }
    for (one, others) in [
        ("w", ["prior_sd", "time_constant"].as_slice()),
        ("sigma_eff", ["noise_sd"].as_slice()),
    ] {
        if let Some(other) = others.iter().find(|other| named(one) && named(other)) {
            let message =
                format!("`{one}` and `{other}` cannot both be free: one determines the other");
            return refuse(message, "leave one of them out");
        }
    }
    Ok(())
}

/// Equal trials together, in the order of their first appearance.
fn cells(trials: &Trials, carries: bool) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let responses = trials.responses.as_deref().unwrap_or_default();
    for (place, &response) in responses.iter().enumerate() {
        let second = f64::from(u8::from(response));
        let (all, now) = (&trials.all, &trials.all[place]);
        let same = |cell: &&mut Cell| {
            let one = &all[cell.trial];
            (one.first, one.second, one.gap) == (now.first, now.second, now.gap)
        };
        match cells.iter_mut().find(|cell| !carries && same(cell)) {
            Some(cell) => {
                cell.count += 1.0;
                cell.second += second;
            }
            None => cells.push(Cell {
                trial: place,
                count: 1.0,
                second,
            }),
        }
    }
    cells
}

impl Responses {
    fn point(&self, point: &[f64]) -> Point {
        let mut made = Point {
            perceiver: self.base,
            canonical: self.canonical,
        };
        for (&role, &value) in self.roles.iter().zip(point) {
            made.set(role, value);
        }
        made
    }

    /// Give the probability of every cell to `each`.
    fn probabilities(&self, point: &[f64], each: &mut dyn FnMut(usize, f64)) {
        let point = self.point(point);
        let mut memory = Memory::fresh(&point.perceiver);
        for (number, cell) in self.cells.iter().enumerate() {
            let trial = &self.trials.all[cell.trial];
            let p = match point.perceiver.carries {
                false => point.fresh(trial.first, trial.second, trial.gap),
                true => {
                    if self.trials.anew[cell.trial] {
                        memory = Memory::fresh(&point.perceiver);
                    }
                    memory.judge(&point.perceiver, trial).p_second
                }
            };
            each(number, p);
        }
    }

    fn place(&self, role: Role) -> Option<usize> {
        self.roles.iter().position(|&one| one == role)
    }
}

impl Evidence for Responses {
    fn observations(&self) -> usize {
        self.trials.all.len()
    }

    fn log_likelihood(&self, point: &[f64]) -> f64 {
        let mut sum = 0.0;
        self.probabilities(point, &mut |number, p| {
            let cell = &self.cells[number];
            let p = p.clamp(CLIP, 1.0 - CLIP);
            sum += cell.second * p.ln() + (cell.count - cell.second) * (-p).ln_1p();
        });
        sum
    }

    fn redrawn(&self, point: &[f64], draws: &dyn Draws) -> Box<dyn Evidence> {
        let mut cells = self.cells.clone();
        let mut draw = 0;
        self.probabilities(point, &mut |number, p| {
            let count = cells[number].count as u64;
            let hits = (draw..draw + count).filter(|&draw| draws.uniform(draw) < p);
            cells[number].second = hits.count() as f64;
            draw += count;
        });
        Box::new(Responses {
            cells,
            canonical: self.canonical,
            roles: self.roles.clone(),
            trials: self.trials.clone(),
            ..*self
        })
    }

    fn derived(&self) -> Vec<Derived> {
        if self.gap.is_none() || self.base.weber > 0.0 || self.place(Role::Weber).is_some() {
            return Vec::new();
        }
        let all = [
            (
                Role::Weight,
                Derived {
                    name: "w",
                    meaning: "weight of the first stimulus, b1/b2",
                    unit: "1",
                },
            ),
            (
                Role::Noise,
                Derived {
                    name: "sigma_eff",
                    meaning: "effective noise of the comparison",
                    unit: "intensity",
                },
            ),
        ];
        let others = all
            .into_iter()
            .filter(|(role, _)| self.place(*role).is_none());
        let mut derived: Vec<Derived> = others.map(|(_, one)| one).collect();
        derived.push(Derived {
            name: "bias",
            meaning: "(1 - w) mu, what the data know of the prior mean",
            unit: "intensity",
        });
        derived.push(Derived {
            name: "time_order_effect",
            meaning: "mean time-order effect over the unequal pairs of the design",
            unit: "1",
        });
        derived
    }

    fn derive(&self, point: &[f64], out: &mut [f64]) {
        let Some(gap) = self.gap else { return };
        let made = self.point(point);
        let [w, noise] = made.weights(gap);
        let (mut sum, mut pairs) = (0.0, 0.0);
        for cell in &self.cells {
            let trial = &self.trials.all[cell.trial];
            if trial.first < trial.second {
                pairs += 1.0;
                sum += made.fresh(trial.first, trial.second, gap)
                    + made.fresh(trial.second, trial.first, gap)
                    - 1.0;
            }
        }
        for (value, derived) in out.iter_mut().zip(self.derived()) {
            *value = match derived.name {
                "w" => w,
                "sigma_eff" => noise,
                "bias" => (1.0 - w) * made.perceiver.prior_mean,
                _ => sum / pairs,
            };
        }
    }

    fn remarks(&self, point: &[f64], errors: &[f64]) -> Vec<String> {
        let mut remarks = Vec::new();
        let both = [Role::PriorSd, Role::TimeConstant].map(|role| self.place(role));
        if let (Some(_), [Some(_), Some(_)]) = (self.gap, both) {
            remarks.push(
                "the design has one interval: `prior_sd` and `time_constant` enter through w alone and cannot be told apart; \
                 fit `w`, or vary the interval"
                    .into(),
            );
        } else if let Some(place) = both[0]
            && self.base.rule == Rule::Reference
        {
            let (sd, noise) = (point[place], self.point(point).perceiver.noise_sd);
            if sd > 5.0 * noise {
                remarks.push(format!(
                    "`prior_sd` is {:.1} times the noise: the first gain is near 1, and larger values fit as well",
                    sd / noise
                ));
            }
        }
        if let (Some(gap), Some(place)) = (self.gap, self.place(Role::PriorMean)) {
            let [w, _] = self.point(point).weights(gap);
            let error = self
                .place(Role::Weight)
                .map_or(f64::NAN, |place| errors[place]);
            if (1.0 - w).abs() < 0.02 || (1.0 - w).abs() < 2.0 * error {
                remarks.push(format!(
                    "w = {w:.3} is near 1: the data know `prior_mean` (here {:.3}) only through (1 - w) mu; report `bias` and \
                     `time_order_effect`",
                    point[place]
                ));
            }
        }
        remarks
    }
}
