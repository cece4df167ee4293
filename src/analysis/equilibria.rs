//! `[analysis.equilibria]`: the states at which the drift is zero, and how stable each is.
//!
//! ```text
//! f(t0, x) = 0;      lambda: the eigenvalues of df/dx;      stable: all Re lambda < 0
//! ```
//!
//! A family's own solver comes first, and says whether its list is complete. Any other flow is searched
//! by damped Newton steps from Sobol starts in a box (see `newton`, `starts`): such a list may lack some.
//! Stimuli are left out, and t0 is `time.start`, 0 in a file without `[time]`.
//!
//! Arrays: `count`, `x [equilibrium, ...]` (a block of another name keeps its own), `eigenvalues_re` and
//! `eigenvalues_im [equilibrium, eigenvalue]`, `stable`, `stability`, `active_set`, `complete`.

use nalgebra::DVector;

use super::classes::{CLASSES, class, is_stable, name};
use super::newton::Field;
use super::starts::starts;
use crate::system::analysis::{Analysis, AnalysisError, Data, Findings, NO_CODE, Subject, truth};
use crate::system::equilibria::{Equilibria, Equilibrium};
use crate::system::layout::{Axis, Block, Variable};
use crate::system::number::plain;
use crate::system::parameters::{BuildError, Fallback, Parameter, Range};

/// The analysis `equilibria`.
pub struct AllEquilibria;

/// The box of the starts where the experiment gives none.
const BOX: (f64, f64) = (-10.0, 10.0);

const OPTIONS: &[Parameter] = &[
    Parameter::integer("starts")
        .fallback(Fallback::Integer(256))
        .range(Range::closed(1.0, 1e7))
        .meaning(
            "searches: from how many points; not used where the family has a solver of its own",
        ),
    Parameter::vector("box", "ends")
        .fallback(Fallback::Absent)
        .meaning("searches: [lowest, highest] value of every component; [-10, 10] by default"),
    Parameter::real("tolerance")
        .or(1e-10)
        .range(Range {
            upper: 1e-3,
            upper_included: true,
            ..Range::POSITIVE
        })
        .meaning(
            "searches: relative length of the last step; equilibria nearer than its root are one",
        ),
];

impl Analysis for AllEquilibria {
    fn name(&self) -> &'static str {
        "equilibria"
    }

    fn meaning(&self) -> &'static str {
        "the equilibria without stimuli, their eigenvalues and their stability"
    }

    fn options(&self) -> &'static [Parameter] {
        OPTIONS
    }

    fn check(&self, subject: &Subject<'_>) -> Result<(), BuildError> {
        ends(subject).map(|_| ())
    }

    fn run(&self, subject: &Subject<'_>) -> Result<Findings, AnalysisError> {
        let found = match subject.system.equilibria() {
            Some(found) => found,
            None => searched(subject)?,
        };
        let field = Field::new(subject.system, start(subject), subject.initial);
        let judged: Vec<Judged> = found
            .list
            .iter()
            .map(|one| Judged::of(one, &field))
            .collect();
        Ok(findings(subject, &found, &judged))
    }
}

fn start(subject: &Subject<'_>) -> f64 {
    subject.span.map_or(0.0, |(start, _)| start)
}

/// The box of the starts.
fn ends(subject: &Subject<'_>) -> Result<(f64, f64), BuildError> {
    if subject.options.get("box").is_none() {
        return Ok(BOX);
    }
    match *subject.options.vector("box") {
        [lower, upper] if lower < upper => Ok((lower, upper)),
        _ => Err(
            BuildError::about("box", "`box` must be two numbers, the lower one first")
                .help("for example box = [-2.0, 2.0]"),
        ),
    }
}

