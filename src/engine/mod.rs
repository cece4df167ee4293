//! HOW it evolves: one loop, schemes that know nothing of saving, recorders that know nothing of
//! stepping.

mod accumulation;
pub mod action;
pub mod card;
pub mod controller;
mod copies;
pub mod explicit;
mod fault;
pub mod field;
mod first_passage;
pub mod integrate;
mod interleave;
pub mod kernels;
pub mod kink;
mod lane;
pub mod nonsmooth;
pub mod outcome;
pub mod oversight;
mod parted;
mod passages;
pub mod recorder;
pub mod recurrence;
mod refusal;
mod rise;
mod running;
pub mod scheme;
pub mod schemes;
pub mod spread;
pub mod stiff;
pub mod stochastic;
pub mod tableau;
mod track;
mod watch;
