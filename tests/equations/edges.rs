//! Edges in time, wherever they stand: a pulse is integrated exactly only if steps end where it does.

use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::prelude::*;

use super::system;

/// The state at some times, by a scheme from 0 at 0 in every component.
fn states(system: &dyn System, method: &str, step: Option<f64>, times: &[f64]) -> Vec<Vec<f64>> {
    let dim = system.layout().len();
    let mut options = Options::new(dim, 1e-6, 1e-9);
    options.step = step;
    options.cell = step;
    let span = Span {
        start: 0.0,
        stop: times[times.len() - 1],
    };
    let mut samples = Samples::at(times.to_vec());
    let outcome = integrate(
        system,
        method,
        &options,
        span,
        &vec![0.0; dim],
        &mut samples,
        &mut |_| true,
    );
    assert!(outcome.unwrap().status.is_success());
    samples.states
}

/// The integral of a pulse train over [0, stop] by the default scheme, and the steps that it took.
#[track_caller]
fn integral(parameters: &str, drift: &str, stop: f64, exact: f64) {
    let text = format!("[model.parameters]\n{parameters}\n[model.state.x]\ndrift = \"{drift}\"");
    let found = states(system(&text).as_ref(), "tsit5", None, &[stop])[0][0];
    assert!(
        (found - exact).abs() < 1e-9,
        "{drift}: {found}, not {exact}"
    );
}

#[test]
fn pulses_at_listed_times_are_integrated_by_every_kind_of_scheme() {
    let text = "[model.parameters]\non = [100.0, 300.0, 700.0]\nw = 0.01\n[model.state.x]\ndrift = \"-x + 50*p\"\n\
                [model.define]\np = \"sum(k, heaviside(t - on[k])*heaviside(on[k] + w - t))\"";
    let exact = 50.0 * (1.0 - (-0.01_f64).exp());
    let times = [100.0, 100.01, 300.01, 700.01, 1000.0];
    let mut noisy = text.replace("[model.define]", "diffusion = \"1e-12\"\n[model.define]");
    noisy += "\n[solver]\nmethod = \"euler-maruyama\"\nstep = 1.0";
    for (method, step) in [
        ("tsit5", None),
        ("dop853", None),
        ("bdf", None),
        ("tr-bdf2", None),
        ("rk4", Some(0.5)),
        ("sra1", None),
        ("euler-maruyama", Some(0.5)),
    ] {
        let text = if method.contains("sra") || method.contains("euler") {
            &noisy
        } else {
            text
        };
        let x = states(system(text).as_ref(), method, step, &times);
        let found: Vec<f64> = x.iter().map(|x| x[0]).collect();
        // The step of Euler is as long as the pulse: x' = -x does nothing in it.
        let tolerance = if method == "euler-maruyama" {
            0.003
        } else {
            3e-6
        };
        for (x, exact) in found.iter().zip([0.0, exact, exact, exact, 0.0]) {
            assert!((x - exact).abs() < tolerance, "{method}: {found:?}");
        }
    }
}

#[test]
fn edges_are_stepped_to_wherever_they_stand() {
    // Unsorted, twice, at the start, cut by the stop.
    let list = "on = [700.0, 0.0, 300.0, 300.0, 999.99]\nw = 0.02";
    integral(
        list,
        "sum(k, heaviside(t - on[k])*heaviside(on[k] + w - t))",
        1000.0,
        0.09,
    );
    integral(
        "on = [100.0, 300.0, 700.0]\nw = 0.005",
        "sum(k, heaviside(w - abs(t - on[k])))",
        1000.0,
        0.03,
    );
    integral(
        "on = [100.0, 300.0]",
        "sum(k, relu(min(t - on[k], on[k] + 0.02 - t)))",
        1000.0,
        2e-4,
    );
    integral(
        "a = [1.0, 2.0, 0.0]\nb = [100.0, 600.0, 1.0]",
        "sum(k, heaviside(a[k]*t - b[k])*heaviside(b[k]/max(a[k], 1) + 0.01 - t))",
        1000.0,
        0.02,
    );
    integral(
        "on = [[10.0, 400.0], [55.0, 900.0]]",
        "sum(j, sum(k, heaviside(t - on[j, k])*heaviside(on[j, k] + 0.01 - t)))",
        1000.0,
        0.04,
    );
    // Edges in a function of edges, a product of ramps, a saw made by hand, a saw in a tent.
    integral(
        "on = [300.0, 100.0, 700.0, 700.01]",
        "heaviside(sum(k, heaviside(t - on[k])) - 2.5)*heaviside(on[3] - t)",
        1000.0,
        0.01,
    );
    integral(
        "a = 500.0\nb = 500.01",
        "heaviside((t - a)*(b - t))",
        1000.0,
        0.01,
    );
    integral(
        "T = 100.0",
        "heaviside(0.01 - T*(t/T - floor(t/T)))",
        1000.0,
        0.1,
    );
    integral(
        "T = 100.0",
        "heaviside(0.01 - abs(mod(t, T) - T/2))",
        1000.0,
        0.2,
    );
    integral(
        "T = 100.0",
        "clip(1 - 100*abs(mod(t, T) - T/2), 0, 1)",
        1000.0,
        0.1,
    );
    // Other functions of time.
    let width = 2.0 * 0.9999_f64.acos() * 100.0 / std::f64::consts::TAU;
    integral(
        "T = 100.0",
        "heaviside(sin(2*pi*t/T) - 0.9999)",
        1000.0,
        10.0 * width,
    );
    integral(
        "T = 100.0",
        "heaviside(exp(-t/T) - 0.5)",
        1000.0,
        100.0 * 2.0_f64.ln(),
    );
}

