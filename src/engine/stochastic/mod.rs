//! Stochastic flows: `dx = f(t, x) dt + sum_j b_j(t, x) dW_j`.
//!
//! A *method* is the formula of one step, given the increments (w, z) of the path over it. The *driver* makes a scheme of it: it
//! chooses the steps, has the increments from the addressed path, converts between Ito and Stratonovich, estimates errors and
//! rejects, reflects at the faces of a box, and interpolates along the path.

pub mod driver;
pub mod form;
mod glide;
pub mod increments;
pub mod method;
mod planned;
pub mod reflection;
