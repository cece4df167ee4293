"""10 000 relaxations x' = s - M x of N = 100 to t = 20, from 0: scipy's DOP853 in blocks, and one matrix exponential.

Reads M [100, 100] and the inputs [10 000, 100] from the .npy files that are named; prints processor seconds and greatest errors.
"""

import sys
import time

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

m, inputs = np.load(sys.argv[1]), np.load(sys.argv[2])
steady = np.linalg.solve(m, inputs.T)

start = time.process_time()
propagator = expm(-20.0 * m)
exact = steady - propagator @ steady
print("expm", time.process_time() - start, 0.0)

start = time.process_time()
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
print("DOP853", time.process_time() - start, worst)
