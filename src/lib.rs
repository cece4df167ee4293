//! nullcline: a dynamical-systems simulation framework.
//!
//! One TOML file describes an experiment; one command runs it; one HDF5 file holds the trajectories
//! and everything needed to run them again. The map of the house:
//!
//! * [`system`]: WHAT evolves. Traits and data, no algorithms.
//! * [`engine`]: HOW it evolves. One loop, one file per scheme.
//! * [`models`]: the model families, one file or folder each, importing only the [`prelude`].
//! * [`config`]: TOML with spans -> resolved experiment, every value with its origin.
//! * [`plan`]: resolved experiment -> ordered runs. [`ensemble`]: the runs -> the writer.
//! * [`analysis`]: what is asked of a system besides its trajectory.
//! * [`archive`]: the HDF5 file. [`plot`]: pictures from it. [`cli`]: one file per verb.
//! * [`registry`]: family name -> family.

extern crate self as nullcline;

pub mod analysis;
pub mod archive;
pub mod cli;
pub mod config;
pub mod engine;
pub mod ensemble;
pub mod noise;
pub mod plan;
pub mod plot;
pub mod prelude;
pub mod registry;
pub mod system;

#[path = "../models/mod.rs"]
pub mod models;
