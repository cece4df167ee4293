//! Nonsmooth flows that are not neural, each against a closed form: dry friction, relays, a particle on a disc,
//! two sliding surfaces at once, a spiral of crossings, a bouncing ball.

mod common;

use common::nonsmooth::{Free, Log, run};
use nullcline::engine::integrate::Options;
use nullcline::engine::outcome::Status;
use nullcline::prelude::*;

fn close(found: f64, wanted: f64, tolerance: f64) {
    assert!(
        (found - wanted).abs() <= tolerance,
        "{found} instead of {wanted}"
    );
}

/// x' = y, y' = -x - mu sgn(y): amplitudes fall by 2 mu every half period, until |x| <= mu at a turning point.
fn friction(mu: f64, affine: bool) -> Free {
    let oscillator = Free::new(2, |_, x, dx| {
        dx[0] = x[1];
        dx[1] = -x[0];
    })
    .select(
        [-1.0, 1.0],
        |_, x| x[1],
        [0.0, 1.0].into(),
        [0.0, -mu].into(),
    );
    if affine {
        oscillator.affine()
    } else {
        oscillator
    }
}

/// Its solution from rest at `x0 > mu`.
fn friction_exact(mu: f64, x0: f64, t: f64) -> [f64; 2] {
    let (mut x, mut side, mut since) = (x0, 1.0, 0.0);
    while x.abs() > mu {
        if t < since + std::f64::consts::PI {
            let s = t - since;
            let middle = side * mu;
            return [middle + (x - middle) * s.cos(), -(x - middle) * s.sin()];
        }
        (x, side, since) = (2.0 * side * mu - x, -side, since + std::f64::consts::PI);
    }
    [x, 0.0]
}

#[test]
fn a_dry_friction_oscillator_sticks_where_it_should() {
    for (affine, tolerance) in [(true, 1e-13), (false, 1e-8)] {
        let system = friction(0.5, affine);
        let times: Vec<f64> = (0..=120).map(|i| 0.1 * f64::from(i)).collect();
        let options = Options::new(2, 1e-10, 1e-12);
        let (outcome, log) = run(&system, "filippov", &options, &[3.3, 0.0], &times);
        assert_eq!(outcome.status, Status::Complete);
        for (&t, x) in times.iter().zip(&log.states) {
            let exact = friction_exact(0.5, 3.3, t);
            close(x[0], exact[0], tolerance);
            close(x[1], exact[1], tolerance);
        }
        // Two crossings at turning points, then it sticks for good at the third.
        let pi = std::f64::consts::PI;
        let kinds: Vec<&str> = log.events.iter().map(|event| event.1.as_str()).collect();
        assert_eq!(kinds, ["cross", "cross", "slide"], "{:?}", log.events);
        for (event, k) in log.events.iter().zip(1..) {
            close(
                event.0,
                f64::from(k) * pi,
                if affine { 1e-13 } else { 1e-8 },
            );
        }
    }
}

#[test]
fn event_times_follow_the_tolerance() {
    for rtol in [1e-6, 1e-8, 1e-10, 1e-12] {
        let options = Options::new(2, rtol, rtol);
        let (_, log) = run(
            &friction(0.5, false),
            "filippov",
            &options,
            &[3.3, 0.0],
            &[12.0],
        );
        for (event, k) in log.events.iter().zip(1..) {
            let off = (event.0 - f64::from(k) * std::f64::consts::PI).abs();
            let most = if rtol > 1e-12 { 100.0 * rtol } else { 1e-10 };
            assert!(off <= most, "rtol {rtol}: event {k} off by {off:e}");
        }
    }
}

