"""Archives as labelled data sets: variables, dimensions, units and attributes as they stand in the file."""

from __future__ import annotations

import os

import h5py
import numpy as np
import xarray as xr


def groups(path: str | os.PathLike[str]) -> list[str]:
    """The groups of an archive that hold data, such as `health`, `events` and `analysis/equilibria`."""
    found: list[str] = []

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Group) and any(isinstance(one, h5py.Dataset) for one in item.values()):
            found.append(name)

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return found


def open(path: str | os.PathLike[str], group: str | None = None) -> xr.Dataset:
    """Open an archive, or one group of it (see `groups`), as a labelled data set.

    The data are read when they are used; close the data set, or use it in a `with`, to let go of the file.
    Variables of flags, `run_status` above all, are decoded to their words. Attributes are kept.
    """
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is no archive `{os.fspath(path)}`; `nullcline.run` writes one")
    if group is not None:
        _require(path, group)
    data = xr.open_dataset(path, group=group, engine="h5netcdf")
    for name in list(data.variables):
        if "flag_meanings" in data[name].attrs:
            data[name] = _words(data[name])
    return data


def _require(path: str | os.PathLike[str], group: str) -> None:
    with h5py.File(path, "r") as file:
        if isinstance(file.get(group), h5py.Group):
            return
    raise KeyError(f"`{os.fspath(path)}` has no group `{group}`; it has {', '.join(groups(path)) or 'none'}")


def _words(flags: xr.DataArray) -> xr.DataArray:
    """The same with words for numbers; a number without a word becomes `unknown`."""
    meanings = str(flags.attrs["flag_meanings"]).split()
    values = np.atleast_1d(flags.attrs["flag_values"]).tolist()
    word = dict(zip(values, meanings))
    numbers = np.asarray(flags.values)
    words = [word.get(number, "unknown") for number in numbers.ravel().tolist()]
    return flags.copy(data=np.array(words, dtype=np.str_).reshape(numbers.shape))
