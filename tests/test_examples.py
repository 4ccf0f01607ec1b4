"""The examples run; what the one about instruments claims holds part by part."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import msviz

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def one_thread():
    """Threads of several tests at once would wait for each other more than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def instruments():
    spec = importlib.util.spec_from_file_location("instruments", ROOT / "examples" / "instruments.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_runs(instruments, monkeypatch, capsys):
    """With little to learn from: one line a picture, and as many numbers as it was tested on."""
    pitches = {name: instruments.PITCHES[name] for name in ("trained octave", "an octave up")}
    monkeypatch.setattr(instruments, "PITCHES", pitches)
    monkeypatch.setattr(instruments, "INSTRUMENTS", (instruments.reed, instruments.bell))
    instruments.main("--seeds 2 --seconds 2 --crops 4 --epochs 1".split())
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line[:16].strip() for line in lines] == list(instruments.PICTURES)
    for line in lines:
        scores = re.findall(r"(\d+) ± (\d+)", line)
        assert len(scores) == 2
        assert all(0 <= int(mean) <= 100 for mean, _ in scores)


@pytest.mark.parametrize(
    ("name", "sounding", "silent"),
    [
        ("organ", [1, 2, 3, 4, 6, 8], [5, 7]),
        ("reed", [1, 3, 5, 7], [2, 4, 6, 8]),
        ("brass", [1, 2, 3, 4, 5, 6], []),
        ("piano", [1, 2, 4, 5], [3, 6, 9]),
        ("bell", [1, np.sqrt(2) + 1], [2, 3, 4, 5]),
    ],
)
def test_partials(instruments, name, sounding, silent):
    """Each instrument has its own, 20 dB above what it has not."""
    hz = 440.0
    note = getattr(instruments, name)(np.full(instruments.RATE, hz), np.random.default_rng(1))
    spectrum = np.abs(np.fft.rfft(note * np.hanning(note.size)))
    heard = [spectrum[round(number * hz)] for number in sounding]
    assert min(heard) > 10 * max([spectrum[round(number * hz)] for number in silent], default=0)


def test_pictures_have_the_same_size(instruments, tmp_path):
    signal = msviz.Signal(
        instruments.melody(instruments.reed, np.array([69]), 2, np.random.default_rng(0)), 16000
    )
    for key, (transform, rows) in instruments.PICTURES.items():
        target = tmp_path / key / "reed"
        target.mkdir(parents=True)
        msviz.save(transform.analyze(signal), target / "0.zarr", content="levels")
        pictures, labels = instruments.read(tmp_path / key, rows, 3)
        assert pictures.shape == (3, 1, 256, 32)
        assert (pictures.amin(), pictures.amax()) == (0, 1)
        assert labels.tolist() == [0, 0, 0]


def test_the_network_does_not_mind_where_a_picture_lies(instruments):
    """A picture an octave, 32 rows, higher scores the same."""
    torch.manual_seed(0)
    model = instruments.network().eval()
    low = torch.zeros(1, 1, 256, 32)
    low[:, :, 64:128] = torch.rand(64, 32)
    high = torch.roll(low, 32, dims=2)
    with torch.no_grad():
        torch.testing.assert_close(model(low), model(high))
        stretched = torch.zeros_like(low)
        stretched[:, :, 128:256] = low[:, :, 64:128].repeat_interleave(2, dim=2)
        assert not torch.allclose(model(low), model(stretched), atol=1e-3)