#[test]
fn an_ideal_relay_reaches_its_surface_and_slides_along_it() {
    // x1' = x2, x2' = -sgn(x1 + x2); sliding along x2 = -x1 while |x2| < 1, where x1' = -x1.
    let relay = Free::new(2, |_, x, dx| {
        dx[0] = x[1];
        dx[1] = 0.0;
    })
    .select(
        [-1.0, 1.0],
        |_, x| x[0] + x[1],
        [1.0, 1.0].into(),
        [0.0, -1.0].into(),
    )
    .affine();
    let times: Vec<f64> = (0..=40).map(|i| 0.1 * f64::from(i)).collect();
    let options = Options::new(2, 1e-8, 1e-10);
    let (_, log) = run(&relay, "filippov", &options, &[0.5, 0.0], &times);
    // s = 0.5 - t - t^2 / 2 until it is 0.
    let reach = 2.0_f64.sqrt() - 1.0;
    assert_eq!(log.events.len(), 1, "{:?}", log.events);
    assert_eq!(log.events[0].1, "slide");
    close(log.events[0].0, reach, 1e-14);
    let x1 = 0.5 - 0.5 * reach * reach;
    for (&t, x) in times.iter().zip(&log.states) {
        let exact = match t <= reach {
            true => [0.5 - 0.5 * t * t, -t],
            false => [x1 * (reach - t).exp(), -x1 * (reach - t).exp()],
        };
        close(x[0], exact[0], 1e-14);
        close(x[1], exact[1], 1e-14);
    }
}

#[test]
fn a_particle_on_a_disc_follows_the_rim_and_leaves_it_when_the_wind_turns() {
    // Wind along x until t = 3, against it afterwards. On the rim theta' = -sin theta.
    let disc = Free::new(2, |t, _, dx| {
        dx[0] = if t <= 3.0 { 1.0 } else { -1.0 };
        dx[1] = 0.0;
    })
    .edge(3.0)
    .disc();
    let times: Vec<f64> = (0..=40).map(|i| 0.1 * f64::from(i)).collect();
    let options = Options::new(2, 1e-10, 1e-12);
    let (_, log) = run(&disc, "projected", &options, &[0.0, 0.5], &times);
    let contact = 0.75_f64.sqrt();
    let half = |t: f64| 2.0 * ((std::f64::consts::PI / 12.0).tan() * (contact - t).exp()).atan();
    for (&t, x) in times.iter().zip(&log.states) {
        let exact = match t {
            t if t <= contact => [t, 0.5],
            t if t <= 3.0 => [half(t).cos(), half(t).sin()],
            t => [half(3.0).cos() - (t - 3.0), half(3.0).sin()],
        };
        close(x[0], exact[0], 1e-8);
        close(x[1], exact[1], 1e-8);
        assert!(
            x[0] * x[0] + x[1] * x[1] <= 1.0 + 1e-12,
            "outside at t = {t}"
        );
    }
    let kinds: Vec<&str> = log.events.iter().map(|event| event.1.as_str()).collect();
    assert_eq!(kinds, ["contact", "release"], "{:?}", log.events);
    close(log.events[0].0, contact, 1e-8);
    close(log.events[1].0, 3.0, 0.0);
}

/// x1' = -a s1 - b s2, x2' = b s1 - a s2 with s = sgn x.
fn pair(a: f64, b: f64) -> Free {
    Free::new(2, |_, _, dx| dx.fill(0.0))
        .select([-1.0, 1.0], |_, x| x[0], [1.0, 0.0].into(), [-a, b].into())
        .select([-1.0, 1.0], |_, x| x[1], [0.0, 1.0].into(), [-b, -a].into())
        .affine()
}

#[test]
fn two_surfaces_are_slid_on_one_after_the_other() {
    // From (1, 0.5): the second is met at t = 0.2, then x1' = -2 - 0.125 to the corner.
    let system = pair(2.0, -0.5);
    let options = Options::new(2, 1e-8, 1e-10);
    let (_, log) = run(&system, "filippov", &options, &[1.0, 0.5], &[0.1, 0.3, 1.0]);
    close(log.states[0][0], 0.85, 1e-14);
    close(log.states[0][1], 0.25, 1e-14);
    close(log.states[1][0], 0.7 - 0.2125, 1e-14);
    assert_eq!(log.states[1][1], 0.0);
    assert_eq!(log.states[2], [0.0, 0.0]);
    let kinds: Vec<&str> = log.events.iter().map(|event| event.1.as_str()).collect();
    assert_eq!(kinds, ["slide", "slide"]);
    close(log.events[0].0, 0.2, 1e-14);
    close(log.events[1].0, 0.2 + 0.7 / 2.125, 1e-14);
}

