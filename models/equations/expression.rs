//! Expressions as written: a tree with the bytes of every part.

use std::ops::Range;

use super::function::Binary;

/// An expression and where it stands in its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub form: Form,
    pub at: Range<usize>,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// `1.5`
    Number(f64),
    /// `v`
    Name(String),
    /// `u[i + 1]`, `W[i, j]`; the bytes of the name alone begin the whole.
    Element(String, Vec<Expression>),
    /// `tanh(v)`
    Call(String, Vec<Expression>),
    /// `-v`
    Minus(Box<Expression>),
    /// `a + b`
    Pair(Binary, Box<Expression>, Box<Expression>),
}

impl Expression {
    /// The name that begins it, of an element or a call.
    pub fn head(&self, name: &str) -> Range<usize> {
        self.at.start..self.at.start + name.len()
    }

    /// Whether the name occurs freely in it, as a value.
    pub fn mentions(&self, wanted: &str) -> bool {
        match &self.form {
            Form::Number(_) => false,
            Form::Name(name) => name == wanted,
            Form::Element(_, places) => places.iter().any(|one| one.mentions(wanted)),
            Form::Call(name, arguments) if name == "sum" => {
                let bound = matches!(arguments.first().map(|one| &one.form),
                    Some(Form::Name(name)) if name == wanted);
                !bound && arguments.iter().skip(1).any(|one| one.mentions(wanted))
            }
            Form::Call(_, arguments) => arguments.iter().any(|one| one.mentions(wanted)),
            Form::Minus(inner) => inner.mentions(wanted),
            Form::Pair(_, a, b) => a.mentions(wanted) || b.mentions(wanted),
        }
    }

    /// Every part that is a name, an element or a call, itself included.
    pub fn walk<'e>(&'e self, visit: &mut dyn FnMut(&'e Expression)) {
        visit(self);
        match &self.form {
            Form::Number(_) | Form::Name(_) => {}
            Form::Element(_, parts) | Form::Call(_, parts) => {
                parts.iter().for_each(|part| part.walk(visit));
            }
            Form::Minus(inner) => inner.walk(visit),
            Form::Pair(_, a, b) => {
                a.walk(visit);
                b.walk(visit);
            }
        }
    }
}
