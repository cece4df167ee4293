"""Use the Python package as its reader would: run, change, sweep, analyse, and meet every error.

Usage: check_package.py; the environment variable NULLCLINE names the program.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

import nullcline

RELAXATION = {
    "model": {"family": "equations", "parameters": {"a": 1.0}, "state": {"x": {"drift": "a - x"}}},
    "time": {"stop": 5.0, "save": 0.5},
    "solver": {"rtol": 1e-10, "atol": 1e-12},
}


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def check_runs():
    data = nullcline.run(RELAXATION)
    assert data.run_status.item() == "complete"
    assert np.allclose(data.x, 1 - np.exp(-data.time), atol=1e-8, rtol=0)
    assert data.x.attrs["units"] == "1"
    twice = nullcline.run(RELAXATION, overrides={"model.parameters.a": np.float64(2.0)}, time__stop=1)
    assert np.allclose(twice.x, 2 * (1 - np.exp(-twice.time)), atol=1e-8, rtol=0)
    assert twice.time[-1] == 1.0


def check_files():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kept.h5"
        nullcline.run(RELAXATION, output=path).close()
        raises(nullcline.NullclineError, lambda: nullcline.run(RELAXATION, output=path, force=False))
        assert "health" in nullcline.groups(path)
        with nullcline.open(path) as data:
            assert data.attrs["status"] == "complete"
        with nullcline.open(path, group="parameters") as parameters:
            assert parameters.a.item() == 1.0
        assert "health" in str(raises(KeyError, lambda: nullcline.open(path, group="helth")))
        raises(FileNotFoundError, lambda: nullcline.open(Path(folder) / "none.h5"))


def check_sweeps():
    axes = {"model.parameters.a": [0.0, 1.0, 2.0]}
    data = nullcline.run({**RELAXATION, "record": {"summaries": ["final"]}, "sweep": {"axes": axes}})
    assert data.x_final.dims == ("a",)
    assert data.a.attrs["path"] == "model.parameters.a"
    assert np.allclose(data.x_final, data.a * (1 - np.exp(-5)), atol=1e-8, rtol=0)
    assert set(data.run_status.values) == {"complete"}
    axes = {"model.parameters.a": {"from": 0.0, "to": 1.0, "count": 3}, "initial.x": [0.0, 1.0]}
    plan = nullcline.check({**RELAXATION, "sweep": {"axes": axes}})
    assert "parameters.a" in str(plan["axes"][0]), plan["axes"]


def check_analyses():
    found = nullcline.analyze({**RELAXATION, "analysis": {"equilibria": {}}})
    assert found.x.values.tolist() == [1.0]
    assert found.stability.values.tolist() == ["stable_node"]


def check_errors():
    assert nullcline.check(RELAXATION)["family"] == "equations"
    error = raises(nullcline.NullclineError, lambda: nullcline.check(RELAXATION, solver__rtl=1))
    assert error.exit_code == 2 and "did you mean `rtol`?" in str(error), error
    error = raises(nullcline.NullclineError, lambda: nullcline.run(RELAXATION, solver__rtl=1))
    assert "did you mean `rtol`?" in str(error), error
    named = os.environ["NULLCLINE"]
    os.environ["NULLCLINE"] = "/nowhere/nullcline"
    assert "/nowhere/nullcline" in str(raises(nullcline.NotFound, nullcline.program))
    os.environ["NULLCLINE"] = named


for check in [check_runs, check_files, check_sweeps, check_analyses, check_errors]:
    check()
