"""Audio files: read by stretch exactly, and told in a sentence when they cannot be."""

import contextlib
import errno
import itertools
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import DEFAULT, Mock

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waiting import LONG_S

import msviz
from msviz.audio import decode, decoded, source, stream
from msviz.audio.stream import Stream
from msviz.cancellation import Cancelled, cancel_scope

# What each is called for people; ADPCM stands for the codecs that libsndfile cannot enter in the middle.
FORMATS = {
    "WAV, 16 bit": ("wav", "WAV", "PCM_16"),
    "WAV, 32 bit float": ("wav", "WAV", "FLOAT"),
    "WAV, 32kbs G721 ADPCM": ("wav", "WAV", "G721_32"),
    "FLAC, 24 bit": ("flac", "FLAC", "PCM_24"),
    "Ogg Vorbis": ("ogg", "OGG", "VORBIS"),
    "Ogg Opus": ("opus", "OGG", "OPUS"),
    "MP3": ("mp3", "MP3", "MPEG_LAYER_III"),
    "AIFF, 16 bit": ("aiff", "AIFF", "PCM_16"),
    "CAF, 16 bit": ("caf", "CAF", "PCM_16"),
    "CAF, 16 bit ALAC": ("caf", "CAF", "ALAC_16"),
    "W64, 24 bit": ("w64", "W64", "PCM_24"),
}
RATE = 48000
LENGTH = 100_000


def melody(channels):
    """A tone that bends and stops: after a seek, an MP3 of it goes on differently."""
    t = np.arange(LENGTH) / RATE
    tone = 0.4 * np.sin(2 * np.pi * (200 + 50 * np.sin(t)) * t) * (np.sin(12 * t) > 0)
    return tone[:, None] * np.linspace(1, 0.5, channels)


