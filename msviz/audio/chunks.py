"""Files of chunks (WAV and its relatives, AIFF, CAF, W64, AU): where their audio really begins and ends.

A header is written first and completed last: programs that write to a pipe, or that crashed, leave arbitrary
values in it.  So the header is checked against the file.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from msviz.audio.media import Media

_W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_W64_GUID = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_LARGEST_HEADER = 1 << 26  # bytes in front of the sound: there may be pictures among them
_FEW = 64  # bytes
_SLACK = 4096  # bytes by which a size may be off without anything being missing: headers counted in
_MOST = 1 << 32
_SHORT_SIZES = ("WAV", "AIFF", "AU")  # of 32 bits, that may have wrapped
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")
_EXTENSIBLE = 0xFFFE


@dataclass
class Chunks:
    """What the header of such a file says, and what is true.

    Attributes
    ----------
    kind : str
        "WAV", "AIFF", "CAF", "W64" or "AU".
    codec : int or bytes
        The format tag of WAV and W64, the compression of AIFF and CAF.
    channels : int
    rate : float
        In Hz.
    frame : int
        Bytes of a sample of all channels, or of the smallest packet.
    mask : int or None
        The speakers of a WAV, if it names them.
    layout : int
        The channel layout tag of a CAF, 0 if it has none.
    start, stop : int
        Where the audio data begin and end in the file.
    announced : int or None
        Bytes of audio according to the header; None if its writer did not know.
    head : bytes
        The corrected header; empty if it is correct.
    """

    kind: str
    codec: int | bytes = 0
    channels: int = 0
    rate: float = 0.0
    frame: int = 1
    mask: int | None = None
    layout: int = 0
    start: int = 0
    stop: int = 0
    announced: int | None = None
    head: bytes = b""

    @property
    def pieces(self) -> list[bytes | range]:
        """The file with a corrected header, for a `Splice`; empty if it is correct."""
        return [self.head, range(self.start, self.stop)] if self.head else []


def read_chunks(media: Media) -> Chunks | None:
    """The contents of such a file; None if it is another kind of file, or has no audio."""
    head = media.read(0, 40)
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return _wave(media, head)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _aiff(media)
    if head[:4] == b"caff":
        return _caf(media)
    if head[:16] == _W64_RIFF:
        return _w64(media)
    if head[:4] in (b".snd", b"dns."):
        return _au(media, head)
    return None


def _wave(media: Media, head: bytes) -> Chunks | None:
    order = ">" if head[:4] == b"RIFX" else "<"
    large = head[:4] in (b"RF64", b"BW64")
    found = Chunks("WAV")
    at, long_size = 12, None
    while (chunk := media.read(at, at + 8)) and len(chunk) == 8 and at < _LARGEST_HEADER:
        name, size = chunk[:4], struct.unpack(order + "I", chunk[4:])[0]
        if name == b"ds64":
            sizes = media.read(at + 8, at + 32)
            long_size = struct.unpack("<Q", sizes[8:16])[0] if len(sizes) >= 16 else None
        elif name == b"fmt ":
            _read_format(found, media.read(at + 8, at + 8 + min(size, 64)), order)
        elif name == b"data":
            found.start = at + 8
            if large and size == 0xFFFFFFFF and long_size is not None:
                size = long_size if long_size else 0xFFFFFFFF
            _measure(found, media, size)
            if found.start + size > _MOST or head[:4] == b"BW64" or found.stop - found.start != size:
                _mend_wave(found, media, head[:4], at, order)
            return found
        at += 8 + size + size % 2
    return None


def _read_format(found: Chunks, held: bytes, order: str) -> None:
    if len(held) < 16:
        return
    tag, found.channels, rate, _, found.frame, _ = struct.unpack(order + "HHIIHH", held[:16])
    found.codec, found.rate = tag, float(rate)
    if tag == _EXTENSIBLE and len(held) >= 26:
        found.mask = struct.unpack(order + "I", held[20:24])[0]
        found.codec = struct.unpack(order + "H", held[24:26])[0]
    found.frame = max(1, found.frame)


def _mend_wave(found: Chunks, media: Media, magic: bytes, data_at: int, order: str) -> None:
    size = found.stop - found.start
    between = media.read(12, data_at)
    if magic in (b"RF64", b"BW64"):  # its own sizes go; a new ones' come
        at = between.find(b"ds64")
        if at >= 0:
            between = between[:at] + between[at + 8 + struct.unpack("<I", between[at + 4 : at + 8])[0] :]
    total = 4 + len(between) + 8 + size
    if magic != b"RIFX" and (magic != b"RIFF" or total >= _MOST - 64):
        wide = struct.pack("<QQQI", total + 36, size, size // found.frame, 0)
        found.head = (
            b"RF64\xff\xff\xff\xffWAVEds64"
            + struct.pack("<I", len(wide))
            + wide
            + between
            + b"data\xff\xff\xff\xff"
        )
    else:
        total, size = min(total, _MOST - 1), min(size, _MOST - 1)
        found.head = magic + struct.pack(order + "I", total) + b"WAVE" + between + b"data"
        found.head += struct.pack(order + "I", size)


def _aiff(media: Media) -> Chunks | None:
    found = Chunks("AIFF", b"NONE")
    at, frames_at = 12, 0
    while (chunk := media.read(at, at + 8)) and len(chunk) == 8 and at < _LARGEST_HEADER:
        name, size = chunk[:4], struct.unpack(">I", chunk[4:])[0]
        if name == b"COMM" and len(held := media.read(at + 8, at + 8 + min(size, 22))) >= 18:
            found.channels, frames, bits = struct.unpack(">HIH", held[:8])
            found.rate = extended(held[8:18])
            found.codec = held[18:22] if len(held) >= 22 else b"NONE"
            found.frame = max(1, found.channels * -(-bits // 8))
            frames_at = at + 10
        elif name == b"SSND":
            offset = media.read(at + 8, at + 12)
            skip = struct.unpack(">I", offset)[0] if len(offset) == 4 else 0
            found.start = at + 16 + (skip if skip < _LARGEST_HEADER else 0)
            _measure(
                found, media, max(0, size - 8 - skip) if 8 + skip <= size < _MOST - _SLACK else 0xFFFFFFFF
            )
            length = found.stop - found.start
            plain = found.codec in (b"NONE", b"sowt", b"twos", b"fl32", b"FL32", b"fl64", b"FL64")
            wrong = frames_at and plain and frames != length // found.frame
            if length + 8 + skip != size or wrong:
                head = bytearray(media.read(0, found.start))
                head[4:8] = struct.pack(">I", min(found.stop - 8, _MOST - 1))
                head[at + 4 : at + 8] = struct.pack(">I", min(length + 8 + skip, _MOST - 1))
                if frames_at and plain:
                    head[frames_at : frames_at + 4] = struct.pack(">I", min(length // found.frame, _MOST - 1))
                found.head = bytes(head)
            return found
        at += 8 + size + size % 2
    return None


def extended(data: bytes) -> float:
    """An 80-bit floating-point number, as used for sampling rates in AIFF."""
    exponent, mantissa = struct.unpack(">HQ", data)
    try:
        return math.ldexp(mantissa, (exponent & 0x7FFF) - 16383 - 63)
    except OverflowError:
        return math.inf


def _caf(media: Media) -> Chunks | None:
    found = Chunks("CAF")
    at = 8
    while (chunk := media.read(at, at + 12)) and len(chunk) == 12 and at < _LARGEST_HEADER:
        name, size = chunk[:4], struct.unpack(">q", chunk[4:])[0]
        if name == b"desc" and len(held := media.read(at + 12, at + 44)) == 32:
            found.rate, found.codec, _, packet, _, found.channels, _ = struct.unpack(">d4sIIIII", held)
            found.frame = max(1, packet)
        elif name == b"chan":
            tag = media.read(at + 12, at + 16)
            found.layout = struct.unpack(">I", tag)[0] if len(tag) == 4 else 0
        elif name == b"data":
            found.start = at + 16  # behind the count of edits
            _measure(found, media, size - 4 if size >= 4 else -1)
            length = found.stop - found.start
            if (size >= 0 and length + 4 != size) or size < 0:
                found.head = (
                    media.read(0, at + 4) + struct.pack(">q", length + 4) + media.read(at + 12, at + 16)
                )
            return found
        if size < 0:
            return None
        at += 12 + size
    return None


def _w64(media: Media) -> Chunks | None:
    found = Chunks("W64")
    at = 40
    while (chunk := media.read(at, at + 24)) and len(chunk) == 24 and at < _LARGEST_HEADER:
        name, size = chunk[:4], struct.unpack("<Q", chunk[16:])[0]
        if name == b"fmt ":
            _read_format(found, media.read(at + 24, at + 24 + min(max(size, 24) - 24, 64)), "<")
        elif name == b"data":
            found.start = at + 24
            _measure(found, media, size - 24 if size >= 24 else 0)
            if (length := found.stop - found.start) + 24 != size:
                head = bytearray(media.read(0, found.start))
                head[16:24] = struct.pack("<Q", found.stop)
                head[at + 16 : at + 24] = struct.pack("<Q", length + 24)
                found.head = bytes(head)
            return found
        if size < 24:
            return None
        at += -(-size // 8) * 8
    return None


def _au(media: Media, head: bytes) -> Chunks | None:
    order = ">" if head[:4] == b".snd" else "<"
    start, size, codec, rate, channels = struct.unpack(order + "IIIII", head[4:24])
    widths = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}
    found = Chunks("AU", codec, channels, float(rate), widths.get(codec, 1) * max(1, channels), start=start)
    _measure(found, media, size)
    if (length := found.stop - found.start) != size:
        found.head = head[:8] + struct.pack(order + "I", min(length, _MOST - 1)) + media.read(12, start)
    return found


def _measure(found: Chunks, media: Media, size: int) -> None:
    """Find where the audio ends: as announced, if that is true."""
    there = max(0, media.size - found.start)
    # What programs write that do not know yet: about the most that 31, 32 or 63 bits can say; sox 0x7F000000.
    most = size < _MOST and (-size % 2**31 <= _SLACK or 0 <= size - 0x7F000000 <= _SLACK)
    unknown = size <= 0 or size >= 2**63 - _SLACK or (most and size > there)
    follows = size % 2 + found.start + size
    if size <= 0 and _chunks_follow(media, found.start, found.kind):
        found.announced, length = 0, 0  # really nothing
    elif unknown:
        found.announced, length = None, there
    elif size > there:
        # Headers that were counted in by mistake; of a cut in the last sample only a part is left.
        wrong = size - there <= _FEW or size - there in (found.start - 8, found.start)
        found.announced, length = there if wrong and there % found.frame == 0 else size, there
    elif there - size > _SLACK and found.kind in _SHORT_SIZES and _sound_follows(found, media, follows):
        found.announced, length = None, there  # wrapped at 4 GiB, or never completed
    else:
        found.announced, length = size, size
    found.stop = found.start + length


def _sound_follows(found: Chunks, media: Media, at: int) -> bool:
    """Whether audio continues after the announced end: there are neither chunks nor a tag."""
    tagged = media.read(at, at + 16).lstrip(b"\0").startswith(_TAGS)
    return not tagged and not _chunks_follow(media, at, found.kind)


def _chunks_follow(media: Media, at: int, kind: str) -> bool:
    """Whether there are only chunks from here to the end of the file."""
    if kind not in ("WAV", "AIFF"):
        return False
    found = False
    while at + 8 <= media.size:
        chunk = media.read(at, at + 8)
        size = int.from_bytes(chunk[4:], "little" if kind == "WAV" else "big")
        if not all(32 <= byte < 127 for byte in chunk[:4]) or at + 8 + size > media.size + 1:
            return False
        found = True
        at += 8 + size + size % 2
    return found
