//! Where the positions along a dimension are, if a quantity beside a variable says so: the stimulus of each curve.
//!
//! A variable names such quantities in its attribute `coordinates`. Of one that names none, the only quantity along the
//! dimension in the same group is taken for that, if it ascends.

use super::PlotError;
use super::place::in_unit;
use super::source::if_there;
use crate::archive::reader::{Coordinates, Reader, Variable};

/// A quantity along a dimension, and its numbers.
pub struct Located {
    pub quantity: Variable,
    pub numbers: Vec<f64>,
}

impl Located {
    /// The quantity that a variable names, whose numbers may lie in any order.
    pub fn named(
        reader: &Reader,
        variable: &Variable,
        along: &Coordinates,
    ) -> Result<Option<Self>, PlotError> {
        let group = variable
            .name
            .rsplit_once('/')
            .map_or("", |(group, _)| group);
        for name in reader.coordinates_named(&variable.name)? {
            let path = format!("{group}/{name}");
            // Those of the runs stand elsewhere, and lie along dimensions of runs.
            let Some(quantity) = if_there(reader, path.trim_start_matches('/'))? else {
                continue;
            };
            if quantity.dims == [along.name.as_str()] && !quantity.is_text {
                let numbers = reader.read(&quantity.name)?;
                return Ok(Some(Self { quantity, numbers }));
            }
        }
        Ok(None)
    }

    /// A quantity over whose numbers a variable can be drawn: they ascend.
    pub fn ascending(
        reader: &Reader,
        variable: &Variable,
        along: &Coordinates,
    ) -> Result<Option<Self>, PlotError> {
        let found = match Self::named(reader, variable, along)? {
            None => Self::only(reader, variable, along)?,
            named => named,
        };
        let ascends = |one: &Self| one.numbers.windows(2).all(|pair| pair[0] < pair[1]);
        Ok(found.filter(ascends))
    }

    /// The only quantity beside a variable that lies along a dimension and nothing else.
    fn only(
        reader: &Reader,
        variable: &Variable,
        along: &Coordinates,
    ) -> Result<Option<Self>, PlotError> {
        let Some((group, _)) = variable.name.rsplit_once('/') else {
            return Ok(None);
        };
        let mut beside = reader.variables_in(group)?;
        beside
            .retain(|one| !one.is_coordinate && !one.is_text && one.dims == [along.name.as_str()]);
        let [only] = &beside[..] else {
            return Ok(None);
        };
        let (numbers, quantity) = (reader.read(&only.name)?, only.clone());
        Ok(Some(Self { quantity, numbers }))
    }

    /// What the positions are called: `first = 0.2`.
    pub fn names(&self) -> Vec<String> {
        let (_, name) = self
            .quantity
            .name
            .rsplit_once('/')
            .unwrap_or(("", &self.quantity.name));
        let numbers = self.numbers.iter();
        let named =
            numbers.map(|&number| format!("{name} = {}", in_unit(number, &self.quantity.units)));
        named.collect()
    }
}
