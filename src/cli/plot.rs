//! `nullcline plot FILE`: a picture of a variable over time.

use std::path::PathBuf;

use clap::ValueEnum;

use super::failure::{Code, Failure};
use super::inspect;
use crate::archive::ArchiveError;
use crate::archive::reader::Reader;
use crate::plot::{self, Kind, PlotError};

/// Draw a variable of an archive over time, as SVG or PNG
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nullcline plot pair.h5 -o pair.png --variable x")]
pub struct Arguments {
    /// The archive
    file: PathBuf,
    /// Where to, ending in .svg or .png; by default beside the archive, as SVG
    #[arg(short, long, value_name = "PICTURE")]
    output: Option<PathBuf>,
    /// What kind of picture; by default lines, or a heat map if there are more than 12 components
    #[arg(long)]
    kind: Option<KindName>,
    /// Which variable; by default the first block of the state
    #[arg(long, value_name = "NAME")]
    variable: Option<String>,
    /// Tell nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindName {
    /// A line per component
    TimeSeries,
    /// Time across, components upwards, values as colours
    HeatMap,
}

pub fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let reader = Reader::open(&arguments.file).map_err(|error| inspect::unreadable(&error))?;
    let series = plot::read(&reader, arguments.variable.as_deref()).map_err(refuse)?;
    let kind = match arguments.kind {
        Some(KindName::TimeSeries) => Kind::TimeSeries,
        Some(KindName::HeatMap) => Kind::HeatMap,
        None => Kind::of(series.components.len()),
    };
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => arguments.file.with_extension("svg"),
    };
    plot::save(&series, kind, &path).map_err(refuse)?;
    if !arguments.quiet {
        eprintln!("drew {} to {}", series.quantity.name, path.display());
    }
    Ok(())
}

fn refuse(error: PlotError) -> Failure {
    let code = match &error {
        PlotError::Archive(ArchiveError::Unknown { .. })
        | PlotError::Format(_)
        | PlotError::NotOverTime { .. }
        | PlotError::Nothing(_)
        | PlotError::Empty(_) => Code::Usage,
        PlotError::Archive(_) | PlotError::Draw(_) | PlotError::Write { .. } => Code::InputOutput,
    };
    Failure::new(code, error.to_string())
}
