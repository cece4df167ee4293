//! The archive: one HDF5 file that opens as a labelled data set in every tool, and that no crash turns
//! into a wrong one.
//!
//! * [`contents`] says which data sets there will be; [`grid`] when samples are taken.
//! * [`writer`] writes them while the runs go on; `skeleton` makes the file before any data, `pack`
//!   writes it anew at the end when it must be, `journal` and `sidecar` stand beside it meanwhile.
//! * [`reader`] reads an archive back; [`compare`] tells two archives apart.
//!
//! `/events` exists only for systems that can have events.

pub mod analysis;
mod axes;
mod checkpoint;
mod chunk;
pub mod claim;
pub mod compare;
mod compare_config;
pub mod contents;
mod derivation;
mod ending;
pub mod error;
pub mod events;
pub(crate) mod gathering;
pub mod grid;
mod inputs;
pub mod journal;
pub mod known_faults;
pub mod members;
mod naming;
mod pack;
pub mod paths;
pub mod per_run;
pub mod provenance;
pub mod reader;
pub mod run_dims;
mod scale;
mod selection;
mod sidecar;
pub mod skeleton;
mod slab;
mod store;
mod syncer;
mod text;
pub mod writer;

pub use claim::{Claim, Leave};
pub use contents::Contents;
pub use error::ArchiveError;
pub use per_run::{Ending, Noticed, RunRecord};
pub use reader::{Coordinates, Reader, Variable};
pub use skeleton::About;
pub use writer::{Checkpoints, Milestone, Resumed, TaskResult, Writer};
