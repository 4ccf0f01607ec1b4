"""MPEG audio (MP1, MP2, MP3): count frames one by one, because only their headers say how many there are.

If the first frame of an MP3 does not contain its length (Xing, Info, VBRI), decoders guess it, and that
of several concatenated MP3s is only the length of the first.  Walking from header to header takes less than a
microsecond per frame.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msviz.audio.media import Media

_CHUNK = 1 << 20  # bytes read at a time
_WORTH_LEAPING = 1 << 22  # bytes
_FITTED = 64  # frames that tell how padding falls
_ONSET = 1 << 14  # bytes at the beginning, zeros aside, among which the first frame must be
_DECODER_DELAY = 529  # samples of a Layer III decoder, which LAME's count leaves out
_LAST_DELAY = 4095  # that a LAME tag can hold
_KBPS = {
    (1, 1): [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    (1, 2): [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    (1, 3): [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    (2, 1): [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    (2, 2): [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    (2, 3): [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
}
_RATES = (44100, 48000, 32000)


@dataclass(frozen=True)
class Kind:
    """The format that all frames of one recording share.

    Attributes
    ----------
    version : int
        1, 2, or 3 for MPEG 2.5.
    layer : int
    rate : int
        In Hz.
    channels : int
    """

    version: int
    layer: int
    rate: int
    channels: int

    @property
    def samples(self) -> int:
        """Samples in a frame."""
        if self.layer == 1:
            return 384
        return 1152 if self.layer == 2 or self.version == 1 else 576


def kind_of(header: bytes) -> tuple[Kind, int] | None:
    """The kind of a frame and its size in bytes; None if it is not a frame header."""
    if len(header) < 4 or header[0] != 0xFF or header[1] < 0xE0:
        return None
    version = {0: 3, 2: 2, 3: 1}.get(header[1] >> 3 & 3)
    layer = 4 - (header[1] >> 1 & 3)
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if version is None or layer == 4 or bitrate in (0, 15) or rate == 3:
        return None
    kind = Kind(version, layer, _RATES[rate] >> version - 1, 1 if header[3] >> 6 == 3 else 2)
    bits = 1000 * _KBPS[min(version, 2), layer][bitrate]
    padding = header[2] >> 1 & 1
    if layer == 1:
        return kind, (12 * bits // kind.rate + padding) * 4
    return kind, kind.samples // 8 * bits // kind.rate + padding


@cache
def _steps(kind: Kind, second: int) -> list[int]:
    """The size of a frame by the second and third bytes of its header; 0 if it is of another kind."""
    steps = [0] * 0x10000
    for protected in (second | 1, second & ~1):
        for third in range(0x100):
            found = kind_of(bytes((0xFF, protected, third, 0xC0 if kind.channels == 1 else 0)))
            if found and found[0] == kind:
                steps[protected << 8 | third] = found[1]
    return steps


class Piece(NamedTuple):
    """Consecutive frames, and their bytes; None for lost frames."""

    where: range | None
    frames: int


@dataclass
class Link:
    """Frames of one kind.

    Attributes
    ----------
    kind : Kind
    header : bytes
        That of its first frame.
    frames : int
        Including lost ones.
    pieces : list of Piece
    """

    kind: Kind
    header: bytes
    frames: int = 0
    pieces: list[Piece] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Length in samples."""
        return self.frames * self.kind.samples


@dataclass
class Walk:
    """All frames of a file.

    Attributes
    ----------
    links : list of Link
    announced : int or None
        Frames according to the Xing, Info or VBRI frame; None if there is none, or it does not say.
    delay, padding : int or None
        Samples that LAME added at both ends; None if unknown.
    tagged : range
        The frame with this information, which has no sound.
    cut : bool
        Whether the last frame is incomplete.
    """

    links: list[Link]
    announced: int | None = None
    delay: int | None = None
    padding: int | None = None
    tagged: range = range(0)
    cut: bool = False


