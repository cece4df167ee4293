//! Observed order of every scheme and of its dense output, against its card.
//!
//! Each scheme is run with fixed steps h, h/2, h/4, ... on three smooth problems with known solutions,
//! one of them with explicit time; the slope of log error over log h, fitted over the finer half of
//! the ladder, must lie within 0.10 of the card. A scheme without a row fails.

mod common;

use common::{Problem, smooth_problems};
use nullcline::engine::card::{Needs, Stepping};
use nullcline::engine::integrate::{IntegrationError, Options, Span, integrate};
use nullcline::engine::recorder::Samples;
use nullcline::engine::schemes::{CARDS, TABLEAUS};
use nullcline::prelude::*;

/// The coarsest number of steps of each scheme: in the regime of its asymptotic error, above rounding.
fn coarsest(scheme: &str) -> u32 {
    match scheme {
        "euler" | "las" => 4096,
        "heun" => 1024,
        "rk4" => 128,
        "bs3" => 256,
        "dop853" => 16,
        "esdirk34" => 128,
        "tr-bdf2" => 512,
        "tsit5" => 64,
        "dopri5" => 64,
        // On problems that touch nothing they are what they step with.
        "projected" | "filippov" => 64,
        "catching-up" | "implicit-selector" => 4096,
        "euler-maruyama" | "milstein" | "milstein-levy" => 4096,
        "heun-stratonovich" | "sra1" | "sri1" | "platen-weak-2" => 1024,
        other => panic!(
            "scheme `{other}` has no row in the order table: add `\"{other}\" => STEPS,` to `coarsest` in tests/order.rs"
        ),
    }
}

/// How many times longer than usual the problems are. Errors of high order would drown in rounding, and with too long steps they are not asymptotic yet.
fn longer(scheme: &str) -> f64 {
    if scheme == "dop853" { 2.7 } else { 1.0 }
}

const HALVINGS: u32 = 4;

/// Root mean square errors at the ends of 16 of the steps, and at three places inside of each.
fn errors(problem: &Problem, scheme: &str, steps: u32) -> (f64, f64) {
    let stop = problem.stop * longer(scheme);
    let h = stop / f64::from(steps);
    let options = Options::new(problem.x0.len(), 1e-6, 1e-9).step(h);
    let times = |inside: &[f64]| -> Vec<f64> {
        (0..16)
            .flat_map(|i| inside.iter().map(move |theta| (i, theta)))
            .map(|(i, theta)| (f64::from(i * steps / 16) + theta) * h)
            .collect()
    };
    let error = |times: Vec<f64>| {
        let states = solve(problem, scheme, &options, &times);
        let mut exact = vec![0.0; problem.x0.len()];
        let squares: f64 = times
            .iter()
            .zip(&states)
            .map(|(&t, x)| {
                problem.exact(0.0, &problem.x0, t, &mut exact);
                let square = |(x, e): (&f64, &f64)| (x - e) * (x - e);
                x.iter().zip(&exact).map(square).sum::<f64>()
            })
            .sum();
        (squares / times.len() as f64).sqrt()
    };
    (error(times(&[1.0])), error(times(&[0.21, 0.5, 0.83])))
}

/// A smooth problem in a box that it never touches, or with a selection that is never made.
struct Untouched<'a>(&'a Problem, Needs);

impl System for Untouched<'_> {
    fn layout(&self) -> &Layout {
        self.0.layout()
    }

    fn smoothness(&self) -> Smoothness {
        self.0.smoothness()
    }

    fn drift(&self, t: f64, x: &[f64], dx: &mut [f64]) {
        self.0.drift(t, x, dx);
    }

    fn constraint(&self) -> Option<&dyn Constraint> {
        (self.1 == Needs::Constraint).then_some(self)
    }

    fn selector(&self) -> Option<&dyn Selector> {
        (self.1 == Needs::Selector).then_some(self)
    }

    fn own_step(&self, _scheme: &str) -> Option<&dyn OwnStep> {
        (self.1 == Needs::OwnStep).then_some(self)
    }
}

/// What a family may bring along: the order is the recipe's, here that of Euler.
impl OwnStep for Untouched<'_> {
    fn advance(&self, t: f64, h: f64, x: &mut [f64], _memory: &mut [f64], _increments: &[f64]) {
        let mut dx = vec![0.0; x.len()];
        self.0.drift(t, x, &mut dx);
        for (x, dx) in x.iter_mut().zip(&dx) {
            *x += h * dx;
        }
    }
}

impl Constraint for Untouched<'_> {
    fn shape(&self) -> ClosedSet<'_> {
        let n = self.0.x0.len();
        ClosedSet::Box {
            lower: &[f64::NEG_INFINITY; 8][..n],
            upper: &[1e9; 8][..n],
        }
    }
}

