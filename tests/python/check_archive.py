"""Open an archive as a scientist would and compare it with what the test expects, bit for bit.

Usage: check_archive.py ARCHIVE EXPECTED.json

EXPECTED.json: {"variables": {name: {"dims", "shape", "units", "long_name", "dtype", "values"}},
"coordinates": {name: [..]}, "texts": {path: text}, "attributes": {name: value}, "absent": [name]}.
`values` are 64-bit patterns of float64 as integers, row-major; `long_name` may be left out.
"""

import json
import sys
import warnings

import h5py
import netCDF4
import numpy as np
import xarray as xr

warnings.simplefilter("error")


def same_bits(name, found, expected):
    bits = np.array(expected["values"], dtype=np.uint64).view(np.float64)
    wanted = bits.astype(expected["dtype"]).reshape(expected["shape"])
    found = np.asarray(found)
    assert found.dtype == wanted.dtype, (name, found.dtype, wanted.dtype)
    assert found.shape == wanted.shape, (name, found.shape, wanted.shape)
    assert found.tobytes() == wanted.tobytes(), f"{name}: other values\n{found}\n{wanted}"


def every_data_set(group):
    for item in group.values():
        if isinstance(item, h5py.Group):
            yield from every_data_set(item)
        else:
            yield item


def check_h5py(path, expected):
    with h5py.File(path, "r") as file:
        for name, value in expected["attributes"].items():
            found = file.attrs[name]
            assert found == value, (name, found, value)
        for name, card in expected["variables"].items():
            data_set = file[name]
            same_bits(name, data_set[()], card)
            if data_set.is_scale:
                scales = [[name]]
            else:
                scales = [list(dim.keys()) for dim in data_set.dims]
            assert scales == [[dim] for dim in card["dims"]], (name, scales)
            assert data_set.attrs["units"] == card["units"], name
            if "long_name" in card:
                assert data_set.attrs["long_name"] == card["long_name"], name
        for name, text in expected["texts"].items():
            found = file[name].asstr()[()]
            assert found == text, (name, found, text)
        for name in expected["absent"]:
            assert name not in file, name
        for data_set in every_data_set(file):
            if data_set.attrs.get("NAME", b"").startswith(b"This is a netCDF dimension"):
                continue
            for attribute in ("units", "long_name"):
                assert data_set.attrs.get(attribute), (data_set.name, attribute)
            if not data_set.is_scale:
                for dim in data_set.dims:
                    assert len(dim) == 1, (data_set.name, "a dimension without a scale")


def check_xarray(path, engine, expected):
    with xr.open_dataset(path, engine=engine) as data:
        for name, value in expected["attributes"].items():
            assert data.attrs[name] == value, (engine, name)
        for name, card in expected["variables"].items():
            if "/" in name:
                continue
            variable = data[name]
            assert list(variable.dims) == card["dims"], (engine, name, variable.dims)
            same_bits(name, variable.values, card)
            assert variable.attrs["units"] == card["units"], (engine, name)
        for name, values in expected["coordinates"].items():
            assert name in data.coords, (engine, name)
            assert data[name].values.tolist() == values, (engine, name, data[name].values)
        if "time" in data.coords and data.sizes["time"] > 1:
            last = data["time"].values[-1]
            data.sel(time=last, method="nearest")
        if "rho_re" in data:
            rho = data.rho_re + 1j * data.rho_im
            assert rho.dtype == np.complex128
            place = dict(zip(rho.dims[1:], ("CD", "DΩ")))
            assert rho.sel(place).dims == ("time",)
    xr.open_datatree(path, engine=engine).load().close()


def check_netcdf(path):
    with netCDF4.Dataset(path) as data:
        for group in ("parameters", "config", "provenance", "health"):
            assert group in data.groups, group


def main():
    path = sys.argv[1]
    with open(sys.argv[2], encoding="utf-8") as file:
        expected = json.load(file)
    check_h5py(path, expected)
    for engine in ("netcdf4", "h5netcdf"):
        check_xarray(path, engine, expected)
    check_netcdf(path)
    print(f"{path}: {len(expected['variables'])} variables agree in h5py and xarray (2 engines)")


main()
