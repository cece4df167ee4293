//! `nullcline plot FILE`: a picture of what an archive holds.

use std::path::PathBuf;

use clap::ValueEnum;

use super::failure::{Code, Failure};
use super::inspect;
use crate::archive::ArchiveError;
use crate::archive::reader::Reader;
use crate::cli::remark::remark;
use crate::plot::{self, At, Kind, Picture, PlotError, Request};

/// Draw what an archive holds, as SVG or PNG: over time, over the axes of a sweep, one quantity against another
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  nullcline plot pair.h5 -o pair.png --variable x\n  \
                  nullcline plot pair.h5 --kind phase\n  \
                  nullcline plot sweep.h5 --variable x_mean --at ceiling=4"
)]
pub struct Arguments {
    /// The archive
    file: PathBuf,
    /// Where to, ending in .svg or .png; by default beside the archive, as SVG
    #[arg(short, long, value_name = "PICTURE")]
    output: Option<PathBuf>,
    /// What kind of picture; by default the one that suits what is left of the variable
    #[arg(long)]
    kind: Option<KindName>,
    /// Which variable; by default one that suits: the first block, a summary over the axes, a mean
    #[arg(long, value_name = "NAME")]
    variable: Option<String>,
    /// A phase portrait: which variable stands across
    #[arg(long, value_name = "NAME")]
    against: Option<String>,
    /// Hold a dimension at the place that is nearest; can be given many times
    #[arg(long, value_name = "DIMENSION=PLACE")]
    at: Vec<At>,
    /// Show only this run of a sweep, by its index
    #[arg(long, value_name = "I")]
    run: Option<u64>,
    /// Tell nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindName {
    /// Over time, a line per component
    TimeSeries,
    /// Values as colours: over time and components, or over two axes of a sweep
    HeatMap,
    /// Over an axis of a sweep, a line per component
    Curves,
    /// Over time, the mean over the members, with a band
    Bands,
    /// The path of a two-level state in the Bloch ball
    Bloch,
    /// Eigenvalues in the complex plane, of what `analyze` wrote
    Spectrum,
    /// One quantity against another, the path of a run
    Phase,
    /// A dot for each event: over time, by component or run
    Raster,
}

pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let reader = Reader::open(&arguments.file).map_err(|error| inspect::unreadable(&error))?;
    let request = Request {
        variable: arguments.variable.clone(),
        at: arguments.at.clone(),
        run: arguments.run,
        against: arguments.against.clone(),
        kind: arguments.kind.map(|kind| match kind {
            KindName::TimeSeries => Kind::TimeSeries,
            KindName::HeatMap => Kind::HeatMap,
            KindName::Curves => Kind::Curves,
            KindName::Bands => Kind::Bands,
            KindName::Bloch => Kind::Bloch,
            KindName::Spectrum => Kind::Spectrum,
            KindName::Phase => Kind::Phase,
            KindName::Raster => Kind::Raster,
        }),
    };
    let unknown =
        |error: &PlotError| matches!(error, PlotError::Archive(ArchiveError::Unknown { .. }));
    let picture = plot::read(&reader, &request).map_err(|error| match unknown(&error) {
        true => refuse(error).help(format!("what can be shown: {}", plot::shown(&reader))),
        false => refuse(error),
    });
    let Picture { series, kind } = picture?;
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => arguments.file.with_extension("svg"),
    };
    plot::save(&series, kind, &path).map_err(refuse)?;
    if !arguments.quiet {
        remark!("drew {} to {}", series.quantity.name, path.display());
    }
    Ok(())
}

fn refuse(error: PlotError) -> Failure {
    let code = match &error {
        PlotError::Archive(ArchiveError::Unknown { .. })
        | PlotError::Format(_)
        | PlotError::Unfit { .. }
        | PlotError::Unused { .. }
        | PlotError::Clocks { .. }
        | PlotError::Several { .. }
        | PlotError::Place(_)
        | PlotError::Nothing(_)
        | PlotError::Empty(_) => Code::Usage,
        PlotError::Archive(_) | PlotError::Draw(_) | PlotError::Write { .. } => Code::InputOutput,
    };
    Failure::new(code, error.to_string())
}
