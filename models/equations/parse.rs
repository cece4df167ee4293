//! From text to expression: precedence climbing over a hand-written scanner.
//!
//! ```text
//! expression  sum of terms: + -, from the left
//! term        * /, from the left
//! signed      - binds less than ^: -x^2 = -(x^2)
//! power       ^, from the right: a^b^c = a^(b^c)
//! atom        number, name, name(arguments), name[places], (expression)
//! ```

use std::ops::Range;

use super::expression::{Expression, Form};
use super::function::Binary;

/// What is wrong with a text, and where in it.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntaxError {
    pub message: String,
    pub label: String,
    pub help: Option<String>,
    pub at: Range<usize>,
}

/// Deeper nesting than this is a mistake, not a model.
const DEEPEST: usize = 128;
/// So many sums, or products, may stand in a row.
const LONGEST: usize = 2000;

/// The expression that a text says.
pub fn parse(text: &str) -> Result<Expression, SyntaxError> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let expression = parser.sum()?;
    match parser.peek() {
        None => Ok(expression),
        Some(')') => Err(parser.error("this `)` closes nothing", "no `(` before it")),
        Some(']') => Err(parser.error("this `]` closes nothing", "no `[` before it")),
        Some(_) => Err(parser.unexpected("an operator")),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn error(&mut self, message: impl Into<String>, label: impl Into<String>) -> SyntaxError {
        let width = self.peek().map_or(0, char::len_utf8);
        SyntaxError {
            message: message.into(),
            label: label.into(),
            help: None,
            at: self.at..self.at + width,
        }
    }

    fn unexpected(&mut self, wanted: &str) -> SyntaxError {
        let Some(found) = self.peek() else {
            return self.error(
                format!("the expression ends where {wanted} is missing"),
                format!("{wanted} is missing here"),
            );
        };
        let mut error = self.error(
            format!("`{found}` stands where {wanted} is expected"),
            format!("expected {wanted}"),
        );
        error.help = match found {
            '<' | '>' | '=' | '!' | '&' | '|' | '?' => Some(
                "there are no comparisons: heaviside(a - b) is 1 where a >= b and 0 elsewhere"
                    .into(),
            ),
            '%' => Some("the remainder is mod(a, b)".into()),
            '*' => Some("a power is a^b".into()),
            '\'' => Some("a derivative is not written in an expression: `drift` is one".into()),
            found if found.is_alphanumeric() && wanted == "an operator" => {
                Some("a product needs its sign: 2*v, not 2 v".into())
            }
            _ => None,
        };
        error
    }

    fn sum(&mut self) -> Result<Expression, SyntaxError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("this expression is nested too deeply", "too deep"));
        }
        let mut left = self.product()?;
        for number in 0.. {
            let operator = match self.peek() {
                Some('+') => Binary::Add,
                Some('-') => Binary::Sub,
                _ => break,
            };
            self.count(number)?;
            self.at += 1;
            left = pair(operator, left, self.product()?);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn product(&mut self) -> Result<Expression, SyntaxError> {
        let mut left = self.signed()?;
        for number in 0.. {
            let operator = match self.peek() {
                Some('*') => Binary::Mul,
                Some('/') => Binary::Div,
                _ => break,
            };
            self.count(number)?;
            self.at += 1;
            left = pair(operator, left, self.signed()?);
        }
        Ok(left)
    }

    /// Refuse more operations in a row than an expression may have.
    fn count(&mut self, number: usize) -> Result<(), SyntaxError> {
        if number < LONGEST {
            return Ok(());
        }
        let message = format!("this expression has more than {LONGEST} operations in a row");
        let mut error = self.error(message, "too long");
        error.help = Some(
            "sum(k, ...) adds over the elements of a vector; [model.define] gives parts a name"
                .into(),
        );
        Err(error)
    }

    fn signed(&mut self) -> Result<Expression, SyntaxError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("this expression is nested too deeply", "too deep"));
        }
        self.peek();
        let start = self.at;
        let signed = if self.take('-') {
            let inner = self.signed()?;
            let at = start..inner.at.end;
            Expression {
                form: Form::Minus(Box::new(inner)),
                at,
            }
        } else if self.take('+') {
            self.signed()?
        } else {
            self.power()?
        };
        self.depth -= 1;
        Ok(signed)
    }

    fn power(&mut self) -> Result<Expression, SyntaxError> {
        let base = self.atom()?;
        if self.take('^') {
            return Ok(pair(Binary::Pow, base, self.signed()?));
        }
        Ok(base)
    }

    fn atom(&mut self) -> Result<Expression, SyntaxError> {
        let Some(first) = self.peek() else {
            return Err(self.unexpected("a value"));
        };
        let start = self.at;
        if first == '(' {
            self.at += 1;
            let mut inner = self.sum()?;
            self.close(start, '(', ')')?;
            inner.at = start..self.at;
            return Ok(inner);
        }
        if first.is_ascii_digit() || first == '.' {
            return self.number();
        }
        if !(first.is_ascii_alphabetic() || first == '_') {
            return Err(self.unexpected("a value"));
        }
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let rest = &self.text[start..];
        let length = rest.find(|c| !letter(c)).unwrap_or(rest.len());
        let name = rest[..length].to_string();
        self.at += length;
        let form = match self.peek() {
            Some('(') => Form::Call(name, self.list('(', ')')?),
            Some('[') => Form::Element(name, self.list('[', ']')?),
            _ => {
                return Ok(Expression {
                    form: Form::Name(name),
                    at: start..start + length,
                });
            }
        };
        Ok(Expression {
            form,
            at: start..self.at,
        })
    }

    fn list(&mut self, open: char, close: char) -> Result<Vec<Expression>, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut parts = Vec::new();
        if self.take(close) {
            return Ok(parts);
        }
        loop {
            parts.push(self.sum()?);
            if !self.take(',') {
                self.close(start, open, close)?;
                return Ok(parts);
            }
        }
    }

    fn close(&mut self, opened: usize, open: char, close: char) -> Result<(), SyntaxError> {
        if self.take(close) {
            return Ok(());
        }
        if self.peek().is_some() {
            return Err(self.unexpected("an operator"));
        }
        Err(SyntaxError {
            message: format!("this `{open}` is never closed"),
            label: format!("no `{close}` after it"),
            help: None,
            at: opened..opened + 1,
        })
    }

    fn number(&mut self) -> Result<Expression, SyntaxError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let mut end = digits(start);
        if bytes.get(end) == Some(&b'.') {
            end = digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent > end + 1 + sign {
                end = exponent;
            }
        }
        let text = &self.text[start..end];
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                self.at = end;
                Ok(Expression {
                    form: Form::Number(number),
                    at: start..end,
                })
            }
            _ => Err(SyntaxError {
                message: format!("`{text}` is no number of double precision"),
                label: "no number".into(),
                help: None,
                at: start..end,
            }),
        }
    }
}

