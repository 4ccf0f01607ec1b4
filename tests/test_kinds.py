"""Every kind of file that people bring: opened, whole, in place."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile
from audio_tools import (
    RATE,
    decoded_by_ffmpeg,
    encode,
    lag,
    mp3,
    noise,
    ogg_pages,
    with_checksum,
    write_tracks,
)
from waiting import LONG_S

import msviz
from msviz.audio import problems, source, stream

# name → suffix, codec, rate, channels, what else the encoder needs, and samples in a frame of the codec
KINDS = {
    "M4A, AAC": ("m4a", "aac", RATE, 2, {}, 1024),
    "M4A, ALAC, 24 bit": ("m4a", "alac", RATE, 2, {}, 4096),
    "MP4, AAC": ("mp4", "aac", RATE, 2, {"video": True}, 1024),
    "MP4, MP3": ("mp4", "libmp3lame", RATE, 2, {"video": True}, 1152),
    "MOV, AAC": ("mov", "aac", RATE, 2, {"video": True}, 1024),
    "MOV, 24 bit": ("mov", "pcm_s24le", RATE, 2, {}, 1),
    "3GP, AAC": ("3gp", "aac", RATE, 2, {}, 1024),
    "Matroska, AAC": ("mkv", "aac", RATE, 2, {"video": True}, 1024),
    "Matroska, FLAC, 16 bit": ("mka", "flac", RATE, 2, {"sample_format": "s16"}, 4608),
    "WebM, Opus": ("webm", "libopus", 48000, 2, {}, 960),
    "AAC": ("aac", "aac", RATE, 2, {"container": "adts"}, 1024),
    "MPEG-TS, AAC": ("ts", "aac", RATE, 2, {}, 1024),
    "WMA, WMA": ("wma", "wmav2", RATE, 2, {}, 2048),
    "WavPack, 16 bit": ("wv", "wavpack", RATE, 2, {"sample_format": "s16p"}, 1),
    "WavPack, 32 bit": ("wv", "wavpack", RATE, 8, {"sample_format": "s32p"}, 1),
    "TTA, 16 bit": ("tta", "tta", RATE, 2, {"sample_format": "s16"}, 1),
    "AC-3": ("ac3", "ac3", RATE, 6, {}, 1536),
    "E-AC-3": ("eac3", "eac3", RATE, 2, {}, 1536),
    "AMR": ("amr", "libopencore_amrnb", 8000, 1, {}, 160),
    "MP2": ("mp2", "mp2", RATE, 2, {}, 1152),
    "Ogg, FLAC, 16 bit": ("oga", "flac", RATE, 2, {"container": "ogg", "sample_format": "s16"}, 4608),
    "CAF, ALAC, 24 bit": ("caf", "alac", RATE, 2, {}, 4096),
    "WAV, ADPCM YAMAHA": ("wav", "adpcm_yamaha", RATE, 2, {}, 4096),
    "WAV, AC-3": ("wav", "ac3", RATE, 2, {}, 1536),
    "MP3": ("wav", "libmp3lame", RATE, 2, {}, 1152),
    "AIFF, 16 bit": ("aiff", "pcm_s16be", RATE, 2, {}, 1),
    "FLAC, 24 bit": ("flac", "flac", RATE, 2, {"sample_format": "s32"}, 4096),
}
SECONDS = 3


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A file of each kind, and what was put into it: name → (path, samples)."""
    folder = tmp_path_factory.mktemp("kinds")
    made = {}
    for number, (name, (suffix, codec, rate, channels, how, _)) in enumerate(KINDS.items()):
        samples = noise(SECONDS, channels, rate)
        made[name] = encode(folder / f"{number}.{suffix}", samples, codec, rate=rate, **how), samples.T
    return made


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_named_and_whole(files, name):
    path, samples = files[name]
    *_, rate, channels, _, frame = KINDS[name]
    with msviz.open_audio(path) as audio:
        assert audio.format == name
        assert (audio.rate, audio.channels) == (rate, channels)
        expected = decoded_by_ffmpeg(path)
        assert abs(audio.length - expected.shape[1]) <= frame
        assert audio.settled
        assert audio.length == expected.shape[1]
        assert audio.length >= samples.shape[1] - frame
        np.testing.assert_allclose(audio.read(0, audio.length), expected, atol=3e-6)
        assert problems(audio) == []


