"""Writing sound: what is read back is what was written, and a file appears whole or not at all."""

import os

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from msviz import AudioError, Signal, open_audio, read_audio, write_audio
from msviz.audio import audio_writer, subtype_for, writing

RATE = 11025


def noise(length=150_000, channels=2, seed=0):
    return np.random.default_rng(seed).uniform(-0.9, 0.9, (channels, length)).astype(np.float32)


@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [
        ("wav", "PCM_U8"),
        ("wav", "PCM_16"),
        ("wav", "PCM_24"),
        ("wav", "FLOAT"),
        ("flac", "PCM_S8"),
        ("flac", "PCM_16"),
        ("flac", "PCM_24"),
    ],
)
def test_file_written_from_itself_is_bit_exact(tmp_path, suffix, subtype):
    original, copy = tmp_path / f"original.{suffix}", tmp_path / f"copy.{suffix}"
    samples = noise().T
    samples[:3] = [[-1, 1], [0, -0.0], [2**-15, -(2**-23)]]
    soundfile.write(original, samples, RATE, subtype=subtype)
    with open_audio(original) as source:
        assert write_audio(copy, source) == 0
    assert (soundfile.info(copy).subtype, soundfile.info(copy).samplerate) == (subtype, RATE)
    for dtype in ("int32", "float32"):
        np.testing.assert_array_equal(
            soundfile.read(copy, dtype=dtype)[0], soundfile.read(original, dtype=dtype)[0]
        )
    assert [entry.name for entry in tmp_path.iterdir() if entry not in (original, copy)] == []


@pytest.mark.parametrize("bits", [8, 16, 24])
@given(seed=st.integers(0, 10**6))
@settings(max_examples=10)
def test_every_whole_number_survives(tmp_path_factory, bits, seed):
    path = tmp_path_factory.getbasetemp() / "numbers.wav"
    full = 2 ** (bits - 1)
    numbers = np.append(np.random.default_rng(seed).integers(-full, full, 500), [-full, full - 1, 0, 1, -1])
    subtype = "PCM_U8" if bits == 8 else f"PCM_{bits}"
    assert write_audio(path, Signal((numbers / full).astype(np.float32), RATE), subtype=subtype) == 0
    back = soundfile.read(path, dtype="int32")[0] >> (32 - bits)
    np.testing.assert_array_equal(back, numbers)


def test_float_is_kept_beyond_full_scale(tmp_path):
    samples = noise() * 3
    assert write_audio(tmp_path / "loud.wav", Signal(samples, RATE)) == 0
    assert soundfile.info(tmp_path / "loud.wav").subtype == "FLOAT"
    np.testing.assert_array_equal(read_audio(tmp_path / "loud.wav").samples, samples)


@pytest.mark.parametrize("name", ["loud.wav", "loud.flac"])
def test_clipped_samples_are_counted(tmp_path, name):
    samples = np.zeros((2, 100_000), np.float32)
    samples[0, [5, 70_000]], samples[1, 99_999] = [1.5, -1.5], 1.0  # 1 is one step beyond the highest number
    samples[1, 7] = -1.0
    assert write_audio(tmp_path / name, Signal(samples, RATE), subtype="PCM_16") == 3
    back = soundfile.read(tmp_path / name, dtype="int16")[0]
    assert (back[5, 0], back[70_000, 0], back[99_999, 1], back[7, 1]) == (32767, -32768, 32767, -32768)


@pytest.mark.parametrize(
    ("original", "subtype", "wav", "flac"),
    [
        ("a.wav", "PCM_16", "PCM_16", "PCM_16"),
        ("a.wav", "PCM_32", "PCM_32", "PCM_24"),
        ("a.wav", "FLOAT", "FLOAT", "PCM_24"),
        ("a.wav", "DOUBLE", "FLOAT", "PCM_24"),
        ("a.flac", "PCM_S8", "PCM_U8", "PCM_S8"),
        ("a.ogg", "VORBIS", "FLOAT", "PCM_24"),
    ],
)
def test_bit_depth_is_that_of_the_source(tmp_path, original, subtype, wav, flac):
    soundfile.write(tmp_path / original, noise(1000).T, RATE, subtype=subtype)
    with open_audio(tmp_path / original) as source:
        assert subtype_for("x.wav", source) == wav
        assert subtype_for("x.FLAC", source) == flac
    assert subtype_for("x.wav", Signal(noise(10), RATE)) == "FLOAT"