fn pair(operator: Binary, a: Expression, b: Expression) -> Expression {
    let at = a.at.start..b.at.end;
    Expression {
        form: Form::Pair(operator, Box::new(a), Box::new(b)),
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fully bracketed.
    fn show(expression: &Expression) -> String {
        let list = |parts: &[Expression]| parts.iter().map(show).collect::<Vec<_>>().join(",");
        match &expression.form {
            Form::Number(number) => number.to_string(),
            Form::Name(name) => name.clone(),
            Form::Element(name, places) => format!("{name}[{}]", list(places)),
            Form::Call(name, arguments) => format!("{name}({})", list(arguments)),
            Form::Minus(inner) => format!("(-{})", show(inner)),
            Form::Pair(operator, a, b) => {
                let sign = ["+", "-", "*", "/", "^"][*operator as usize];
                format!("({}{sign}{})", show(a), show(b))
            }
        }
    }

    #[test]
    fn operators_bind_as_in_mathematics() {
        for (text, shown) in [
            ("1 - 2 - 3", "((1-2)-3)"),
            ("a/b/c*d", "(((a/b)/c)*d)"),
            ("-x^2", "(-(x^2))"),
            ("2^-3^2", "(2^(-(3^2)))"),
            ("2^3^2", "(2^(3^2))"),
            ("a + b*c^d", "(a+(b*(c^d)))"),
            ("-a*b", "((-a)*b)"),
            ("(a + b)*c", "((a+b)*c)"),
            ("- - x", "(-(-x))"),
            ("a - -b", "(a-(-b))"),
            ("1.5e-3 + .5 + 2.", "((0.0015+0.5)+2)"),
            ("2e", ""),
            ("f(x, u[i - 1])", "f(x,u[(i-1)])"),
            ("sum(j, W[i, j]*x[j])", "sum(j,(W[i,j]*x[j]))"),
        ] {
            match parse(text) {
                Ok(expression) => assert_eq!(show(&expression), shown, "{text}"),
                Err(_) => assert_eq!(shown, "", "{text}"),
            }
        }
    }

    #[test]
    fn mistakes_are_found_where_they_are() {
        for (text, at) in [
            ("", 0..0),
            ("a +", 3..3),
            ("a b", 2..3),
            ("(a + b", 0..1),
            ("a)", 1..2),
            ("a > b", 2..3),
            ("2 ** 3", 3..4),
            ("tanh(v", 4..5),
            ("1e999", 0..5),
            ("\u{e9}", 0..2),
        ] {
            assert_eq!(parse(text).map_err(|error| error.at), Err(at), "{text}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&"-".repeat(100_000)).is_err());
    }
}
