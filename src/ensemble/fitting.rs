//! Fits: the trials of each subject, the variants beside them, and what is written of it all.
//!
//! ```text
//! /<quantity>, /<quantity>_se, _bootstrap_se, _q025, _q975   [subject]
//! /log_likelihood, /aic, /trials, /starts_agreeing, /remarks  [subject]
//! /<variant>_log_likelihood, _aic, _chi_squared, _degrees, _p [subject]
//! ```

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::analysis::fit::{Fitted, Search, chi_squared_above, fit};
use crate::config::experiment::{Experiment, Fit, FitVariant};
use crate::system::analysis::{Data, Findings};
use crate::system::family::Family;
use crate::system::layout::{Axis, Variable};
use crate::system::likelihood::{Derived, Evidence, Observed};
use crate::system::parameters::{BuildError, Parameters, Value};

/// What was found of one subject and of each variant.
struct Subject {
    trials: usize,
    derived: Vec<Derived>,
    fitted: Fitted,
    variants: Vec<Fitted>,
}

/// Fit every subject of an experiment with these parameters.
///
/// # Errors
/// If the data lack what is needed.
pub fn fit_subjects(
    experiment: &Experiment,
    parameters: &Parameters,
    asked: &Fit,
) -> Result<Findings, BuildError> {
    let (names, groups) = subjects(parameters);
    let one = |subject: usize| -> Result<Subject, BuildError> {
        let evidence = evidence(experiment, parameters, asked, &groups[subject], None)?;
        let bounds: Vec<[f64; 2]> = asked.free.iter().map(|free| free.bounds).collect();
        let search = Search {
            bounds: &bounds,
            starts: asked.starts,
            bootstrap: asked.bootstrap,
            seed: experiment.seed,
            subject: subject as u64,
        };
        let fitted = fit(evidence.as_ref(), &search);
        let mut variants = Vec::new();
        for variant in &asked.variants {
            let held = self::evidence(
                experiment,
                parameters,
                asked,
                &groups[subject],
                Some(variant),
            )?;
            let bounds: Vec<[f64; 2]> = left(asked, variant).map(|free| free.bounds).collect();
            let search = Search {
                bounds: &bounds,
                bootstrap: 0,
                ..search
            };
            variants.push(fit(held.as_ref(), &search));
        }
        Ok(Subject {
            trials: evidence.observations(),
            derived: evidence.derived(),
            fitted,
            variants,
        })
    };
    let found: Vec<Result<Subject, BuildError>> =
        (0..groups.len()).into_par_iter().map(one).collect();
    let found: Vec<Subject> = found.into_iter().collect::<Result<_, _>>()?;
    Ok(findings(asked, &names, &found))
}

/// The names of the subjects and the places of their trials.
fn subjects(parameters: &Parameters) -> (Vec<String>, Vec<Vec<usize>>) {
    let count = parameters.size("trial").unwrap_or(0);
    let (Some(Value::Text(names)), Some(_)) = (
        parameters.get("trials.subjects"),
        parameters.get("trials.subject"),
    ) else {
        return (vec!["all".into()], vec![(0..count).collect()]);
    };
    let names: Vec<String> = names.lines().map(String::from).collect();
    let mut groups = vec![Vec::new(); names.len()];
    for (trial, &code) in parameters.vector("trials.subject").iter().enumerate() {
        groups[code as usize].push(trial);
    }
    (names, groups)
}

/// What a variant leaves free.
fn left<'a>(
    asked: &'a Fit,
    variant: &'a FitVariant,
) -> impl Iterator<Item = &'a crate::config::experiment::FreeQuantity> {
    let held = |name: &str| variant.fixed.iter().any(|(fixed, _)| *fixed == name);
    asked.free.iter().filter(move |free| !held(free.free.name))
}

fn evidence(
    experiment: &Experiment,
    parameters: &Parameters,
    asked: &Fit,
    trials: &[usize],
    variant: Option<&FitVariant>,
) -> Result<Box<dyn Evidence>, BuildError> {
    let Some(likelihood) = experiment.family.likelihood() else {
        return Err(no_likelihood(experiment.family));
    };
    let mut parameters = parameters.clone();
    let (free, fixed): (Vec<&'static str>, _) = match variant {
        None => (
            asked.free.iter().map(|free| free.free.name).collect(),
            Vec::new(),
        ),
        Some(variant) => {
            for (name, text) in &variant.settings {
                parameters.set(name.as_str(), Value::Text(text.clone()));
            }
            let free = left(asked, variant).map(|free| free.free.name);
            (free.collect(), variant.fixed.clone())
        }
    };
    likelihood.evidence(&Observed {
        dynamics: &experiment.dynamics,
        parameters: &parameters,
        trials,
        free: &free,
        fixed: &fixed,
    })
}

fn no_likelihood(family: &dyn Family) -> BuildError {
    BuildError::new(format!("the family `{}` has no likelihood", family.name()))
}

