//! The archive: one HDF5 file that opens as a labelled data set in every tool, and that no crash turns
//! into a wrong one.
//!
//! * [`contents`] says which data sets there will be; [`grid`] when samples are taken.
//! * [`writer`] writes them while the runs go on; `skeleton` makes the file before any data, `pack`
//!   writes it anew at the end when it must be, `journal` and `sidecar` stand beside it meanwhile.
//! * [`reader`] reads an archive back.
//!
//! `/events` exists only for systems with guards or impulses.

mod chunk;
pub mod contents;
mod derivation;
pub mod error;
pub mod grid;
mod inputs;
mod journal;
mod naming;
mod pack;
pub mod paths;
pub mod per_run;
pub mod provenance;
pub mod reader;
mod scale;
mod selection;
mod sidecar;
pub mod skeleton;
mod slab;
mod text;
pub mod writer;

pub use contents::Contents;
pub use error::ArchiveError;
pub use per_run::{Ending, RunRecord};
pub use reader::{Coordinates, Reader, Variable};
pub use skeleton::About;
pub use writer::{Claim, Milestone, Writer};
