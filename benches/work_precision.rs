//! Work and precision: CPU time against the error at the end, beside CVODE driven from C (the stiff set) and beside the
//! crates ode_solvers and diffsol (Lorenz, Pleiades).
//!
//! `cargo bench --bench work_precision` prints tables of the time that each takes to an error, interpolated between
//! tolerances, and of its ratio to the best peer, and writes the pictures of `docs/performance.md` into `docs/images`.
//! CVODE is compiled with `cc` if SUNDIALS is there, diffsol by cargo; what is missing is left out. (Debian's
//! `libsundials-dev` brings an HDF5 for MPI along, which later builds would find: remove both again.)

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use nullcline::engine::integrate::{Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::prelude::*;
use plotters::prelude::*;

const ROUNDS: usize = 15;

/// Seconds and errors of one solver on one problem, by falling tolerance.
struct Curve {
    problem: String,
    solver: String,
    peer: bool,
    points: Vec<(f64, f64)>,
}

impl Curve {
    /// The time to an error, on the line between the points around it in logarithms.
    fn time_to(&self, error: f64) -> Option<f64> {
        self.points.windows(2).find_map(|pair| {
            let [(t0, e0), (t1, e1)] = [pair[0], pair[1]];
            if !(e1 <= error && error <= e0) {
                return None;
            }
            let share = (e0 / error).ln() / (e0 / e1).ln();
            Some((t0.ln() + share * (t1 / t0).ln()).exp())
        })
    }
}

/// What both sets of problems have.
struct Case<'a> {
    name: &'a str,
    system: &'a dyn System,
    x0: &'a [f64],
    stop: f64,
    floor: f64,
    error: &'a dyn Fn(&[f64]) -> f64,
}

impl Case<'_> {
    fn curve(&self, method: &str, digits: std::ops::RangeInclusive<i32>) -> Curve {
        let points = digits.map(|digits| {
            let rtol = 10_f64.powi(-digits);
            let options = Options::new(self.x0.len(), rtol, rtol * self.floor);
            let span = Span {
                start: 0.0,
                stop: self.stop,
            };
            let mut error = f64::NAN;
            let mut seconds: Vec<f64> = (0..ROUNDS)
                .map(|_| {
                    let mut samples = Samples::at(vec![]);
                    let before = Instant::now();
                    let outcome = integrate(
                        self.system,
                        method,
                        &options,
                        span,
                        self.x0,
                        &mut samples,
                        &mut |_| true,
                    );
                    let seconds = before.elapsed().as_secs_f64();
                    error = (self.error)(&outcome.expect("it fits").state);
                    seconds
                })
                .collect();
            seconds.sort_by(f64::total_cmp);
            (seconds[ROUNDS / 2], error)
        });
        Curve {
            problem: self.name.into(),
            solver: method.into(),
            peer: false,
            points: points.collect(),
        }
    }

    /// The lines of a peer that belong to this problem.
    fn of_peer(&self, solver: &str, lines: &str) -> Option<Curve> {
        let points: Vec<(f64, f64)> = lines
            .lines()
            .filter_map(|line| {
                let mut fields = line.split(',');
                if fields.next() != Some(self.name) {
                    return None;
                }
                let numbers: Vec<f64> = fields.filter_map(|field| field.parse().ok()).collect();
                Some((numbers[1], (self.error)(&numbers[2..])))
            })
            .collect();
        (!points.is_empty()).then(|| Curve {
            problem: self.name.into(),
            solver: solver.into(),
            peer: true,
            points,
        })
    }
}

/// What a command prints; `None` with a note if it cannot.
fn printed(what: &str, build: &mut Command, run: &Path) -> Option<String> {
    let built = build.output().is_ok_and(|output| output.status.success());
    let output = built.then(|| Command::new(run).output().ok()).flatten();
    if output.is_none() {
        println!("{what} could not be built here and is left out");
    }
    Some(String::from_utf8_lossy(&output?.stdout).into_owned())
}

fn cvode() -> Option<String> {
    let program = Path::new("target/peers-cvode");
    let libraries = [
        "cvode",
        "nvecserial",
        "sunmatrixdense",
        "sunmatrixband",
        "sunlinsoldense",
        "sunlinsolband",
    ];
    let mut cc = Command::new("cc");
    cc.args(["-O2", "benches/peers_c/cvode.c", "-o"])
        .arg(program);
    cc.args(libraries.map(|name| format!("-lsundials_{name}")))
        .arg("-lm");
    printed("CVODE", &mut cc, program)
}

fn diffsol() -> Option<String> {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "build",
        "--release",
        "--manifest-path",
        "benches/peers_diffsol/Cargo.toml",
    ]);
    cargo.args(["--target-dir", "target/peers-diffsol"]);
    printed(
        "diffsol",
        &mut cargo,
        Path::new("target/peers-diffsol/release/peers-diffsol"),
    )
}