#[test]
fn elements_have_their_own_edges() {
    let text = "[model.parameters]\nphase = [0.3, 7.7, 7.7]\nperiod = [100.0, 250.0, 100.0]\n[model.define]\n\
                saw = \"mod(t - phase[i], period[i])\"\n[model.state.x]\nsize = 3\ndrift = \"heaviside(0.01 - saw)\"\n\
                [model.state.y]\nsize = 3\ndrift = \"heaviside(t - 100*(i + 1))*heaviside(100*(i + 1) + 0.01 - t)\"";
    let x = &states(system(text).as_ref(), "tsit5", None, &[1000.0])[0];
    for (found, exact) in x.iter().zip([0.1, 0.04, 0.1, 0.01, 0.01, 0.01]) {
        assert!((found - exact).abs() < 1e-9, "{x:?}");
    }
}

#[test]
fn thousands_of_times_cost_a_search_each_step() {
    // As many tents as there are pulses, in no order; each has three edges and needs no more steps than they.
    let on: Vec<String> = (0..2000)
        .map(|k| format!("{:.1}", 0.5 * f64::from(k * 7 % 2000) + 0.2))
        .collect();
    let text = format!(
        "[model.parameters]\non = [{}]\nw = 0.001\n[model.state.x]\ndrift = \"sum(k, heaviside(w - abs(t - on[k])))\"",
        on.join(", ")
    );
    let system = system(&text);
    let x = states(system.as_ref(), "tsit5", None, &[1000.0])[0][0];
    assert!((x - 4.0).abs() < 1e-9, "{x}");
    let mut t = 0.0;
    let mut count = 0;
    while t < 1000.0 {
        t = system.next_breakpoint(t);
        count += 1;
    }
    assert_eq!(count, 6001);
    // A thousand searches in 6000 edges: nowhere near the time of a thousand passes over them.
    let start = std::time::Instant::now();
    let sum: f64 = (0..100_000)
        .map(|k| system.next_breakpoint(0.01 * f64::from(k)))
        .sum();
    assert!(sum > 0.0 && start.elapsed().as_secs_f64() < 0.5);
}

#[test]
fn rounding_at_an_edge_costs_no_accuracy() {
    // 10 000 pulses with edges that no binary number is: each step sees the pulse on one side only.
    integral("T = 0.1", "heaviside(mod(t, T) - 0.03)", 1000.0, 700.0);
    integral(
        "T = 0.1",
        "heaviside(mod(t - 0.7, T) - 0.03)*heaviside(0.05 - mod(t - 0.7, T))",
        1000.0,
        200.0,
    );
}

#[test]
fn a_guard_that_reads_state_and_time_sees_every_pulse() {
    let text = "[model.parameters]\non = [100.0, 300.0]\n[model.state.x]\ndrift = \"-x\"\n[model.state.n]\ndrift = \"0\"\n\
                [[model.guards]]\nname = \"pulse\"\nwhen = \"x + sum(k, heaviside(t - on[k])*heaviside(on[k] + 0.01 - t)) - 0.5\"\n\
                reset = { n = \"n + 1\" }";
    let x = &states(system(text).as_ref(), "tsit5", None, &[1000.0])[0];
    assert_eq!(x[1], 2.0);
}

#[test]
fn noise_that_is_on_in_pulses_has_their_variance() {
    // Four hundred pulses of 0.01 with the coefficient 10: the variance at the end is 400.
    let text = "[model.state.x]\nsize = 200\ndrift = \"0\"\ndiffusion = \"10*heaviside(0.01 - mod(t - 1, 2.5))\"";
    let x = &states(system(text).as_ref(), "sra1", None, &[1000.0])[0];
    let variance = x.iter().map(|x| x * x).sum::<f64>() / 200.0;
    // Its standard error is 400 (2/200)^(1/2) = 40.
    assert!((variance - 400.0).abs() < 120.0, "{variance}");
}

#[test]
fn the_members_of_an_ensemble_step_to_the_edges_as_one_run_does() {
    use nullcline::engine::integrate::{Job, integrate_batch};
    let text = "[model.parameters]\non = [3.3, 1.1, 2.2]\n[model.state.x]\n\
                drift = \"-x + sum(k, heaviside(0.05 - abs(t - on[k]))) + heaviside(mod(t, 0.7) - 0.3)\"";
    let system = system(text);
    let span = Span {
        start: 0.0,
        stop: 10.0,
    };
    let options = Options::new(1, 1e-6, 1e-9);
    let starts: Vec<f64> = (0..11).map(f64::from).collect();
    let mut jobs = starts.iter().map(|&x| {
        let samples = Samples::at(vec![10.0]);
        (system.as_ref(), Job::new(span, vec![x], samples))
    });
    let mut ends = Vec::new();
    let mut done = |outcome: nullcline::engine::outcome::Outcome, _| {
        ends.push((outcome.state[0], outcome.counts.steps))
    };
    integrate_batch("tsit5", &options, &mut jobs, &mut done, &mut |_| true).unwrap();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut alone: Vec<(f64, u64)> = starts
        .iter()
        .map(|&x| {
            let mut samples = Samples::at(vec![10.0]);
            let outcome = integrate(
                system.as_ref(),
                "tsit5",
                &options,
                span,
                &[x],
                &mut samples,
                &mut |_| true,
            )
            .unwrap();
            (outcome.state[0], outcome.counts.steps)
        })
        .collect();
    alone.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(ends, alone);
}
