//! The form of a system's noise, as the schemes need to know it.

use crate::system::System;
use crate::system::noise::{Calculus, NoiseClass};

/// What the noise of a system looks like; no channels if it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Wiener channels.
    pub channels: usize,
    /// The structure.
    pub class: NoiseClass,
    /// The integral that the equations are written in.
    pub calculus: Calculus,
    /// Whether channel j acts on component j alone.
    pub diagonal: bool,
    /// Whether the coefficients never change.
    pub constant: bool,
}

impl Form {
    /// The form of no noise.
    pub const NONE: Form = Form {
        channels: 0,
        class: NoiseClass::Additive,
        calculus: Calculus::Ito,
        diagonal: false,
        constant: true,
    };

    /// The form of a system's noise.
    pub fn of(system: &(impl System + ?Sized)) -> Self {
        let Some(diffusion) = system.diffusion() else {
            return Self::NONE;
        };
        Self {
            channels: diffusion.channels(),
            class: diffusion.class(),
            calculus: diffusion.calculus(),
            diagonal: diffusion.is_diagonal(system.layout().len()),
            constant: diffusion.is_constant(),
        }
    }

    /// The number of coefficients of a state of `dim` components.
    pub fn coefficients(&self, dim: usize) -> usize {
        match self.diagonal {
            true => dim,
            false => dim * self.channels,
        }
    }

    /// Where the coefficient of a channel in a component stands; in a diagonal all channels have one place in a component.
    #[inline(always)]
    pub fn place(&self, component: usize, channel: usize) -> usize {
        match self.diagonal {
            true => component,
            false => component * self.channels + channel,
        }
    }

    /// How many times the coefficients must be moved along to have moved along every channel: a diagonal moves along all of them at
    /// once, because each component feels itself alone.
    pub fn moves(&self) -> usize {
        match self.diagonal {
            true => 1,
            false => self.channels,
        }
    }

    /// Whether the Levy areas between channels matter: not where the channels commute.
    pub fn feels_areas(&self) -> bool {
        self.class == NoiseClass::General && self.channels > 1
    }
}
