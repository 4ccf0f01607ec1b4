"""What other programs find in the files: arrays that Zarr and xarray know, and a format that tells all."""

import json

import numpy as np
import pytest
import zarr
from storage_tools import OCTAVES, RATE, TRANSFORMS, error_db, noise, parts

from msviz import STFT, OctaveTransform, Signal, save
from msviz.picture import level_codes, to_db
from msviz.transform.filters import NUTTALL


@pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part")
@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("content", ["complex64", "float16", "levels"])
def test_its_files_are_those_that_zarr_makes(tmp_path, monkeypatch, content, compress):
    """Of the same arrays and attributes, byte by byte; metadata as they are understood."""
    monkeypatch.setattr("msviz.storage.writers.TIMES", 10_000)
    save(OCTAVES.analyze(noise(2, 280_000)), tmp_path / "x.zarr", content=content, compress=compress)
    made = zarr.open_group(tmp_path / "x.zarr", mode="r", use_consolidated=False)
    copy = zarr.create_group(tmp_path / "y.zarr", attributes=dict(made.attrs))
    for name, group in made.groups():
        band = copy.create_group(name, attributes=dict(group.attrs))
        for key, array in group.arrays():
            band.create_array(
                key,
                shape=array.shape,
                dtype=array.dtype,
                chunks=array.chunks,
                shards=array.shards,
                fill_value=array.fill_value,
                dimension_names=array.metadata.dimension_names,
                attributes=dict(array.attrs),
                compressors=array.compressors,
                filters=None,
                config={"write_empty_chunks": True},
            )[...] = array[...]
    zarr.consolidate_metadata(copy.store)

    def files(root):
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            if path.name != "zarr.json"
            else json.loads(path.read_text())
            for path in root.rglob("*")
            if path.is_file()
        }

    ours, zarrs = files(tmp_path / "x.zarr"), files(tmp_path / "y.zarr")
    top = made["octave_02/coefficients"]
    assert top.shards[2] > top.shape[2] > top.chunks[2]  # a last chunk, longer than its frames
    assert ours == zarrs


@pytest.mark.parametrize("name", ["x.zarr", "x.zarr.zip"])
@pytest.mark.parametrize("content", ["complex64", "float16", "levels"])
@pytest.mark.parametrize("kind", TRANSFORMS)
def test_xarray_opens_it_as_it_is(tmp_path, kind, content, name):
    xarray = pytest.importorskip("xarray")
    made = TRANSFORMS[kind].analyze(noise())
    save(made, tmp_path / name, content=content)
    store = tmp_path / name if name == "x.zarr" else zarr.storage.ZipStore(tmp_path / name, mode="r")
    with xarray.open_datatree(store, engine="zarr") as tree:
        names = [f"octave_{number:02}" for number in range(3)] if kind == "octaves" else ["stft"]
        rest = ["residual"] if kind == "octaves" and content != "levels" else []
        assert list(tree.children) == [*names, *rest]
        assert tree.attrs["content"] == content
        for name, band in zip([*names, *rest], parts(made), strict=False):
            group = tree[name]
            values = group["coefficients"]
            assert values.dims[:3] == ("channel", "bin", "frame")
            np.testing.assert_array_equal(group["frequency"], band.frequencies)
            np.testing.assert_array_equal(group["time"], band.times)
            assert group.sizes["channel"] == 2
            if name == "residual" or content == "complex64":
                np.testing.assert_array_equal(values, band.coefficients)
            elif content == "float16":
                both = values.isel(part=0) + 1j * values.isel(part=1)
                np.testing.assert_allclose(both, band.coefficients, rtol=2**-10, atol=1e-7)
            else:
                codes = level_codes(band.coefficients).astype(float)
                np.testing.assert_allclose(values, to_db(0) + codes / 2)


def window(u):
    """W of docs/transform.md."""
    cosines = (a * np.cos(2 * np.pi * n * u) for n, a in enumerate(NUTTALL))
    return np.where(np.abs(u) < 0.5, sum(cosines), 0)


def fall(u):
    """v of docs/format.md."""
    u = np.clip(u, 0, 1)
    a0, a1, a2, a3 = NUTTALL
    ripple = a1 * np.sin(2 * np.pi * u) - a2 / 2 * np.sin(4 * np.pi * u) + a3 / 3 * np.sin(6 * np.pi * u)
    return 1 - u + ripple / (2 * np.pi * a0)


