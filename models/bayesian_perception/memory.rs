//! What a perceiver carries from trial to trial, and what a trial makes of it, in closed form.
//!
//! ```text
//! M, Q: mean and variance, over measurement noise, of the mean of the belief; v: variance of the belief
//! K1 = v/(v+r);  M1 = M + K1 (z1 - M);  Q1 = (1-K1)^2 Q + K1^2 sigma(z1)^2;  v1 = (1-K1) v
//! Mp = mu + rho (M1 - mu);  Qp = rho^2 Q1;  vp = v0 + rho^2 (v1 - v0);  K2 = vp/(vp+r)
//! R: P = Phi((z2 - Mp)/sqrt(sigma(z2)^2 + Qp))
//! S: e = (1-K2) rho - 1;  P = Phi([K2 z2 + e M1 + (1-K2)(1-rho) mu]/sqrt(K2^2 sigma(z2)^2 + e^2 Q1))
//! M2 = Mp + K2 (z2 - Mp);  Q2 = (1-K2)^2 Qp + K2^2 sigma(z2)^2;  v2 = (1-K2) vp
//! next trial: M = mu + rho_I (M2 - mu);  Q = rho_I^2 Q2;  v = v0 + rho_I^2 (v2 - v0)
//! ```
//!
//! The rule `static` judges against the long-run prior, whatever was carried. P is that of one trial by itself: responses of neighbouring
//! trials are weakly correlated through the measurements that they share.

use super::perceiver::{Perceiver, Rule};

/// The belief at the start of a trial, as one who does not know the measurements has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// M.
    pub mean: f64,
    /// Q.
    pub spread: f64,
    /// v.
    pub variance: f64,
}

/// Two stimuli in internal coordinates and the times around them, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// z1.
    pub first: f64,
    /// z2.
    pub second: f64,
    /// From the offset of the first to the onset of the second.
    pub gap: f64,
    /// From the second to the next trial.
    pub pause: f64,
}

/// What comes of a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// P(second judged stronger).
    pub p_second: f64,
    /// The mean of the belief behind each stimulus.
    pub means: [f64; 2],
    /// Its variance.
    pub variances: [f64; 2],
    /// The mean percepts (u1, u2) whose difference decides.
    pub percept: [f64; 2],
}

impl Memory {
    /// Nothing but the prior.
    pub fn fresh(perceiver: &Perceiver) -> Self {
        Self {
            mean: perceiver.prior_mean,
            spread: 0.0,
            variance: perceiver.prior_variance,
        }
    }

    /// Judge a trial, and keep what is carried to the next one.
    pub fn judge(&mut self, perceiver: &Perceiver, trial: &Trial) -> Judged {
        let mu = perceiver.prior_mean;
        let (z1, z2) = (trial.first, trial.second);
        let noise = [z1, z2].map(|z| perceiver.noise(z).powi(2));
        let k1 = perceiver.gain(self.variance);
        let m1 = self.mean + k1 * (z1 - self.mean);
        let q1 = (1.0 - k1).powi(2) * self.spread + k1 * k1 * noise[0];
        let v1 = (1.0 - k1) * self.variance;
        let rho = perceiver.left(trial.gap);
        let mp = mu + rho * (m1 - mu);
        let qp = rho * rho * q1;
        let vp = perceiver.drifted(v1, rho);
        let k2 = perceiver.gain(vp);
        let m2 = mp + k2 * (z2 - mp);
        let v2 = (1.0 - k2) * vp;
        let (percept, variance) = match perceiver.rule {
            Rule::Reference => ([mp, z2], noise[1] + qp),
            Rule::Stored => {
                let e = (1.0 - k2) * rho - 1.0;
                ([m1, m2], k2 * k2 * noise[1] + e * e * q1)
            }
            Rule::Static => {
                let k = perceiver.gain(perceiver.prior_variance);
                let percept = [mu + rho * k * (z1 - mu), mu + k * (z2 - mu)];
                (percept, k * k * (rho * rho * noise[0] + noise[1]))
            }
        };
        let q2 = (1.0 - k2).powi(2) * qp + k2 * k2 * noise[1];
        let rest = perceiver.left(trial.pause);
        *self = Self {
            mean: mu + rest * (m2 - mu),
            spread: rest * rest * q2,
            variance: perceiver.drifted(v2, rest),
        };
        Judged {
            p_second: perceiver.probability(percept[1] - percept[0], variance.sqrt()),
            means: [m1, m2],
            variances: [v1, v2],
            percept,
        }
    }
}
