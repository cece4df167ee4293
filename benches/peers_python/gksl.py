"""Open quantum systems by QuTiP, SciPy and NumPy: seconds of CPU time, and the largest error of an entry of rho.

`python gksl.py qubit|dilemma|walk-16|walk-64|steady|jumps|all` prints a JSON object per line. It needs
`target/python/bin/pip install numpy==2.4.6 scipy==1.17.1 qutip==5.3.1`.

* `qubit`, `dilemma`, `walk-16`, `walk-64`: 11 samples over [0, 10] by `mesolve` (a line for each method), by the exponential of
  the Liouvillian (`expm`: once for all intervals; `expm_multiply`: over the grid; `expm_multiply-steps`: called per interval);
* `steady`: 10 000 random systems of four levels in one batch, the building of the equations and their solution apart;
* `jumps`: 1000 trajectories of `walk-16`, whose error is that of a mean over so many.

One thread; Liouvillians are built before and not timed, exponentials are.
"""

import json
import os
import sys
import time
import warnings

# What NumPy's BLAS reads when it is loaded: one thread, and the kernels that it chooses itself.
for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[name] = "1"
os.environ.pop("OPENBLAS_CORETYPE", None)
warnings.filterwarnings("ignore", "matplotlib not found")

import numpy as np
import qutip
import scipy.linalg
import scipy.sparse.linalg

TIMES = np.linspace(0.0, 10.0, 11)
X = 1.0 / (1.0 + np.exp(-2.0))


def basis_jump(n, rate, to, origin):
    jump = np.zeros((n, n), complex)
    jump[to, origin] = np.sqrt(rate)
    return jump


def qubit():
    z, x = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    jumps = [basis_jump(2, 0.5 * X, 1, 0), basis_jump(2, 0.5 * (1.0 - X), 0, 1), np.sqrt(0.1) * z]
    return (z + 2.0 * x) / 2.0, jumps, np.full((2, 2), 0.5)


def dilemma():
    """Pothos and Busemeyer's Hamiltonian, and every move towards D at rate x, back at 1 - x; CC, CD, DC, DD."""
    mu, gamma = 0.51, 2.09
    own = np.array([[mu, 1.0], [1.0, -mu]]) / np.sqrt(1.0 + mu**2)
    mirror = np.array([[1, 0, 1, 0], [0, -1, 0, 1], [1, 0, -1, 0], [0, 1, 0, 1]])
    hamiltonian = np.kron(np.eye(2), own) - gamma / np.sqrt(2.0) * mirror
    order = [3, 1, 2, 0]
    jumps = []
    for c, d in [(0, 2), (1, 3), (0, 1), (2, 3)]:
        jumps += [basis_jump(4, X, d, c), basis_jump(4, 1.0 - X, c, d)]
    return hamiltonian[np.ix_(order, order)], jumps, np.full((4, 4), 0.25)


def walk(side):
    """A walk on a square grid whose sites rise by 0.1, with hops at rate 0.2 and dephasing at 0.1."""
    n = side * side
    hamiltonian = np.diag(0.1 * np.arange(n))
    edges = [(i, i + 1) for i in range(n) if (i + 1) % side != 0] + [(i, i + side) for i in range(n - side)]
    jumps = [basis_jump(n, 0.1, i, i) for i in range(n)]
    for i, j in edges:
        hamiltonian[i, j] = hamiltonian[j, i] = 1.0
        jumps += [basis_jump(n, 0.2, i, j), basis_jump(n, 0.2, j, i)]
    return hamiltonian, jumps, np.diag(np.eye(n)[0])


PROBLEMS = {"qubit": qubit, "dilemma": dilemma, "walk-16": lambda: walk(4), "walk-64": lambda: walk(8)}


def best(solve, least=3, budget=1.0):
    """The shortest of `least` calls, or of as many as take `budget` seconds, and what they return."""
    times = []
    while len(times) < least or sum(times) < budget:
        before = time.process_time()
        result = solve()
        times.append(time.process_time() - before)
    return min(times), result


def tell(problem, solver, seconds, error):
    line = {"problem": problem, "solver": solver, "seconds": seconds, "error": error}
    print(json.dumps(line), flush=True)


def error_of(states, reference):
    return float(abs(np.asarray(states) - reference).max())


def matrices(vectors):
    """Matrices out of their stacked columns."""
    n = round(np.sqrt(vectors[0].size))
    return np.reshape(vectors, (-1, n, n)).swapaxes(1, 2)


def exact(liouvillian, start):
    """The Taylor series over 32 parts of an interval each, in extended precision."""
    part = liouvillian.astype(np.clongdouble) / 32
    states = [start.astype(np.clongdouble)]
    for _ in TIMES[1:]:
        state = states[-1]
        for _ in range(32):
            term = state
            for k in range(1, 30):
                term = part @ term / k
                state = state + term
        states.append(state)
    return matrices(states)