class _Bytes:
    """A range of a file with its own indices, read in large pieces as needed."""

    def __init__(self, media: Media, within: range) -> None:
        self._media, self._within = media, within
        self.size = len(within)
        self._at, self._held = 0, b""

    def at(self, position: int) -> tuple[bytes, int]:
        """A buffer and a position in it; at least four bytes follow if they exist."""
        if not self._at <= position <= self._at + len(self._held) - 4:
            start = self._within.start + position
            self._held = self._media.read(start, min(start + _CHUNK, self._within.stop))
            self._at = position
        return self._held, position - self._at

    def mapped(self) -> NDArray[np.uint8] | None:
        """All of it at once, for a file on a disk."""
        if not self._media.on_disk:
            return None
        try:
            whole = np.asarray(np.memmap(self._media.path, np.uint8, "r"))
        except (OSError, ValueError):
            return None
        return whole[self._within.start : self._within.stop]

    def get(self, position: int, count: int) -> bytes:
        start = self._within.start + position
        return self._media.read(start, min(start + count, self._within.stop))


def walk(media: Media, within: range | None = None) -> Walk | None:
    """Count the frames of a file, or of part of it; None if it does not begin with a frame.

    Parameters
    ----------
    media : Media
    within : range
        Bytes, such as the audio data of a WAV.
    """
    within = within or range(media.size)
    data = _Bytes(media, within)
    begin = _skip_zeros(data, _skip_tags(data, 0))
    at = _next_frame(data, begin, min(data.size, begin + _ONSET))
    if at is None:
        return None
    header = data.get(at, 4)
    found = kind_of(header)
    assert found
    walked = Walk([Link(found[0], header)])
    at = _read_tag(walked, data, at, *found)
    while at is not None:
        at = _walk_on(walked, data, at)
    walked.links = [link for link in walked.links if link.frames]
    for link in walked.links:
        link.pieces = [
            piece._replace(where=range(piece.where.start + within.start, piece.where.stop + within.start))
            if piece.where
            else piece
            for piece in link.pieces
        ]
    return walked if walked.links else None


def _walk_on(walked: Walk, data: _Bytes, start: int) -> int | None:
    """Walk from frame to frame to the next interruption; return where frames resume after it, if they do."""
    link = walked.links[-1]
    steps, mono = _steps(link.kind, link.header[1]), link.kind.channels == 1
    at, frames = _leap(link, data, start)
    size = data.size
    while at + 4 <= size:
        held, here = data.at(at)
        begun, last = at - here, len(held) - 4
        while here <= last:
            if held[here] != 0xFF or (held[here + 3] >= 0xC0) != mono:
                break
            step = steps[held[here + 1] << 8 | held[here + 2]]
            if not step:
                break
            here += step
            frames += 1
        at = begun + here
        if here <= last:
            break
    if at > size:  # the last frame reaches beyond the end
        held, here = data.at(at - step)
        at -= step
        frames -= 1
        walked.cut = True
    if frames:
        link.frames += frames
        link.pieces.append(Piece(range(start, at), frames))
    if walked.cut or at + 4 > size:
        return None
    return _resume(walked, data, at)


