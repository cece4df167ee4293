//! Where a step first leaves its mode, on dense output and with few evaluations of the drift.
//!
//! Some surfaces need the state alone (a component and its bound, a switch): they are searched on the dense
//! output, which costs no drift. The others need the drift (a force that vanishes, a selection that reaches its
//! bound). They are known at both ends of the step, and roughly at its stages; a root between them is found by
//! parabolas through the last three points, each further point being one evaluation. The drift is continuous
//! across such a surface, so a little late in time is far less in the state.

use super::roots::{Crossing, Search, parabola_root};

/// Intervals of a step in which the surfaces of the state are looked for.
const SAMPLES: usize = 4;
/// A surface within this of zero at the start is looked at from there.
const TINY: f64 = 1e-9;
/// Evaluations for one root; more mean that the surface is not smooth, and brackets are halved instead.
const MOST: usize = 12;

/// What is known of the surfaces in a step; `theta` is the share of it.
pub struct Known<'a> {
    /// At its start.
    pub start: &'a [f64],
    /// At its end.
    pub end: &'a [f64],
    /// At stages, which lie near the trajectory: theta and surfaces.
    pub stages: &'a [(f64, Vec<f64>)],
}

/// Evaluates surfaces at a share of the step.
pub type At<'a> = dyn FnMut(f64, &mut [f64]) + 'a;

/// Finds crossings; holds what a search needs.
#[derive(Clone, Debug)]
pub struct Location {
    search: Search,
    /// How exactly a crossing is located where the drift is needed, as a share of the step.
    resolution: f64,
    mask: Vec<f64>,
    start: Vec<f64>,
    low: Point,
    high: Point,
    third: Point,
    trial: Point,
}

/// Surfaces at a share of the step.
#[derive(Clone, Debug, Default)]
struct Point {
    theta: f64,
    g: Vec<f64>,
}

impl Point {
    fn put(&mut self, theta: f64, g: &[f64]) {
        self.theta = theta;
        self.g.clear();
        self.g.extend_from_slice(g);
    }
}

impl Location {
    /// On `surfaces` surfaces; crossings of the state to `fine` and of the drift to `resolution` of the step.
    pub fn new(surfaces: usize, fine: f64, resolution: f64) -> Self {
        Self {
            search: Search::to(fine),
            resolution,
            mask: vec![0.0; surfaces],
            start: vec![0.0; surfaces],
            low: Point::default(),
            high: Point::default(),
            third: Point::default(),
            trial: Point::default(),
        }
    }

    /// The first crossing. `states` gives the surfaces that need no drift and infinity for the others, `all` gives
    /// all of them by an evaluation; neither is asked for `all` at 0 or 1.
    pub fn first(
        &mut self,
        known: &Known<'_>,
        states: &mut At<'_>,
        all: &mut At<'_>,
    ) -> Option<Crossing> {
        states(1.0, &mut self.mask);
        for (k, start) in self.start.iter_mut().enumerate() {
            *start = match self.mask[k].is_finite() {
                true => known.start[k],
                false => f64::INFINITY,
            };
        }
        let of_state = self.search.first(SAMPLES, &self.start, states);
        self.high.put(1.0, known.end);
        if let Some(crossing) = &of_state
            && crossing.theta < 1.0
        {
            self.high.theta = crossing.theta;
            all(crossing.theta, &mut self.high.g);
        }
        self.look_at_stages(known, all);
        if !(0..self.mask.len()).any(|k| self.has_left(k)) {
            return of_state;
        }
        let tiny = |k: usize| known.start[k] <= TINY * (1.0 - self.high.g[k]);
        if (0..self.mask.len()).any(|k| self.has_left(k) && tiny(k)) {
            // It stands on the surface from the start, so parabolas say little.
            let high = self.high.theta;
            let mut within = |theta: f64, g: &mut [f64]| all(theta * high, g);
            let found = self.search.first(SAMPLES, known.start, &mut within);
            return found.map(|crossing| Crossing {
                theta: crossing.theta * high,
                ..crossing
            });
        }
        Some(self.narrow(known, all))
    }

    /// Whether a surface that needs the drift is negative at the upper end.
    fn has_left(&self, k: usize) -> bool {
        self.mask[k].is_infinite() && self.high.g[k] < 0.0
    }

    /// Stages lie near the trajectory only: where one has left the mode and the upper end has not, the trajectory
    /// itself is asked.
    fn look_at_stages(&mut self, known: &Known<'_>, all: &mut At<'_>) {
        for (theta, stage) in known.stages {
            let hints =
                |k: usize| self.mask[k].is_infinite() && stage[k] < 0.0 && self.high.g[k] >= 0.0;
            if *theta >= self.high.theta || !(0..self.mask.len()).any(hints) {
                continue;
            }
            self.trial.g.resize(self.mask.len(), 0.0);
            self.trial.theta = *theta;
            all(*theta, &mut self.trial.g);
            if (0..self.mask.len()).any(|k| self.mask[k].is_infinite() && self.trial.g[k] < 0.0) {
                std::mem::swap(&mut self.high, &mut self.trial);
                return;
            }
        }
    }