@pytest.fixture(scope="module")
def tracks(tmp_path_factory):
    """A file in each format: name → path."""
    folder = tmp_path_factory.mktemp("tracks")
    paths = {}
    for number, (name, (extension, container, subtype)) in enumerate(FORMATS.items()):
        paths[name] = folder / f"{number}.{extension}"
        samples = melody(channels=1 if subtype == "G721_32" else 2)
        soundfile.write(paths[name], samples, RATE, format=container, subtype=subtype)
    return paths


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks so small that a track has many, of which few are kept."""
    monkeypatch.setattr(stream, "_VALUES", 4096)
    monkeypatch.setattr(source, "_BLOCKS_KEPT", 2)


def decoded_at_once(path):
    with soundfile.SoundFile(path) as file:
        length = file.frames if file.seekable() else -(-LENGTH // 120) * 120  # whole blocks of ADPCM
    return soundfile.read(path, frames=length, dtype="float32", always_2d=True)[0].T


def wav(path, samples, rate=8000, subtype="FLOAT"):
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def sentence_about(path, act=msviz.open_audio):
    """What the `AudioError` says, which must be one sentence that begins with the file."""
    with pytest.raises(msviz.AudioError) as caught:
        act(path)
    message = str(caught.value)
    assert message.startswith(f"{path} ")
    assert message.endswith(".")
    assert "\n" not in message
    assert "rror" not in message
    return message.removeprefix(f"{path} ")


# Reading by stretch


@pytest.mark.parametrize("name", FORMATS)
@settings(
    deadline=None,
    max_examples=15,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # small_blocks is the same for all examples
)
@given(starts=st.lists(st.integers(-5000, LENGTH + 5000), min_size=1, max_size=8), size=st.integers(0, 9000))
def test_any_stretch_is_that_of_the_whole(tracks, small_blocks, name, starts, size):
    whole = decoded_at_once(tracks[name])
    padded = np.pad(whole, ((0, 0), (5000, 20000)))
    with msviz.open_audio(tracks[name]) as audio:
        assert (audio.channels, audio.length) == whole.shape
        for start in starts:
            stretch = audio.read(start, start + size)
            assert stretch.dtype == np.float32
            np.testing.assert_array_equal(stretch, padded[:, start + 5000 : start + 5000 + size])


@pytest.mark.parametrize("name", FORMATS)
def test_several_threads_read_at_once(tracks, small_blocks, name):
    whole = decoded_at_once(tracks[name])
    starts = np.random.default_rng(2).integers(0, LENGTH - 3000, 60)
    with msviz.open_audio(tracks[name]) as audio, ThreadPoolExecutor(6) as pool:
        for start, stretch in zip(starts, pool.map(lambda a: audio.read(a, a + 3000), starts), strict=True):
            np.testing.assert_array_equal(stretch, whole[:, start : start + 3000])


def test_what_two_threads_read_at_once_is_decoded_once(tracks, small_blocks, monkeypatch, waiting):
    begun, decoded_blocks = threading.Event(), []
    read = decode._Seeking._read

    def slow(self, start, count, **how):
        begun.set()
        assert waiting.wait(LONG_S)
        decoded_blocks.append(start // self.size)
        return read(self, start, count, **how)

    monkeypatch.setattr(decode._Seeking, "_read", slow)
    with msviz.open_audio(tracks["FLAC, 24 bit"]) as audio, ThreadPoolExecutor(2) as pool:
        first = pool.submit(audio.read, 10, 20)
        assert begun.wait(LONG_S)
        second = pool.submit(audio.read, 10, 20)
        np.testing.assert_array_equal(first.result(LONG_S), second.result(LONG_S))
    assert decoded_blocks == [0]


def test_reading_is_cancelled_between_blocks(tracks, small_blocks):
    asked = itertools.count(1)
    with msviz.open_audio(tracks["FLAC, 24 bit"]) as audio:
        with pytest.raises(Cancelled), cancel_scope(lambda: next(asked) == 3):
            audio.read(0, LENGTH)
        assert next(asked) == 4
        assert audio.read(0, LENGTH).shape == (2, LENGTH)  # nothing is left of that


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_says_what_it_is(tracks, name):
    with msviz.open_audio(str(tracks[name])) as audio:
        assert audio.path == tracks[name]
        assert audio.format == name
        assert audio.rate == RATE
        assert audio.duration == audio.length / RATE
        assert audio.non_finite == 0


@pytest.mark.parametrize("name", FORMATS)
def test_read_audio_gives_the_whole(tracks, name):
    signal = msviz.read_audio(tracks[name])
    assert signal.rate == RATE
    np.testing.assert_array_equal(signal.samples, decoded_at_once(tracks[name]))


@pytest.mark.parametrize(("channels", "rate"), [(1, 1000), (6, 8000), (64, 192000)])
def test_channels_and_rates(tmp_path, channels, rate):
    samples = np.random.default_rng(3).uniform(-1, 1, (5000, channels)).astype(np.float32)
    signal = msviz.read_audio(wav(tmp_path / "many.wav", samples, rate))
    assert signal.rate == rate
    np.testing.assert_array_equal(signal.samples, samples.T)


@pytest.mark.parametrize("rate", [8000, 22050, 32000])
def test_mp3_of_low_rates(tmp_path, rate):
    soundfile.write(tmp_path / "low.mp3", melody(1), rate)
    np.testing.assert_array_equal(
        msviz.read_audio(tmp_path / "low.mp3").samples, decoded_at_once(tmp_path / "low.mp3")
    )


def test_one_sample(tmp_path):
    signal = msviz.read_audio(wav(tmp_path / "short.wav", [0.5]))
    np.testing.assert_array_equal(signal.samples, [[0.5]])


def test_what_is_read_belongs_to_the_reader(tracks):
    with msviz.open_audio(tracks["FLAC, 24 bit"]) as audio:
        first = audio.read(0, 100)
        kept = first.copy()
        first[:] = 9
        np.testing.assert_array_equal(audio.read(0, 100), kept)


@pytest.mark.parametrize("name", ["FLAC, 24 bit", "MP3"])
def test_reading_again_decodes_nothing(tracks, name, monkeypatch):
    with msviz.open_audio(tracks[name]) as audio:
        audio.read(0, LENGTH)
        monkeypatch.setattr(Stream, "read", None)
        audio.read(1000, LENGTH)


def test_the_block_read_last_is_kept_longest(tracks, small_blocks, monkeypatch):
    with msviz.open_audio(tracks["FLAC, 24 bit"]) as audio:
        for block in (0, 1, 0, 2):  # of which two are kept
            audio.read(2048 * block, 2048 * block + 10)
        monkeypatch.setattr(Stream, "read", None)
        audio.read(0, 2048)


@pytest.mark.parametrize(
    ("name", "most"),
    {"WAV, 16 bit": 0, "FLAC, 24 bit": 0, "MP3": 0, "Ogg Vorbis": 2**14, "Ogg Opus": 2**14}.items(),
)
def test_opening_decodes_nothing_but_the_end_of_an_ogg(tracks, name, most, monkeypatch):
    counts = []
    read = Stream.read

    def counted(self, n, **how):
        samples = read(self, n, **how)
        counts.append(len(samples))
        return samples

    monkeypatch.setattr(Stream, "read", counted)
    msviz.open_audio(tracks[name]).close()
    assert sum(counts) <= most


@pytest.mark.parametrize("name", ["FLAC, 24 bit", "MP3"])
def test_a_closed_file_says_so(tracks, name):
    with msviz.open_audio(tracks[name]) as audio:
        audio.read(0, 100)
    assert sentence_about(tracks[name], lambda _: audio.read(0, 100)) == "has been closed."


# Samples that are no numbers


def test_what_is_not_a_number_is_silence_and_counted_once(tmp_path, small_blocks):
    samples = np.full((50_000, 2), 0.25)
    samples[[10, 11, 30_000], 0] = [np.nan, np.inf, -np.inf]
    samples[10, 1] = 1e300  # no float32 holds it
    with msviz.open_audio(wav(tmp_path / "nan.wav", samples, subtype="DOUBLE")) as audio:
        first = audio.read(0, 100)
        assert audio.non_finite == 3
        np.testing.assert_array_equal(first[:, 10:12], [[0, 0], [0, 0.25]])
        for _ in range(2):
            assert np.isfinite(audio.read(0, 50_000)).all()
            assert audio.non_finite == 4


# One channel out of several


def test_mix_down_is_the_mean(tracks):
    with msviz.open_audio(tracks["WAV, 16 bit"]) as audio:
        mix = msviz.mix_down(audio)
        assert (mix.rate, mix.channels, mix.length) == (RATE, 1, LENGTH)
        both = audio.read(-10, 500)
        np.testing.assert_allclose(mix.read(-10, 500), (both[:1] + both[1:]) / 2, atol=1e-7)


def test_mix_down_to_a_channel_by_its_number():
    signal = msviz.Signal(np.arange(12.0).reshape(6, 2), 8000)
    for number in range(6):
        np.testing.assert_array_equal(msviz.mix_down(signal, number).read(0, 2)[0], signal.samples[number])
    for kind in (-1, 6, 0.5):
        with pytest.raises(
            msviz.ParameterError, match=f"channel must be a whole number from 0 to 5, not {kind}"
        ):
            msviz.mix_down(signal, kind)
    for kind in ("0", "third"):
        with pytest.raises(msviz.ParameterError, match=f"or a channel number, not '{kind}'"):
            msviz.mix_down(signal, kind)


@pytest.mark.parametrize(
    ("kind", "samples"),
    {
        "mix": [0.5, 0.25],
        "left": [1, 0],
        "right": [0.25, 0.5],
        "mid": [0.625, 0.25],
        "side": [0.375, -0.25],
    }.items(),
)
def test_what_channels_become(kind, samples):
    signal = msviz.Signal([[1, 0], [0.25, 0.5], [0.25, 0.25]], 1000)
    np.testing.assert_array_equal(msviz.mix_down(signal, kind).read(0, 2), [samples])


def test_mix_down_of_one_channel_is_itself():
    signal = msviz.Signal(np.zeros(10), 8000)
    assert msviz.mix_down(signal) is signal


# Bad input


def test_missing(tmp_path):
    assert sentence_about(tmp_path / "nowhere.wav") == "does not exist."


def test_folder(tmp_path):
    assert sentence_about(tmp_path) == "is a folder: choose an audio file in it."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_named_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    assert sentence_about(tmp_path / "pipe.wav") == "is not a regular file."


def test_empty(tmp_path):
    (tmp_path / "empty.flac").touch()
    assert "is empty (0 bytes)" in sentence_about(tmp_path / "empty.flac")


@pytest.mark.parametrize(
    "extension", ["wav", "flac", "ogg", "opus", "mp3", "aiff", "caf", "w64", "m4a", "raw", "txt"]
)
def test_not_audio(tmp_path, extension, capfd):
    path = tmp_path / f"letter.{extension}"
    path.write_text("Dear friend, this is no music.\n" * 500)
    assert sentence_about(path) == "is not an audio file."
    assert capfd.readouterr().err == ""
    print("heard again", file=sys.stderr)
    assert capfd.readouterr().err == "heard again\n"


def test_no_decoder_writes_on_standard_error(tracks, tmp_path, capfd):
    """What is no MP3 and seems to be one, and one that is shorter than its first frame tells."""
    noise, whole = np.random.default_rng(0).bytes(20_000), tracks["MP3"].read_bytes()
    for name, data in {
        "sync": b"\xff\xfb\x90\x00" + noise,
        "tag": b"ID3\3\0\0\0\0\1\0" + noise,
        "tagged sync": b"ID3\3\0\0\0\0\0\n" + bytes(10) + b"\xff\xfb\x90\x00" + noise,
        "sync alone": b"\xff\xfb",
        "one byte": b"\xff",
        "half": whole[: len(whole) // 2],
        "picture behind": whole + b"APETAGEX" + len(noise).to_bytes(4, "little") * 2 + bytes(16) + noise,
    }.items():
        for path in (tmp_path / f"{name}.mp3", tmp_path / f"{name}.dat"):
            path.write_bytes(data)
            with contextlib.suppress(msviz.AudioError), msviz.open_audio(path) as audio:
                audio.read(0, audio.length)
    assert capfd.readouterr().err == ""


def test_opening_a_file_keeps_nothing_from_standard_error(tracks, tmp_path, monkeypatch, capfd):
    """What another thread or library writes while libsndfile looks at a file arrives."""

    def spoken(self, file):
        os.write(2, b"heard\n")
        opened(self, file)

    opened = Stream.__init__
    monkeypatch.setattr(Stream, "__init__", spoken)
    (tmp_path / "letter.mp3").write_text("Dear friend, this is no music.\n" * 500)
    with msviz.open_audio(tracks["MP3"]) as audio:
        audio.read(0, 10)
    with pytest.raises(msviz.AudioError, match="is not an audio file"):
        msviz.open_audio(tmp_path / "letter.mp3")
    assert capfd.readouterr().err == "heard\n" * 2


@pytest.mark.parametrize("extension", ["wav", "aiff", "caf", "w64", "ogg"])
def test_no_samples(tmp_path, extension):
    path = tmp_path / f"nothing.{extension}"
    soundfile.write(path, np.zeros((0, 2)), 44100)
    assert sentence_about(path) == "contains no audio: it is 0 samples long."


def test_too_many_channels(tmp_path):
    path = wav(tmp_path / "choir.wav", np.zeros((10, 65)))
    assert sentence_about(path) == "has 65 channels, but msviz supports 1 to 64."


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_no_permission():
    with tempfile.TemporaryDirectory() as folder:  # tmp_path lies in a folder that is closed itself
        os.chmod(folder, 0o755)
        path = wav(Path(folder) / "secret.wav", np.zeros(10))
        path.chmod(0)
        root = os.geteuid() == 0
        if root:  # whom nothing is forbidden: be nobody for a moment
            os.seteuid(65534)
        try:
            with pytest.raises(msviz.AudioError) as caught:
                msviz.open_audio(path)
            assert str(caught.value) == f"You don't have permission to read {path}."
        finally:
            if root:
                os.seteuid(0)


def test_a_full_disk_is_told_and_leaves_no_hole(tracks, monkeypatch, small_blocks):
    with msviz.open_audio(tracks["MP3"]) as audio:
        monkeypatch.setattr(audio._decoder, "_scratch", scratch := Mock(wraps=audio._decoder._scratch))
        full = OSError(errno.ENOSPC, "No space left")
        scratch.write.side_effect = [DEFAULT, DEFAULT, full, DEFAULT, DEFAULT]
        for _ in range(2):
            assert "No space left" in sentence_about(tracks["MP3"], lambda _: audio.read(0, LENGTH))
        np.testing.assert_array_equal(audio.read(0, 4096), decoded_at_once(tracks["MP3"])[:, :4096])
        assert audio.decoded == 4096


def test_no_room_is_told_before_anything_is_decoded(tracks, monkeypatch):
    monkeypatch.setattr(decode.shutil, "disk_usage", lambda _: Mock(free=LENGTH * 2 * 4 - 1))
    assert "needs 0.0 GB" in sentence_about(tracks["MP3"])
    msviz.open_audio(tracks["FLAC, 24 bit"]).close()


# Formats that are decoded from front to end


class SlowFile:
    """Lets a track's file give blocks only as far as it is told."""

    def __init__(self, monkeypatch):
        self._allowed, read = threading.Semaphore(0), Stream.read

        def slowly(stream, count, **how):
            self._allowed.acquire()
            return read(stream, count, **how)

        monkeypatch.setattr(Stream, "read", slowly)

    def give(self, blocks):
        self._allowed.release(blocks)


