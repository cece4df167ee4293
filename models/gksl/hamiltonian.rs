//! The Hamiltonian H, in the decision basis: given in full, by elements, or built.
//!
//! ```text
//! qubit               (h_z sigma_z + h_perp (cos phase sigma_x + sin phase sigma_y)) / 2
//! pothos-busemeyer    H_A + H_B, reordered to CC, CD, DC, DD (own, other); basis (other, own) = DD, DC, CD, CC:
//!                     H_A = diag(h, h),  h = (1 + mu^2)^(-1/2) [[mu, 1], [1, -mu]]
//!                     H_B = -gamma/sqrt 2 [[1, 0, 1, 0], [0, -1, 0, 1], [1, 0, -1, 0], [0, 1, 0, 1]]
//! conditional-rabi    sum_c omega_c/2 sigma_x (x) |c><c|: own flips at omega_c where the other is in state c
//! ```
//!
//! and `(1 - omega) (A + A^T)/2` of a quantum stochastic walk. Units of 1/time. Only the upper triangle need be given.
//!
//! Pothos, Busemeyer, *Proc. R. Soc. B* 276 (2009) 2171; Whitfield, Rodriguez-Rosario, Aspuru-Guzik, *Phys. Rev. A* 81 (2010) 022323.

use super::coordinates::phase;
use super::operator::{C, Operator};
use crate::prelude::*;

/// The names of the builders.
pub const BUILDERS: &[&str] = &["qubit", "pothos-busemeyer", "conditional-rabi"];

/// Options, and the builder that each belongs to.
const OPTIONS: &[(&str, &str)] = &[
    ("hamiltonian.h_z", "qubit"),
    ("hamiltonian.h_perp", "qubit"),
    ("hamiltonian.phase", "qubit"),
    ("hamiltonian.mu", "pothos-busemeyer"),
    ("hamiltonian.gamma", "pothos-busemeyer"),
    ("hamiltonian.omega", "conditional-rabi"),
];

/// The Hamiltonian of checked parameters for N levels.
///
/// # Errors
/// If it is given twice, has another size, or is not Hermitian.
pub fn build(parameters: &Parameters, n: usize) -> Result<Operator, BuildError> {
    let given = |name: &str| parameters.get(name).is_some();
    let builder = given("hamiltonian.builder").then(|| parameters.text("hamiltonian.builder"));
    one_form(parameters, builder)?;
    let mut entries = match builder {
        Some("qubit") => qubit(parameters, n)?,
        Some("pothos-busemeyer") => pothos_busemeyer(parameters, n)?,
        Some(_) => conditional_rabi(parameters, n)?,
        None if given("hamiltonian.elements") => elements(parameters, n)?,
        None => full(parameters, n)?,
    };
    let form = match given("hamiltonian.elements") {
        true => "hamiltonian.elements",
        false => "hamiltonian.re",
    };
    hermitian(&mut entries, n, form)?;
    if given("walk.adjacency") {
        let adjacency = square(parameters, "walk.adjacency", n)?;
        let share = 1.0 - number(parameters, "walk.omega", 0.0);
        for (i, j) in pairs(n) {
            let link = share * 0.5 * (adjacency[i * n + j] + adjacency[j * n + i]);
            entries.push((i, j, C::new(link, 0.0)));
        }
    }
    Ok(Operator::new(n, entries))
}

/// A number that is given, or what it is otherwise.
pub fn number(parameters: &Parameters, name: &str, default: f64) -> f64 {
    match parameters.get(name) {
        Some(_) => parameters.real(name),
        None => default,
    }
}

/// The entries of an N x N parameter.
pub fn square<'p>(
    parameters: &'p Parameters,
    name: &str,
    n: usize,
) -> Result<&'p [f64], BuildError> {
    let array = parameters.array(name);
    match array.shape == [n, n] {
        true => Ok(&array.data),
        false => Err(BuildError::about(
            name,
            format!(
                "`{name}` has the shape {:?}, and `dimension` is {n}",
                array.shape
            ),
        )
        .help(format!(
            "give {n} rows of {n} numbers, or change `dimension`"
        ))),
    }
}

fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |i| (0..n).map(move |j| (i, j)))
}

/// That no two forms are given at once, and no option without its builder.
fn one_form(parameters: &Parameters, builder: Option<&str>) -> Result<(), BuildError> {
    let forms = [
        "hamiltonian.re",
        "hamiltonian.elements",
        "hamiltonian.builder",
    ];
    let mut given = forms
        .into_iter()
        .filter(|name| parameters.get(name).is_some());
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        let message = format!("the Hamiltonian is given twice, by `{first}` and by `{second}`");
        return Err(BuildError::about(second, message).help("keep one of them"));
    }
    if parameters.get("hamiltonian.im").is_some() && parameters.get("hamiltonian.re").is_none() {
        let message = "`hamiltonian.im` is given without `hamiltonian.re`";
        return Err(BuildError::about("hamiltonian.im", message)
            .help("give the real part as well; `re = 0.0` fills it"));
    }
    for (name, own) in OPTIONS {
        if parameters.get(name).is_some() && builder != Some(own) {
            let message =
                format!("`{name}` has no effect without `hamiltonian.builder = \"{own}\"`");
            return Err(BuildError::about(*name, message).help("remove it, or choose that builder"));
        }
    }
    if parameters.get("walk.omega").is_some() && parameters.get("walk.adjacency").is_none() {
        let message = "`walk.omega` has no effect without `walk.adjacency`";
        return Err(BuildError::about("walk.omega", message).help("give the graph of the walk"));
    }
    Ok(())
}

type Entries = Vec<(usize, usize, C)>;

fn full(parameters: &Parameters, n: usize) -> Result<Entries, BuildError> {
    if parameters.get("hamiltonian.re").is_none() {
        return Ok(Vec::new());
    }
    let re = square(parameters, "hamiltonian.re", n)?;
    let im = match parameters.get("hamiltonian.im") {
        Some(_) => Some(square(parameters, "hamiltonian.im", n)?),
        None => None,
    };
    let entry = |(i, j)| {
        let at = i * n + j;
        (i, j, C::new(re[at], im.map_or(0.0, |im| im[at])))
    };
    Ok(pairs(n).map(entry).collect())
}

fn elements(parameters: &Parameters, n: usize) -> Result<Entries, BuildError> {
    const NAME: &str = "hamiltonian.elements";
    let array = parameters.array(NAME);
    let width = array.shape[1];
    if !(3..=4).contains(&width) {
        let message = format!("each of `{NAME}` has {width} numbers");
        return Err(BuildError::about(NAME, message).help("write [i, j, re] or [i, j, re, im]"));
    }
    let mut entries: Entries = Vec::new();
    for (row, element) in array.data.chunks_exact(width).enumerate() {
        let level = |value: f64| {
            let legal = value >= 0.0 && value < n as f64 && value.fract() == 0.0;
            legal.then_some(value as usize).ok_or_else(|| {
                let message = format!("`{NAME}[{row}]` names the level {value}");
                BuildError::about(NAME, message)
                    .help(format!("levels are counted from 0 to {}", n - 1))
            })
        };
        let (i, j) = (level(element[0])?, level(element[1])?);
        if entries.iter().any(|&(a, b, _)| (a, b) == (i, j)) {
            let message = format!("`{NAME}[{row}]` gives the element ({i}, {j}) again");
            return Err(BuildError::about(NAME, message).help("give each element once"));
        }
        entries.push((
            i,
            j,
            C::new(element[2], element.get(3).copied().unwrap_or(0.0)),
        ));
    }
    Ok(entries)
}