/// The zeros that Newton's method finds from many starts.
fn searched(subject: &Subject<'_>) -> Result<Equilibria, AnalysisError> {
    let (lower, upper) = ends(subject).map_err(|error| AnalysisError::Failed(error.to_string()))?;
    let options = subject.options;
    let tolerance = options.real("tolerance");
    let count = usize::try_from(options.integer("starts")).unwrap_or(1);
    let field = Field::new(subject.system, start(subject), subject.initial);
    let mut points: Vec<DVector<f64>> = Vec::new();
    let (mut failed, mut outside) = (0, 0);
    let near = |a: &DVector<f64>, b: &DVector<f64>| {
        (a - b).amax() <= tolerance.sqrt().max(1e-7) * (1.0 + a.amax())
    };
    for x in starts(count, field.dimensions(), (lower, upper), subject.seed) {
        match field.search(DVector::from_vec(x), tolerance) {
            None => failed += 1,
            Some(x) if points.iter().any(|other| near(other, &x)) => {}
            // Rounding must not throw one out that lies on the face of the box.
            Some(x)
                if x.iter()
                    .all(|x| (x - x.clamp(lower, upper)).abs() <= 1e-9 * (1.0 + x.abs())) =>
            {
                points.push(x);
            }
            Some(_) => outside += 1,
        }
    }
    let mut reason = format!(
        "found from {count} starts in [{}, {}]: there may be others",
        plain(lower),
        plain(upper)
    );
    if outside > 0 {
        reason +=
            &format!("; {outside} searches left the box and ended at equilibria outside of it");
    }
    if failed > 0 {
        reason += &format!("; {failed} searches came to no end");
    }
    let list = points.iter().map(|x| Equilibrium {
        x: field.state(x),
        ..Equilibrium::default()
    });
    let mut found = Equilibria {
        list: list.collect(),
        complete: false,
        reason,
    };
    found.sort();
    Ok(found)
}

/// An equilibrium with its eigenvalues and what they say.
struct Judged<'a> {
    one: &'a Equilibrium,
    eigenvalues: Vec<(f64, f64)>,
    class: i8,
    stable: Option<bool>,
}

impl<'a> Judged<'a> {
    fn of(one: &'a Equilibrium, field: &Field<'_>) -> Self {
        let mut eigenvalues = one.eigenvalues.clone().unwrap_or_else(|| {
            let jacobian = field.jacobian(&field.point(&one.x));
            if jacobian.iter().any(|entry| !entry.is_finite()) {
                // The iteration for eigenvalues would not end.
                return vec![(f64::NAN, f64::NAN); field.dimensions()];
            }
            let values = jacobian.complex_eigenvalues();
            values.iter().map(|z| (z.re, z.im)).collect()
        });
        // The slowest first, of a pair the one that turns to the left.
        eigenvalues.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
        let class = class(&eigenvalues);
        Self {
            one,
            stable: is_stable(class).filter(|_| !one.on_kink),
            class: if one.on_kink { NO_CODE } else { class },
            eigenvalues,
        }
    }

    fn told(&self) -> String {
        match self.one.on_kink {
            true => "on a kink".into(),
            false => name(self.class),
        }
    }
}

