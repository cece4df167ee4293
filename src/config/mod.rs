//! TOML with spans -> resolved experiment, every value with its origin.

pub mod experiment;