fn table(curves: &[Curve], error: f64) {
    println!("\nmicroseconds to an error of {error:e}");
    let mut problems: Vec<&str> = curves.iter().map(|curve| &*curve.problem).collect();
    problems.dedup();
    for problem in problems {
        let of: Vec<&Curve> = curves
            .iter()
            .filter(|curve| curve.problem == problem)
            .collect();
        let peers = of.iter().filter(|curve| curve.peer);
        let best = peers
            .filter_map(|curve| curve.time_to(error))
            .fold(f64::INFINITY, f64::min);
        print!("{problem:<18}");
        for curve in of {
            match curve.time_to(error) {
                Some(time) => print!("  {} {:.0} ({:.2})", curve.solver, 1e6 * time, time / best),
                None => print!("  {} -", curve.solver),
            }
        }
        println!();
    }
}

const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(90, 90, 90),
    RGBColor(230, 159, 0),
];

/// One panel a problem, error across and time upwards, in logarithms to the base of ten.
fn picture(path: &str, curves: &[Curve], columns: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut problems: Vec<&str> = curves.iter().map(|curve| &*curve.problem).collect();
    problems.dedup();
    let mut solvers: Vec<&str> = Vec::new();
    for curve in curves {
        if !solvers.contains(&&*curve.solver) {
            solvers.push(&curve.solver);
        }
    }
    let rows = problems.len().div_ceil(columns);
    let root = SVGBackend::new(path, (340 * columns as u32, 300 * rows as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    for (panel, problem) in root.split_evenly((rows, columns)).iter().zip(problems) {
        let of: Vec<&Curve> = curves
            .iter()
            .filter(|curve| curve.problem == problem)
            .collect();
        let points = of.iter().flat_map(|curve| &curve.points);
        let good = points.filter(|(_, error)| *error > 0.0 && error.is_finite());
        let logs: Vec<(f64, f64)> = good.map(|(t, e)| (e.log10(), t.log10())).collect();
        let range = |of: fn(&(f64, f64)) -> f64| {
            let least = logs.iter().map(of).fold(f64::INFINITY, f64::min);
            let most = logs.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
            (least - 0.2)..(most + 0.2)
        };
        let errors = range(|p| p.0);
        let mut chart = ChartBuilder::on(panel)
            .caption(problem, ("sans-serif", 15))
            .margin(10)
            .x_label_area_size(34)
            .y_label_area_size(48)
            .build_cartesian_2d(errors.end..errors.start, range(|p| p.1))?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc("log10 error")
            .y_desc("log10 seconds")
            .draw()?;
        for curve in of {
            let place = solvers
                .iter()
                .position(|solver| *solver == curve.solver)
                .unwrap_or(0);
            let colour = COLOURS[place % COLOURS.len()];
            let good = curve
                .points
                .iter()
                .filter(|(_, error)| *error > 0.0 && error.is_finite());
            let line: Vec<(f64, f64)> = good.map(|(t, e)| (e.log10(), t.log10())).collect();
            chart
                .draw_series(LineSeries::new(line.clone(), colour.stroke_width(2)))?
                .label(&curve.solver)
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 14, y)], colour.stroke_width(2))
                });
            chart.draw_series(line.into_iter().map(|p| Circle::new(p, 3, colour.filled())))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .draw()?;
    }
    root.present()?;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let font = include_bytes!("../assets/DejaVuSans-subset.ttf");
    if plotters::style::register_font("sans-serif", FontStyle::Normal, font).is_err() {
        println!("the font of the pictures cannot be read");
    }
    let peer = cvode();
    let mut curves = Vec::new();
    for problem in common::stiff::set() {
        let case = Case {
            name: problem.name,
            system: &problem,
            x0: &problem.x0,
            stop: problem.stop,
            floor: problem.floor,
            error: &|x| problem.error(x),
        };
        curves.push(case.curve("bdf", 2..=9));
        curves.push(case.curve("esdirk34", 2..=6));
        curves.push(case.curve("tr-bdf2", 2..=4));
        curves.extend(peer.as_ref().and_then(|lines| case.of_peer("CVODE", lines)));
    }
    for error in [1e-3, 1e-5, 1e-7] {
        table(&curves, error);
    }
    picture("docs/images/work-precision-stiff.svg", &curves, 3)?;

    let peer = diffsol();
    let mut curves = Vec::new();
    for problem in [common::nonstiff::lorenz(), common::nonstiff::pleiades()] {
        let case = Case {
            name: problem.name,
            system: &problem,
            x0: &problem.x0,
            stop: problem.stop,
            floor: 1.0,
            error: &|x| problem.error(x),
        };
        for method in ["tsit5", "dopri5", "dop853"] {
            curves.push(case.curve(method, 4..=11));
        }
        let mut peers = case.curve("ode-solvers-dopri5", 4..=11);
        peers.peer = true;
        curves.push(peers);
        curves.extend(
            peer.as_ref()
                .and_then(|lines| case.of_peer("diffsol tsit45", lines)),
        );
    }
    for error in [1e-4, 1e-6, 1e-8] {
        table(&curves, error);
    }
    picture("docs/images/work-precision.svg", &curves, 2)?;
    Ok(())
}