def test_wav_past_four_gigabytes_is_rf64(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_LARGEST_WAV", 150_000 * 2 * 4 - 1)
    samples = noise()
    write_audio(tmp_path / "long.wav", Signal(samples, RATE))
    assert (tmp_path / "long.wav").read_bytes()[:4] == b"RF64"
    np.testing.assert_array_equal(read_audio(tmp_path / "long.wav").samples, samples)
    write_audio(tmp_path / "short.wav", Signal(samples[:, 1:], RATE))
    assert (tmp_path / "short.wav").read_bytes()[:4] == b"RIFF"


def test_step_by_step_it_is_the_same(tmp_path):
    def whole():
        return (yield from audio_writer(tmp_path / "steps.wav", source, subtype="PCM_16"))

    def clipped():
        counts.append((yield from whole()))

    source, counts = Signal(noise() * 2, RATE), []
    shares = list(clipped())
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert counts == [write_audio(tmp_path / "plain.wav", source, subtype="PCM_16")]
    assert counts[0] > 0
    assert (tmp_path / "steps.wav").read_bytes() == (tmp_path / "plain.wav").read_bytes()


def test_cancelled_writing_leaves_what_was_there(tmp_path):
    path = tmp_path / "sound.wav"
    path.write_bytes(b"mine")
    writer = audio_writer(path, Signal(noise(), RATE))
    assert 0 < next(writer) < 1
    assert len(list(tmp_path.iterdir())) == 3  # with what is written, and its lock
    writer.close()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"mine"


def test_the_second_of_two_writers_is_refused(tmp_path):
    path, samples = tmp_path / "sound.wav", noise()
    writer = audio_writer(path, Signal(samples, RATE))
    next(writer)
    with pytest.raises(AudioError, match=r"sound\.wav is being written by another process: wait until"):
        write_audio(path, Signal(-samples, RATE))
    assert list(writer)[-1] == 1
    np.testing.assert_array_equal(read_audio(path).samples, samples)
    assert list(tmp_path.iterdir()) == [path]


def test_file_may_be_written_over_itself(tmp_path):
    path = tmp_path / "sound.flac"
    soundfile.write(path, noise().T, RATE)
    before = soundfile.read(path)[0]
    with open_audio(path) as source:
        write_audio(path, source)
    np.testing.assert_array_equal(soundfile.read(path)[0], before)


def test_source_that_fails_leaves_nothing(tmp_path):
    class Damaged(Signal):
        def read(self, start, stop):
            if start:
                raise AudioError("it is damaged.")
            return super().read(start, stop)

    with pytest.raises(AudioError, match=r"it is damaged\."):
        write_audio(tmp_path / "sound.wav", Damaged(noise(), RATE))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["full.wav", "full.flac"])
def test_full_disk_is_told_and_leaves_nothing(tmp_path, name):
    resource = pytest.importorskip("resource", reason="only Unix limits the size of files")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
    try:
        with pytest.raises(AudioError, match=f"{name} could not be written completely: is the disk full"):
            write_audio(tmp_path / name, Signal(noise(), RATE))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_refused_in_a_sentence(tmp_path):
    signal = Signal(noise(100), RATE)
    (tmp_path / "folder.wav").mkdir()
    many = Signal(np.zeros((9, 10), np.float32), RATE)
    for name, source, options, sentence in (
        ("folder.wav", signal, {}, "folder.wav is not a file"),
        ("none/a.wav", signal, {}, "a.wav cannot be written: No such file or directory"),
        ("a.mp3", signal, {}, "choose a name ending in .wav or .flac"),
        ("a", signal, {}, "choose a name ending in .wav or .flac"),
        ("a.flac", signal, {"subtype": "FLOAT"}, "cannot store FLOAT samples: FLAC supports PCM_24"),
        ("a.flac", many, {}, "FLAC does not support 9 channels at 11025 Hz"),
    ):
        with pytest.raises(AudioError, match=sentence):
            write_audio(tmp_path / name, source, **options)
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.wav"]


def test_names_in_no_encoding_are_names_too(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff\xe9.wav")
    try:
        path.touch()
    except OSError:
        pytest.skip("no such names here")
    write_audio(path, Signal(noise(100), RATE))
    with open_audio(path) as source:
        assert source.length == 100


def test_what_is_no_number_is_written_as_silence(tmp_path):
    samples = np.array([[0.5, np.nan, -0.5, np.inf]])
    assert write_audio(tmp_path / "a.wav", Signal(samples, RATE), subtype="PCM_16") == 1  # the infinite one
    whole, _ = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert whole.tolist() == [1 << 14, 0, -1 << 14, 32767]


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="root may write anywhere")
def test_folder_that_may_not_be_written_in(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(AudioError, match="Permission denied"):
        write_audio(tmp_path / "a.wav", Signal(noise(100), RATE))


def test_no_samples_make_a_file_without_samples(tmp_path):
    assert write_audio(tmp_path / "none.wav", Signal(np.zeros((1, 0), np.float32), RATE)) == 0
    assert soundfile.info(tmp_path / "none.wav").frames == 0
