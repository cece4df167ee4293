//! A driven oscillator with damping: the smallest model with everything a model can be asked for.
//!
//! ```text
//! x' = v,   v' = -w0^2 x - 2 zeta w0 v + a cos(w t)
//! ```
//!
//! State `x [m]` and `v [m/s]`, time in seconds; `w0`, `w` in rad/s, `zeta` a pure number, `a` in m/s^2.
//! After the transient the amplitude of x is `a / sqrt((w0^2 - w^2)^2 + (2 zeta w0 w)^2)`.
//! Source: Landau, Lifshitz, *Mechanics*, 3rd ed. (1976), sections 25 and 26.

use nullcline::prelude::*;

/// The system: immutable, everything that changes is in the state.
pub struct Oscillator {
    layout: Layout,
    observables: Vec<Variable>,
    frequency: f64,
    damping: f64,
    drive: f64,
    drive_frequency: f64,
}

impl Oscillator {
    /// The oscillator of checked parameters.
    pub fn new(parameters: &Parameters) -> Self {
        let x = Variable::new("x", vec![]).unit("m").meaning("displacement");
        let v = Variable::new("v", vec![]).unit("m/s").meaning("velocity");
        let energy = Variable::new("energy", vec![]).unit(ENERGY.unit);
        Self {
            layout: Layout::new().block(x, 0.0).block(v, 0.0),
            observables: vec![energy.meaning(ENERGY.meaning)],
            frequency: parameters.real("frequency"),
            damping: parameters.real("damping"),
            drive: parameters.real("drive"),
            drive_frequency: parameters.real("drive_frequency"),
        }
    }
}

impl System for Oscillator {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        let w0 = self.frequency;
        dx[0] = x[1];
        dx[1] = -w0 * w0 * x[0] - 2.0 * self.damping * w0 * x[1]
            + self.drive * (self.drive_frequency * t).cos();
    }

    fn jacobian(&self) -> Option<&dyn Jacobian> {
        Some(self)
    }

    fn observables(&self) -> Option<&dyn Observables> {
        Some(self)
    }

    /// A particular solution `p cos(w t) + q sin(w t)` and the free motion of what is left, with
    /// `d = w0^2 (1 - zeta^2)` of either sign. There is none for a resonance without damping.
    fn exact(&self, t0: f64, x0: &[f64], t: f64, x: &mut [f64]) -> bool {
        let (w0, w) = (self.frequency, self.drive_frequency);
        let (decay, detuning) = (self.damping * w0, w0 * w0 - w * w);
        let scale = detuning * detuning + (2.0 * decay * w).powi(2);
        if self.drive != 0.0 && scale == 0.0 {
            return false;
        }
        let response = if self.drive == 0.0 {
            0.0
        } else {
            self.drive / scale
        };
        let (p, q) = (response * detuning, response * 2.0 * decay * w);
        let particular = |t: f64| {
            let (sin, cos) = (w * t).sin_cos();
            [p * cos + q * sin, w * (q * cos - p * sin)]
        };
        let (at_start, at_end) = (particular(t0), particular(t));
        let (y, u) = (x0[0] - at_start[0], x0[1] - at_start[1]);

        let (s, d) = (t - t0, w0 * w0 - decay * decay);
        let root = d.abs().sqrt();
        // The solutions of y'' = -d y that start as (1, 0) and as (0, 1).
        let (c, s) = match d {
            d if d > 0.0 => ((root * s).cos(), (root * s).sin() / root),
            d if d < 0.0 => ((root * s).cosh(), (root * s).sinh() / root),
            _ => (1.0, s),
        };
        let fading = (-decay * (t - t0)).exp();
        x[0] = fading * (y * c + (u + decay * y) * s) + at_end[0];
        x[1] = fading * (u * c - (decay * u + w0 * w0 * y) * s) + at_end[1];
        true
    }
}

impl Jacobian for Oscillator {
    fn dense(&self, _t: f64, _x: &[f64], matrix: &mut [f64]) {
        let w0 = self.frequency;
        matrix.copy_from_slice(&[0.0, 1.0, -w0 * w0, -2.0 * self.damping * w0]);
    }
}

impl Observables for Oscillator {
    fn list(&self) -> &[Variable] {
        &self.observables
    }

    fn observe(&self, _index: usize, _t: f64, x: &[f64], out: &mut [f64]) {
        out[0] = 0.5 * (x[1] * x[1] + (self.frequency * x[0]).powi(2));
    }
}

/// The family: what it tells the world besides its equations.
pub struct OscillatorFamily;

const BOOK: &str = "Landau, Lifshitz, Mechanics (1976), section 26";

