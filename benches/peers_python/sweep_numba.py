"""The sweep of `benches/sweep.rs` as a hand-written numba loop: 10 000 linear-threshold networks of
20 neurons with shared weights, Tsitouras 5(4) with the same controller and tolerances, the mean and
the last of 101 samples taken from the dense output. One thread; compilation is not timed.

    python sweep_numba.py WEIGHTS.npy INPUT.npy RUNS STOP   (prints seconds and a checksum)
"""

import sys
import time

import numba
import numpy as np

C = np.array([0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0])
A = np.zeros((7, 7))
A[1, 0] = 0.161
A[2, :2] = [-0.008480655492356989, 0.335480655492357]
A[3, :3] = [2.8971530571054935, -6.359448489975075, 4.3622954328695815]
A[4, :4] = [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525]
A[5, :5] = [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383]
A[6, :6] = [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774]
E = np.array([-0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629,
              0.5823571654525552, -0.45808210592918697, 1.0 / 66.0])


@numba.njit(fastmath=False, cache=False)
def dense_weights(theta, b):
    t2 = theta * theta
    b[0] = -1.0530884977290216 * theta * (theta - 1.3299890189751412) * (t2 - 1.4364028541716351 * theta + 0.7139816917074209)
    b[1] = 0.1017 * t2 * (t2 - 2.1966568338249754 * theta + 1.2949852507374631)
    b[2] = 2.490627285651252793 * t2 * (t2 - 2.38535645472061657 * theta + 1.57803468208092486)
    b[3] = -16.54810288924490272 * (theta - 1.21712927295533244) * (theta - 0.61620406037800089) * t2
    b[4] = 47.37952196281928122 * (theta - 1.203071208372362603) * (theta - 0.658047292653547382) * t2
    b[5] = -34.87065786149660974 * (theta - 1.2) * (theta - 0.666666666666666667) * t2
    b[6] = 2.5 * (theta - 1.0) * (theta - 0.6) * t2


@numba.njit(fastmath=False, cache=False)
def drift(w, u, m, x, dx):
    n = x.size
    for i in range(n):
        dx[i] = 0.0
    for j in range(n):
        xj = x[j]
        for i in range(n):
            dx[i] += w[j, i] * xj
    for i in range(n):
        p = dx[i] + u[i]
        dx[i] = -x[i] + min(max(p, 0.0), m)


@numba.njit(fastmath=False, cache=False)
def one(w, u, m, x0, stop, save, rtol, atol, k, x, y, sample, mean):
    n = x.size
    for i in range(n):
        x[i] = x0[i]
        mean[i] = x0[i]
    count = 1.0
    t = 0.0
    drift(w, u, m, x, k[0])
    # The first step of Hairer, Norsett, Wanner.
    d0 = 0.0
    d1 = 0.0
    for i in range(n):
        scale = atol + rtol * abs(x[i])
        d0 += (x[i] / scale) ** 2
        d1 += (k[0, i] / scale) ** 2
    d0 = np.sqrt(d0 / n)
    d1 = np.sqrt(d1 / n)
    h = 1e-6 if d0 < 1e-5 or d1 < 1e-5 else 0.01 * d0 / d1
    for i in range(n):
        y[i] = x[i] + h * k[0, i]
    drift(w, u, m, y, k[1])
    d2 = 0.0
    for i in range(n):
        scale = atol + rtol * abs(x[i])
        d2 += ((k[1, i] - k[0, i]) / scale) ** 2
    d2 = np.sqrt(d2 / n) / h
    h = min(100.0 * h, (0.01 / max(d1, d2)) ** 0.2)
    previous = 1e-4
    rejected = False
    saved = 1
    b = np.empty(7)
    while t < stop:
        h = min(h, stop - t)
        for s in range(1, 7):
            for i in range(n):
                total = 0.0
                for r in range(s):
                    total += A[s, r] * k[r, i]
                y[i] = x[i] + h * total
            drift(w, u, m, y, k[s])
        error = 0.0
        for i in range(n):
            e = 0.0
            for s in range(7):
                e += E[s] * k[s, i]
            scale = atol + rtol * max(abs(x[i]), abs(y[i]))
            error += (h * e / scale) ** 2
        error = np.sqrt(error / n)
        if error <= 1.0:
            while saved * save < t + h - 1e-12 or (saved * save <= stop and t + h >= stop):
                theta = min((saved * save - t) / h, 1.0)
                dense_weights(theta, b)
                count += 1.0
                for i in range(n):
                    total = 0.0
                    for s in range(7):
                        total += b[s] * k[s, i]
                    sample[i] = x[i] + h * total
                    mean[i] += (sample[i] - mean[i]) / count
                saved += 1
                if saved * save > stop + 1e-9:
                    break
            t += h
            for i in range(n):
                x[i] = y[i]
                k[0, i] = k[6, i]
            factor = 0.9 * previous**0.04 / max(error, 1e-10) ** (0.2 - 0.03)
            previous = max(error, 1e-4)
            h *= min(max(factor, 0.2), 1.0 if rejected else 10.0)
            rejected = False
        else:
            rejected = True
            h *= max(0.2, min(0.9, 0.9 / error**0.17))


@numba.njit(fastmath=False, cache=False)
def sweep(w, u, m, x0, stop, save, rtol, atol, first, means, finals):
    n = x0.size
    k = np.empty((7, n))
    x = np.empty(n)
    y = np.empty(n)
    sample = np.empty(n)
    mean = np.empty(n)
    v = u.copy()
    for run in range(first.size):
        v[0] = first[run]
        one(w, v, m, x0, stop, save, rtol, atol, k, x, y, sample, mean)
        means[run] = mean
        finals[run] = x


weights = np.ascontiguousarray(np.load(sys.argv[1]).T)
inputs = np.load(sys.argv[2])
runs = int(sys.argv[3])
n = inputs.size
first = np.linspace(0.0, 2.0, runs)
means = np.empty((runs, n))
finals = np.empty((runs, n))
stop = float(sys.argv[4])
arguments = (weights, inputs, 4.0, np.zeros(n), stop, stop / 100, 1e-8, 1e-10)
sweep(*arguments, first[:2], means[:2], finals[:2])
best = np.inf
for _ in range(3):
    start = time.perf_counter()
    sweep(*arguments, first, means, finals)
    best = min(best, time.perf_counter() - start)
print(f"{best:.3f} s, mean of means {means.mean():.12f}, mean of finals {finals.mean():.12f}")