def _leap(link: Link, data: _Bytes, start: int) -> tuple[int, int]:
    """Skip regularly spaced frames of one bit rate; return where they end, and how many there are.

    They differ by a byte of padding that keeps the average rate.  All their headers are checked together,
    which takes a tenth of the time; each must point to the next one, as in a walk.
    """
    held = data.mapped()
    found = kind_of(data.get(start, 4))
    if held is None or not found or link.kind.layer != 3 or data.size - start < _WORTH_LEAPING:
        return start, 0
    kind, size = found
    header = data.get(start, 4)
    least = size - (header[2] >> 1 & 1)
    places = [start]
    while len(places) < _FITTED:
        place = places[-1]
        if held[place] != 0xFF or held[place + 1] != header[1] or (held[place + 2] ^ header[2]) & 0xFD:
            return start, 0
        places.append(place + least + (int(held[place + 2]) >> 1 & 1))
    exact = kind.samples // 8 * 1000 * _KBPS[min(kind.version, 2), 3][header[2] >> 4] / kind.rate
    shift = max(place - start - number * exact for number, place in enumerate(places))
    count = int((data.size - start - least - 4) / exact)
    at = start + np.floor(np.arange(count + 1) * exact + shift + 1e-9).astype(np.int64)
    here = at[:-1]
    padding = (held[here + 2] >> 1 & 1).astype(np.int64)
    right = (held[here] == 0xFF) & (held[here + 1] == header[1]) & ((held[here + 2] ^ header[2]) & 0xFD == 0)
    right &= (held[here + 3] >= 0xC0) == (kind.channels == 1)
    right &= np.diff(at) == least + padding
    frames = count if right.all() else int(np.argmin(right))
    return int(at[frames]), frames


def _resume(walked: Walk, data: _Bytes, at: int) -> int | None:
    """Where frames resume after an interruption: a tag, another recording, or damage."""
    link = walked.links[-1]
    behind = _skip_tags(data, at)
    found = _next_frame(data, behind, data.size)
    if found is None:
        # A frame that is cut within its header, or what follows a header cannot be told from a stray end.
        return None
    header = data.get(found, 4)
    told = kind_of(header)
    assert told
    kind = told[0]
    joined = behind != at or _tag_offset(data, found, *told) is not None
    if kind != link.kind:
        walked.links.append(Link(kind, header))
    elif not joined and link.frames:
        whole = [piece for piece in link.pieces if piece.where]
        mean = sum(len(piece.where or ()) for piece in whole) / sum(piece.frames for piece in whole)
        lost = round((found - at) / mean)
        if lost or any(data.get(at, found - at)):  # zeros are padding; else a frame is broken
            link.pieces.append(Piece(None, lost))
            link.frames += lost
    return found


def _skip_zeros(data: _Bytes, at: int) -> int:
    """The position after the padding of a tag."""
    while (held := data.get(at, _CHUNK)) and not any(held):
        at += len(held)
    return at + len(held) - len(held.lstrip(b"\0"))


def _skip_tags(data: _Bytes, at: int) -> int:
    """The position after any tags here."""
    while True:
        head = data.get(at, 32)
        if head[:3] == b"ID3" and len(head) >= 10 and max(head[6:10]) < 0x80:
            size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
            at += 10 + size + (10 if head[5] & 0x10 else 0)
        elif head[:3] == b"TAG" and (at + 128 == data.size or kind_of(data.get(at + 128, 4))):
            at += 128
        elif head[:8] == b"APETAGEX" and len(head) == 32:
            size, flags = struct.unpack("<I4xI", head[12:24])
            at += size + 32 if flags & 0x20000000 else 32
        else:
            return at


def _next_frame(data: _Bytes, start: int, stop: int) -> int | None:
    """The first of two consecutive frames of one kind, or a frame that ends the file."""
    at = start
    while at + 4 <= stop:
        held, here = data.at(at)
        found = held.find(b"\xff", here, len(held) - 3)
        if found < 0:
            at += max(1, len(held) - 3 - here)
            continue
        at += found - here
        told = kind_of(held[found : found + 4])
        if told:
            following = at + told[1]
            second = kind_of(data.get(following, 4))
            if (second and second[0] == told[0]) or following == data.size:
                return at
        at += 1
    return None


def _tag_offset(data: _Bytes, at: int, kind: Kind, size: int) -> tuple[bytes, int] | None:
    """Where the information about the recording begins in a frame, if it has any."""
    if kind.layer != 3:
        return None
    frame = data.get(at, max(size, 64))
    side = {(1, 2): 32, (1, 1): 17, (2, 2): 17, (2, 1): 9}[min(kind.version, 2), kind.channels]
    if frame[4 + side : 8 + side] in (b"Xing", b"Info"):
        return frame, 4 + side
    return (frame, 36) if frame[36:40] == b"VBRI" else None


