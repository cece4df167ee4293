//! The request: what a picture is asked to show, and which part of that each picture uses.
//!
//! ```text
//! picture                          --variable   --against   --at   --run
//! of a variable                        x                      x      x
//! phase portrait                       x            x         x      x
//! Bloch ball                                                  x      x
//! raster                                                             x
//! spectrum, limit study
//! ```
//!
//! What a picture does not use is refused: it would look as if it had been.

use super::place::At;
use super::{Kind, PlotError, limit, spectrum};
use crate::archive::reader::Reader;

/// What a picture is asked to show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The variable; one that suits if nobody says.
    pub variable: Option<String>,
    /// Dimensions held at a position.
    pub at: Vec<At>,
    /// All dimensions of runs held at this run.
    pub run: Option<u64>,
    /// The kind; the one that suits if nobody says.
    pub kind: Option<Kind>,
    /// Of a phase portrait: what stands across.
    pub against: Option<String>,
}

/// What a picture is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Variable,
    Phase,
    Bloch,
    Raster,
    Spectrum,
    Limit,
}

impl Source {
    /// What a request is about: what its kind says, or what the archive was made for.
    pub fn of(reader: &Reader, request: &Request) -> Self {
        let study = request.variable.is_none();
        match request.kind {
            Some(Kind::Phase) => Source::Phase,
            Some(Kind::Bloch) => Source::Bloch,
            Some(Kind::Raster) => Source::Raster,
            Some(Kind::Spectrum) => Source::Spectrum,
            None if request.against.is_some() => Source::Phase,
            None if study && limit::is_there(reader) => Source::Limit,
            None if study && spectrum::is_there(reader) => Source::Spectrum,
            _ => Source::Variable,
        }
    }

    fn told(self) -> &'static str {
        match self {
            Source::Variable => "the picture of a variable",
            Source::Phase => "a phase portrait",
            Source::Bloch => "the Bloch ball",
            Source::Raster => "a raster of events",
            Source::Spectrum => "the spectrum of one system",
            Source::Limit => "the picture of a limit study",
        }
    }

    fn uses(self) -> &'static [&'static str] {
        match self {
            Source::Variable => &["--variable", "--at", "--run"],
            Source::Phase => &["--variable", "--against", "--at", "--run"],
            Source::Bloch => &["--at", "--run"],
            Source::Raster => &["--run"],
            Source::Spectrum | Source::Limit => &[],
        }
    }

    /// Refuse a request with something that this picture does not use.
    pub fn accept(self, request: &Request) -> Result<(), PlotError> {
        let given = [
            ("--variable", request.variable.is_some()),
            ("--against", request.against.is_some()),
            ("--at", !request.at.is_empty()),
            ("--run", request.run.is_some()),
        ];
        let used = self.uses();
        let unused = |(option, is_given): &(&str, bool)| *is_given && !used.contains(option);
        let Some((option, _)) = given.into_iter().find(unused) else {
            return Ok(());
        };
        Err(PlotError::Unused {
            option,
            picture: self.told(),
            instead: self.instead(option, request.kind.is_none()),
        })
    }

    /// What to do about an option that is not used.
    fn instead(self, option: &str, by_itself: bool) -> String {
        match self.uses() {
            _ if option == "--against" => {
                "leave it out, or ask for a phase portrait with `--kind phase`".into()
            }
            _ if by_itself => "leave it out, or say what to show with --variable".into(),
            [] => "leave it out".into(),
            used => format!("leave it out; {} uses {}", self.told(), used.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_refuses_what_it_does_not_use_and_nothing_else() {
        let all = [
            Source::Variable,
            Source::Phase,
            Source::Bloch,
            Source::Raster,
            Source::Spectrum,
            Source::Limit,
        ];
        let one = |option: &str| {
            let mut request = Request::default();
            match option {
                "--variable" => request.variable = Some("x".into()),
                "--against" => request.against = Some("x".into()),
                "--at" => request.at = vec!["neuron=0".parse().unwrap()],
                _ => request.run = Some(0),
            }
            request
        };
        for source in all {
            assert!(source.accept(&Request::default()).is_ok());
            for option in ["--variable", "--against", "--at", "--run"] {
                match source.accept(&one(option)) {
                    Ok(()) => assert!(source.uses().contains(&option), "{source:?} {option}"),
                    Err(error) => {
                        assert!(!source.uses().contains(&option), "{source:?} {option}");
                        let told = error.to_string();
                        assert!(
                            told.contains(option) && told.contains("leave it out"),
                            "{told}"
                        );
                    }
                }
            }
        }
    }
}
