"""Use the Python package as its reader would: run, change, sweep, analyse, and meet every error.

Usage: check_package.py; the environment variable NULLCLINE names the program.
"""

import os
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

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
        error = raises(nullcline.NullclineError, lambda: nullcline.run(RELAXATION, output=path))
        assert "--force" in str(error) or "force" in str(error), error
        before = path.read_bytes()
        raises(nullcline.NullclineError, lambda: nullcline.run(RELAXATION, output=path, time__stop=1))
        assert path.read_bytes() == before
        nullcline.run(RELAXATION, output=path, force=True).close()
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


GUARDED = {
    **RELAXATION,
    "model": {
        "family": "equations",
        "parameters": {"a": 1.0, "b": [1.0, 2.0]},
        "state": {"x": {"size": 2, "drift": "a - b[i]*x[i]"}},
        "guards": [{"name": "half", "when": "x[i] - 0.3"}],
    },
    "record": {"summaries": ["final"]},
}


def opened(path, group):
    """A group as our package and plain xarray open it."""
    yield nullcline.open(path, group=group)
    for engine in ("h5netcdf", "netcdf4"):
        yield xr.open_dataset(path, group=group, engine=engine)


def check_groups_of_sweeps():
    grid = {"axes": {"model.parameters.a": [0.0, 1.0, 2.0], "model.parameters.b[1]": [1.0, 3.0]}}
    zipped = {"mode": "zip", "axes": {"model.parameters.a": [0.0, 1.0], "model.parameters.b": [[1.0, 2.0], [3.0, 4.0]]}}
    sampled = {"mode": "random", "samples": 4, "axes": {"model.parameters.a": {"from": 0.0, "to": 1.0}}}
    with tempfile.TemporaryDirectory() as folder:
        for name, sweep in (("grid", grid), ("zip", zipped), ("random", sampled)):
            for ensemble in ({}, {"ensemble": {"members": 2}}):
                path = Path(folder) / f"{name}{len(ensemble)}.h5"
                nullcline.run({**GUARDED, **ensemble, "sweep": sweep}, output=path).close()
                with nullcline.open(path) as root:
                    axis = root.a.load()
                for data in opened(path, "parameters"):
                    with data:
                        # Not the value of the first run alone.
                        assert data.a.dims == axis.dims, (name, data.a.dims)
                        assert np.array_equal(data.a, axis)
                        if name == "grid":
                            assert data.b.values[0] == 1.0 and np.isnan(data.b.values[1]), data.b
                for group in ("parameters", "health", "events", "provenance"):
                    for data in opened(path, group):
                        with data:
                            used = {dim for one in data.data_vars.values() for dim in one.dims}
                            assert used <= set(data.coords), (name, group, used, set(data.coords))
                            if group == "health":
                                assert np.array_equal(data["a"], axis)


def check_groups_of_analyses():
    seizures = {
        "model": {"family": "chloride-network"},
        "time": {"stop": 200.0, "save": 10.0},
        "record": {"trajectories": False, "summaries": ["final"]},
        "analysis": {"seizure-stages": {}},
    }
    axes = {"model.parameters.chloride_fraction": [0.12, 0.2]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stages.h5"
        nullcline.run({**seizures, "sweep": {"axes": axes}}, output=path).close()
        for data in opened(path, "analysis/seizure-stages"):
            with data:
                assert data["chloride_fraction"].values.tolist() == [0.12, 0.2]
        path = Path(folder) / "equilibria.h5"
        axes = {"model.parameters.a": [0.5, 1.0]}
        settings = {**RELAXATION, "analysis": {"equilibria": {}}, "sweep": {"axes": axes}}
        nullcline.analyze(settings, output=path).close()
        raises(nullcline.NullclineError, lambda: nullcline.analyze(settings, output=path))
        for group in ("analysis/equilibria", "parameters"):
            for data in opened(path, group):
                with data:
                    assert data["a"].values.tolist() == [0.5, 1.0], group


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


for check in [check_runs, check_files, check_sweeps, check_groups_of_sweeps, check_groups_of_analyses, check_analyses, check_errors]:
    check()