def _read_tag(walked: Walk, data: _Bytes, at: int, kind: Kind, size: int) -> int:
    """Read the information in the first frame, and where audio begins after it."""
    told = _tag_offset(data, at, kind, size)
    if not told:
        return at
    frame, here = told
    walked.tagged = range(at, at + size)
    if frame[here : here + 4] == b"VBRI":
        if len(frame) >= here + 18:
            walked.announced = struct.unpack(">I", frame[here + 14 : here + 18])[0]
        return at + size
    flags = struct.unpack(">I", frame[here + 4 : here + 8].ljust(4, b"\0"))[0]
    here += 8
    if flags & 1 and len(frame) >= here + 4:
        walked.announced = struct.unpack(">I", frame[here : here + 4])[0]
    here += 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    if frame[here : here + 4] in (b"LAME", b"Lavf", b"Lavc") and len(frame) >= here + 24:
        both = int.from_bytes(frame[here + 21 : here + 24], "big")
        walked.delay, walked.padding = both >> 12, both & 0xFFF
    return at + size


def whole_file(link: Link, skip: int, trim: int = 0) -> list[bytes | range]:
    """A file, for a `Splice`, from which an MP3 decoder reads exactly the samples of a link.

    A Xing frame with the correct count comes first, and silent frames replace lost ones.

    Parameters
    ----------
    link : Link
        Of Layer III.
    skip, trim : int
        Samples that the decoder is to skip at the beginning and at the end.
    """
    kind = link.kind
    silent = _silent_frame(link.header, kind)
    delay, lead = skip - _DECODER_DELAY, 0
    if delay < 0:  # it always leaves out its own delay: give it a frame more to do so
        delay, lead = delay + kind.samples, 1
    if delay > _LAST_DELAY:
        raise ValueError(f"a LAME tag cannot tell {delay} samples")
    pieces = with_silence(link)
    size = sum(len(piece) for piece in pieces) + lead * len(silent)
    side = {(1, 2): 32, (1, 1): 17, (2, 2): 17, (2, 1): 9}[min(kind.version, 2), kind.channels]
    tag = b"Xing" + struct.pack(">III", 3, link.frames + lead, size + len(silent))
    padding = min(trim + _DECODER_DELAY, _LAST_DELAY) if trim else 0
    tag += b"LAME3.100" + bytes(12) + (delay << 12 | padding).to_bytes(3, "big")
    frame = bytearray(silent)
    frame[4 + side : 4 + side + len(tag)] = tag
    return [bytes(frame), silent * lead, *pieces]


def with_silence(link: Link) -> list[bytes | range]:
    """The frames of a link, for a `Splice`, with silent frames instead of lost ones."""
    silent = _silent_frame(link.header, link.kind)
    return [piece.where or silent * piece.frames for piece in link.pieces]


def start_skip(walked: Walk) -> int:
    """Samples of encoder padding to skip at the beginning."""
    return 0 if walked.delay is None else walked.delay + _DECODER_DELAY


def end_trim(walked: Walk) -> int:
    """Samples of encoder padding to skip at the end, if no frame is missing."""
    whole = len(walked.links) == 1 and walked.announced == walked.links[0].frames and not walked.cut
    return max(0, (walked.padding or 0) - _DECODER_DELAY) if whole else 0


def _silent_frame(header: bytes, kind: Kind) -> bytes:
    """A silent frame of the same format: all its side information is zero."""
    second = header[1] | 1  # no checksum
    for bitrate in range(1, 15):
        made = bytes((0xFF, second, bitrate << 4 | (header[2] & 0x0C), header[3]))
        found = kind_of(made)
        if found and found[1] >= 100:
            return made + bytes(found[1] - 4)
    raise ValueError(f"no frame of {kind} holds 100 bytes")
