"""Cut and damaged files: as far as they go, in place, and told."""

from __future__ import annotations

import re
from itertools import pairwise

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
    position,
    vorbis,
    with_checksum,
    write_tracks,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import msviz
from msviz.audio import Damage, problems, stream
from msviz.audio.damage import clock, merged
from msviz.audio.mpeg import kind_of

SECONDS = 6


def checked(path):
    """An open file whose damage is all known."""
    audio = msviz.open_audio(path)
    shares = list(audio.check())
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    return audio


def read(audio, start=0, stop=None):
    return audio.read(start, audio.length if stop is None else stop)


def assert_right_but_for_damage(audio, whole, atol=0.0):
    """What is not told as damaged is right and in place; what is, is silent."""
    got = read(audio)
    right = np.ones(audio.length, bool)
    for start, stop, _ in audio.damage:
        right[start:stop] = False
    np.testing.assert_allclose(got[:, right], whole[:, : audio.length][:, right], atol=atol)
    assert not got[:, ~right].any()


# FLAC


@pytest.fixture(scope="module")
def flac(tmp_path_factory):
    path = tmp_path_factory.mktemp("flac") / "whole.flac"
    soundfile.write(path, noise(SECONDS), RATE)
    return path.read_bytes(), soundfile.read(path, dtype="float32")[0].T


@pytest.mark.parametrize("places", [(0.5,), (0.2, 0.21, 0.8)])
@pytest.mark.parametrize("size", [1, 2000, 20_000])
def test_a_flac_with_holes_lacks_the_frames_that_they_meet(tmp_path, flac, places, size):
    data, whole = bytearray(flac[0]), flac[1]
    for place in places:
        at = int(len(data) * place)
        data[at : at + size] = bytes(byte ^ 0x55 for byte in data[at : at + size])
    (tmp_path / "a.flac").write_bytes(data)
    with checked(tmp_path / "a.flac") as audio:
        assert audio.length == SECONDS * RATE
        assert 1 <= len(audio.damage) <= len(places)
        lost = sum(stop - start for start, stop, _ in audio.damage)
        assert lost <= len(places) * (size / (len(data) / audio.length) + 3 * 4096)
        for start, stop, reason in audio.damage:
            assert reason == "damaged"
            assert not read(audio, start, stop).any()
        assert_right_but_for_damage(audio, whole)
        said = problems(audio)
        assert said[0] == (
            f"is damaged from {clock(audio.damage[0].start / RATE)} to {clock(audio.damage[0].stop / RATE)} "
            "(replaced by silence)"
        )


