//! `nullcline methods`: the cards of the schemes.

use std::io::Write;

use serde_json::{Value, json};

use super::failure::Failure;
use super::output::Output;
use super::table;
use crate::engine::card::{Card, Needs, Stepping, Stochastic};
use crate::engine::schemes::CARDS;
use crate::system::noise::NoiseClass;

/// Print the cards of the schemes: the names that `solver.method` takes, and when to use which
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline methods")]
pub struct Arguments {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub fn execute(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    if arguments.json {
        let cards: Vec<Value> = CARDS.iter().map(|card| as_json(card)).collect();
        return Ok(output.json(&cards.into())?);
    }
    for (index, card) in CARDS.iter().enumerate() {
        if index > 0 {
            writeln!(output)?;
        }
        let head = format!("{}: {}", card.name, card.title);
        writeln!(output, "{}", table::line(&head))?;
        output.write_all(table::columns(&rows(card), table::page()).as_bytes())?;
    }
    Ok(())
}

fn stepping(card: &Card) -> &'static str {
    match card.stepping {
        Stepping::Fixed => "fixed",
        Stepping::Adaptive => "adaptive",
        Stepping::Either => "fixed or adaptive",
        Stepping::Exact => "exact",
    }
}

fn needs(card: &Card) -> &'static str {
    match card.needs {
        Needs::Nothing => "a drift",
        Needs::Constraint => "a closed set that the state must not leave",
        Needs::Selector => "a drift with selections across surfaces",
        Needs::Map => "a map",
        Needs::OwnStep => "a family that brings this update along",
        Needs::Linear => "an affine drift, constant between edges of stimuli",
    }
}

/// The orders for each class of noise.
fn noise(card: &Card) -> String {
    let Some(noise) = card.noise else {
        return "none".into();
    };
    let classes = NoiseClass::ALL
        .iter()
        .map(|&class| match noise.orders(class) {
            Some(orders) => format!(
                "{}: strong {}, weak {}",
                class.name(),
                orders.strong,
                orders.weak
            ),
            None => format!("{}: none", class.name()),
        });
    let classes: Vec<String> = classes.collect();
    let reflects = match noise.reflects {
        true => "; reflects in closed sets",
        false => "",
    };
    format!("{}, {}{reflects}", noise.calculus, classes.join("; "))
}

fn noise_as_json(noise: &Stochastic) -> Value {
    let classes = NoiseClass::ALL.iter().map(|&class| {
        let orders = noise.orders(class);
        let orders = orders.map(|one| json!({ "strong": one.strong, "weak": one.weak }));
        (class.name().to_string(), json!(orders))
    });
    json!({
        "calculus": noise.calculus.to_string(),
        "orders": classes.collect::<serde_json::Map<_, _>>(),
        "reflects": noise.reflects,
    })
}

/// The rows of a card: what, and how.
pub(super) fn rows(card: &Card) -> Vec<Vec<String>> {
    let steps = match card.stepping {
        Stepping::Fixed => "fixed, of length `solver.step`",
        Stepping::Adaptive => "adaptive, by `solver.rtol` and `solver.atol`",
        Stepping::Either if card.noise.is_some() => {
            "fixed, of length `solver.step`, or adaptive, by `solver.rtol` and `solver.atol`, both 1e-3 by default"
        }
        Stepping::Either => {
            "fixed, of length `solver.step`, or adaptive, by `solver.rtol` and `solver.atol`"
        }
        Stepping::Exact => "the intervals between samples",
    };
    let embedded = card.embedded_order.map_or(String::new(), |order| {
        format!(", error estimate of order {order}")
    });
    let cost = match card.evaluations {
        1 => "one evaluation of the drift per step".into(),
        count => format!("{count} evaluations of the drift per step"),
    };
    [
        (
            "order",
            match card.stepping {
                Stepping::Exact => "exact".into(),
                _ => format!(
                    "{}{embedded}, between steps {}",
                    card.order, card.dense_order
                ),
            },
        ),
        ("steps", steps.into()),
        ("cost", cost),
        ("stability", card.stability.into()),
        ("drift", format!("{} or smoother", card.smoothness)),
        ("needs", needs(card).into()),
        ("noise", noise(card)),
        ("use when", card.use_when.into()),
        ("reference", card.reference.into()),
    ]
    .map(|(name, text)| vec![name.into(), text])
    .into()
}

fn as_json(card: &Card) -> Value {
    json!({
        "name": card.name,
        "title": card.title,
        "order": card.order,
        "embedded_order": card.embedded_order,
        "dense_order": card.dense_order,
        "stepping": stepping(card),
        "evaluations": card.evaluations,
        "stability": card.stability,
        "needs": needs(card),
        "smoothness": card.smoothness.to_string(),
        "noise": card.noise.map(|noise| noise_as_json(&noise)),
        "use_when": card.use_when,
        "reference": card.reference,
    })
}