#[test]
fn a_spiral_of_ever_faster_crossings_ends_in_its_centre() {
    // Every quarter turn is three times as short as the one before: the centre is reached at 0.5.
    let (outcome, log) = run(
        &pair(1.0, 2.0),
        "filippov",
        &Options::new(2, 1e-8, 1e-10),
        &[1.0, 1e-3],
        &[0.4, 1.0],
    );
    assert_eq!(outcome.status, Status::Complete);
    assert_eq!(log.states[1], [0.0, 0.0]);
    let (last, kind) = log
        .events
        .last()
        .map(|(t, kind, _)| (*t, kind.clone()))
        .unwrap();
    assert_eq!(kind, "accumulation", "{:?}", log.events);
    // From (1, e): the first quarter takes 1/3 and ends at (0, e + 1/3).
    let quarter = (1.0 / 3.0 + 1e-3) / 3.0;
    close(last, 1.0 / 3.0 + 1.5 * quarter, 1e-8);
    assert!(log.events.len() < 60, "{} events", log.events.len());
}

#[test]
fn a_repelling_surface_is_said_to_have_several_solutions() {
    let system = Free::new(1, |_, _, dx| dx.fill(0.0))
        .select([-1.0, 1.0], |_, x| x[0], [1.0].into(), [1.0].into())
        .affine();
    let options = Options::new(1, 1e-8, 1e-10);
    let (outcome, log) = run(&system, "filippov", &options, &[0.0], &[1.0]);
    assert_eq!(outcome.status, Status::Complete);
    assert_eq!(log.events[0].1, "non-unique");
    assert_eq!(log.states[0], [1.0]);
}

#[test]
fn a_bouncing_ball_ends_where_its_bounces_accumulate() {
    // Height 1, gravity 2, half of the speed back: falls 1, then 1, 1/2, 1/4, ... : bounces end at 3.
    let ball = Free::new(2, |_, x, dx| {
        dx[0] = x[1];
        dx[1] = -2.0;
    })
    .guard(
        "bounce",
        Direction::Falling,
        Action::Reset,
        |_, x| x[0],
        |x| x[1] *= -0.5,
    );
    for method in ["tsit5", "dopri5"] {
        let options = Options::new(2, 1e-10, 1e-12);
        let (outcome, log) = run(&ball, method, &options, &[1.0, 0.0], &[0.5, 1.5, 10.0]);
        assert_eq!(outcome.status, Status::EventsAccumulate);
        close(log.states[0][0], 0.75, 1e-12);
        close(log.states[1][0], 0.25, 1e-9);
        let (last, kind, _) = log.events.last().unwrap();
        assert_eq!(kind, "accumulation");
        close(*last, 3.0, 1e-8);
        let mut bounce = 1.0;
        for (k, event) in log.events.iter().take(12).enumerate() {
            assert_eq!(event.1, "bounce");
            close(event.0, bounce, 1e-9);
            bounce += 0.5_f64.powi(k as i32);
        }
    }
}

#[test]
fn guards_record_and_stop_on_any_scheme() {
    let circle = || {
        Free::new(2, |_, x, dx| {
            dx[0] = x[1];
            dx[1] = -x[0];
        })
    };
    let pi = std::f64::consts::PI;
    for method in ["tsit5", "dopri5", "ode-solvers-dopri5"] {
        let system = circle()
            .guard("up", Direction::Rising, Action::Record, |_, x| x[0], |_| {})
            .guard(
                "late",
                Direction::Rising,
                Action::Stop,
                |t, _| t - 10.0,
                |_| {},
            );
        let options = Options::new(2, 1e-11, 1e-12);
        let (outcome, log) = run(&system, method, &options, &[1.0, 0.0], &[9.5, 10.5]);
        assert_eq!(outcome.status, Status::Stopped, "{method}");
        close(outcome.time, 10.0, 1e-12);
        // The last sample is the state at the stop.
        assert_eq!(log.states.len(), 2);
        close(log.states[1][0], 10.0_f64.cos(), 1e-8);
        let times: Vec<f64> = log.events.iter().map(|event| event.0).collect();
        assert_eq!(times.len(), 2, "{method}: {:?}", log.events);
        close(times[0], 1.5 * pi, 1e-8);
        close(times[1], 10.0, 1e-12);
    }
}