@pytest.mark.parametrize(
    "name", [name for name in KINDS if name not in ("AMR", "AC-3", "E-AC-3", "WAV, AC-3")]
)
def test_sample_0_is_sample_0(files, name):
    path, samples = files[name]
    with msviz.open_audio(path) as audio:
        got = audio.read(0, RATE)[0]
    # Told by nothing in the file; of WMA, FFmpeg leaves out the first frame.
    delay = {"AAC": 1024, "MPEG-TS, AAC": 1024, "MP2": 481, "MP3": 1105, "WMA, WMA": -2048}
    delays = {delay.get(name, 0)}
    if name == "Matroska, AAC":
        delays.add(1024)  # FFmpeg before 8 did not write how much the encoder put in front
    assert lag(samples[0, :RATE], got) in delays


@pytest.mark.parametrize("name", KINDS)
def test_random_stretches_from_four_threads_are_those_of_the_whole(files, name, monkeypatch):
    monkeypatch.setattr(stream, "_VALUES", 4096)
    monkeypatch.setattr(source, "_BLOCKS_KEPT", 3)
    whole = msviz.read_audio(files[name][0]).samples
    random = np.random.default_rng(4)
    starts = random.integers(-500, int(0.8 * whole.shape[1]) - 6000, 300)  # whatever the length is at first
    sizes = random.integers(0, 6000, 300)
    padded = np.pad(whole, ((0, 0), (500, 6000)))
    with msviz.open_audio(files[name][0], wait=False) as audio, ThreadPoolExecutor(4) as pool:
        read = pool.map(lambda a, n: audio.read(a, a + n), starts, sizes)
        for start, size, got in zip(starts, sizes, read, strict=True):
            np.testing.assert_array_equal(got, padded[:, start + 500 : start + 500 + size])
        audio.settle()
        np.testing.assert_array_equal(audio.read(0, audio.length), whole)


@pytest.mark.parametrize("name", ["AAC", "Matroska, AAC", "MPEG-TS, AAC", "AC-3"])
def test_a_length_that_is_only_estimated_changes_once(files, name, monkeypatch):
    monkeypatch.setattr(stream, "_VALUES", 8192)
    exact = decoded_by_ffmpeg(files[name][0])
    with msviz.open_audio(files[name][0], wait=False) as audio:
        assert not audio.settled
        assert abs(audio.length - exact.shape[1]) < 0.2 * exact.shape[1]
        last_block = audio.read(audio.length - 5000, audio.length)
        assert last_block.shape[1] == 5000
        audio.settle()
        assert audio.settled
        assert audio.length == exact.shape[1]
        np.testing.assert_allclose(audio.read(0, audio.length), exact, atol=1e-6)


def test_a_video_with_several_sound_tracks(tmp_path):
    one, other = noise(2), noise(1, 1, seed=5)
    path = write_tracks(tmp_path / "film.mkv", [(one, "flac"), (other, "aac")], video=True)
    with msviz.open_audio(path) as first, msviz.open_audio(path, track=1) as second:
        assert first.tracks == second.tracks == ("1: FLAC, stereo", "2: AAC, mono")
        assert (first.track, first.channels, first.length) == (0, 2, 2 * RATE)
        assert (second.track, second.channels) == (1, 1)
        assert lag(other[:, 0], second.read(0, RATE)[0]) in (0, 1024)  # as above
    for track in (2, -1):
        with pytest.raises(msviz.AudioError, match="has no audio track"):
            msviz.open_audio(path, track=track)
    soundfile.write(tmp_path / "a.wav", one, RATE)
    with pytest.raises(msviz.AudioError, match="has no audio track 2: it has only 1"):
        msviz.open_audio(tmp_path / "a.wav", track=1)


def test_a_video_without_sound(tmp_path):
    path = write_tracks(tmp_path / "silent.mp4", [], video=True)
    with pytest.raises(msviz.AudioError, match=r"silent.mp4 contains no audio\.$"):
        msviz.open_audio(path)


def test_pictures_and_play_lists_are_no_audio(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1), RATE)
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\na.wav\n")
    (tmp_path / "list.txt").write_text("ffconcat version 1.0\nfile a.wav\n")
    (tmp_path / "white.ppm").write_bytes(b"P6 8 8 255\n" + b"\xff" * 192)
    for name in ("list.m3u8", "list.txt", "white.ppm"):
        with pytest.raises(msviz.AudioError, match=r"is not an audio file\.$"):
            msviz.open_audio(tmp_path / name)


