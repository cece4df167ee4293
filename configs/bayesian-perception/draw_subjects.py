"""How the sixteen subjects of subjects.toml were drawn: mu ~ N(0.5, 0.25), w ~ U(0.65, 0.97), sigma_eff ~ U(0.08, 0.16).

With the rule `static` and an interval of 1 s, w = exp(-1/tau) and sigma_eff = sigma sqrt(1 + w^2).
"""

import numpy as np

rng = np.random.default_rng(2026)
mu = rng.normal(0.5, 0.25, 16)
w = rng.uniform(0.65, 0.97, 16)
sigma_eff = rng.uniform(0.08, 0.16, 16)
tau = -1 / np.log(w)
sigma = sigma_eff / np.sqrt(1 + w**2)
for name, values in [("prior_mean", mu), ("time_constant", tau), ("noise_sd", sigma)]:
    print(name, "=", "[" + ", ".join(f"{value:.4f}" for value in values) + "]")
