"""What is sound is known by its first bytes, and nothing else is taken for it."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
import pytest
import soundfile
from audio_tools import encode

from msviz.audio import open_audio, problems
from msviz.audio.kinds import HEAD, sound_kind

RATE = 48000
NOISE = np.random.default_rng(1).uniform(-0.5, 0.5, (RATE, 2)).astype(np.float32)


def written(format, subtype=None):
    file = io.BytesIO()
    sound = NOISE[:, 0] if format == "SVX" else NOISE
    soundfile.write(file, sound, RATE, format=format, subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize(
    ("format", "subtype", "kind"),
    [
        ("WAV", None, "WAV"),
        ("RF64", None, "RF64"),
        ("W64", None, "W64"),
        ("AIFF", None, "AIFF"),
        ("CAF", None, "CAF"),
        ("AU", None, "AU"),
        ("VOC", None, "VOC"),
        ("NIST", None, "NIST SPHERE"),
        ("IRCAM", None, "IRCAM"),
        ("PAF", None, "PAF"),
        ("PVF", None, "PVF"),
        ("SVX", None, "8SVX"),
        ("FLAC", None, "FLAC"),
        ("OGG", "VORBIS", "Ogg"),
        ("MP3", None, "MPEG audio"),
    ],
)
def test_what_libsndfile_writes(format, subtype, kind):
    assert sound_kind(written(format, subtype)[:HEAD]) == kind


@pytest.mark.parametrize(
    ("container", "codec", "kind"),
    [
        ("adts", "aac", "ADTS"),
        ("ipod", "alac", "MP4"),
        ("mov", "aac", "MP4"),
        ("matroska", "aac", "Matroska"),
        ("webm", "libopus", "Matroska"),
        ("asf", "wmav2", "ASF"),
        ("wv", "wavpack", "WavPack"),
        ("tta", "tta", "TTA"),
        ("ac3", "ac3", "AC-3"),
        ("eac3", "eac3", "AC-3"),
        ("mp2", "mp2", "MPEG audio"),
        ("mpegts", "mp2", "MPEG-TS"),
        ("avi", "mp2", "AVI"),
        ("flv", "aac", "FLV"),
    ],
)
def test_what_ffmpeg_writes(tmp_path, container, codec, kind):
    path = encode(tmp_path / "nameless", NOISE, codec, rate=RATE, container=container)
    assert sound_kind(path.read_bytes()[:HEAD]) == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"BW64" + b"\xff" * 4 + b"WAVE", "BW64"),
        (b"#!AMR\n\x3c", "AMR"),
        (b"DSD " + struct.pack("<QQ", 28, 1000), "DSF"),
        (b"FRM8" + struct.pack(">Q", 1000) + b"DSD ", "DFF"),
        (b"MAC " + struct.pack("<H", 3990), "APE"),
        (b"MPCKSH", "Musepack"),
        (b"MP+\x07", "Musepack"),
        (b"\x7f\xfe\x80\x01", "DTS"),
        (struct.pack(">I", 8) + b"wide" + struct.pack(">I", 0) + b"mdat", "MP4"),
        (b"ID3\x04\0\0\0\0\0\x04????fLaC", "FLAC"),
        (b"ID3\x04\0\0\0\x7f\0\0" + bytes(HEAD), "MPEG audio"),  # a picture of the cover fills it
    ],
)
def test_what_is_rarely_written(head, kind):
    assert sound_kind(head[:HEAD]) == kind


def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a.wav", b"RIFF")
    return file.getvalue()


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\0" * HEAD,
        b"\xff" * HEAD,
        b"%PDF-1.7\n",
        b"\x7fELF\x02\x01\x01" + bytes(100),
        b"MZ\x90\0",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0\0\x10JFIF\0",
        b"GIF89a",
        b"RIFF\x24\0\0\0WEBPVP8 ",
        b"RIFF\x24\0\0\0RMID",
        b"FORM\0\0\x10\0ILBM",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"\0\0\0\x1cftypavif",
        b"MThd\0\0\0\x06",
        b"SQLite format 3\0",
        zipped(),
        "ÿþ text".encode("utf-16"),  # with a mark of its byte order, as Windows writes it
        b"MAC address: 00:00:00:00\n",
        b"MP+7 and more",
        b"ID3 tags are found in MP3 files\n",
        b"TTA is a codec\n",
        b"caff\xc3\xa8\n",
        b".snd files are from NeXT machines\n",
        b"DSD is one bit deep.\n" * 3,
        b"who moov the cheese\n",
        b"#!/bin/sh\n",
        b"Good grief\n" * 200,
        b"\x0b\x77 lonely" + bytes(100),
    ],
)
def test_what_is_no_sound(head):
    assert sound_kind(head[:HEAD]) is None


def test_random_bytes_are_no_sound():
    """Nor behind the beginning of a frame: it takes a second one."""
    rng = np.random.default_rng(2)
    for beginning in (b"", b"\xff\xfb\x90\x44", b"\xff\xf1\x50\x80\x2e\x7f\xfc", b"\x0b\x77\x00\x00\x14\x40"):
        for _ in range(200):
            assert sound_kind(beginning + rng.bytes(2000)) is None


@pytest.mark.parametrize("suffix", ["au", "snd", "vox", "gsm"])
def test_what_is_sound_by_its_name_alone_is_told(tmp_path, suffix):
    (tmp_path / f"notes.{suffix}").write_text("The third take is the one to keep.\n" * 30)
    with open_audio(tmp_path / f"notes.{suffix}") as source:
        assert any("has no header: read as" in sentence for sentence in problems(source))