def test_an_encoding_that_nobody_reads_is_named(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1), RATE)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[20:22] = b"\x99\x77"
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(msviz.AudioError, match="an audio codec that msviz cannot read") as caught:
        msviz.open_audio(tmp_path / "a.wav")
    assert "0x7799" in str(caught.value)
    assert "damaged" not in str(caught.value)


# Channels

SIX = np.array([400, 600, 900, 60, 1400, 2100])
NAMES = ("left", "right", "centre", "LFE", "back left", "back right")


def six_tones(rate):
    t = np.arange(rate) / rate
    return 0.1 * np.sin(2 * np.pi * SIX * t[:, None])


def loudest(halves):
    """The loudest frequency in Hz of each channel, in half a second."""
    return [2 * int(np.argmax(np.abs(np.fft.rfft(channel)))) for channel in halves]


@pytest.mark.parametrize("kind", ["opus", "vorbis", "flac", "wav", "wavex", "ac3", "m4a", "alac.caf", "mka"])
def test_channels_are_in_the_order_of_wav_and_named(tmp_path, kind):
    rate = 48000
    tones = six_tones(rate)
    path = tmp_path / f"six.{kind}"
    if kind in ("flac", "wav", "wavex"):
        soundfile.write(path, tones, rate, format=kind.upper())
    elif kind == "vorbis":
        soundfile.write(path, tones[:, [0, 2, 1, 4, 5, 3]], rate, format="OGG", subtype="VORBIS")
    else:
        codec = {"opus": "libopus", "m4a": "aac", "alac.caf": "alac", "mka": "aac"}.get(kind, kind)
        encode(path, tones, codec, rate=rate)
    with msviz.open_audio(path) as audio:
        read = audio.read(4000, 4000 + rate // 2)
        names = audio.channel_names
    np.testing.assert_allclose(loudest(read), SIX, atol=2)
    fronts = [name.replace("side", "back") for name in names]
    assert tuple(fronts) == NAMES


@pytest.mark.parametrize("told", [8000, 16000, 0, 96000])
def test_opus_is_decoded_at_48_khz_whatever_was_encoded(tmp_path, told):
    t = np.arange(48000) / 48000
    path = tmp_path / "a.opus"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 9000 * t), 48000, format="OGG", subtype="OPUS")
    first, *pages = ogg_pages(path.read_bytes())
    at = first.index(b"OpusHead") + 12
    first = with_checksum(first[:at] + told.to_bytes(4, "little") + first[at + 4 :])
    path.write_bytes(b"".join([first, *pages]))
    with msviz.open_audio(path) as audio:
        assert (audio.rate, audio.length) == (48000, 48000)
        spectrum = np.abs(np.fft.rfft(audio.read(0, 48000)[0])) / 24000
        assert spectrum[9000] == pytest.approx(0.3, abs=0.03)


def test_names_of_few_channels_and_of_many(tmp_path):
    for count, names in ((1, ("mono",)), (2, ("left", "right")), (4, ("1", "2", "3", "4"))):
        soundfile.write(tmp_path / "a.wav", np.zeros((100, count)), RATE)
        with msviz.open_audio(tmp_path / "a.wav") as audio:
            assert audio.channel_names == names


def test_what_is_written_keeps_the_order(tmp_path):
    soundfile.write(tmp_path / "six.wav", six_tones(48000), 48000)
    encode(tmp_path / "six.opus", six_tones(48000), "libopus", rate=48000)
    with msviz.open_audio(tmp_path / "six.opus") as audio:
        msviz.write_audio(tmp_path / "out.wav", audio)
    written, rate = soundfile.read(tmp_path / "out.wav")
    loudest = [
        2 * int(np.argmax(np.abs(np.fft.rfft(channel)))) for channel in written[4000 : 4000 + rate // 2].T
    ]
    np.testing.assert_allclose(loudest, SIX, atol=2)


# What is imported


def test_ffmpeg_is_imported_only_for_what_needs_it(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1), RATE)
    soundfile.write(tmp_path / "a.flac", noise(1), RATE)
    soundfile.write(tmp_path / "a.ogg", noise(1), RATE)
    mp3(tmp_path / "a.mp3", noise(1), tag=False)
    program = """
import sys, pathlib, msviz
for path in pathlib.Path(sys.argv[1]).iterdir():
    msviz.read_audio(path)
import msviz.gui.window
assert "av" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, timeout=LONG_S)