#[test]
fn time_stepping_converges_to_the_event_driven_solution_with_order_one() {
    let times: Vec<f64> = (1..=50).map(|i| 0.1 * f64::from(i)).collect();
    let error = |step: f64| {
        let options = Options::new(2, 1e-8, 1e-10).step(step);
        let (_, log) = run(
            &friction(0.5, true),
            "implicit-selector",
            &options,
            &[3.3, 0.0],
            &times,
        );
        let off = times.iter().zip(&log.states);
        off.fold(0.0_f64, |max, (&t, x)| {
            max.max((x[0] - friction_exact(0.5, 3.3, t)[0]).abs())
        })
    };
    let order = (error(0.01) / error(0.01 / 64.0)).log2() / 6.0;
    close(order, 1.0, 0.1);
    // It slides without chatter: at rest it stays.
    let options = Options::new(2, 1e-8, 1e-10).step(0.01);
    let (_, log) = run(
        &friction(0.5, true),
        "implicit-selector",
        &options,
        &[3.3, 0.0],
        &[10.0, 12.0],
    );
    assert_eq!(log.states[0], log.states[1]);
    let disc = Free::new(2, |_, _, dx| {
        dx[0] = 1.0;
        dx[1] = 0.0;
    })
    .disc();
    let error = |step: f64| {
        let options = Options::new(2, 1e-8, 1e-10).step(step);
        let (_, log) = run(&disc, "catching-up", &options, &[0.0, 0.5], &[2.0]);
        let x = &log.states[0];
        assert!(x[0] * x[0] + x[1] * x[1] <= 1.0 + 1e-12);
        let theta =
            2.0 * ((std::f64::consts::PI / 12.0).tan() * (0.75_f64.sqrt() - 2.0).exp()).atan();
        (x[0] - theta.cos()).hypot(x[1] - theta.sin())
    };
    let order = (error(0.008) / error(0.002)).log2() / 2.0;
    close(order, 1.0, 0.2);
}

#[test]
fn a_flow_on_the_sphere_stays_on_it() {
    // The wind (0, 0, 1) on the sphere: z = tanh(t + artanh z0).
    let system = Free::new(3, |_, _, dx| dx.copy_from_slice(&[0.0, 0.0, 1.0])).sphere();
    let times: Vec<f64> = (0..=30).map(|i| 0.1 * f64::from(i)).collect();
    let options = Options::new(3, 1e-10, 1e-12);
    let (_, log) = run(&system, "projected", &options, &[0.6, 0.0, 0.8], &times);
    for (&t, x) in times.iter().zip(&log.states) {
        close(x[2], (t + 0.8_f64.atanh()).tanh(), 1e-9);
        close(x.iter().map(|x| x * x).sum::<f64>(), 1.0, 1e-14);
    }
}

#[test]
fn what_does_not_fit_is_said_before_the_first_step() {
    let options = Options::new(2, 1e-8, 1e-10);
    let smooth = Free::new(2, |_, x, dx| dx.copy_from_slice(x));
    for (system, method) in [
        (&smooth, "projected"),
        (&smooth, "filippov"),
        (&friction(0.5, true), "tsit5"),
        (&friction(0.5, true), "projected"),
    ] {
        let span = nullcline::engine::integrate::Span {
            start: 0.0,
            stop: 1.0,
        };
        let mut log = Log::at(&[]);
        let refused = nullcline::engine::integrate::integrate(
            system,
            method,
            &options,
            span,
            &[1.0, 0.0],
            &mut log,
            &mut |_| true,
        );
        assert!(refused.is_err(), "{method}");
    }
    let disc = Free::new(2, |_, _, dx| dx.fill(0.0)).disc();
    let (outcome, _) = run(&disc, "projected", &options, &[2.0, 0.0], &[1.0]);
    assert_eq!(outcome.status, Status::Outside);
}
