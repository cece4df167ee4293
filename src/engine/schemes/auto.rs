//! `auto`: the pair 5(4) of Tsitouras until the run turns out to be stiff, backward differentiation from there on.
//!
//! Both last stages of the pair lie at the end of the step, so `|f(t, x_1) - f(t, g_6)| / |x_1 - g_6|` estimates the
//! largest rate without an evaluation. When its product with the step stays near the border of stability for fifteen
//! steps, it is stability and not accuracy that rules the step: the run goes on with `bdf`, and an event `stiff` says
//! when. Source of the test: Hairer, Wanner, *Solving Ordinary Differential Equations II*, IV.2.

use super::bdf::Bdf;
use super::tsit5;
use crate::engine::card::{Card, Mismatch, Needs, Stepping};
use crate::engine::explicit::{Explicit, Tolerances};
use crate::engine::field::Field;
use crate::engine::outcome::Counts;
use crate::engine::scheme::{Progress, Scheme};
use crate::system::Smoothness;
use crate::system::event::Event;

/// The card.
pub const CARD: Card = Card {
    name: "auto",
    title: "Tsitouras 5(4), from stiffness on backward differentiation",
    order: 5,
    embedded_order: Some(4),
    dense_order: 5,
    stepping: Stepping::Adaptive,
    locates_kinks: true,
    evaluations: 6,
    stability: "as tsit5, then as bdf",
    needs: Needs::Nothing,
    smoothness: Smoothness::Lipschitz,
    noise: None,
    reference: "Hairer, Wanner, Solving ODEs II, IV.2",
    use_when: "it is not known whether the problem is stiff",
};

/// Step times rate beyond which a step counts as ruled by stability; the border is 3.51 on the real axis.
const BORDER: f64 = 3.1;
/// So many of them, with fewer than six others in a row between, make a stiff run.
const STIFF: u32 = 15;
const OTHERS: u32 = 6;

/// The scheme at work on one run.
pub struct Auto {
    explicit: Explicit<1>,
    stiff: Bdf,
    /// Whether the last step was the stiff scheme's, and whether the next one will be.
    switched: bool,
    switches: bool,
    ruled: u32,
    others: u32,
    stop: f64,
    /// When it switched, until that is told.
    told: Option<f64>,
}

impl Auto {
    /// The scheme for a field.
    ///
    /// # Errors
    /// If a fixed step is asked for.
    pub fn new<F: Field<1> + ?Sized>(field: &F, tolerances: Tolerances) -> Result<Self, Mismatch> {
        if tolerances.step.is_some() {
            return Err(Mismatch {
                scheme: CARD.name,
                reason: "it always controls its error".into(),
                help: "use `tsit5` with a fixed step".into(),
            });
        }
        Ok(Self {
            stiff: Bdf::new(field, tolerances.clone())?,
            explicit: Explicit::new(&tsit5::CARD, &tsit5::TABLEAU, field, tolerances),
            switched: false,
            switches: false,
            ruled: 0,
            others: 0,
            stop: f64::INFINITY,
            told: None,
        })
    }

    /// The scheme of the last step.
    fn active<F: Field<1> + ?Sized>(&self) -> &dyn Scheme<F, 1> {
        match self.switched {
            true => &self.stiff,
            false => &self.explicit,
        }
    }

    /// Judge an accepted explicit step.
    fn judge(&mut self, time: f64) {
        if self.explicit.rate_times_step() > BORDER {
            (self.ruled, self.others) = (self.ruled + 1, 0);
            if self.ruled == STIFF {
                self.switches = true;
                self.told = Some(time);
            }
        } else {
            self.others += 1;
            if self.others == OTHERS {
                self.ruled = 0;
            }
        }
    }
}

impl<F: Field<1> + ?Sized> Scheme<F, 1> for Auto {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn start(&mut self, field: &F, lane: usize, t: f64, x: &[f64], stop: f64) {
        (self.switched, self.switches, self.stop) = (false, false, stop);
        (self.ruled, self.others, self.told) = (0, 0, None);
        self.explicit.start(field, lane, t, x, stop);
    }

    fn restart(&mut self, field: &F, lane: usize, t: f64, x: &[f64]) {
        match self.switched {
            true => self.stiff.restart(field, lane, t, x),
            false => self.explicit.restart(field, lane, t, x),
        }
    }

    fn step(&mut self, field: &F, active: &[bool; 1], limit: &[f64; 1]) -> [Progress; 1] {
        if !active[0] {
            return [Progress::Idle];
        }
        if self.switches {
            let time = Scheme::<F, 1>::time(&self.explicit, 0);
            let mut x = vec![0.0; field.dim()];
            Scheme::<F, 1>::state(&self.explicit, 0, &mut x);
            self.stiff.start(field, 0, time, &x, self.stop);
            (self.switched, self.switches) = (true, false);
        }
        if self.switched {
            return self.stiff.step(field, active, limit);
        }
        let progress = self.explicit.step(field, active, limit);
        if progress[0] == Progress::Accepted {
            self.judge(Scheme::<F, 1>::time(&self.explicit, 0));
        }
        progress
    }

    fn time(&self, lane: usize) -> f64 {
        self.active::<F>().time(lane)
    }

    fn previous_time(&self, lane: usize) -> f64 {
        self.active::<F>().previous_time(lane)
    }

    fn state(&self, lane: usize, x: &mut [f64]) {
        self.active::<F>().state(lane, x);
    }

    fn interpolate(&self, lane: usize, t: f64, x: &mut [f64]) {
        self.active::<F>().interpolate(lane, t, x);
    }

    fn tell(&mut self, _lane: usize, to: &mut dyn FnMut(&Event<'_>)) {
        if let Some(time) = self.told.take() {
            to(&Event {
                time,
                kind: "stiff",
                component: None,
                mode: &[],
            });
        }
    }

    fn tolerances(&self) -> Option<&Tolerances> {
        Scheme::<F, 1>::tolerances(&self.explicit)
    }

    fn counts(&self, lane: usize) -> Counts {
        let before = Scheme::<F, 1>::counts(&self.explicit, lane);
        if !self.switched {
            return before;
        }
        let after = Scheme::<F, 1>::counts(&self.stiff, lane);
        Counts {
            steps: before.steps + after.steps,
            rejected: before.rejected + after.rejected,
            evaluations: before.evaluations + after.evaluations,
            kinks: before.kinks,
        }
    }

    fn step_length(&self, lane: usize) -> f64 {
        self.active::<F>().step_length(lane)
    }

    fn save(&self, lane: usize) -> Vec<f64> {
        let flag = |flag: bool| f64::from(u8::from(flag));
        let explicit = Scheme::<F, 1>::save(&self.explicit, lane);
        let mut memory = vec![
            flag(self.switched),
            flag(self.switches),
            f64::from(self.ruled),
            f64::from(self.others),
            self.stop,
            explicit.len() as f64,
        ];
        memory.extend(explicit);
        if self.switched {
            memory.extend(Scheme::<F, 1>::save(&self.stiff, lane));
        }
        memory
    }

    fn restore(&mut self, lane: usize, memory: &[f64]) {
        let (head, rest) = memory.split_at(6);
        (self.switched, self.switches) = (head[0] != 0.0, head[1] != 0.0);
        (self.ruled, self.others, self.stop) = (head[2] as u32, head[3] as u32, head[4]);
        self.told = None;
        let (explicit, stiff) = rest.split_at(head[5] as usize);
        Scheme::<F, 1>::restore(&mut self.explicit, lane, explicit);
        if self.switched {
            Scheme::<F, 1>::restore(&mut self.stiff, lane, stiff);
        }
    }
}
