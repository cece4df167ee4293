//! Pictures from archives: time series, curves, bands, heat maps, phase portraits, rasters, Bloch balls and
//! spectra as SVG or PNG.
//!
//! A [`Series`] is one variable over time or over an axis of a sweep; [`read`] takes it from an archive, [`save`] draws it. The font is embedded, so no picture
//! depends on what the machine has installed. Geometry: [`axis`] makes intervals and ticks,
//! [`envelope`] thins long lines without losing a peak, `frame` puts texts around the data.

pub mod axis;
mod bitmap;
pub mod bloch;
mod canvas;
mod dashes;
pub mod envelope;
mod font;
mod frame;
mod heat_map;
pub mod limit;
mod located;
mod palette;
pub mod phase;
mod place;
pub mod raster;
mod request;
pub mod series;
mod source;
pub mod spectrum;
mod still;
mod stroke;
mod time_series;

use std::path::Path;

use plotters::backend::SVGBackend;

use canvas::{Baseline, Canvas, SIZE, Surface};
pub use place::At;
pub use request::Request;
pub use series::{Quantity, Series};
pub use source::{Picture, read, shown};

use crate::archive::ArchiveError;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Over time, a line per component.
    TimeSeries,
    /// Values as colours: over time and components, or over two axes of a sweep.
    HeatMap,
    /// Over an axis of a sweep, a line per component.
    Curves,
    /// Over time, the mean over the members of an ensemble, with a band.
    Bands,
    /// The path of a two-level state in the Bloch ball.
    Bloch,
    /// Eigenvalues in the complex plane.
    Spectrum,
    /// One quantity against another.
    Phase,
    /// A dot for each event.
    Raster,
}

impl Kind {
    /// The kind that suits a number of components.
    pub fn of(components: usize) -> Self {
        match components {
            0..=12 => Kind::TimeSeries,
            _ => Kind::HeatMap,
        }
    }

    /// Its name, as `--kind` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::TimeSeries => "time-series",
            Kind::HeatMap => "heat-map",
            Kind::Curves => "curves",
            Kind::Bands => "bands",
            Kind::Bloch => "bloch",
            Kind::Spectrum => "spectrum",
            Kind::Phase => "phase",
            Kind::Raster => "raster",
        }
    }
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// The file name does not say which format.
    #[error("`{0}` is neither .svg nor .png, the formats of pictures")]
    Format(String),
    /// The archive cannot be read, or has no such variable.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The variable cannot be shown in this way.
    #[error("`{name}` {dims} {why}; what can be shown: {others}")]
    Unfit {
        /// The variable.
        name: String,
        /// Its dimensions.
        dims: String,
        /// Why not.
        why: String,
        /// What could be shown.
        others: String,
    },
    /// An option that the picture does not use.
    #[error("{picture} does not use `{option}`: {instead}")]
    Unused {
        /// The option.
        option: &'static str,
        /// What is drawn.
        picture: &'static str,
        /// What to do.
        instead: String,
    },
    /// Two sides of a phase portrait that were not recorded together.
    #[error(
        "`{across}` and `{upwards}` are not recorded at the same times ({differ}): a phase portrait pairs numbers of one \
         moment; record both in one group"
    )]
    Clocks {
        /// What stands across.
        across: String,
        /// What stands upwards.
        upwards: String,
        /// How the times differ.
        differ: String,
    },
    /// Several components where a side of a phase portrait is one.
    #[error(
        "`{name}` [{dims}] has {count} components along `{dim}`, and a side of a phase portrait is one of them: hold it with \
         `--at {dim}=PLACE`"
    )]
    Several {
        /// The variable.
        name: String,
        /// Its dimensions.
        dims: String,
        /// How many components are left.
        count: usize,
        /// Along which dimension.
        dim: String,
    },
    /// A place that a picture was asked for does not exist.
    #[error("{0}")]
    Place(String),
    /// The archive has no variable over time.
    #[error("`{0}` has no variable over time to show")]
    Nothing(String),
    /// There is nothing to show.
    #[error("`{0}` has no samples to show")]
    Empty(String),
    /// The drawing library failed.
    #[error("cannot draw: {0}")]
    Draw(String),
    /// The picture cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// Where to.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
}

/// Draw the series into a file, whose extension, `svg` or `png`, is its format.
///
/// # Errors
/// For another extension, a series without samples, or a file that cannot be written.
pub fn save(series: &Series, kind: Kind, path: &Path) -> Result<(), PlotError> {
    let extension = path.extension().unwrap_or_default();
    let svg = extension.eq_ignore_ascii_case("svg");
    if !svg && !extension.eq_ignore_ascii_case("png") {
        return Err(PlotError::Format(path.display().to_string()));
    }
    if series.values.is_empty() {
        return Err(PlotError::Empty(series.quantity.name.clone()));
    }
    if !font::register() {
        return Err(PlotError::Draw("the embedded font is unreadable".into()));
    }
    let file = match svg {
        true => vector(series, kind)?.into_bytes(),
        false => bitmap::png(series, kind)?,
    };
    std::fs::write(path, file).map_err(|source| PlotError::Write {
        path: path.display().to_string(),
        source,
    })
}

