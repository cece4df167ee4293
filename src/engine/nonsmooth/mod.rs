//! Nonsmooth flows: closed sets that are not left, and drifts that jump.
//!
//! A nonsmooth system is a set of smooth pieces, one per *mode* (`modal`): of a box (`confined`), of curved
//! faces or a selector (`selecting`), of the sphere (`sphere`). `event_driven` steps on one piece until it ends,
//! exactly where it is affine (`taylor`), up to where dense output leaves it elsewhere (`location`); `complementarity` decides which piece comes next where several
//! surfaces meet, and is the heart of time-stepping.

pub mod complementarity;
pub mod confined;
pub mod event_driven;
pub mod fixed;
pub mod location;
pub mod modal;
pub mod roots;
pub mod selecting;
pub mod sphere;
pub mod taylor;
