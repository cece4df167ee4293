//! HOW it evolves: one loop, schemes that know nothing of saving, recorders that know nothing of
//! stepping.

pub mod card;
pub mod outcome;
pub mod recorder;
pub mod schemes;
