"""Crops of converted files as training data."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import DataLoader

import msviz
from msviz.errors import MsvizError, ParameterError, StorageError
from msviz.picture import FLOOR_DB
from msviz.storage import StoredCoefficients
from msviz.torch import KEPT_OPEN, OctaveDataset

RATE = 8000
TRANSFORM = msviz.OctaveTransform(RATE, fmin=200, workers=1)
STEP = max(octave.hop for octave in TRANSFORM.octaves)
STFT = msviz.STFT(RATE, window=256, hop=64)


def noise(seconds, channels=1, seed=0):
    samples = np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))
    return msviz.Signal(0.1 * samples.astype(np.float32), RATE)


@pytest.fixture
def save(tmp_path):
    """Save a signal as folder / name."""

    def write(signal, name, transform=TRANSFORM, **options):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        msviz.save(transform.analyze(signal), path, **options)
        return path

    return write


@pytest.fixture
def folder(tmp_path, save):
    """Three files of two classes, one in a place deeper down, and something else."""
    save(noise(2, seed=0), "flute/one.zarr")
    save(noise(3, seed=1), "flute/two.zarr.zip")
    save(noise(2, seed=2), "deep/harp/one.npz")
    (tmp_path / "files" / "notes.txt").write_text("not a representation")
    return tmp_path / "files"


def start_of(crop, signal):
    """Where in a signal a crop with all octaves comes from, by its strongest likeness in the top one."""
    wanted = TRANSFORM.coefficients(signal, 0, signal.length)[-1]
    hop = TRANSFORM.octaves[-1].hop
    count = crop[-1].shape[-1]
    starts = range(0, signal.length - count * hop + 1, STEP)
    errors = [np.abs(wanted[..., s // hop : s // hop + count] - crop[-1].numpy()).max() for s in starts]
    assert min(errors) < 1e-4
    return starts[int(np.argmin(errors))]


def test_a_crop_is_what_analysis_gives(folder):
    """Every octave of an item holds the frames that are centred in one stretch of its file."""
    dataset = OctaveDataset(folder, seconds=0.5, values="complex", crops_per_file=5)
    signals = [noise(2, seed=2), noise(2, seed=0), noise(3, seed=1)]
    assert [file.parent.name for file in dataset.files] == ["harp", "flute", "flute"]
    seen = set()
    for index, (crop, label) in enumerate(dataset):
        signal = signals[index // 5]
        start = start_of(crop, signal)
        wanted = TRANSFORM.coefficients(signal, start, start + dataset.samples)
        for values, octave in zip(crop, wanted, strict=True):
            assert values.shape == octave.shape
            np.testing.assert_allclose(values, octave, atol=1e-4)
        assert dataset.classes[label] == dataset.files[index // 5].parent.name
        seen.add((index // 5, start))
    assert len(seen) > 6  # of 15, from at most some 16 places a file


def test_values(folder):
    crops = {
        values: OctaveDataset(folder, seconds=0.5, values=values)[0][0]
        for values in ("db", "magnitude", "complex")
    }
    for db, magnitude, coefficient in zip(*crops.values(), strict=True):
        np.testing.assert_allclose(magnitude, coefficient.abs(), rtol=1e-5)
        np.testing.assert_allclose(db, 20 * magnitude.log10(), atol=1e-3)


def test_levels_are_within_half_a_step(save, folder, tmp_path):
    exact = OctaveDataset(folder / "flute", seconds=0.5)[0][0]
    save(noise(2, seed=0), "../levels/one.zarr", content="levels")
    levels = OctaveDataset(tmp_path / "levels", seconds=0.5)
    for values, wanted in zip(levels[0][0], exact, strict=True):
        np.testing.assert_allclose(values, wanted, atol=0.3)
    with pytest.raises(StorageError, match=r"one.zarr contains only levels"):
        OctaveDataset(tmp_path / "levels", values="complex")
    image, wanted = (
        OctaveDataset(path, seconds=0.5, frame_rate=100)[0][0]
        for path in (tmp_path / "levels", folder / "flute")
    )
    np.testing.assert_allclose(image, wanted, atol=0.3)


@pytest.mark.parametrize("values", ["db", "magnitude"])
def test_images_are_those_of_the_whole(folder, values):
    dataset = OctaveDataset(folder / "flute", seconds=0.5, frame_rate=125, values=values)
    start = start_of(OctaveDataset(folder / "flute", seconds=0.5, values="complex")[0][0], noise(2))
    whole = TRANSFORM.analyze(noise(2)).image(0, start, start + dataset.samples, 125)
    image = dataset[0][0].numpy()
    assert image.shape == (1, *whole.shape)
    level = image[0] if values == "db" else 20 * np.log10(image[0])
    np.testing.assert_allclose(level, np.maximum(whole, FLOOR_DB), atol=0.3)


def test_stft_files_give_images_too(save, tmp_path):
    save(noise(2), "one.zarr", STFT)
    dataset = OctaveDataset(tmp_path / "files", seconds=0.512, frame_rate=RATE / 64)
    assert dataset[0][0].shape == (1, 129, 64)


def test_same_seed_epoch_and_number_same_crop(folder):
    def crops(seed, epoch):
        dataset = OctaveDataset(folder, seconds=0.25, crops_per_file=3, seed=seed)
        dataset.set_epoch(epoch)
        return np.stack([crop[-1].numpy() for crop, _ in dataset])

    np.testing.assert_array_equal(crops(1, 2), crops(1, 2))
    assert not np.array_equal(crops(1, 2), crops(1, 3))
    assert not np.array_equal(crops(1, 2), crops(2, 2))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # Python's, of whoever forks beside threads
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_give_what_one_process_gives(folder, start):
    """Also in the next epoch, for which workers stay."""
    dataset = OctaveDataset(folder, seconds=0.25, crops_per_file=4)
    alone = DataLoader(dataset, batch_size=6)
    together = DataLoader(
        dataset, batch_size=6, num_workers=2, multiprocessing_context=start, persistent_workers=True
    )
    tops = []
    for epoch in range(2):
        dataset.set_epoch(epoch)
        for (octaves, labels), (others, other_labels) in zip(alone, together, strict=True):
            assert [o.shape[:3] for o in octaves] == [(6, 1, 24)] * len(TRANSFORM.octaves)
            for octave, other in zip(octaves, others, strict=True):
                np.testing.assert_array_equal(octave, other)
            np.testing.assert_array_equal(labels, other_labels)
        tops.append(octaves[-1].numpy())
    assert not np.array_equal(*tops)
    del together


def test_only_the_crops_frames_are_read(save, tmp_path, monkeypatch):
    save(noise(60), "long.zarr", content="levels")
    dataset = OctaveDataset(tmp_path / "files", seconds=0.5)
    read = []
    original = StoredCoefficients.__getitem__

    def counted(self, key):
        read.append(key[-1].stop - key[-1].start)
        return original(self, key)

    monkeypatch.setattr(StoredCoefficients, "__getitem__", counted)
    dataset[0]
    assert sum(read) == sum(dataset.samples // octave.hop for octave in TRANSFORM.octaves)


def test_a_short_file_is_followed_by_silence(save, tmp_path):
    save(noise(0.3), "short.zarr")
    octaves, _ = OctaveDataset(tmp_path / "files", seconds=1.0)[0]
    for values, octave in zip(octaves, TRANSFORM.octaves, strict=True):
        assert values.shape[-1] == round(RATE / STEP) * STEP // octave.hop
        assert values[..., : int(0.25 * RATE / octave.hop)].max() > -60
        assert values[..., -int(0.2 * RATE / octave.hop) :].max() == pytest.approx(FLOOR_DB)


def test_a_short_file_is_a_short_image(save, tmp_path):
    save(noise(0.3), "short.zarr")
    image = OctaveDataset(tmp_path / "files", seconds=1.0, frame_rate=50)[0][0]
    assert image.shape[-1] == np.ceil(round(RATE / STEP) * STEP * 50 / RATE)
    assert image[..., :15].amax(1).min() > -60
    assert (image[..., 15:] == FLOOR_DB).all()


def test_channels(save, folder, tmp_path):
    save(noise(2, channels=2, seed=5), "stereo/one.zarr")
    with pytest.raises(
        MsvizError, match=r"one.zarr have 2 and 1 channels|one.npz have 1 and 2|2 and 1 channels"
    ):
        OctaveDataset(folder)
    with pytest.raises(ParameterError, match=r"the channel of .* must be a whole number from 0 to 0, not 1"):
        OctaveDataset(folder, channel=1)
    both = OctaveDataset(folder / "stereo", seconds=0.25)[0][0]
    right = OctaveDataset(folder / "stereo", seconds=0.25, channel=1)[0][0]
    assert both[0].shape[0] == 2
    for values, one in zip(both, right, strict=True):
        np.testing.assert_array_equal(values[1:], one)


def test_labels_of_ones_own(folder):
    dataset = OctaveDataset(folder, label=lambda path: len(path.name))
    assert [label for _, label in dataset] == [7, 8, 12]
    assert dataset.classes == ()


def test_files_of_other_parameters_are_told(save, folder):
    save(noise(2), "flute/three.zarr", msviz.OctaveTransform(RATE, fmin=200, bins_per_octave=12))
    with pytest.raises(MsvizError, match=r"three.zarr was made by .*bins_per_octave=12.*one.npz by"):
        OctaveDataset(folder)


def test_folders_without_files_are_told(tmp_path):
    with pytest.raises(MsvizError, match=r"nowhere is not a folder"):
        OctaveDataset(tmp_path / "nowhere")
    with pytest.raises(MsvizError, match=r"no converted files: .*msviz convert"):
        OctaveDataset(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seconds": 0}, "seconds must be positive, not 0"),
        ({"frame_rate": -1}, "frame_rate must be positive, not -1"),
        ({"frame_rate": 9000}, "frame_rate must be at most the files' 8000 Hz, not 9000"),
        ({"values": "phase"}, 'values must be "db", "magnitude" or "complex", not \'phase\''),
        ({"values": "complex", "frame_rate": 10}, "images contain magnitudes"),
        ({"crops_per_file": 0}, "crops_per_file must be a whole number of at least 1, not 0"),
    ],
)
def test_unusable_parameters_are_told(folder, options, message):
    with pytest.raises(ParameterError, match=message):
        OctaveDataset(folder, **options)


def test_a_file_that_goes_bad_is_told(folder):
    dataset = OctaveDataset(folder / "flute", seconds=0.25)
    for chunk in (folder / "flute" / "one.zarr").rglob("c/*/*/*"):
        if chunk.is_file():
            chunk.write_bytes(b"broken")
    with pytest.raises(StorageError, match=r"one.zarr is damaged"):
        dataset[0]


def test_many_files_are_not_all_kept_open(save, tmp_path):
    path = save(noise(0.1), "0.npz")
    for number in range(1, KEPT_OPEN + 3):
        (tmp_path / "files" / f"{number}.npz").write_bytes(path.read_bytes())
    dataset = OctaveDataset(tmp_path / "files", seconds=0.1)
    assert len(list(dataset)) == KEPT_OPEN + 3
    assert len(dataset._opened) == KEPT_OPEN
    assert not pickle.loads(pickle.dumps(dataset))._opened


def test_without_torch_a_sentence_says_what_to_do():
    script = "import sys; sys.modules['torch'] = None; import msviz; msviz.torch"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stderr
    assert 'AttributeError: msviz.torch needs PyTorch: install it with pip install "msviz[torch]"' in told
    asked = script.replace("msviz.torch", "print(hasattr(msviz, 'torch'))")
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True).stdout == "False\n"


def test_paths_may_be_strings(folder):
    assert OctaveDataset(str(folder)).files == OctaveDataset(Path(folder)).files
