"""Lengths are counted, not believed: headers that say nothing, guess, or say what is not true."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import soundfile
from audio_tools import RATE, decoded_by_ffmpeg, encode, lag, mp3, noise

import msviz
from msviz.audio import mpeg, problems
from msviz.audio.media import Media


def opened(path):
    """All samples, and what is said of the file."""
    with msviz.open_audio(path) as audio:
        samples = audio.read(0, audio.length)
        assert audio.read(audio.length, audio.length + 10).any() == 0
        return samples, problems(audio)


# MPEG audio


def test_mp3_without_a_count_is_counted(tmp_path):
    samples = noise(5)
    path = mp3(tmp_path / "a.mp3", samples, tag=False)
    assert b"Xing" not in path.read_bytes()[:500]
    got, said = opened(path)
    expected = decoded_by_ffmpeg(path)
    assert got.shape == expected.shape == (2, -(-(5 * RATE + 1105) // 1152) * 1152)
    np.testing.assert_allclose(got, expected, atol=3e-6)
    assert said == []


def test_mp3_with_a_count_is_trimmed_as_that_says(tmp_path):
    samples = noise(5)
    got, said = opened(mp3(tmp_path / "a.mp3", samples))
    assert got.shape == (2, 5 * RATE)
    assert lag(samples[:, 0], got[0]) == 0
    assert said == []


@pytest.mark.parametrize("count", [2, 5])
def test_mp3s_one_after_another_are_all_there(tmp_path, count):
    samples = noise(3)
    one = mp3(tmp_path / "a.mp3", samples).read_bytes()
    (tmp_path / "all.mp3").write_bytes(one * count)
    got, said = opened(tmp_path / "all.mp3")
    expected = decoded_by_ffmpeg(tmp_path / "all.mp3")
    assert abs(got.shape[1] - expected.shape[1]) <= 1152
    assert lag(expected[0], got[0]) == 0
    for number in range(count):
        around = got[0, number * 3 * RATE :][: 3 * RATE]
        assert 0 <= lag(samples[:, 0], around) <= number * 4 * 1152
    assert said == []


def test_mp3s_of_other_rate_and_channels_one_after_another(tmp_path):
    t = np.arange(3 * RATE) / RATE
    tone = 0.4 * np.sin(2 * np.pi * 500 * t)[:, None]
    slow = 0.4 * np.sin(2 * np.pi * 500 * np.arange(3 * 22050) / 22050)[:, None]
    one = mp3(tmp_path / "a.mp3", np.repeat(tone, 2, axis=1), tag=False).read_bytes()
    other = mp3(tmp_path / "b.mp3", slow, 22050, tag=False).read_bytes()
    (tmp_path / "all.mp3").write_bytes(one + other)
    got, said = opened(tmp_path / "all.mp3")
    assert got.shape[0] == 2
    assert abs(got.shape[1] / RATE - 6) < 0.2
    late = got[:, 4 * RATE : 5 * RATE]
    assert int(np.argmax(np.abs(np.fft.rfft(late[1])))) == 500
    assert len(said) == 1
    assert "22050 Hz, mono from 0:03.0" in said[0]


@pytest.mark.parametrize(
    "behind",
    [
        b"TAG" + b"x" * 125,
        b"APETAGEX" + struct.pack("<IIII8x", 2000, 40, 0, 0) + bytes(8),
        b"stray bytes",
        b"ID3\x04\0\0\0\0\x01\0" + bytes(128),
    ],
    ids=["ID3v1", "APE", "stray", "ID3v2"],
)
@pytest.mark.parametrize("kind", ["mp3", "tagged.mp3", "flac", "wav"])
def test_what_lies_behind_the_end_is_no_sound(tmp_path, kind, behind):
    path = tmp_path / f"a.{kind}"
    if kind.endswith("mp3"):
        mp3(path, noise(2), tag=kind == "tagged.mp3")
    else:
        soundfile.write(path, noise(2), RATE)
    before, said = opened(path)
    path.write_bytes(path.read_bytes() + behind)
    got, said = opened(path)
    np.testing.assert_array_equal(got, before)
    assert said == []


def test_mp3_behind_a_tag_with_a_picture(tmp_path):
    path = mp3(tmp_path / "a.mp3", noise(2), tag=False)
    before, _ = opened(path)
    picture = b"\xff\xfb\x90\x64" * 30_000  # what looks like frames in it is none
    size = len(picture)
    head = b"ID3\x03\0\0" + bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))
    path.write_bytes(head + picture + path.read_bytes())
    np.testing.assert_array_equal(opened(path)[0], before)


@pytest.mark.parametrize("change", ["none", "hole", "joined", "cut", "other rate"])
def test_frames_are_the_same_leapt_over_or_walked(tmp_path, monkeypatch, change):
    path = mp3(tmp_path / "a.mp3", noise(20), tag=False)
    data = bytearray(path.read_bytes())
    if change == "hole":
        data[len(data) // 2 : len(data) // 2 + 3000] = bytes(3000)
    elif change == "joined":
        data = data[:100_000] + data
    elif change == "cut":
        data = data[:-100]
    elif change == "other rate":
        data += mp3(tmp_path / "b.mp3", noise(5, rate=32000), 32000, tag=False).read_bytes()
    path.write_bytes(data)
    walks = []
    for worth in (1, 1 << 40):
        monkeypatch.setattr(mpeg, "_WORTH_LEAPING", worth)
        media = Media(path)
        walked = mpeg.walk(media)
        media.close()
        walks.append([(link.kind, link.frames, link.pieces) for link in walked.links] + [walked.cut])
    assert walks[0] == walks[1]


def test_mp3_in_wav(tmp_path):
    path = encode(tmp_path / "a.wav", noise(3), "libmp3lame")
    got, said = opened(path)
    np.testing.assert_allclose(got, decoded_by_ffmpeg(path), atol=3e-6)
    assert said == []


# FLAC


@pytest.fixture
def flac(tmp_path):
    soundfile.write(tmp_path / "whole.flac", noise(3), RATE, subtype="PCM_16")
    return bytearray((tmp_path / "whole.flac").read_bytes())


@pytest.mark.parametrize("announced", [0, 1, 100_000, 3 * RATE + 1, 2**36 - 1])
def test_flac_that_does_not_know_its_length(tmp_path, flac, announced):
    whole = msviz.read_audio(tmp_path / "whole.flac").samples
    flac[21] = flac[21] & 0xF0 | announced >> 32
    flac[22:26] = (announced & 0xFFFFFFFF).to_bytes(4, "big")
    (tmp_path / "a.flac").write_bytes(flac)
    with msviz.open_audio(tmp_path / "a.flac") as audio:
        assert audio.length == 3 * RATE
        np.testing.assert_array_equal(audio.read(2 * RATE, 3 * RATE), whole[:, 2 * RATE :])
        np.testing.assert_array_equal(audio.read(0, 3 * RATE), whole)
        assert audio.damage == ()


def test_flacs_one_after_another(tmp_path, flac):
    other = noise(2, seed=9)
    soundfile.write(tmp_path / "other.flac", other, RATE, subtype="PCM_16")
    (tmp_path / "both.flac").write_bytes(flac + (tmp_path / "other.flac").read_bytes())
    got, said = opened(tmp_path / "both.flac")
    parts = [msviz.read_audio(tmp_path / name).samples for name in ("whole.flac", "other.flac")]
    np.testing.assert_array_equal(got, np.concatenate(parts, axis=1))
    assert said == []


# Files of chunks

HEADERS = {"wav": b"data", "caf": b"data", "aiff": b"SSND", "au": b".snd", "w64": b"data"}


def chunk_file(path, samples=None):
    samples = noise(2) if samples is None else samples
    soundfile.write(path, samples, RATE, subtype="PCM_16", format={"aiff": "AIFF"}.get(path.suffix[1:]))
    return bytearray(path.read_bytes())


@pytest.mark.parametrize(
    "size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0x7FFFF000, 352_800 + 44, 352_801, 352_799]
)
def test_wav_whose_size_is_not_true(tmp_path, size):
    path = tmp_path / "a.wav"
    data = chunk_file(path)
    whole = soundfile.read(path, dtype="float32")[0].T
    at = data.index(b"data") + 4
    assert struct.unpack("<I", data[at : at + 4]) == (352_800,)
    data[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(data)
    got, said = opened(path)
    np.testing.assert_array_equal(got, whole[:, : size // 4 if size == 352_799 else None])
    assert said == []


def test_wav_that_was_never_completed(tmp_path):
    path = tmp_path / "a.wav"
    data = chunk_file(path)
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", 40_000)  # what a recorder wrote last before its battery was empty
    data[4:8] = struct.pack("<I", 40_036)
    path.write_bytes(data)
    assert opened(path)[0].shape == (2, 2 * RATE)


def test_wav_with_chunks_behind_its_sound(tmp_path):
    path = tmp_path / "a.wav"
    data = chunk_file(path)
    text = b"many words " * 2000
    path.write_bytes(data + b"LIST" + struct.pack("<I", len(text)) + text)
    assert opened(path)[0].shape == (2, 2 * RATE)
    data[data.index(b"data") + 4 :] = bytes(4)  # and one that has no sound but such a chunk
    path.write_bytes(data + b"LIST" + struct.pack("<I", len(text)) + text)
    with pytest.raises(msviz.AudioError, match="0 samples long"):
        msviz.open_audio(path)


def test_wav_of_twice_the_size_is_told(tmp_path):
    path = tmp_path / "a.wav"
    data = chunk_file(path)
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", 2 * 352_800)
    path.write_bytes(data)
    got, said = opened(path)
    assert got.shape == (2, 2 * RATE)
    assert said == ["is cut short or has a wrong header: its header says 0:04.000, but it has only 0:02.000"]


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
def test_wav_for_more_than_4_gb(tmp_path, magic):
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(1), RATE, format="RF64", subtype="PCM_16")
    data = bytearray(path.read_bytes())
    whole = soundfile.read(path, dtype="float32")[0].T
    data[:4] = magic
    path.write_bytes(data)
    got, said = opened(path)
    np.testing.assert_array_equal(got, whole)
    assert said == []


@pytest.mark.parametrize("size", [0xFFFFFFFF, 5_000_000_000 % 2**32, 0])
def test_wav_streamed_past_4_gb(tmp_path, size):
    path = tmp_path / "a.wav"
    with open(path, "wb") as file:  # nearly all of it is a hole, which takes no room
        file.write(b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 2, 48000, 192000, 4, 16))
        file.write(b"data" + struct.pack("<I", size))
        start = file.tell()
        file.seek(start + 4_900_000_000)
        file.write(struct.pack("<hh", 16384, -16384))
        file.truncate(start + 5_000_000_000)
    with msviz.open_audio(path) as audio:
        assert audio.length == 1_250_000_000
        at = 1_225_000_000
        np.testing.assert_array_equal(audio.read(at - 1, at + 2), [[0, 0.5, 0], [0, -0.5, 0]])
        assert audio.notes == ()


@pytest.mark.parametrize("suffix", ["caf", "aiff", "au", "w64"])
def test_others_that_were_written_into_a_pipe(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    data = chunk_file(path)
    whole = soundfile.read(path, dtype="float32")[0].T
    if suffix == "caf":
        at = data.index(b"data") + 4
        data[at : at + 8] = struct.pack(">q", -1)
    elif suffix == "aiff":
        at = data.index(b"SSND") + 4
        data[at : at + 4] = b"\xff\xff\xff\xff"
        frames = data.index(b"COMM") + 10
        data[frames : frames + 4] = bytes(4)
    elif suffix == "au":
        data[8:12] = b"\xff\xff\xff\xff"
    else:
        at = data.index(b"data\xf3\xac") + 16
        data[at : at + 8] = b"\xff" * 7 + b"\x7f"
    path.write_bytes(data)
    got, said = opened(path)
    np.testing.assert_array_equal(got, whole)
    assert said == []


# Rates


@pytest.mark.parametrize("rate", [1, 7, 100, 250, 999, 1_000_000, 10_000_000])
def test_rates_from_1_hz_to_10_mhz(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", noise(1)[:5000], rate, subtype="FLOAT")
    with msviz.open_audio(tmp_path / "a.wav") as audio:
        assert (audio.rate, audio.exact_rate, audio.length) == (rate, rate, 5000)


@pytest.mark.parametrize("rate", [0, 10_000_001])
def test_other_rates_are_refused(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", noise(1)[:500], RATE)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[24:28] = struct.pack("<I", rate)
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(msviz.AudioError, match=rf"sampling rate of {rate} Hz"):
        msviz.open_audio(tmp_path / "a.wav")


@pytest.mark.parametrize(("rate", "whole"), [(44055.94, 44056), (44100.0, 44100), (22254.5454, 22255)])
def test_a_rate_with_a_fraction_is_told_as_it_is(tmp_path, rate, whole):
    path = tmp_path / "a.aiff"
    data = chunk_file(path)
    at = data.index(b"COMM") + 16
    mantissa = int(rate * 2**48)
    data[at : at + 10] = struct.pack(">HQ", 16383 + 15, mantissa)
    path.write_bytes(data)
    with msviz.open_audio(path) as audio:
        assert audio.exact_rate == pytest.approx(rate, abs=1e-9)
        assert audio.rate == whole
        assert audio.length == 2 * RATE