def test_damage_is_told_as_it_is_met(tmp_path, flac, monkeypatch):
    monkeypatch.setattr(stream, "_VALUES", 16384)
    data = bytearray(flac[0])
    data[len(data) // 2 :][:100] = bytes(100)
    data[len(data) // 2 : len(data) // 2 + 100] = bytes(100)
    (tmp_path / "a.flac").write_bytes(data)
    with msviz.open_audio(tmp_path / "a.flac") as audio:
        read(audio, 0, RATE)
        assert audio.damage == ()
        read(audio)
        assert len(audio.damage) == 1
        found = audio.damage
        read(audio)
        assert audio.damage == found


# MP3


@pytest.mark.parametrize("tag", [True, False])
@pytest.mark.parametrize("size", [700, 4000, 20_000])
def test_an_mp3_with_a_hole_goes_on_in_its_place(tmp_path, tag, size):
    path = mp3(tmp_path / "a.mp3", noise(SECONDS), tag=tag)
    whole = decoded_by_ffmpeg(path)
    data = bytearray(path.read_bytes())
    at = len(data) // 2
    data[at : at + size] = bytes(size)
    path.write_bytes(data)
    with checked(path) as audio:
        assert abs(audio.length - whole.shape[1]) <= 1152
        (damage,) = audio.damage
        assert abs((damage.start + damage.stop) / 2 / RATE - SECONDS / 2) < 0.3 + size / 32_000
        assert not read(audio, damage.start, damage.stop).any()
        second = read(audio, 5 * RATE, 6 * RATE)[0]
        assert lag(whole[0, 5 * RATE : 6 * RATE], second) == 0
        before = slice(RATE, 2 * RATE)
        np.testing.assert_allclose(read(audio)[:, before], whole[:, before], atol=3e-6)


@pytest.mark.parametrize("size", [100, 2000, 4000])
@pytest.mark.parametrize("kind", ["tagged", "untagged", "mp2"])
def test_mpeg_frames_that_are_broken_are_silent_and_the_others_right(tmp_path, kind, size):
    path = tmp_path / f"a.{kind}"
    if kind == "mp2":
        encode(path, noise(SECONDS), "mp2", container="mp2")
    else:
        mp3(tmp_path / "a.mp3", noise(SECONDS), tag=kind == "tagged").rename(path)
    whole = msviz.read_audio(path).samples
    data = bytearray(path.read_bytes())
    header = 0
    while header < len(data) // 2:
        header += kind_of(data[header : header + 4])[1]
    data[header : header + size] = bytes(size)
    path.write_bytes(data)
    with checked(path) as audio:
        (damage,) = audio.damage
        assert damage.reason == "damaged"
        assert abs((damage.start + damage.stop) / 2 / RATE - SECONDS / 2) < 0.3
        assert audio.length == whole.shape[1]
        assert_right_but_for_damage(audio, whole, atol=2e-4)


def test_bytes_that_are_gone_from_an_mp3_are_told(tmp_path):
    path = mp3(tmp_path / "a.mp3", noise(SECONDS), tag=False)
    data = path.read_bytes()
    at = len(data) // 2
    for gone in (1, 200, 400, 3000):
        path.write_bytes(data[:at] + data[at + gone :])
        with checked(path) as audio:
            assert audio.damage, gone
            assert abs(audio.damage[0].start / RATE - SECONDS / 2) < 0.2
    path.write_bytes(data + bytes(200) + data)  # padding between two recordings is nobody's loss
    with checked(path) as audio:
        assert problems(audio) == []


# Ogg


@pytest.fixture(scope="module")
def oggs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ogg")
    vorbis(folder / "a.ogg", noise(SECONDS))
    soundfile.write(folder / "a.opus", noise(SECONDS, rate=48000), 48000, format="OGG", subtype="OPUS")
    return {
        kind: (ogg_pages(path.read_bytes()), soundfile.read(path, dtype="float32")[0].T)
        for kind, path in (("vorbis", folder / "a.ogg"), ("opus", folder / "a.opus"))
    }


def rate_of(kind):
    return 48000 if kind == "opus" else RATE


@pytest.mark.parametrize("kind", ["vorbis", "opus"])
@pytest.mark.parametrize("lost", [[0.5], [0.3, 0.6], [0.5, 0.52, 0.54]])
def test_an_ogg_that_lost_pages_has_a_gap_of_their_length(tmp_path, oggs, kind, lost):
    pages, whole = oggs[kind]
    gone = {int(len(pages) * share) for share in lost}
    (tmp_path / "a.ogg").write_bytes(b"".join(page for n, page in enumerate(pages) if n not in gone))
    skip = 312 if kind == "opus" else 0
    with checked(tmp_path / "a.ogg") as audio:
        assert audio.length == whole.shape[1]
        assert {one.reason for one in audio.damage} == {"lost"}
        for number in gone:
            middle = (position(pages[number - 1]) + position(pages[number])) / 2 - skip
            assert any(start <= middle <= stop for start, stop, _ in audio.damage)
        longest = max(position(b) - position(a) for a, b in pairwise(pages))
        assert sum(stop - start for start, stop, _ in audio.damage) <= len(gone) * (longest + 8192)
        # Opus is itself again after 80 ms, but for a little.
        assert_right_but_for_damage(audio, whole, atol=1e-6 if kind == "vorbis" else 0.06)


@pytest.mark.parametrize("kind", ["vorbis", "opus"])
def test_an_ogg_page_whose_checksum_is_wrong_is_damaged(tmp_path, oggs, kind):
    pages, whole = oggs[kind]
    number = len(pages) // 2
    broken = bytearray(pages[number])
    broken[len(broken) // 2] ^= 0x10
    (tmp_path / "a.ogg").write_bytes(b"".join([*pages[:number], bytes(broken), *pages[number + 1 :]]))
    with checked(tmp_path / "a.ogg") as audio:
        assert audio.length == whole.shape[1]
        (damage,) = audio.damage
        assert damage.reason == "damaged"
        later = slice(damage.stop + 8000, damage.stop + 8000 + rate_of(kind))
        assert lag(whole[0, later], read(audio)[0, later]) == 0


@pytest.mark.parametrize("kind", ["vorbis", "opus"])
def test_chained_oggs_are_all_there(tmp_path, oggs, kind):
    pages, whole = oggs[kind]
    (tmp_path / "a.ogg").write_bytes(b"".join(pages) * 3)
    with checked(tmp_path / "a.ogg") as audio:
        np.testing.assert_allclose(read(audio), np.tile(whole, 3), atol=1e-6)
        assert problems(audio) == []


def test_a_chain_of_other_rates_and_channels_is_representation_and_told(tmp_path):
    t = np.arange(2 * RATE) / RATE
    tone = 0.4 * np.sin(2 * np.pi * 500 * t)
    vorbis(tmp_path / "a.ogg", np.stack([tone, tone], axis=1))
    vorbis(tmp_path / "b.ogg", (0.4 * np.sin(2 * np.pi * 500 * np.arange(2 * 22050) / 22050))[:, None], 22050)
    both = (tmp_path / "a.ogg").read_bytes() + (tmp_path / "b.ogg").read_bytes()
    (tmp_path / "both.ogg").write_bytes(both)
    with checked(tmp_path / "both.ogg") as audio:
        assert (audio.rate, audio.channels, audio.length) == (RATE, 2, 4 * RATE)
        second = read(audio, 2 * RATE + RATE // 2, 3 * RATE + RATE // 2)
        for channel in second:
            spectrum = np.abs(np.fft.rfft(channel)) / (RATE / 2)
            assert int(np.argmax(spectrum)) == 500
            assert spectrum[500] == pytest.approx(0.4, abs=0.02)
        assert problems(audio) == [
            "contains audio in other formats (22050 Hz, mono from 0:02.000), converted to 44100 Hz, stereo"
        ]


def test_a_last_page_that_announces_more_than_it_holds(tmp_path, oggs):
    pages, whole = oggs["vorbis"]
    last = bytearray(pages[-1])
    last[6:14] = (position(pages[-1]) + 100_000).to_bytes(8, "little")
    (tmp_path / "a.ogg").write_bytes(b"".join([*pages[:-1], with_checksum(bytes(last))]))
    with checked(tmp_path / "a.ogg") as audio:
        assert whole.shape[1] <= audio.length < whole.shape[1] + 8192
        np.testing.assert_allclose(read(audio, 0, whole.shape[1]), whole, atol=1e-6)
        assert problems(audio) == []


@pytest.mark.parametrize("kind", ["vorbis", "opus"])
def test_pages_behind_one_that_ends_the_stream_are_read(tmp_path, oggs, kind):
    pages, whole = oggs[kind]
    ended = [page[:5] + bytes((page[5] | 4,)) + page[6:] for page in pages[-4:-1]]
    (tmp_path / "a.ogg").write_bytes(b"".join([*pages[:-4], *map(with_checksum, ended), pages[-1]]))
    with checked(tmp_path / "a.ogg") as audio:
        np.testing.assert_allclose(read(audio), whole, atol=1e-6)
        assert problems(audio) == []


# FFmpeg's


def test_a_packet_of_a_video_that_cannot_be_decoded(tmp_path):
    samples = noise(SECONDS)
    path = encode(tmp_path / "a.mka", samples, "flac", sample_format="s16")
    whole = decoded_by_ffmpeg(path)
    data = bytearray(path.read_bytes())
    at = len(data) // 2
    data[at : at + 300] = bytes(300)
    path.write_bytes(data)
    with checked(path) as audio:
        assert audio.damage
        assert sum(stop - start for start, stop, _ in audio.damage) < RATE
        assert abs(audio.length - whole.shape[1]) <= 4608
        assert lag(whole[0, 5 * RATE :], read(audio, 5 * RATE, 6 * RATE)[0]) == 0


def test_sound_that_a_video_lacks_is_a_gap(tmp_path):
    import av

    samples = noise(SECONDS)
    path = write_tracks(tmp_path / "a.mka", [(samples, "pcm_s16le")])
    with av.open(str(path)) as file, av.open(str(tmp_path / "gap.mka"), "w") as out:
        stream = out.add_stream_from_template(file.streams.audio[0])
        for packet in file.demux(file.streams.audio[0]):
            if packet.dts is not None and not 2 <= packet.pts * packet.time_base < 3:
                packet.stream = stream
                out.mux(packet)
    with checked(tmp_path / "gap.mka") as audio:
        assert abs(audio.length - SECONDS * RATE) < 100
        (damage,) = audio.damage
        assert damage.reason == "lost"
        assert abs(damage.start - 2 * RATE) < 1100
        assert abs(damage.stop - 3 * RATE) < 1100
        assert abs(lag(samples[4 * RATE : 5 * RATE, 0], read(audio, 4 * RATE, 5 * RATE)[0])) < 50


def test_sound_that_begins_later_than_its_video_is_not_cut(tmp_path):
    import av

    path = write_tracks(tmp_path / "a.mka", [(noise(3), "pcm_s16le")])
    with av.open(str(path)) as file, av.open(str(tmp_path / "later.mka"), "w") as out:
        stream = out.add_stream_from_template(file.streams.audio[0])
        for packet in file.demux(file.streams.audio[0]):
            if packet.dts is not None:
                packet.pts += round(0.5 / packet.time_base)
                packet.dts = packet.pts
                packet.stream = stream
                out.mux(packet)
    with checked(tmp_path / "later.mka") as audio:
        assert problems(audio) == []
        assert audio.length == 3 * RATE


# Files that end early

CUT = {
    "wav": ("wav", "PCM_16"),
    "float.wav": ("wav", "FLOAT"),
    "flac": ("flac", "PCM_16"),
    "aiff": ("aiff", "PCM_16"),
    "caf": ("caf", "PCM_16"),
    "w64": ("w64", "PCM_24"),
    "ogg": ("ogg", "VORBIS"),
    "opus": ("ogg", "OPUS"),
    "mp3": None,
    "untagged.mp3": None,
    "m4a": "aac",
    "fragmented.m4a": "aac",
    "index_in_front.m4a": "aac",
    "mka": "aac",
    "wv": "wavpack",
    "aac": "aac",
    "oga": "flac",
    "avi": "pcm_s16le",
}


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    made = {}
    for name, how in CUT.items():
        path = folder / f"a.{name}"
        rate = 48000 if name == "opus" else RATE
        if how is None:
            mp3(path, noise(SECONDS), tag="untagged" not in name)
        elif isinstance(how, str):
            flags = {"fragmented.m4a": "frag_keyframe+empty_moov", "index_in_front.m4a": "faststart"}
            options = {"movflags": flags[name]} if name in flags else {}
            encode(
                path, noise(SECONDS), how, options=options, container={"aac": "adts", "oga": "ogg"}.get(name)
            )
        else:
            soundfile.write(path, noise(SECONDS, rate=rate), rate, format=how[0], subtype=how[1])
        made[name] = path
    return made


@pytest.mark.parametrize("part", [0.3, 0.6, 0.98])
@pytest.mark.parametrize("name", sorted(CUT.keys() - {"m4a"}))
def test_a_file_that_ends_early_opens_as_far_as_it_goes(whole_files, tmp_path, name, part):
    whole = msviz.read_audio(whole_files[name]).samples
    data = whole_files[name].read_bytes()
    path = tmp_path / f"cut.{name}"
    path.write_bytes(data[: int(len(data) * part) // 2 * 2 + 1])
    with checked(path) as audio:
        length = audio.length
        page = {"ogg": 1.5, "opus": 1.5, "fragmented.m4a": 3, "wv": 0.6}.get(name, 0.35)
        assert (part * SECONDS - page) * audio.rate <= length <= (part + 0.02) * SECONDS * audio.rate
        assert audio.damage == () or audio.damage[-1].stop == length
        end = audio.damage[0].start if audio.damage else length
        end -= 5000  # what a decoder makes of half a frame
        np.testing.assert_allclose(read(audio, 0, end), whole[:, :end], atol=3e-6)
        if name not in ("fragmented.m4a", "aac"):  # of these FFmpeg does not tell
            assert any("cut short" in note for note in problems(audio))


@pytest.mark.parametrize("name", ["a.tta", "a.wma"])
def test_a_cut_of_large_frames_is_told(tmp_path, name):
    path = encode(tmp_path / name, noise(SECONDS), {"a.tta": "tta", "a.wma": "wmav2"}[name])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with checked(path) as audio:
        assert any("cut short" in note for note in problems(audio))
        assert not any("more than" in note for note in problems(audio))
        assert abs(audio.length / RATE - SECONDS / 2) < 1.1


def test_who_has_the_last_sample_knows_what_is_wrong(whole_files, tmp_path):
    path = tmp_path / "cut.wv"
    path.write_bytes(whole_files["wv"].read_bytes()[:-50_000])
    for _ in range(20):
        with msviz.open_audio(path) as audio:
            audio.read(audio.length - 1, audio.length)
            assert "cut short" in problems(audio)[0]


@pytest.mark.parametrize("name", ["index_in_front.m4a", "fragmented.m4a", "oga", "wv"])
def test_a_length_that_is_final_stays(whole_files, tmp_path, name):
    data = whole_files[name].read_bytes()
    path = tmp_path / f"cut.{name}"
    for part in (0.4, 0.7, 0.95):
        path.write_bytes(data[: int(part * len(data))])
        with msviz.open_audio(path) as audio:
            length = audio.length
            list(audio.check())
            assert audio.length == length
            assert any("cut short" in note for note in problems(audio))


@pytest.mark.parametrize("gone", [1, 7, 3000])
@pytest.mark.parametrize("name", ["wav", "aiff", "caf", "w64"])
def test_a_few_samples_that_are_missing_are_told(whole_files, tmp_path, name, gone):
    path = tmp_path / f"cut.{name}"
    path.write_bytes(whole_files[name].read_bytes()[:-gone])
    with checked(path) as audio:
        assert any("cut short" in note for note in problems(audio))


def test_a_frame_whose_checksum_is_wrong_is_damaged(tmp_path):
    path = encode(tmp_path / "a.tta", noise(SECONDS), "tta", sample_format="s16")
    whole = msviz.read_audio(path).samples
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with checked(path) as audio:
        assert len(audio.damage) == 1
        assert_right_but_for_damage(audio, whole)


def test_an_mp4_without_its_index_is_told_to_be_cut(whole_files, tmp_path):
    data = whole_files["m4a"].read_bytes()
    (tmp_path / "cut.m4a").write_bytes(data[: len(data) // 2])
    with pytest.raises(msviz.AudioError, match="is cut short or damaged"):
        msviz.open_audio(tmp_path / "cut.m4a")


@pytest.mark.parametrize("name", CUT)
def test_a_file_that_ends_in_its_header_is_told(whole_files, tmp_path, name):
    data = whole_files[name].read_bytes()
    for size in (1, 2, 3, 4, 8, 12, 20, 30, 43, 60, 100):
        path = tmp_path / f"{size}.{name}"
        path.write_bytes(data[:size])
        try:
            with checked(path) as audio:
                assert audio.length <= size
        except msviz.AudioError as error:
            assert str(error).startswith(str(path))  # noqa: PT017


# Anything

CHANGES = st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=300))  # where, and what is put there


@pytest.mark.parametrize("name", CUT)
@settings(max_examples=12, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=300)), min_size=1, max_size=4)
)
def test_no_file_however_broken_gives_anything_but_sound_or_a_sentence(whole_files, tmp_path, name, changes):
    data = bytearray(whole_files[name].read_bytes())
    for share, put in changes:
        at = int(share**3 * (len(data) - 1))  # oftener near the beginning, where headers are
        data[at : at + len(put)] = put
    path = tmp_path / f"broken.{name}"
    path.write_bytes(data)
    try:
        with checked(path) as audio:
            got = read(audio, 0, min(audio.length, 20 * RATE))
            assert np.isfinite(got).all()
            for start, stop, _ in audio.damage:
                assert 0 <= start < stop <= audio.length
            assert all(re.match(r"[a-z].*[^.]$", note) for note in problems(audio))
    except msviz.AudioError as error:
        assert str(error).startswith(str(path))  # noqa: PT017


# What is told


def test_damage_that_touches_is_one():
    one, other, third = Damage(0, 10, "lost"), Damage(10, 20, "lost"), Damage(20, 30, "damaged")
    assert merged([third, other, one]) == (Damage(0, 20, "lost"), third)
    assert merged([Damage(0, 30, "lost"), Damage(5, 10, "lost")]) == (Damage(0, 30, "lost"),)
    overlapping = [Damage(0, 30, "lost"), Damage(5, 10, "damaged"), Damage(20, 40, "missing")]
    assert merged(overlapping) == (Damage(0, 30, "lost"), Damage(30, 40, "missing"))


@pytest.mark.parametrize(
    ("time_s", "text"), [(0, "0:00.000"), (59.9996, "1:00.000"), (83.5, "1:23.500"), (3723.25, "1:02:03.250")]
)
def test_times_are_told_as_a_clock_does(time_s, text):
    assert clock(time_s) == text
