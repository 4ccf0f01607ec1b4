"""Recognize audio files by their suffix or their first bytes."""

from __future__ import annotations

import re
import struct

from msviz.audio.mpeg import kind_of

#: Bytes of a file that `sound_kind` needs.
HEAD = 1 << 14

#: Suffixes of audio files.  Those of videos are not included, because not every video has audio.
SUFFIXES = frozenset(
    ".aac .ac3 .adts .aif .aifc .aiff .amr .ape .au .awb .bw64 .bwf .caf .dff .dsf .dts .dtshd .eac3 .ec3"
    " .fla .flac .m4a .m4b .m4r .mka .mp+ .mp1 .mp2 .mp3 .mpc .mpga .nist .oga .ogg .opus .paf .rf64 .snd"
    " .sph .spx .tak .tta .voc .w64 .wav .wave .weba .wma .wv".split()
)

#: Suffixes of videos, for file dialogs.
VIDEO_SUFFIXES = frozenset(".3gp .avi .flv .m2ts .mkv .mov .mp4 .mpg .mts .ogv .ts .vob .webm .wmv".split())

_BEGINNINGS = {
    b"fLaC": "FLAC",
    b"OggS\0": "Ogg",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c": "ASF",
    b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00": "W64",
    b"wvpk": "WavPack",
    b"tBaK": "TAK",
    b"TTA1": "TTA",
    b"TTA2": "TTA",
    b"MP+\x07": "Musepack",
    b"MP+\x17": "Musepack",
    b"MPCKSH": "Musepack",
    b"\x7f\xfe\x80\x01": "DTS",
    b"\xfe\x7f\x01\x80": "DTS",
    b"\x1f\xff\xe8\x00": "DTS",
    b"\xff\x1f\x00\xe8": "DTS",
    b"DTSHDHDR": "DTS",
    b"#!AMR\n": "AMR",
    b"#!AMR-WB\n": "AMR",
    b"NIST_1A\n": "NIST SPHERE",
    b"Creative Voice File\x1a": "VOC",
    b"caff\0\1": "CAF",
    b"DSD \x1c\0\0\0\0\0\0\0": "DSF",
    b"FLV\1": "FLV",
    b"\x64\xa3\x01\0": "IRCAM",
    b"\x64\xa3\x02\0": "IRCAM",
    b"\x64\xa3\x03\0": "IRCAM",
    b"\0\x02\xa3\x64": "IRCAM",
    b" paf\0\0\0\0": "PAF",
    b"fap \0\0\0\0": "PAF",
    b"PVF1\n": "PVF",
    b"qoaf": "QOA",
    b"\0\0\1\xba": "MPEG",
}
# RIFF and IFF are containers of many kinds.
_IN_CHUNKS = {
    (b"RIFF", b"WAVE"): "WAV",
    (b"RIFX", b"WAVE"): "WAV",
    (b"RF64", b"WAVE"): "RF64",
    (b"BW64", b"WAVE"): "BW64",
    (b"RIFF", b"AVI "): "AVI",
    (b"FORM", b"AIFF"): "AIFF",
    (b"FORM", b"AIFC"): "AIFF",
    (b"FORM", b"8SVX"): "8SVX",
    (b"FORM", b"16SV"): "8SVX",
}
_PICTURE_BRANDS = re.compile(rb"hei|hev|mif|msf|avi|miaf|crx|jp|jxl|jxs|j2")  # are boxes as MP4 is
_MP4_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_TS_PACKET = 188
_AC3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)


def sound_kind(head: bytes) -> str | None:
    """The kind of audio or video that a file begins like; None if it is neither.

    Parameters
    ----------
    head : bytes
        The first `HEAD` bytes of the file, or all of a shorter one.

    Returns
    -------
    str or None
        "WAV", "FLAC", "Ogg", "MPEG audio", "ADTS", "MP4", "Matroska", …
    """
    for beginning, kind in _BEGINNINGS.items():
        if head.startswith(beginning):
            return kind
    if in_chunks := _IN_CHUNKS.get((head[:4], head[8:12])):
        return in_chunks
    for kind, begins in (
        ("DFF", head[:4] == b"FRM8" and head[12:16] == b"DSD "),
        ("AU", _is_au(head)),
        ("MP4", _is_mp4(head)),
        ("Matroska", head[:4] == b"\x1a\x45\xdf\xa3" and bool(re.search(rb"webm|matroska", head[:256]))),
        ("APE", head[:4] == b"MAC " and 3000 <= int.from_bytes(head[4:6], "little") < 5000),
        ("AC-3", _is_ac3(head)),
        ("MPEG-TS", len(head) > 4 * _TS_PACKET and set(head[: 5 * _TS_PACKET : _TS_PACKET]) == {0x47}),
    ):
        if begins:
            return kind
    tag = _id3_size(head)
    return _framed(head[tag:]) or ("MPEG audio" if tag else None)


def _is_au(head: bytes) -> bool:
    if len(head) < 24 or head[:4] not in (b".snd", b"dns."):
        return False
    start, _, encoding, rate = struct.unpack(">4I" if head[0] == ord(".") else "<4I", head[4:20])
    return bool(24 <= start < 1 << 16 and 0 < encoding < 64 and 0 < rate < 1 << 24)


def _is_mp4(head: bytes) -> bool:
    size, box = int.from_bytes(head[:4], "big"), head[4:8]
    if box == b"ftyp":
        return not _PICTURE_BRANDS.match(head[8:12].lower())
    # Those of old QuickTime have no brand; four letters in front of it would be a large number.
    return box in _MP4_BOXES and size < 1 << 29


def _is_ac3(head: bytes) -> bool:
    """Whether one frame of AC-3 or E-AC-3 follows another, in either order of bytes."""
    if head[:2] == b"\x77\x0b":
        head = bytes(byte for pair in zip(head[1::2], head[::2], strict=False) for byte in pair)
    size = _ac3_size(head)
    return size > 0 and _ac3_size(head[size:]) > 0


def _ac3_size(head: bytes) -> int:
    """Bytes in a frame; 0 if none begins here."""
    if len(head) < 6 or head[:2] != b"\x0b\x77":
        return 0
    version, rate, code = head[5] >> 3, head[4] >> 6, head[4] & 63
    if 10 < version <= 16:
        return 2 * ((head[2] & 7) << 8 | head[3]) + 2
    if version > 10 or rate == 3 or code >= 2 * len(_AC3_KBPS):
        return 0
    kbps = _AC3_KBPS[code // 2]
    return (4 * kbps, 2 * (kbps * 320 // 147 + code % 2), 6 * kbps)[rate]


def _id3_size(head: bytes) -> int:
    """Bytes in an ID3v2 tag, which may precede MPEG audio, ADTS and FLAC; 0 if there is none."""
    if len(head) < 10 or head[:3] != b"ID3" or head[3] not in (2, 3, 4) or max(head[6:10]) > 0x7F:
        return 0
    return 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])


def _framed(head: bytes) -> str | None:
    """The kind of audio that begins with two consecutive frames of the same kind."""
    if head.startswith(b"fLaC"):
        return "FLAC"
    first = kind_of(head)
    if first and (second := kind_of(head[first[1] :])) and second[0] == first[0]:
        return "MPEG audio"
    if size := _adts_size(head):
        following = head[size:]
        if _adts_size(following) and head[1:3] == following[1:3]:  # profile and rate
            return "ADTS"
    return None


def _adts_size(head: bytes) -> int:
    """Bytes in an ADTS frame; 0 if none begins here."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
