"""Euler and Maruyama in a hand-written numba loop, with the normal numbers of SFC64: nanoseconds per step.

`python noise_numba.py well|bowl TRAJECTORIES STEPS`
"""

import sys
import time

import numba
import numpy


@numba.njit
def well(generator, trajectories, steps, h, sigma, ends):
    root = sigma * numpy.sqrt(h)
    for k in range(trajectories):
        x = -1.0
        for _ in range(steps):
            x += h * (x - x * x * x) + root * generator.standard_normal()
        ends[k] = x


@numba.njit
def bowl(generator, trajectories, steps, h, sigma, ends):
    root = sigma * numpy.sqrt(h)
    for k in range(trajectories):
        x = -1.0
        for _ in range(steps):
            x += -h * x + root * generator.standard_normal()
        ends[k] = x


def main():
    loop = {"well": well, "bowl": bowl}[sys.argv[1]]
    trajectories, steps = int(sys.argv[2]), int(sys.argv[3])
    generator = numpy.random.Generator(numpy.random.SFC64(1))
    ends = numpy.empty(trajectories)
    loop(generator, 10, 10, 0.01, 0.5, ends)
    before = time.perf_counter()
    loop(generator, trajectories, steps, 0.01, 0.5, ends)
    print(1e9 * (time.perf_counter() - before) / (trajectories * steps))


main()