/// Complete the lower triangle if only the upper one is given, and check.
fn hermitian(entries: &mut Entries, n: usize, form: &str) -> Result<(), BuildError> {
    let given = Operator::new(n, entries.iter().copied());
    let upper_only = given.entries().all(|(i, j, _)| i <= j);
    if upper_only {
        let above = given.entries().filter(|&(i, j, _)| i < j);
        entries.extend(above.map(|(i, j, value)| (j, i, value.conj())));
    }
    let whole = Operator::new(n, entries.iter().copied());
    let matrix = |i: usize, j: usize| {
        let found = whole.row(i).find(|&(column, _)| column == j);
        found.map_or(C::default(), |(_, value)| value)
    };
    let size = whole
        .entries()
        .map(|(.., value)| value.norm())
        .fold(0.0, f64::max);
    for (i, j, value) in whole.entries() {
        let other = matrix(j, i);
        if (value - other.conj()).norm() > 1e-12 * size {
            let message = format!(
                "the Hamiltonian is not Hermitian: its element ({i}, {j}) is {value}, and ({j}, {i}) is {other}"
            );
            return Err(BuildError::about(form, message).help(
                "the two are complex conjugates of each other, and the diagonal is real; or give the upper triangle alone",
            ));
        }
    }
    Ok(())
}

fn of_size(builder: &str, n: usize, needed: usize) -> Result<(), BuildError> {
    if n == needed {
        return Ok(());
    }
    let message = format!("the builder `{builder}` makes {needed} levels, and `dimension` is {n}");
    Err(BuildError::about("hamiltonian.builder", message)
        .help(format!("set `dimension = {needed}`")))
}

fn qubit(parameters: &Parameters, n: usize) -> Result<Entries, BuildError> {
    of_size("qubit", n, 2)?;
    let [z, perp, angle] = ["h_z", "h_perp", "phase"]
        .map(|name| number(parameters, &format!("hamiltonian.{name}"), 0.0));
    Ok(vec![
        (0, 0, C::new(0.5 * z, 0.0)),
        (1, 1, C::new(-0.5 * z, 0.0)),
        (0, 1, phase(-angle) * (0.5 * perp)),
    ])
}

/// The defaults of Pothos and Busemeyer: mu and gamma.
const PAPER: [f64; 2] = [0.51, 2.09];

fn pothos_busemeyer(parameters: &Parameters, n: usize) -> Result<Entries, BuildError> {
    of_size("pothos-busemeyer", n, 4)?;
    let mu = number(parameters, "hamiltonian.mu", PAPER[0]);
    let gamma = number(parameters, "hamiltonian.gamma", PAPER[1]);
    let g = -gamma / f64::sqrt(2.0);
    let h = 1.0 / (1.0 + mu * mu).sqrt();
    let rows = [
        [h * mu + g, h, g, 0.0],
        [h, -h * mu - g, 0.0, g],
        [g, 0.0, h * mu - g, h],
        [0.0, g, h, -h * mu + g],
    ];
    // DD, DC, CD, CC as (other, own) are CC, CD, DC, DD as (own, other) in this order.
    const ORDER: [usize; 4] = [3, 1, 2, 0];
    let entry = |(i, j): (usize, usize)| (i, j, C::new(rows[ORDER[i]][ORDER[j]], 0.0));
    Ok(pairs(4).map(entry).collect())
}

fn conditional_rabi(parameters: &Parameters, n: usize) -> Result<Entries, BuildError> {
    if parameters.get("hamiltonian.omega").is_none() {
        let message = "the builder `conditional-rabi` needs `hamiltonian.omega`";
        return Err(BuildError::about("hamiltonian.builder", message)
            .help("a frequency for each state of the other: omega = [6.0, 5.4]"));
    }
    let omega = parameters.vector("hamiltonian.omega");
    of_size("conditional-rabi", n, 2 * omega.len())?;
    let count = omega.len();
    let entry = |(c, omega): (usize, &f64)| (c, count + c, C::new(0.5 * omega, 0.0));
    Ok(omega.iter().enumerate().map(entry).collect())
}
