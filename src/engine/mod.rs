//! HOW it evolves: one loop, schemes that know nothing of saving, recorders that know nothing of
//! stepping.

pub mod card;
pub mod controller;
pub mod explicit;
pub mod field;
pub mod integrate;
pub mod kernels;
pub mod kink;
pub mod outcome;
pub mod recorder;
pub mod scheme;
pub mod schemes;
pub mod tableau;
