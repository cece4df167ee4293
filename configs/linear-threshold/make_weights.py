"""Write the weight files of the examples in this folder: python3 make_weights.py

ring.csv      64 neurons on a circle: W_ij = (J0 + J1 cos(theta_i - theta_j)) / n
dale-200.npy  200 neurons of which 160 excite and 40 inhibit, one link in five present

Needs NumPy. The random matrix depends on the seed below alone (PCG64).
"""

import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent


def ring(n=64, uniform=-10.0, tuned=6.0):
    """Near neurons excite, far ones inhibit each other."""
    theta = 2 * np.pi * np.arange(n) / n
    return (uniform + tuned * np.cos(theta[:, None] - theta[None, :])) / n


def dale(n=200, excitatory=160, density=0.2, gain=0.9, seed=1):
    """Column j is source j: nonnegative for the first 160, nonpositive for the rest."""
    rng = np.random.default_rng(seed)
    size = gain / np.sqrt(density * n)
    strength = np.where(np.arange(n) < excitatory, size, -size * excitatory / (n - excitatory))
    weights = np.abs(rng.standard_normal((n, n))) * strength
    weights[rng.random((n, n)) >= density] = 0.0
    np.fill_diagonal(weights, 0.0)
    return weights


if __name__ == "__main__":
    np.savetxt(HERE / "ring.csv", ring(), fmt="%.17g", delimiter=",")
    np.save(HERE / "dale-200.npy", dale())
