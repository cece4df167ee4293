//! A density of beliefs on a grid: Bayes' rule at a measurement, the Fokker-Planck equation between measurements. Set A of the
//! reference cases: mu 0.5, sigma0 0.2, sigma 0.1, tau 2.

/// A density on a grid over mu +- 6 sigma0, moved by the conservative scheme of Scharfetter and Gummel.
pub struct Density {
    z: Vec<f64>,
    p: Vec<f64>,
    step: f64,
}

impl Density {
    pub fn normal(mean: f64, variance: f64) -> Self {
        let n = 401;
        let step = 12.0 * 0.2 / (n - 1) as f64;
        let z: Vec<f64> = (0..n).map(|k| 0.5 - 1.2 + k as f64 * step).collect();
        let p = z
            .iter()
            .map(|z| (-0.5 * (z - mean).powi(2) / variance).exp())
            .collect();
        let mut density = Self { z, p, step };
        density.normalise();
        density
    }

    fn normalise(&mut self) {
        let sum: f64 = self.p.iter().sum::<f64>() * self.step;
        self.p.iter_mut().for_each(|p| *p /= sum);
    }

    /// Bayes' rule.
    pub fn measure(&mut self, x: f64) {
        for (p, z) in self.p.iter_mut().zip(&self.z) {
            *p *= (-0.5 * ((x - z) / 0.1).powi(2)).exp();
        }
        self.normalise();
    }

    /// The Ornstein-Uhlenbeck process over a time, by steps of Crank and Nicolson.
    pub fn drift(&mut self, time: f64) {
        let (n, steps) = (self.z.len(), 4000);
        let (h, dt) = (self.step, time / f64::from(steps));
        let diffusion = 0.04 / 2.0;
        let bernoulli = |x: f64| {
            if x.abs() < 1e-9 {
                1.0 - 0.5 * x
            } else {
                x / x.exp_m1()
            }
        };
        // Flow to the right across the face behind each cell: out of it, and back into it.
        let faces: Vec<[f64; 2]> = (0..n - 1)
            .map(|k| {
                let speed = -(self.z[k] + 0.5 * h - 0.5) / 2.0;
                let peclet = speed * h / diffusion;
                let rate = diffusion / (h * h);
                [rate * bernoulli(-peclet), rate * bernoulli(peclet)]
            })
            .collect();
        let out = |k: usize| {
            let right = if k < n - 1 { faces[k][0] } else { 0.0 };
            let left = if k > 0 { faces[k - 1][1] } else { 0.0 };
            right + left
        };
        for _ in 0..steps {
            let half = 0.5 * dt;
            let right: Vec<f64> = (0..n)
                .map(|k| {
                    let from_left = if k > 0 {
                        faces[k - 1][0] * self.p[k - 1]
                    } else {
                        0.0
                    };
                    let from_right = if k < n - 1 {
                        faces[k][1] * self.p[k + 1]
                    } else {
                        0.0
                    };
                    self.p[k] + half * (from_left + from_right - out(k) * self.p[k])
                })
                .collect();
            // Thomas' algorithm.
            let (mut c, mut d) = (vec![0.0; n], vec![0.0; n]);
            for k in 0..n {
                let a = if k > 0 { -half * faces[k - 1][0] } else { 0.0 };
                let b = 1.0 + half * out(k);
                let up = if k < n - 1 { -half * faces[k][1] } else { 0.0 };
                let (before_c, before_d) = if k > 0 {
                    (c[k - 1], d[k - 1])
                } else {
                    (0.0, 0.0)
                };
                let pivot = b - a * before_c;
                c[k] = up / pivot;
                d[k] = (right[k] - a * before_d) / pivot;
            }
            for k in (0..n).rev() {
                self.p[k] = d[k] - if k < n - 1 { c[k] * self.p[k + 1] } else { 0.0 };
            }
        }
    }

    pub fn moments(&self) -> [f64; 2] {
        let sum = |f: &dyn Fn(f64) -> f64| {
            self.z
                .iter()
                .zip(&self.p)
                .map(|(&z, p)| f(z) * p)
                .sum::<f64>()
                * self.step
        };
        let mean = sum(&|z| z);
        [mean, sum(&|z| (z - mean).powi(2))]
    }
}