impl Selector for Untouched<'_> {
    fn count(&self) -> usize {
        1
    }

    fn bounds(&self, _k: usize) -> [f64; 2] {
        [0.0, 1.0]
    }

    fn switches(&self, _t: f64, _x: &[f64], h: &mut [f64]) {
        h[0] = -1.0;
    }

    fn gradient(&self, _k: usize, _t: f64, _x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        0.0
    }

    fn field(&self, _k: usize, _x: &[f64], field: &mut [f64]) {
        field.fill(0.0);
    }
}

/// The states of a problem at some times.
fn solve(problem: &Problem, scheme: &str, options: &Options, times: &[f64]) -> Vec<Vec<f64>> {
    let span = Span {
        start: 0.0,
        stop: problem.stop * longer(scheme),
    };
    let mut samples = Samples::at(times.to_vec());
    let needs = CARDS
        .iter()
        .find(|card| card.name == scheme)
        .map(|card| card.needs);
    let wrapped = Untouched(problem, needs.unwrap());
    let system: &dyn System = match wrapped.1 {
        Needs::Nothing => problem,
        _ => &wrapped,
    };
    integrate(
        system,
        scheme,
        options,
        span,
        &problem.x0,
        &mut samples,
        &mut |_| true,
    )
    .or_else(IntegrationError::into_outcome)
    .unwrap();
    samples.states
}

/// The least-squares slope of log error over log h.
fn slope(errors: &[f64]) -> f64 {
    let finer = &errors[errors.len() / 2..];
    let points: Vec<(f64, f64)> = finer
        .iter()
        .enumerate()
        .map(|(i, e)| (-(i as f64), e.log2()))
        .collect();
    let n = points.len() as f64;
    let (mean_x, mean_y) = (
        points.iter().map(|p| p.0).sum::<f64>() / n,
        points.iter().map(|p| p.1).sum::<f64>() / n,
    );
    let covariance: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    let variance: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    covariance / variance
}