def sparse(problem):
    """The Hamiltonian, the jumps, the Liouvillian as sparse operators; the start, its stacked columns; the exact samples."""
    hamiltonian, jumps, rho = PROBLEMS[problem]()
    hamiltonian = qutip.Qobj(hamiltonian).to("csr")
    jumps = [qutip.Qobj(jump).to("csr") for jump in jumps]
    liouvillian = qutip.liouvillian(hamiltonian, jumps).to("csr")
    start = rho.ravel(order="F").astype(complex)
    return hamiltonian, jumps, liouvillian, rho, start, exact(liouvillian.data_as("csr_matrix"), start)


def by_mesolve(problem, liouvillian, rho, reference):
    methods = ["adams", "dop853", "vern7", "vern9"]
    # Both take a dense matrix of the size of the Liouvillian.
    if rho.shape[0] <= 16:
        methods += ["bdf", "diag"]
    rho = qutip.Qobj(rho)
    for method in methods:
        options = {"method": method, "progress_bar": "", "store_states": True}
        if method != "diag":
            options |= {"rtol": 1e-9, "atol": 1e-11, "nsteps": 1_000_000}
        seconds, result = best(lambda: qutip.mesolve(liouvillian, rho, TIMES, options=options))
        tell(problem, f"mesolve-{method}", seconds, error_of([state.full() for state in result.states], reference))


def by_expm(problem, liouvillian, start, reference):
    def solve():
        step = scipy.linalg.expm(liouvillian)
        states = [start]
        for _ in TIMES[1:]:
            states.append(step @ states[-1])
        return states

    seconds, states = best(solve)
    tell(problem, "expm", seconds, error_of(matrices(states), reference))


def by_expm_multiply(problem, liouvillian, start, reference):
    multiply = scipy.sparse.linalg.expm_multiply
    trace = liouvillian.trace()

    def grid():
        return multiply(liouvillian, start, TIMES[0], TIMES[-1], TIMES.size, endpoint=True, traceA=trace)

    def steps():
        states = [start]
        for _ in TIMES[1:]:
            states.append(multiply(liouvillian, states[-1], traceA=trace))
        return states

    for solver, solve in [("expm_multiply", grid), ("expm_multiply-steps", steps)]:
        seconds, states = best(solve)
        tell(problem, solver, seconds, error_of(matrices(states), reference))


def evolution(problem):
    _, _, liouvillian, rho, start, reference = sparse(problem)
    matrix = liouvillian.data_as("csr_matrix")
    by_mesolve(problem, liouvillian, rho, reference)
    if rho.shape[0] <= 16:
        by_expm(problem, matrix.toarray(), start, reference)
    # Sparse matrices cost more than they save where there are few levels.
    by_expm_multiply(problem, matrix.toarray() if rho.shape[0] <= 4 else matrix, start, reference)


def steady():
    """Random systems: H with a Gaussian spread, two jump operators of complex normal numbers."""
    systems, n = 10_000, 4
    random = np.random.default_rng(1)
    real, imaginary = random.standard_normal((2, systems, n, n))
    hamiltonian = real + 1j * imaginary
    hamiltonian = (hamiltonian + hamiltonian.conj().swapaxes(1, 2)) / 2.0
    real, imaginary = random.standard_normal((2, systems, 2, n, n))
    jumps = real + 1j * imaginary

    equations = np.empty((systems, n * n, n * n), complex)

    def build():
        # So many at once as fit into the cache.
        for first in range(0, systems, 500):
            part = slice(first, first + 500)
            conjugates = jumps[part].conj()
            decay = np.einsum("bmki,bmkj->bij", conjugates, jumps[part], optimize=True)
            k = -1j * hamiltonian[part] - 0.5 * decay
            # Entry (j i, l k) of conj(L) (x) L; then 1 (x) K and conj(K) (x) 1 on their diagonals; then the trace.
            s = equations[part].reshape(-1, n, n, n, n)
            s[:] = np.einsum("bmjl,bmik->bjilk", conjugates, jumps[part], optimize=True)
            np.einsum("bjijk->bjik", s)[:] += k[:, None]
            np.einsum("bjili->bijl", s)[:] += k.conj()[:, None]
            equations[part, 0] = np.eye(n).ravel()

    seconds, _ = best(build)
    tell("steady", "numpy-build", seconds, None)
    right = np.zeros((n * n, 1), complex)
    right[0] = 1.0
    seconds, states = best(lambda: np.linalg.solve(equations, right)[..., 0])
    # The rows that are left have the same null vector as all.
    null = np.linalg.svd(equations[:, 1:])[2][:, -1].conj()
    null /= (null @ np.eye(n).ravel())[:, None]
    tell("steady", "numpy-solve", seconds, error_of(states, null))


def trajectories():
    hamiltonian, operators, _, _, _, reference = sparse("walk-16")
    options = {"map": "serial", "progress_bar": ""}
    start = qutip.basis(16, 0)
    seconds, result = best(
        lambda: qutip.mcsolve(hamiltonian, start, TIMES, operators, ntraj=1000, seeds=1, options=options)
    )
    tell("jumps", "mcsolve", seconds, error_of([state.full() for state in result.average_states], reference))


def main():
    wanted = sys.argv[1]
    for problem in [*PROBLEMS, "steady", "jumps"] if wanted == "all" else [wanted]:
        if problem == "steady":
            steady()
        elif problem == "jumps":
            trajectories()
        else:
            evolution(problem)


main()