/// Akaike's criterion.
fn aic(fitted: &Fitted) -> f64 {
    2.0 * fitted.point.len() as f64 - 2.0 * fitted.log_likelihood
}

/// The likelihood ratio and its probability; only of a variant that holds something and changes nothing else.
fn ratio(fitted: &Fitted, held: &Fitted, variant: &FitVariant) -> Option<(f64, usize, f64)> {
    if !variant.settings.is_empty() || variant.fixed.is_empty() {
        return None;
    }
    let degrees = variant.fixed.len();
    let chi = (2.0 * (fitted.log_likelihood - held.log_likelihood)).max(0.0);
    Some((chi, degrees, chi_squared_above(chi, degrees)))
}

/// Mean, and the sample standard deviation about it.
fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>();
    (squares / (n - 1.0)).sqrt()
}

/// The quantile of sorted values, linear between them.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (place - place.floor()) * (sorted[above] - sorted[below])
}

struct Writer<'a> {
    names: &'a [String],
    findings: Findings,
}

impl Writer<'_> {
    fn axes(&self) -> Vec<Axis> {
        vec![Axis::labelled("subject", self.names.to_vec())]
    }

    fn reals(&mut self, name: &str, unit: &str, meaning: &str, values: Vec<f64>) {
        let variable = Variable::new(name, self.axes()).unit(unit).meaning(meaning);
        let findings = std::mem::take(&mut self.findings);
        self.findings = findings.array(variable, Data::Real(values));
    }

    fn other(&mut self, name: &str, meaning: &str, data: Data) {
        let variable = Variable::new(name, self.axes()).meaning(meaning);
        let findings = std::mem::take(&mut self.findings);
        self.findings = findings.array(variable, data);
    }
}

fn findings(asked: &Fit, names: &[String], found: &[Subject]) -> Findings {
    let mut writer = Writer {
        names,
        findings: Findings::default(),
    };
    let free = asked
        .free
        .iter()
        .map(|one| (one.free.name, one.free.unit, one.free.meaning));
    let derived = found.first().map_or(&[][..], |one| one.derived.as_slice());
    let derived = derived.iter().map(|one| (one.name, one.unit, one.meaning));
    let quantities: Vec<(&str, &str, &str)> = free.chain(derived).collect();
    let count = asked.free.len();
    for (place, (name, unit, meaning)) in quantities.iter().enumerate() {
        let value = |one: &Subject| match place < count {
            true => one.fitted.point[place],
            false => one.fitted.derived[place - count],
        };
        let error = |one: &Subject| match place < count {
            true => one.fitted.errors[place],
            false => one.fitted.derived_errors[place - count],
        };
        writer.reals(name, unit, meaning, found.iter().map(value).collect());
        let label = |what: &str| format!("{meaning}: {what}");
        let errors = found.iter().map(error).collect();
        writer.reals(
            &format!("{name}_se"),
            unit,
            &label("standard error from the curvature"),
            errors,
        );
        if asked.bootstrap < 2 {
            continue;
        }
        let drawn: Vec<Vec<f64>> = found
            .iter()
            .map(|one| {
                let mut drawn: Vec<f64> = one.fitted.bootstrap.iter().map(|b| b[place]).collect();
                drawn.sort_by(f64::total_cmp);
                drawn
            })
            .collect();
        let deviations = drawn.iter().map(|drawn| deviation(drawn)).collect();
        writer.reals(
            &format!("{name}_bootstrap_se"),
            unit,
            &label("standard error by bootstrap"),
            deviations,
        );
        for (suffix, share) in [("q025", 0.025), ("q975", 0.975)] {
            let quantiles = drawn.iter().map(|drawn| quantile(drawn, share)).collect();
            let what = format!("{share} quantile of the bootstrap");
            writer.reals(&format!("{name}_{suffix}"), unit, &label(&what), quantiles);
        }
    }
    let all = |f: &dyn Fn(&Subject) -> f64| found.iter().map(f).collect::<Vec<f64>>();
    writer.reals(
        "log_likelihood",
        "1",
        "greatest log-likelihood",
        all(&|one| one.fitted.log_likelihood),
    );
    writer.reals(
        "aic",
        "1",
        "Akaike's criterion",
        all(&|one| aic(&one.fitted)),
    );
    let whole = |f: &dyn Fn(&Subject) -> usize| {
        Data::Count(found.iter().map(|one| f(one) as i64).collect())
    };
    writer.other("trials", "number of trials", whole(&|one| one.trials));
    writer.other(
        "starts_agreeing",
        "how many starts came to the maximum",
        whole(&|one| one.fitted.agreeing),
    );
    for (place, variant) in asked.variants.iter().enumerate() {
        let name = variant.name.replace('-', "_");
        let held = |one: &Subject| one.variants[place].log_likelihood;
        writer.reals(
            &format!("{name}_log_likelihood"),
            "1",
            &format!("greatest log-likelihood of the variant {name}"),
            all(&held),
        );
        let criterion = all(&|one| aic(&one.variants[place]));
        writer.reals(
            &format!("{name}_aic"),
            "1",
            &format!("Akaike's criterion of the variant {name}"),
            criterion,
        );
        let ratios: Vec<_> = found
            .iter()
            .map(|one| ratio(&one.fitted, &one.variants[place], variant))
            .collect();
        if ratios.iter().all(Option::is_some) {
            let of = |f: &dyn Fn(&(f64, usize, f64)) -> f64| {
                ratios.iter().flatten().map(f).collect::<Vec<f64>>()
            };
            writer.reals(
                &format!("{name}_chi_squared"),
                "1",
                &format!("likelihood ratio against the variant {name}"),
                of(&|one| one.0),
            );
            writer.reals(
                &format!("{name}_degrees"),
                "1",
                "its degrees of freedom: as many as the variant holds",
                of(&|one| one.1 as f64),
            );
            writer.reals(
                &format!("{name}_p"),
                "1",
                "probability of a greater ratio if the variant holds",
                of(&|one| one.2),
            );
        }
    }
    let remarks: Vec<String> = found
        .iter()
        .map(|one| remarks(asked, one).join("; "))
        .collect();
    writer.other(
        "remarks",
        "what must be known to read the estimates right",
        Data::Text(remarks.clone()),
    );
    let mut findings = writer.findings;
    findings.table = table(asked, names, found, &quantities);
    for (name, remark) in names.iter().zip(remarks) {
        if !remark.is_empty() {
            findings.remarks.push(format!("{name}: {remark}"));
        }
    }
    let sum: f64 = found.iter().map(|one| one.fitted.log_likelihood).sum();
    findings.line = vec![("log likelihood", format!("{sum:.3}"))];
    findings
}