#[test]
fn every_scheme_has_the_order_of_its_card() {
    println!("scheme                problem            order  slope  dense  slope");
    let mut failures = Vec::new();
    for card in CARDS
        .iter()
        .filter(|card| !["ode-solvers-dopri5", "bdf", "auto"].contains(&card.name))
        .filter(|card| card.stepping != Stepping::Exact)
    {
        for problem in smooth_problems() {
            let ladder: Vec<(f64, f64)> = (0..HALVINGS)
                .map(|k| {
                    errors(
                        &problem,
                        card.name,
                        (problem.refine * coarsest(card.name)) << k,
                    )
                })
                .collect();
            let step = slope(&ladder.iter().map(|e| e.0).collect::<Vec<_>>());
            let dense = slope(&ladder.iter().map(|e| e.1).collect::<Vec<_>>());
            println!(
                "{:<20}  {:<16}  {:>5}  {step:>5.2}  {:>5}  {dense:>5.2}",
                card.name, problem.name, card.order, card.dense_order
            );
            if (step - f64::from(card.order)).abs() > 0.10 {
                failures.push(format!("{}: order on {}", card.name, problem.name));
            }
            if (dense - f64::from(card.dense_order)).abs() > 0.10 {
                failures.push(format!("{}: dense order on {}", card.name, problem.name));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn adaptive_errors_follow_the_tolerance() {
    for card in CARDS.iter().filter(|c| c.stepping == Stepping::Adaptive) {
        for problem in smooth_problems() {
            let error = |rtol: f64| {
                let options = Options::new(problem.x0.len(), rtol, rtol);
                let states = solve(&problem, card.name, &options, &[problem.stop]);
                let mut exact = vec![0.0; problem.x0.len()];
                problem.exact(0.0, &problem.x0, problem.stop, &mut exact);
                (states[0][0] - exact[0]).abs()
            };
            for rtol in [1e-4, 1e-6, 1e-8, 1e-10] {
                let error = error(rtol);
                // Errors are controlled per step, of which a low order makes more.
                let steps = if card.order < 5 { 50.0 } else { 20.0 };
                assert!(
                    error < steps * rtol,
                    "{} on {}: error {error:e} at tolerance {rtol:e}",
                    card.name,
                    problem.name
                );
            }
        }
    }
}

#[test]
fn every_tableau_meets_its_order_conditions() {
    for (card, tableau) in TABLEAUS {
        let residual = tableaus::worst(tableau, &tableau.weights(), card.order);
        println!("{:<8} order {}: {residual:.1e}", card.name, card.order);
        assert!(residual < 1e-14, "{}: {residual:e}", card.name);
        if let Some(order) = card.embedded_order {
            let embedded: Vec<f64> = tableau
                .weights()
                .iter()
                .zip(tableau.error)
                .map(|(b, e)| b - e)
                .collect();
            let residual = tableaus::worst(tableau, &embedded, order);
            assert!(residual < 1e-14, "{} embedded: {residual:e}", card.name);
        }
        for theta in [0.25, 0.5, 0.9, 1.0] {
            let mut weights = vec![0.0; tableau.all_stages()];
            tableau.dense_weights(theta, &mut weights);
            // The conditions of a step of length theta h. An interpolant that meets them up to order
            // q has a local error of order q + 1 and so converges with that order between steps.
            let order = card.dense_order - 1;
            let residual = tableaus::worst_at(tableau, &weights, order, theta);
            // Powers of theta cancel to the rounding of their largest coefficient.
            let coefficients = tableau.dense.iter().flat_map(|row| row.iter());
            let largest = coefficients.fold(0.0_f64, |max, c| max.max(c.abs()));
            let rounding = 1e-13_f64.max(f64::EPSILON * largest);
            assert!(
                residual < rounding,
                "{} at {theta}: {residual:e}",
                card.name
            );
        }
    }
}

/// Order conditions by rooted trees, up to order 5.
mod tableaus {
    use nullcline::engine::tableau::Tableau;

    /// A rooted tree: its children.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Tree(Vec<Tree>);

    impl Tree {
        fn order(&self) -> u32 {
            1 + self.0.iter().map(Tree::order).sum::<u32>()
        }

        fn density(&self) -> f64 {
            f64::from(self.order()) * self.0.iter().map(Tree::density).product::<f64>()
        }

        /// The elementary weight of every stage.
        fn stage(&self, a: &[Vec<f64>]) -> Vec<f64> {
            let children: Vec<Vec<f64>> = self
                .0
                .iter()
                .map(|child| {
                    let inner = child.stage(a);
                    a.iter()
                        .map(|row| row.iter().zip(&inner).map(|(a, i)| a * i).sum())
                        .collect()
                })
                .collect();
            (0..a.len())
                .map(|s| children.iter().map(|c| c[s]).product())
                .collect()
        }
    }

    fn trees(order: u32) -> Vec<Tree> {
        if order == 1 {
            return vec![Tree(vec![])];
        }
        // Graft a leaf anywhere on the trees of the order below; every tree arises so.
        let mut all: Vec<Tree> = trees(order - 1).iter().flat_map(grafts).collect();
        all.sort();
        all.dedup();
        all
    }

    fn grafts(tree: &Tree) -> Vec<Tree> {
        let mut grown = vec![];
        let mut at_root = tree.clone();
        at_root.0.push(Tree(vec![]));
        at_root.0.sort();
        grown.push(at_root);
        for (i, child) in tree.0.iter().enumerate() {
            for graft in grafts(child) {
                let mut next = tree.clone();
                next.0[i] = graft;
                next.0.sort();
                grown.push(next);
            }
        }
        grown
    }

    pub fn worst(tableau: &Tableau, weights: &[f64], order: u32) -> f64 {
        worst_at(tableau, weights, order, 1.0)
    }

    pub fn worst_at(tableau: &Tableau, weights: &[f64], order: u32, theta: f64) -> f64 {
        let stages = tableau.all_stages();
        let mut a = vec![vec![0.0; stages]];
        for row in tableau.rows.iter().chain(tableau.between.rows) {
            let mut full = row.to_vec();
            full.resize(stages, 0.0);
            a.push(full);
        }
        let consistency = a
            .iter()
            .zip(tableau.nodes.iter().chain(tableau.between.nodes))
            .map(|(row, c)| (row.iter().sum::<f64>() - c).abs())
            .fold(0.0, f64::max);
        (1..=order)
            .flat_map(trees)
            .map(|tree| {
                let sum: f64 = tree.stage(&a).iter().zip(weights).map(|(s, b)| s * b).sum();
                (sum - theta.powi(tree.order() as i32) / tree.density()).abs()
            })
            .fold(consistency, f64::max)
    }

    #[test]
    fn there_are_as_many_trees_as_there_should_be() {
        let counts: Vec<usize> = (1..=6).map(|order| trees(order).len()).collect();
        assert_eq!(counts, [1, 1, 2, 4, 9, 20]);
    }

    #[test]
    fn a_wrong_coefficient_is_found() {
        let mut tableau = nullcline::engine::schemes::rk4::TABLEAU;
        tableau.nodes = &[0.0, 0.5, 0.5, 0.99, 1.0];
        assert!(worst(&tableau, &tableau.weights(), 4) > 1e-3);
    }
}
