//! The scheme `exponential` against closed forms: stiff, rotating, driven by steps, watched by guards.

use nullcline::engine::integrate::{Checkpoints, Job, Options, Span, integrate, integrate_job};
use nullcline::engine::outcome::{Outcome, Status};
use nullcline::engine::recorder::{Recorder, Samples};
use nullcline::prelude::*;

/// `x' = G x + c(t)` in two dimensions, c switching from zero to `kick` at time 1.
struct Affine {
    layout: Layout,
    generator: [f64; 4],
    kick: [f64; 2],
    stops_at: Option<f64>,
}

impl Affine {
    fn new(generator: [f64; 4], kick: [f64; 2]) -> Self {
        Self {
            layout: Layout::new().block(Variable::new("x", vec![Axis::new("i", 2)]), 0.0),
            generator,
            kick,
            stops_at: None,
        }
    }

    fn kick(&self, t: f64) -> [f64; 2] {
        if t > 1.0 { self.kick } else { [0.0; 2] }
    }
}

impl System for Affine {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn smoothness(&self) -> Smoothness {
        Smoothness::Smooth
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        let ([a, b, c, d], [u, v]) = (self.generator, self.kick(t));
        dx[0] = a * x[0] + b * x[1] + u;
        dx[1] = c * x[0] + d * x[1] + v;
    }

    fn next_breakpoint(&self, t: f64) -> f64 {
        let kicked = self.kick != [0.0; 2] && t < 1.0;
        if kicked { 1.0 } else { f64::INFINITY }
    }

    fn linear(&self) -> Option<&dyn Linear> {
        Some(self)
    }

    fn guards(&self) -> Option<&dyn Guards> {
        self.stops_at.is_some().then_some(self)
    }
}

impl Linear for Affine {
    fn generator(&self, t: f64, matrix: &mut [f64], offset: &mut [f64]) {
        matrix.copy_from_slice(&self.generator);
        offset.copy_from_slice(&self.kick(t.next_up()));
    }
}

impl Guards for Affine {
    fn count(&self) -> usize {
        1
    }

    fn name(&self, _guard: usize) -> &str {
        "level"
    }

    fn direction(&self, _guard: usize) -> Direction {
        Direction::Falling
    }

    fn action(&self, _guard: usize) -> Action {
        Action::Stop
    }

    fn values(&self, _t: f64, x: &[f64], g: &mut [f64]) {
        g[0] = x[0] - self.stops_at.unwrap_or(f64::NEG_INFINITY);
    }

    fn reset(&self, _guard: usize, _t: f64, _x: &mut [f64]) {}
}

fn run(system: &dyn System, grid: f64, stop: f64, times: &[f64]) -> (Outcome, Vec<Vec<f64>>) {
    let options = Options::new(2, 1e-6, 1e-9).step(grid);
    let mut samples = Samples::at(times.to_vec());
    let span = Span { start: 0.0, stop };
    let x0 = [1.0, 0.5];
    let go_on = &mut |_| true;
    let outcome = integrate(
        system,
        "exponential",
        &options,
        span,
        &x0,
        &mut samples,
        go_on,
    );
    (outcome.unwrap(), samples.states)
}

#[test]
fn a_rotation_of_a_hundred_thousand_turns_keeps_its_radius() {
    let stop = 1e5 * std::f64::consts::TAU;
    let rotation = Affine::new([0.0, -1.0, 1.0, 0.0], [0.0; 2]);
    let (_, states) = run(&rotation, stop / 1e5, stop, &[stop]);
    let [x, y] = states[0][..] else { panic!() };
    assert!(
        (x - 1.0).abs() < 1e-10 && (y - 0.5).abs() < 1e-10,
        "{x} {y}"
    );
}