/// The text of an SVG.
fn vector(series: &Series, kind: Kind) -> Result<String, PlotError> {
    let mut text = String::new();
    let backend = SVGBackend::with_string(&mut text, (SIZE.0 as u32, SIZE.1 as u32));
    draw(backend, Baseline::VECTOR, series, kind)?;
    let (dots, natural) = (SIZE, (SIZE.0 / 4, SIZE.1 / 4));
    let head = |(width, height)| format!("<svg width=\"{width}\" height=\"{height}\"");
    // The backend names the type of embedded images wrongly. Quotes are escaped within texts, so
    // nothing but an attribute is replaced.
    Ok(text
        .replacen(&head(dots), &head(natural), 1)
        .replace("href=\"data:png;base64,", "href=\"data:image/png;base64,"))
}

fn draw<B: Surface>(
    backend: B,
    baseline: Baseline,
    series: &Series,
    kind: Kind,
) -> Result<(), PlotError> {
    let mut canvas = Canvas::new(backend, baseline)?;
    match kind {
        Kind::TimeSeries | Kind::Curves | Kind::Bands => time_series::draw(&mut canvas, series)?,
        Kind::HeatMap => heat_map::draw(&mut canvas, series)?,
        Kind::Bloch => bloch::draw(&mut canvas, series)?,
        Kind::Spectrum => spectrum::draw(&mut canvas, series)?,
        Kind::Phase => phase::draw(&mut canvas, series)?,
        Kind::Raster => raster::draw(&mut canvas, series)?,
    }
    canvas.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(components: usize, samples: usize) -> Series {
        let times: Vec<f64> = (0..samples).map(|index| index as f64 * 0.01).collect();
        let values = times
            .iter()
            .flat_map(|&t| {
                (0..components).map(move |c| {
                    if (3.0..3.5).contains(&t) && c % 2 == 1 {
                        f64::NAN
                    } else {
                        (t - c as f64 * 0.3).sin() * (1.0 + c as f64 * 0.1)
                    }
                })
            })
            .collect();
        Series {
            title: "Waves <that> travel & \"return\"".into(),
            quantity: Quantity {
                name: "x".into(),
                unit: "Hz".into(),
                meaning: "firing rate of each neuron".into(),
            },
            clock: Quantity {
                name: "time".into(),
                unit: "ms".into(),
                meaning: String::new(),
            },
            times,
            components: (0..components).map(|c| format!("x[{c}]")).collect(),
            axis: "neuron".into(),
            first: 0.0,
            values,
            ..Series::default()
        }
    }

    fn drawn(series: &Series, kind: Kind, name: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        save(series, kind, &path).unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn a_png_has_the_promised_size_and_is_not_blank() {
        for kind in [Kind::TimeSeries, Kind::HeatMap] {
            let bytes = drawn(&waves(3, 1000), kind, "x.png");
            assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
            assert_eq!(&bytes[12..16], b"IHDR");
            let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            assert_eq!((number(16), number(20)), (1600, 960));
            assert!(bytes.len() > 10_000);
        }
    }

    #[test]
    fn an_svg_holds_its_labels_escaped_and_stays_small() {
        let long = drawn(&waves(5, 200_000), Kind::TimeSeries, "x.svg");
        let text = String::from_utf8(long).unwrap();
        assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
        for label in [
            "x, firing rate of each neuron (Hz)",
            "time (ms)",
            "x[4]",
            "&amp;",
            "&lt;that&gt;",
        ] {
            assert!(text.contains(label), "no `{label}`");
        }
        assert!(text.len() < 600_000, "{} bytes", text.len());
        let many = drawn(&waves(200, 2000), Kind::TimeSeries, "x.svg");
        assert!(many.len() < 4_000_000, "{} bytes", many.len());
        let map = drawn(&waves(200, 2000), Kind::HeatMap, "x.svg");
        assert!(map.len() < 1_500_000, "{} bytes", map.len());
        assert!(
            String::from_utf8(map)
                .unwrap()
                .contains("data:image/png;base64,")
        );
    }

    #[test]
    fn constant_and_missing_numbers_make_pictures_too() {
        for value in [0.0, 2.5, f64::NAN, f64::MAX] {
            let mut series = waves(2, 50);
            series.values.fill(value);
            for kind in [Kind::TimeSeries, Kind::HeatMap] {
                assert!(!drawn(&series, kind, "x.svg").is_empty());
            }
        }
        assert!(!drawn(&waves(1, 1), Kind::TimeSeries, "x.png").is_empty());
    }

    #[test]
    fn what_cannot_be_drawn_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let to =
            |name: &str, series: &Series| save(series, Kind::TimeSeries, &folder.path().join(name));
        let series = waves(2, 10);
        assert!(matches!(to("x.pdf", &series), Err(PlotError::Format(_))));
        assert!(matches!(
            to("no/such/folder.png", &series),
            Err(PlotError::Write { .. })
        ));
        assert!(matches!(
            to("no/such/folder.svg", &series),
            Err(PlotError::Write { .. })
        ));
        assert!(matches!(
            to("x.svg", &waves(2, 0)),
            Err(PlotError::Empty(_))
        ));
    }
}