@pytest.mark.parametrize("gamma", [3, 60])
def test_it_can_be_inverted_by_what_the_format_tells(tmp_path, gamma):
    """The recipe of docs/format.md, with NumPy, Zarr and nothing of msviz."""
    signal = noise(1, 6000)
    save(
        OctaveTransform(RATE, bins_per_octave=12, resolution=7, gamma=gamma, fmin=60).analyze(signal),
        tmp_path / "x.zarr",
    )

    root = zarr.open_group(tmp_path / "x.zarr", mode="r")
    told, bands = root.attrs["parameters"], root.attrs["bands"]
    rate, resolution = told["rate"], told["resolution"]
    offset = told["gamma"] * resolution / np.log(2)
    longest = max(band["hop"] for band in bands.values())
    first = min(band["first_frame"] * band["hop"] for band in bands.values()) // longest * longest
    last = max((band["first_frame"] + band["frames"]) * band["hop"] for band in bands.values())
    size = -(-(last - first) // longest) * longest
    sums, operator = np.zeros(size, complex), np.zeros(size)
    for name, band in bands.items():
        values = root[name]["coefficients"][0]
        period = np.zeros((len(values), size // band["hop"]), complex)
        begin = band["first_frame"] - first // band["hop"]
        period[:, begin : begin + band["frames"]] = values
        for centre, row in zip(root[name]["frequency"][:], np.fft.fft(period), strict=True):
            if name == "residual":
                j = np.arange(
                    -int(band["stop_edge_hz"] * size / rate), int(band["stop_edge_hz"] * size / rate) + 1
                )
                width = band["stop_edge_hz"] - band["pass_edge_hz"]
                filters = fall((np.abs(j * rate / size) - band["pass_edge_hz"]) / width)
                weight, gain = band["weight"], 1
            else:
                reach = 2.0 ** (2 / resolution)
                low, high = (centre + offset) / reach - offset, (centre + offset) * reach - offset
                j = np.arange(int(np.floor(low * size / rate)) + 1, int(np.ceil(high * size / rate)))
                u = (np.log2(j * rate / size + offset) - np.log2(centre + offset)) * resolution / 4
                filters, weight, gain = window(u), 1, 2
                if low < 0 and not told["mirrored"]:
                    filters *= fall((centre - j * rate / size) / (2 * centre))
                if high > rate / 2 and not told["mirrored"]:
                    filters *= fall((j * rate / size - centre) / (rate - 2 * centre))
            product = weight * filters * row[j % len(row)] * band["hop"] / gain
            np.add.at(sums, j % size, product)
            np.add.at(operator, j % size, weight * filters**2)
            if gain == 2:  # and the mirror image, of the negative frequencies
                np.add.at(sums, -j % size, np.conj(product))
                np.add.at(operator, -j % size, filters**2)
    rebuilt = np.fft.ifft(sums / operator)[-first : -first + 6000]
    assert np.abs(rebuilt.imag).max() < 1e-6
    assert error_db(Signal(rebuilt.real, RATE), signal) < -110


def test_an_stft_can_be_inverted_by_what_the_format_tells(tmp_path):
    signal = noise(1, 6000)
    save(STFT(RATE, window=301, hop=70).analyze(signal), tmp_path / "x.zarr")

    root = zarr.open_group(tmp_path / "x.zarr", mode="r")
    size, hop = root.attrs["parameters"]["window"], root.attrs["parameters"]["hop"]
    first = root.attrs["bands"]["stft"]["first_frame"]
    spectra = root["stft/coefficients"][0].T
    spectra[:, 0] *= 2
    frames = np.roll(np.fft.irfft(spectra, size), size // 2, axis=1)
    hann = (1 - np.cos(2 * np.pi * np.arange(size) / size)) / 2
    squares = np.array([np.square(hann[m % hop :: hop]).sum() for m in range(size)])
    rebuilt = np.zeros((len(frames) - 1) * hop + size)
    for number, frame in enumerate(frames):
        rebuilt[number * hop :][:size] += frame * hann / squares * hann.sum() / 2
    begin = size // 2 - first * hop
    assert error_db(Signal(rebuilt[begin : begin + 6000], RATE), signal) < -110