#[test]
fn stiffness_does_not_matter_on_and_between_the_grid() {
    // Rates 1e6 and 0.5 on the axes x = y and x = -y.
    let (fast, slow) = (-1e6, -0.5);
    let (mean, half) = (0.5 * (fast + slow), 0.5 * (fast - slow));
    let system = Affine::new([mean, half, half, mean], [0.0; 2]);
    let times: Vec<f64> = [0.0, 1e-7, 3e-6, 0.4, 1.0, 1.7, 2.0, 10.0].into();
    let (outcome, states) = run(&system, 1.0, 10.0, &times);
    assert_eq!(outcome.counts.steps, 10);
    for (t, state) in times.iter().zip(&states) {
        let (sum, difference) = (1.5 * (fast * t).exp(), 0.5 * (slow * t).exp());
        assert!(
            (state[0] - 0.5 * (sum + difference)).abs() < 1e-9,
            "t = {t}: {state:?}"
        );
        assert!(
            (state[1] - 0.5 * (sum - difference)).abs() < 1e-9,
            "t = {t}: {state:?}"
        );
    }
}

#[test]
fn an_edge_of_a_stimulus_between_samples_is_stepped_to() {
    // Two leaks; the first is pushed towards 3 from time 1 on.
    let system = Affine::new([-1.0, 0.0, 0.0, -2.0], [3.0, 0.0]);
    let times = [0.8, 1.6, 2.4];
    let (outcome, states) = run(&system, 0.8, 2.4, &times);
    for (t, state) in times.iter().zip(&states) {
        let after = (t - 1.0).max(0.0);
        let pushed = (-t).exp() + 3.0 * (1.0 - (-after).exp());
        assert!((state[0] - pushed).abs() < 1e-14, "t = {t}: {state:?}");
        assert!((state[1] - 0.5 * (-2.0 * t).exp()).abs() < 1e-15);
    }
    assert_eq!(outcome.status, Status::Complete);
}

#[test]
fn a_guard_is_located_between_the_steps() {
    let mut system = Affine::new([-1.0, 0.0, 0.0, -2.0], [0.0; 2]);
    system.stops_at = Some(0.3);
    let (outcome, _) = run(&system, 0.5, 10.0, &[]);
    assert_eq!(outcome.status, Status::Stopped);
    assert!(
        (outcome.time + 0.3_f64.ln()).abs() < 1e-12,
        "{}",
        outcome.time
    );
}

#[test]
fn a_flow_that_is_not_affine_is_refused_before_the_first_step() {
    struct Square(Layout);
    impl System for Square {
        fn layout(&self) -> &Layout {
            &self.0
        }
        fn smoothness(&self) -> Smoothness {
            Smoothness::Smooth
        }
        fn drift(&self, _t: f64, x: &[f64], dx: &mut [f64]) {
            dx[0] = x[0] * x[0];
        }
    }
    let system = Square(Layout::new().block(Variable::new("x", vec![]), 0.0));
    let options = Options::new(1, 1e-6, 1e-9).step(0.1);
    let span = Span {
        start: 0.0,
        stop: 1.0,
    };
    let mut samples = Samples::at(vec![]);
    let refused = integrate(
        &system,
        "exponential",
        &options,
        span,
        &[1.0],
        &mut samples,
        &mut |_| true,
    );
    assert!(refused.unwrap_err().to_string().contains("not affine"));
}

/// Keeps the first checkpoint.
#[derive(Default)]
struct First(Option<Vec<f64>>);

impl Recorder for First {
    fn next_time(&self) -> f64 {
        f64::INFINITY
    }
    fn record(&mut self, _t: f64, _x: &[f64]) {}
    fn checkpoint(&mut self, _t: f64, memory: &[f64]) {
        self.0.get_or_insert_with(|| memory.to_vec());
    }
}

#[test]
fn a_run_goes_on_from_a_checkpoint_with_the_same_bits() {
    let system = Affine::new([-0.3, -2.0, 2.0, -0.3], [1.0, 0.0]);
    let options = Options::new(2, 1e-6, 1e-9).step(0.37);
    let span = Span {
        start: 0.0,
        stop: 5.0,
    };
    let run = |memory: Option<Vec<f64>>| {
        let mut job = Job::new(span, vec![1.0, 0.5], First::default());
        job.memory = memory;
        let every = Checkpoints::Steps(4);
        integrate_job(&system, "exponential", &options, job, every, &mut |_| true).unwrap()
    };
    let (whole, first) = run(None);
    let (resumed, _) = run(first.0);
    assert_eq!(whole.state, resumed.state);
    assert_eq!(whole.counts, resumed.counts);
}