/// The remarks of a subject, and those that hold for any family.
fn remarks(asked: &Fit, one: &Subject) -> Vec<String> {
    let mut remarks = one.fitted.remarks.clone();
    for (free, at_bound) in asked.free.iter().zip(&one.fitted.at_bound) {
        if *at_bound {
            remarks.push(format!("`{}` lies at a bound", free.free.name));
        }
    }
    for (free, error) in asked.free.iter().zip(&one.fitted.errors) {
        let [low, high] = free.bounds;
        if *error > 0.5 * (high - low) {
            remarks.push(format!(
                "`{}` is not determined: its standard error is {error:.3}, and its bounds are {} apart",
                free.free.name,
                high - low
            ));
        }
    }
    for (derived, on_bound) in one.derived.iter().zip(&one.fitted.derived_on_bound) {
        if *on_bound {
            let instead = match one.fitted.bootstrap.len() {
                0 | 1 => "give `bootstrap` for one",
                _ => "the one shown is by bootstrap",
            };
            remarks.push(format!(
                "`{}` depends on an estimate at a bound, so that the curvature gives it no standard error: {instead}",
                derived.name
            ));
        }
    }
    let mut inside = one.fitted.errors.iter().zip(&one.fitted.at_bound);
    if inside.any(|(error, at_bound)| error.is_nan() && !at_bound) {
        remarks.push(
            "the likelihood is flat in some direction: the design does not determine all that is free, and there are no \
             standard errors"
                .into(),
        );
    }
    remarks
}

fn table(
    asked: &Fit,
    names: &[String],
    found: &[Subject],
    quantities: &[(&str, &str, &str)],
) -> Vec<Vec<String>> {
    let mut head = vec!["subject".to_string()];
    head.extend(quantities.iter().map(|(name, ..)| name.to_string()));
    head.extend(["log L", "AIC"].map(String::from));
    for variant in &asked.variants {
        head.push(format!("AIC {}", variant.name));
        if variant.settings.is_empty() {
            head.push(format!("p {}", variant.name));
        }
    }
    let mut rows = vec![head];
    for (name, one) in names.iter().zip(found) {
        let fitted = &one.fitted;
        let values = fitted.point.iter().chain(&fitted.derived);
        let errors = fitted.errors.iter().chain(&fitted.derived_errors);
        // Where the curvature gives none, the bootstrap's.
        let errors = errors.enumerate().map(|(place, &error)| {
            let drawn: Vec<f64> = fitted.bootstrap.iter().map(|one| one[place]).collect();
            match error.is_nan() && drawn.len() > 1 {
                true => deviation(&drawn),
                false => error,
            }
        });
        let mut row = vec![name.clone()];
        row.extend(
            values
                .zip(errors)
                .map(|(value, error)| match error.is_nan() {
                    true => format!("{value:.4}"),
                    false => format!("{value:.4} +- {error:.4}"),
                }),
        );
        row.push(format!("{:.3}", fitted.log_likelihood));
        row.push(format!("{:.3}", aic(fitted)));
        for (variant, held) in asked.variants.iter().zip(&one.variants) {
            row.push(format!("{:.3}", aic(held)));
            if let Some((.., p)) = ratio(fitted, held, variant) {
                row.push(format!("{p:.2e}"));
            }
        }
        rows.push(row);
    }
    rows
}