    /// Narrow the bracket from the start to the upper end; the least root is sought.
    fn narrow(&mut self, known: &Known<'_>, all: &mut At<'_>) -> Crossing {
        self.low.put(0.0, known.start);
        let middle = 0.5 * self.high.theta;
        let inside = known
            .stages
            .iter()
            .filter(|stage| stage.0 > 0.0 && stage.0 < self.high.theta);
        let from_middle = |theta: f64| (theta - middle).abs();
        match inside.min_by(|a, b| from_middle(a.0).total_cmp(&from_middle(b.0))) {
            Some((theta, g)) => self.third.put(*theta, g),
            None => self.third.put(self.high.theta, &self.high.g),
        }
        self.trial.g.resize(self.mask.len(), 0.0);
        for round in 0.. {
            let root = self.least_root();
            let (low, high) = (self.low.theta, self.high.theta);
            if high - root <= self.resolution || high - low <= self.resolution {
                break;
            }
            // Just beyond the root, so that the bracket closes behind it.
            let theta = match round < MOST {
                true => (root + 0.5 * self.resolution).clamp(low + 0.5 * self.resolution, high),
                false => 0.5 * (low + high),
            };
            if theta <= low || theta >= high {
                break;
            }
            self.trial.theta = theta;
            all(theta, &mut self.trial.g);
            let left =
                (0..self.mask.len()).any(|k| self.mask[k].is_infinite() && self.trial.g[k] < 0.0);
            let end = if left { &mut self.high } else { &mut self.low };
            std::mem::swap(end, &mut self.trial);
            std::mem::swap(&mut self.third, &mut self.trial);
        }
        Crossing {
            theta: self.high.theta,
            which: (0..self.mask.len()).filter(|&k| self.has_left(k)).collect(),
        }
    }

    /// The least root, between the ends, of the parabolas through both ends and the third point.
    fn least_root(&self) -> f64 {
        let (low, high, third) = (&self.low, &self.high, &self.third);
        let left = (0..self.mask.len()).filter(|&k| self.has_left(k));
        let roots = left.map(|k| {
            let [low, high, third] = [low, high, third].map(|point| (point.theta, point.g[k]));
            parabola_root(low, high, third)
        });
        roots.fold(high.theta, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step over which surface 0 needs the state alone and surface 1 the drift.
    fn locate(g: [fn(f64) -> f64; 2]) -> (Option<Crossing>, usize) {
        let both = |theta: f64| [g[0](theta), g[1](theta)];
        let known = [both(0.0), both(1.0)];
        let near = |theta: f64| (theta, both(theta).map(|g| g + 1e-3).to_vec());
        let stages = [near(0.16), near(0.33), near(0.9)];
        let mut evaluations = 0;
        let known = Known {
            start: &known[0],
            end: &known[1],
            stages: &stages,
        };
        let found = Location::new(2, 1e-14, 1e-12).first(
            &known,
            &mut |theta, into| into.copy_from_slice(&[g[0](theta), f64::INFINITY]),
            &mut |theta, into| {
                evaluations += 1;
                into.copy_from_slice(&both(theta));
            },
        );
        (found, evaluations)
    }

    #[test]
    fn a_force_that_vanishes_is_located_with_few_evaluations() {
        let (found, evaluations) = locate([|_| 1.0, |t| (0.7 - t) * (1.3 + (3.0 * t).sin())]);
        let found = found.unwrap();
        assert!((0.0..1e-12).contains(&(found.theta - 0.7)), "{found:?}");
        assert_eq!(found.which, [1]);
        assert!(evaluations <= 8, "{evaluations}");
    }

    #[test]
    fn a_bound_that_is_reached_costs_one_evaluation_to_see_that_it_is_first() {
        let (found, evaluations) = locate([|t| 0.4 - t, |t| 0.7 - t]);
        let found = found.unwrap();
        assert!((found.theta - 0.4).abs() < 1e-13, "{found:?}");
        assert_eq!((found.which, evaluations), (vec![0], 1));
        let (found, evaluations) = locate([|t| 2.0 - t, |t| 1.7 - t]);
        assert_eq!((found, evaluations), (None, 0));
    }

    #[test]
    fn whichever_is_first_is_found() {
        let (found, _) = locate([|t| 0.4 - t, |t| 0.3 - t * t]);
        let found = found.unwrap();
        assert_eq!(found.which, [0]);
        let (found, _) = locate([|t| 0.6 - t, |t| 0.3 - t * t]);
        let found = found.unwrap();
        assert!((found.theta - 0.3_f64.sqrt()).abs() < 1e-12, "{found:?}");
        assert_eq!(found.which, [1]);
    }

    #[test]
    fn a_dip_of_a_force_that_a_stage_has_seen_is_found() {
        let (found, _) = locate([|_| 1.0, |t| (t - 0.3) * (t - 0.4)]);
        let found = found.unwrap();
        assert!((found.theta - 0.3).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn a_force_that_vanishes_from_the_start_is_found_there() {
        let (found, _) = locate([|_| 1.0, |t| -t]);
        assert!(found.unwrap().theta < 1e-9);
        let (found, _) = locate([|_| 1.0, |t| t * (0.5 - t)]);
        assert!((found.unwrap().theta - 0.5).abs() < 1e-12);
    }
}
