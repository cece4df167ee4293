//! The perceiver: a Gaussian belief about intensity that measurements sharpen and time draws towards the prior.
//!
//! ```text
//! measurement     x_k = z_k + sigma(z_k) xi_k,  sigma(z) = noise_sd + weber z,  z = s, or ln s on the logarithmic scale
//! update          K = v/(v + r),  r = noise_sd^2,  m <- m + K (x - m),  v <- (1 - K) v
//! propagation     rho = exp(-T/tau),  m <- mu + rho (m - mu),  v <- v0 + rho^2 (v - v0),  v0 = prior_sd^2
//! ```
//!
//! Times in seconds, intensities dimensionless. The laws are assumptions, the simplest that agree with what arXiv 2604.19662 says.

use crate::prelude::*;

/// Which quantities a judgement compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The second measurement with what is left of the first: m2 > m1'.
    Reference,
    /// The second percept with the stored first one: m2 > m1.
    Stored,
    /// Both as the long-run prior sees them, the first decayed.
    Static,
}

/// All constants of a perceiver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Perceiver {
    /// mu, in internal coordinates.
    pub prior_mean: f64,
    /// v0 = sigma0^2.
    pub prior_variance: f64,
    /// sigma at intensity 0, from which the gains are.
    pub noise_sd: f64,
    /// k of sigma(z) = noise_sd + k z.
    pub weber: f64,
    /// tau in seconds; infinite without drift.
    pub time_constant: f64,
    /// How it decides.
    pub rule: Rule,
    /// Whether the belief is carried from trial to trial.
    pub carries: bool,
    /// The share of guesses.
    pub lapse: f64,
    /// Whether the internal scale is logarithmic.
    pub logarithmic: bool,
}

impl Perceiver {
    /// The perceiver that checked parameters describe.
    ///
    /// # Errors
    /// If they do not fit each other.
    pub fn new(parameters: &Parameters) -> Result<Self, BuildError> {
        let perceiver = Self {
            prior_mean: parameters.real("prior_mean"),
            prior_variance: parameters.real("prior_sd").powi(2),
            noise_sd: parameters.real("noise_sd"),
            weber: parameters.real("weber"),
            time_constant: parameters.real("time_constant"),
            rule: match parameters.text("decision") {
                "stored" => Rule::Stored,
                "static" => Rule::Static,
                _ => Rule::Reference,
            },
            carries: parameters.text("history") == "carry",
            lapse: parameters.real("lapse"),
            logarithmic: parameters.text("scale") == "log",
        };
        if perceiver.logarithmic && perceiver.weber > 0.0 {
            let message = "`weber` is not used on the logarithmic scale, where constant noise is Weber's law already";
            return Err(BuildError::about("weber", message).help("leave it out"));
        }
        Ok(perceiver)
    }

    /// The internal coordinate of an intensity.
    pub fn internal(&self, s: f64) -> f64 {
        match self.logarithmic {
            true => s.ln(),
            false => s,
        }
    }

    /// The intensity of an internal coordinate.
    pub fn intensity(&self, z: f64) -> f64 {
        match self.logarithmic {
            true => z.exp(),
            false => z,
        }
    }

    /// The standard deviation of a measurement.
    pub fn noise(&self, z: f64) -> f64 {
        self.noise_sd + self.weber * z
    }

    /// The gain of a measurement on a belief of variance v.
    pub fn gain(&self, v: f64) -> f64 {
        v / (v + self.noise_sd * self.noise_sd)
    }

    /// What is left of a deviation after a time; 1 if nothing drifts.
    pub fn left(&self, time: f64) -> f64 {
        // 0/inf is 0 and so is T/inf: no special case.
        (-time / self.time_constant).exp()
    }

    /// The variance of a belief after a time, of which `rho` is left.
    pub fn drifted(&self, v: f64, rho: f64) -> f64 {
        self.prior_variance + rho * rho * (v - self.prior_variance)
    }

    /// The weights b1, b2 of both stimuli, for a belief of variance v at the start of a trial and a gap T:
    /// `second stronger iff b2 (x2 - mu) > b1 (x1 - mu)`.
    pub fn weights(&self, v: f64, gap: f64) -> [f64; 2] {
        let (first, rho) = (self.gain(v), self.left(gap));
        let second = self.gain(self.drifted((1.0 - first) * v, rho));
        match self.rule {
            Rule::Reference => [rho * first, 1.0],
            Rule::Stored => [(1.0 - (1.0 - second) * rho) * first, second],
            Rule::Static => {
                let gain = self.gain(self.prior_variance);
                [rho * gain, gain]
            }
        }
    }

    /// `P(second judged stronger)` of a signal and its standard deviation, guesses included.
    pub fn probability(&self, signal: f64, deviation: f64) -> f64 {
        0.5 * self.lapse + (1.0 - self.lapse) * super::normal::below(signal / deviation)
    }

    /// `P(2 > 1 | z1, z2, T)` of a trial that starts from the prior.
    pub fn fresh(&self, z1: f64, z2: f64, gap: f64) -> f64 {
        let [b1, b2] = self.weights(self.prior_variance, gap);
        let signal = b2 * (z2 - self.prior_mean) - b1 * (z1 - self.prior_mean);
        self.probability(signal, (b1 * self.noise(z1)).hypot(b2 * self.noise(z2)))
    }

    /// w = b1/b2 and sigma_eff = sigma sqrt(1 + w^2) of trials that start from the prior.
    pub fn canonical(&self, gap: f64) -> [f64; 2] {
        let [b1, b2] = self.weights(self.prior_variance, gap);
        let w = b1 / b2;
        [w, self.noise_sd * 1.0_f64.hypot(w)]
    }

    /// The affine map from stimuli to percepts of trials that start from the prior: `u = mu + A (z - mu)`, A row-major.
    pub fn map(&self, gap: f64) -> [[f64; 2]; 2] {
        let first = self.gain(self.prior_variance);
        let rho = self.left(gap);
        match self.rule {
            Rule::Reference => [[rho * first, 0.0], [0.0, 1.0]],
            Rule::Stored => {
                let v = self.drifted((1.0 - first) * self.prior_variance, rho);
                let second = self.gain(v);
                [[first, 0.0], [(1.0 - second) * rho * first, second]]
            }
            Rule::Static => [[rho * first, 0.0], [0.0, first]],
        }
    }
}
