"""10 000 relaxations x' = s - M x of N = 100 to t = 20, from 0: scipy's DOP853 in blocks, and one matrix exponential.

Reads M [100, 100] and the inputs [10 000, 100] from the .npy files that are named; prints seconds and greatest errors.
"""

import sys
import time

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

m, inputs = np.load(sys.argv[1]), np.load(sys.argv[2])

# The states at t = 20 of all inputs, from the matrices: the propagator, and where it leads.
seconds = []
for _ in range(9):
    start = time.perf_counter()
    steady = np.linalg.solve(m, inputs.T)
    propagator = expm(-20.0 * m)
    exact = steady - propagator @ steady
    seconds.append(time.perf_counter() - start)
print(f"expm {sorted(seconds)[4]:.4f}, the first time {seconds[0]:.4f}")

start = time.perf_counter()
worst = 0.0
for first in range(0, len(inputs), 200):
    s = inputs[first : first + 200].T
    result = solve_ivp(
        lambda t, x: (s - m @ x.reshape(s.shape)).ravel(),
        (0.0, 20.0),
        np.zeros(s.size),
        method="DOP853",
        rtol=1e-6,
        atol=1e-6,
        t_eval=[20.0],
    )
    found = result.y[:, -1].reshape(s.shape)
    worst = max(worst, abs(found - exact[:, first : first + 200]).max())
print(f"DOP853 {time.perf_counter() - start:.2f}   error {worst:.1e}")