@pytest.fixture
def slow_file(monkeypatch, small_blocks):
    return SlowFile(monkeypatch)


def test_what_is_decoded_can_be_read_while_another_waits(tracks, slow_file):
    whole = decoded_at_once(tracks["MP3"])
    with msviz.open_audio(tracks["MP3"]) as audio, ThreadPoolExecutor(2) as pool:
        ahead = pool.submit(audio.read, LENGTH - 3000, LENGTH)
        slow_file.give(3)
        np.testing.assert_array_equal(audio.read(0, 6000), whole[:, :6000])
        np.testing.assert_array_equal(audio.read(5000, 6000), whole[:, 5000:6000])
        assert not ahead.done()
        assert audio.decoded == 3 * 2048
        slow_file.give(100)
        np.testing.assert_array_equal(ahead.result(LONG_S), whole[:, -3000:])


def test_decoding_runs_ahead_of_the_reader(tracks, small_blocks):
    with msviz.open_audio(tracks["Ogg Vorbis"]) as audio:
        mix = msviz.mix_down(audio)
        assert decoded(mix) == decoded(audio) == 0
        audio.read(0, 10)
        audio._decoder._thread.join(10)
        assert decoded(mix) == decoded(audio) == LENGTH
    with msviz.open_audio(tracks["FLAC, 24 bit"]) as audio:
        assert decoded(audio) == LENGTH
    assert decoded(msviz.Signal(np.zeros(10), 8000)) == 10


