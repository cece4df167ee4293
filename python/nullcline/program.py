"""The program `nullcline`: where it is, and its verbs `run`, `check` and `analyze` as functions.

Overrides are what `--set` takes, as keywords with two underscores for a dot (`solver__rtol=1e-9`) or as a mapping of paths
(`{"model.parameters.input[0]": 2.0}`); values are written as TOML.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
import xarray as xr

from . import archive

Config = str | os.PathLike[str] | Mapping[str, Any]


class NullclineError(Exception):
    """The program refused or failed: its message for people, and its exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class NotFound(FileNotFoundError):
    """The program `nullcline` is nowhere to be found."""


def program() -> str:
    """The path of the program: what `NULLCLINE` names, else the one on the path, else one built in the checkout."""
    named = os.environ.get("NULLCLINE")
    if named:
        if os.access(named, os.X_OK) and os.path.isfile(named):
            return named
        raise NotFound(f"NULLCLINE names `{named}`, which is no program")
    found = shutil.which("nullcline")
    if found:
        return found
    for folder in _above(Path.cwd()) + _above(Path(__file__).resolve().parent):
        for profile in ("release", "debug"):
            built = folder / "target" / profile / "nullcline"
            if (folder / "Cargo.toml").is_file() and os.access(built, os.X_OK):
                return str(built)
    raise NotFound(
        "the program `nullcline` was not found: put it on the path with `cargo install --path .` in a checkout, "
        "or let the environment variable NULLCLINE name it"
    )


def run(
    config: Config,
    output: str | os.PathLike[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    *,
    threads: int | None = None,
    force: bool = False,
    **settings: Any,
) -> xr.Dataset:
    """Run an experiment, a file or a dictionary of the same form, and open its archive.

    Without `output` the archive of a dictionary is only kept in memory, and that of a file is where the file says.
    A finished archive is never replaced unless `force` is true. Raises `NullclineError` if there is one, if the program refuses or if a
    run fails.
    """
    options = _sets(overrides, settings) + (["--force"] if force else [])
    if threads is not None:
        options += ["--threads", str(threads)]
    return _produce("run", config, output, options, group=None)


def analyze(
    config: Config,
    output: str | os.PathLike[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    *,
    group: str | None = None,
    force: bool = False,
    **settings: Any,
) -> xr.Dataset:
    """Do the analyses that an experiment asks for, and open what they find.

    `group` says which, such as `analysis/equilibria`; it can be left out where there is one alone. Earlier results are never replaced unless
    `force` is true.
    """
    options = _sets(overrides, settings) + (["--force"] if force else [])
    return _produce("analyze", config, output, options, group=group or "")


def check(config: Config, overrides: Mapping[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """Everything short of the first step: the plan of an experiment. Raises `NullclineError` with every mistake of it."""
    with _file(config) as path:
        _call("check", path, _sets(overrides, settings))  # for the message as people read it
        return json.loads(_call("check", path, [*_sets(overrides, settings), "--json"]))


def _produce(
    verb: str, config: Config, output: str | os.PathLike[str] | None, options: list[str], group: str | None
) -> xr.Dataset:
    with _file(config) as path:
        passing = output is None and isinstance(config, Mapping)
        wanted = path.with_suffix(".h5") if passing else output
        if wanted is not None:
            options = [*options, "--output", os.path.abspath(wanted)]
        report = json.loads(_call(verb, path, [*options, "--json"]))
        made = Path(wanted) if wanted is not None else Path(report.get("archive") or report["output"])
        if group == "":
            group = _only_analysis(made)
        data = archive.open(made, group)
        if passing:
            with data:
                return data.load()
        return data


def _only_analysis(path: Path) -> str:
    found = [group for group in archive.groups(path) if group.count("/") == 1 and group.startswith("analysis/")]
    if len(found) == 1:
        return found[0]
    raise KeyError(f"say which analysis with `group=`: {', '.join(found)}")


def _call(verb: str, config: Path, options: list[str]) -> str:
    """What the program prints."""
    done = subprocess.run(
        [program(), verb, str(config), *options],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "NO_COLOR": "1"},
    )
    if done.returncode != 0:
        raise NullclineError(_message(done.stderr), done.returncode)
    return done.stdout


def _message(talk: str) -> str:
    """The message for people: problems with their places, where the program answered in JSON."""
    text = talk.strip()
    try:
        error = json.loads(text.splitlines()[-1])["error"]
    except (IndexError, KeyError, TypeError, ValueError):
        return text
    problems = error.get("problems") or [error]
    lines = []
    for one in problems:
        place = f"{one['place']}: " if one.get("place") else ""
        lines.append(f"{place}{one['message']}")
        if one.get("help"):
            lines.append("  help: " + one["help"].replace("\n", "\n        "))
    return "\n".join(lines)


def _sets(overrides: Mapping[str, Any] | None, settings: Mapping[str, Any]) -> list[str]:
    """The options `--set` of overrides."""
    paths = {name.replace("__", "."): value for name, value in settings.items()}
    options: list[str] = []
    for path, value in {**(overrides or {}), **paths}.items():
        options += ["--set", f"{path}={_toml(value)}"]
    return options


def _toml(value: Any) -> str:
    """A value as TOML on one line."""
    value = _plain(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return tomli_w.dumps({"v": value}).removeprefix("v = ").strip()


def _document(config: Mapping[str, Any]) -> str:
    """An experiment as TOML. Inner tables are inline: `tomli_w` would put them behind the lists beside them, and the order of
    the axes of a sweep is that of the dimensions of the result."""
    tables = {name: table for name, table in config.items() if isinstance(table, Mapping)}
    lines = [f"{_key(name)} = {_toml(value)}" for name, value in config.items() if name not in tables]
    for name, table in tables.items():
        lines += ["", f"[{_key(name)}]", *(f"{_key(key)} = {_toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _key(name: Any) -> str:
    return json.dumps(str(name), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """The value without NumPy and paths, as TOML knows it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple | range):
        return [_plain(one) for one in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value


@contextlib.contextmanager
def _file(config: Config) -> Iterator[Path]:
    """The experiment as a file; a dictionary is written to one that passes."""
    if not isinstance(config, Mapping):
        yield Path(config)
        return
    with tempfile.TemporaryDirectory(prefix="nullcline-") as folder:
        path = Path(folder) / "experiment.toml"
        path.write_text(_document(config), encoding="utf-8")
        yield path


def _above(folder: Path) -> list[Path]:
    return [folder, *folder.parents]