fn findings(subject: &Subject<'_>, found: &Equilibria, judged: &[Judged<'_>]) -> Findings {
    let count = judged.len();
    let equilibrium = || Axis::new("equilibrium", count);
    let per = |name: &str, meaning: &str| Variable::new(name, vec![equilibrium()]).meaning(meaning);
    let mut findings = Findings::default().array(
        Variable::new("count", vec![]).meaning("number of equilibria"),
        Data::Count(vec![count as i64]),
    );
    let blocks = subject.system.layout().blocks();
    for block in blocks.iter().filter(|block| !block.auxiliary) {
        findings = findings.array(
            over_equilibria(block, count),
            Data::Real(gather(judged, |one| one.one.x[block.range()].to_vec())),
        );
    }
    let most = judged.iter().map(|one| one.eigenvalues.len()).max();
    let eigenvalue = Axis::new("eigenvalue", most.unwrap_or(subject.system.layout().len()));
    for (part, meaning, take) in [
        ("re", "real", (|z| z.0) as fn(&(f64, f64)) -> f64),
        ("im", "imaginary", |z| z.1),
    ] {
        let axes = vec![equilibrium(), eigenvalue.clone()];
        let variable = Variable::new(format!("eigenvalues_{part}"), axes)
            .unit("1/time")
            .meaning(format!(
                "{meaning} parts of the eigenvalues of the Jacobian"
            ));
        let values = gather(judged, |one| one.eigenvalues.iter().map(take).collect());
        findings = findings.array(variable, Data::Real(values));
    }
    let stable = gather(judged, |one| vec![truth(one.stable)]);
    findings = findings
        .array(
            per(
                "stable",
                "whether it is asymptotically stable: 1 yes, 0 no, NaN not told by the eigenvalues",
            ),
            Data::Real(stable),
        )
        .array(
            per("stability", "stability class"),
            Data::Code(judged.iter().map(|one| one.class).collect(), CLASSES),
        );
    if let [block] = blocks
        && judged.iter().any(|one| one.one.active.is_some())
    {
        let active = |one: &Judged<'_>| {
            let none = vec![NO_CODE; block.variable.len()];
            one.one.active.clone().unwrap_or(none)
        };
        let mut variable = over_equilibria(block, count).unit("1");
        variable.name = "active_set".into();
        let variable = variable.meaning("where each component is");
        findings = findings.array(variable, Data::Code(gather(judged, active), PLACES));
    }
    findings = findings.array(
        Variable::new("complete", vec![]).meaning("whether it is proved that there are no others"),
        Data::Real(vec![truth(Some(found.complete))]),
    );
    findings.table = table(subject, judged);
    let stable = judged.iter().filter(|one| one.stable == Some(true)).count();
    findings.line = vec![
        ("equilibria", count.to_string()),
        ("stable", stable.to_string()),
        ("complete", if found.complete { "yes" } else { "no" }.into()),
    ];
    findings.remarks = vec![found.reason.clone()];
    findings
}

const PLACES: &[(i8, &str)] = &[(-1, "floor"), (0, "free"), (1, "ceiling")];

fn gather<T>(judged: &[Judged<'_>], take: impl Fn(&Judged<'_>) -> Vec<T>) -> Vec<T> {
    judged.iter().flat_map(take).collect()
}

/// A block as an array over the equilibria.
fn over_equilibria(block: &Block, count: usize) -> Variable {
    let mut variable = block.variable.clone();
    variable.axes.insert(0, Axis::new("equilibrium", count));
    variable
}

/// A row per equilibrium: the first components, the leading eigenvalue, the class.
fn table(subject: &Subject<'_>, judged: &[Judged<'_>]) -> Vec<Vec<String>> {
    const SHOWN: usize = 6;
    let layout = subject.system.layout();
    let shown = layout.len().min(SHOWN);
    let mut head = vec!["equilibrium".to_string()];
    head.extend((0..shown).map(|index| layout.component(index)));
    if shown < layout.len() {
        head.push(format!("({} more)", layout.len() - shown));
    }
    head.extend(["leading eigenvalue", "stability"].map(String::from));
    let rows = judged.iter().enumerate().map(|(number, one)| {
        let mut row = vec![number.to_string()];
        row.extend(one.one.x[..shown].iter().map(|x| short(*x)));
        if shown < layout.len() {
            row.push("...".into());
        }
        row.push(match one.eigenvalues.first() {
            Some((re, im)) if *im != 0.0 => format!("{} +- {}i", short(*re), short(im.abs())),
            Some((re, _)) => short(*re),
            None => String::new(),
        });
        row.push(one.told());
        row
    });
    std::iter::once(head).chain(rows).collect()
}

/// A number for people: six significant digits.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if (1e-3..1e6).contains(&size) => {
            let digits = (5 - size.log10().floor() as i32).max(0) as usize;
            let text = format!("{value:.digits$}");
            match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
                false => text,
            }
        }
        _ => format!("{value:.3e}"),
    }
}