def test_closing_ends_the_waiting_and_the_decoding(tracks, slow_file):
    audio = msviz.open_audio(tracks["MP3"])
    with ThreadPoolExecutor(2) as pool:
        slow_file.give(1)
        audio.read(0, 10)
        ahead = pool.submit(audio.read, LENGTH - 10, LENGTH)
        closed = pool.submit(audio.close)
        with pytest.raises(msviz.AudioError, match="has been closed"):
            ahead.result(LONG_S)
        slow_file.give(1)  # the decoder is within a block, which it ends before it closes
        closed.result(LONG_S)
    assert not audio._decoder._thread.is_alive()


@pytest.mark.skipif(sys.platform == "win32", reason="there it has a name, and goes with the process")
def test_the_scratch_file_has_no_name_that_a_crash_could_leave(tracks, monkeypatch, tmp_path):
    monkeypatch.setattr(decode, "scratch_folder", lambda: str(tmp_path))
    with msviz.open_audio(tracks["MP3"]) as audio:
        audio.read(0, LENGTH)
        assert list(tmp_path.iterdir()) == []


def test_a_program_that_forgets_to_close_ends_before_the_file_is_decoded(tracks):
    program = f"""
import time
import msviz
from msviz.audio import stream
stream._VALUES = 1024
read = stream.Stream.read
stream.Stream.read = lambda *a, **k: time.sleep(1) or read(*a, **k)  # 200 s for all of it
msviz.open_audio({str(tracks["MP3"])!r}).read(0, 10)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=LONG_S)