const PARAMETERS: &[Parameter] = &[
    Parameter::real("frequency")
        .or(1.0)
        .range(Range::POSITIVE)
        .unit("rad/s")
        .meaning("w0: the frequency without damping and drive")
        .source(BOOK),
    Parameter::real("damping")
        .or(0.1)
        .range(Range::NON_NEGATIVE)
        .meaning("zeta: the damping ratio, 1 is critical")
        .source("assumed: a clear resonance"),
    Parameter::real("drive")
        .or(1.0)
        .unit("m/s^2")
        .meaning("a: the amplitude of the driving force per mass")
        .source(BOOK),
    Parameter::real("drive_frequency")
        .or(1.0)
        .range(Range::NON_NEGATIVE)
        .unit("rad/s")
        .meaning("w: the frequency of the driving force")
        .source(BOOK),
];

const ENERGY: ObservableCard = ObservableCard {
    name: "energy",
    axes: &[],
    unit: "m^2/s^2",
    meaning: "kinetic and potential energy per mass",
    dynamics: &[],
};

const STARTER: &str = r#"title = "A driven oscillator from rest"

[model]
family = "oscillator"

[model.parameters]
damping = 0.1
drive_frequency = 0.8

[record]
variables = ["x", "v"]
observables = ["energy"]

[time]
stop = 60.0
save = 0.1

[solver]
rtol = 1e-9
"#;

impl Family for OscillatorFamily {
    fn name(&self) -> &'static str {
        "oscillator"
    }

    fn title(&self) -> &'static str {
        "A driven oscillator with damping"
    }

    fn card(&self) -> &'static str {
        "x' = v,  v' = -w0^2 x - 2 zeta w0 v + a cos(w t).\n\
         Source: Landau, Lifshitz, Mechanics, 3rd ed. (1976), sections 25 and 26."
    }

    fn dynamics(&self) -> &'static [Dynamics] {
        &[Dynamics {
            name: "driven",
            evolution: Evolution::Flow,
            method: "tsit5",
            meaning: "the oscillator with its drive; without it for drive = 0",
        }]
    }

    fn time_unit(&self) -> &'static str {
        "s"
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn observables(&self) -> &'static [ObservableCard] {
        &[ENERGY]
    }

    fn starter(&self) -> &'static str {
        STARTER
    }

    fn build(&self, build: &Build<'_>) -> Result<Built, BuildError> {
        Ok(Built::Flow(Box::new(Oscillator::new(build.parameters))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullcline::engine::integrate::{Options, Span, integrate};
    use nullcline::engine::recorder::Samples;

    fn oscillator(damping: f64) -> Oscillator {
        let mut parameters = Parameters::new();
        let values = [
            ("frequency", 2.0),
            ("damping", damping),
            ("drive", 0.5),
            ("drive_frequency", 1.7),
        ];
        for (name, value) in values {
            parameters.set_real(name, Array::filled(vec![], value));
        }
        Oscillator::new(&parameters)
    }

    #[test]
    fn runs_follow_the_closed_form_below_at_and_above_critical_damping() {
        for damping in [0.0, 0.2, 1.0, 3.0] {
            let (system, start) = (oscillator(damping), [0.3, -1.0]);
            let times: Vec<f64> = (1..=50).map(|k| 1.0 + 0.2 * f64::from(k)).collect();
            let mut samples = Samples::at(times.clone());
            let span = Span {
                start: 1.0,
                stop: 11.0,
            };
            let options = Options::new(2, 1e-10, 1e-12);
            integrate(
                &system,
                "tsit5",
                &options,
                span,
                &start,
                &mut samples,
                &mut |_| true,
            )
            .expect("the scheme fits");
            for (&t, x) in times.iter().zip(&samples.states) {
                let mut exact = [0.0; 2];
                assert!(system.exact(span.start, &start, t, &mut exact));
                for (x, exact) in x.iter().zip(exact) {
                    assert!(
                        (x - exact).abs() < 1e-7,
                        "zeta = {damping}, t = {t}: {x}, {exact}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_jacobian_is_the_slope_of_the_drift() {
        let system = oscillator(0.2);
        let (mut at, mut beside, mut matrix) = ([0.0; 2], [0.0; 2], [0.0; 4]);
        system.dense(0.0, &[0.3, -1.0], &mut matrix);
        system.drift(0.0, &[0.3, -1.0], &mut at);
        for (j, moved) in [[1.3, -1.0], [0.3, 0.0]].iter().enumerate() {
            system.drift(0.0, moved, &mut beside);
            for i in 0..2 {
                assert!((beside[i] - at[i] - matrix[2 * i + j]).abs() < 1e-12);
            }
        }
    }
}
