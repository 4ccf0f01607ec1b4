"""Ogg (RFC 3533): pages, the links of a chain, and lost pages.

libsndfile reads only the first link of a chain, and joins what precedes and follows a lost page as if nothing
were missing.  Pages have a number, the position of their last sample and a checksum: with these, each
unbroken run of pages is decoded as a separate file, at its own position in time.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from msviz.audio.media import Media, Splice

_HEADER = struct.Struct("<4sBBqIIIB")
_LONGEST = _HEADER.size + 255 + 255 * 255
_CHUNK = 1 << 20
_LONGEST_PAGE = 255 * 8192  # samples: packets of Vorbis
_LONGEST_LINK = 1 << 34  # samples, four days: a position beyond is wrong
_NO_POSITION = -1
_FIRST, _LAST = 2, 4  # flags of a page
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_CODECS = {b"\x01vorbis": "Vorbis", b"OpusHead": "Opus", b"Speex   ": "Speex", b"\x7fFLAC": "FLAC"}


class Page(NamedTuple):
    """Where a page is, its flags, the position of the last sample that ends on it, and its number."""

    start: int
    stop: int
    flags: int
    position: int
    number: int
    serial: int
    broken: bool  # bytes before it belong to no page


@dataclass
class Chain:
    """One link of an Ogg file: a stream with its own headers.

    Attributes
    ----------
    codec : str
        "Vorbis", "Opus", …; empty for others.
    channels, rate : int
        In Hz.
    family : int
        The channel mapping family of Opus.
    headers, pages : list of Page
        The pages with headers, and those with audio.
    """

    serial: int
    codec: str = ""
    channels: int = 0
    rate: int = 0
    family: int = 0
    headers: list[Page] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    @property
    def ordered(self) -> bool:
        """Whether positions increase from page to page, as they must; some encoders got them wrong."""
        told = [page for page in self.pages[1:] if page.position != _NO_POSITION]
        steps = [(b.position - a.position, b.number - a.number) for a, b in pairwise(told)]
        fit = all(0 <= step <= _LONGEST_PAGE * max(1, pages) for step, pages in steps)
        return fit and (not told or 0 <= told[-1].position - told[0].position < _LONGEST_LINK)

    @property
    def runs(self) -> list[range]:
        """Runs of pages without gaps, as indices."""
        starts = [0]
        for index in range(1, len(self.pages)):
            page = self.pages[index]
            if page.number != self.pages[index - 1].number + 1 or page.broken:
                starts.append(index)
        return [range(a, b) for a, b in zip(starts, [*starts[1:], len(self.pages)], strict=True) if a < b]


@dataclass
class Ogg:
    """The contents of an Ogg file.

    Attributes
    ----------
    links : list of Chain
        In order.
    mixed : bool
        Whether several streams are interleaved, as in a video.
    cut : bool
        Whether its last page is incomplete.
    """

    links: list[Chain]
    mixed: bool = False
    cut: bool = False


def read_ogg(media: Media) -> Ogg | None:
    """All links and pages of an Ogg file; None if it is not an Ogg file."""
    if media.read(0, 4) != b"OggS":
        return None
    links: list[Chain] = []
    ogg, sounding = Ogg(links), False
    for page in _pages(media, ogg):
        if page.flags & _FIRST:
            if links and not sounding:
                ogg.mixed = True
            links.append(_described(media, page))
            sounding = False
        link = links[-1] if links else None
        if link is None or page.serial != link.serial:
            ogg.mixed = ogg.mixed or link is not None
            continue
        wanted = {"Vorbis": 3, "Opus": 2}.get(link.codec, 1)
        if not link.pages and _packets_ended(media, link.headers) < wanted:
            link.headers.append(page)
        else:
            link.pages.append(page)
            sounding = True
    ogg.links = [link for link in links if link.pages]
    return ogg if ogg.links else None


def _pages(media: Media, ogg: Ogg) -> Iterator[Page]:
    at, broken = 0, False
    held, base = b"", 0
    while at < media.size:
        if not base <= at <= base + len(held) - min(_LONGEST, media.size - at):
            held, base = media.read(at, at + _CHUNK), at
        here = at - base
        if held[here : here + 4] != b"OggS" or len(held) - here < _HEADER.size:
            found = held.find(b"OggS", here + 1)
            at = base + found if found >= 0 else base + max(len(held) - 3, here + 1)
            broken = True
            continue
        _, _, flags, position, serial, number, _, segments = _HEADER.unpack_from(held, here)
        table = held[here + _HEADER.size : here + _HEADER.size + segments]
        stop = at + _HEADER.size + segments + sum(table)
        if len(table) < segments or stop > media.size:
            found = held.find(b"OggS", here + 1)
            if found < 0 and base + len(held) >= media.size:
                ogg.cut = True
                return
            at, broken = base + found if found >= 0 else base + max(len(held) - 3, here + 1), True
            continue
        yield Page(at, stop, flags, position, number, serial, broken)
        at, broken = stop, False


def _described(media: Media, page: Page) -> Chain:
    """Describe a link from its first page."""
    data = media.read(page.start, min(page.stop, page.start + 256))
    body = data[_HEADER.size + data[26] :]
    codec = next((name for magic, name in _CODECS.items() if body.startswith(magic)), "")
    link = Chain(page.serial, codec)
    if codec == "Vorbis" and len(body) >= 16:
        link.channels, link.rate = struct.unpack("<BI", body[11:16])
    elif codec == "Opus" and len(body) >= 19:
        link.channels, link.rate, link.family = body[9], 48000, body[18]
    return link


def _packets_ended(media: Media, pages: list[Page]) -> int:
    count = 0
    for page in pages:
        head = media.read(page.start, page.start + _HEADER.size + 255)
        table = head[_HEADER.size : _HEADER.size + head[26]]
        count += sum(length < 255 for length in table)
    return count


def is_sound(media: Media, page: Page) -> bool:
    """Whether the checksum of a page is correct."""
    data = media.read(page.start, page.stop)
    return _checksum(data) == data[22:26]


def _checksum(page: bytes) -> bytes:
    zeroed = page[:22] + bytes(4) + page[26:]
    # zlib's checksum is that of Ogg with the bits of every byte, and of the result, the other way round.
    mirrored = zlib.crc32(zeroed.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2).to_bytes(4, "little")


def _at_48_khz(media: Media, page: Page) -> bytes:
    """The first page of an Opus stream, without the original sampling rate: the stream is at 48 kHz.

    libsndfile would decode at the original rate, and lose everything above half of it.
    """
    data = media.read(page.start, page.stop)
    at = _HEADER.size + data[26] + 12
    data = data[:at] + (48000).to_bytes(4, "little") + data[at + 4 :]
    return data[:22] + _checksum(data) + data[26:]


def _going_on(media: Media, page: Page) -> bytes | range:
    """A page without its end-of-stream flag, because others follow nevertheless."""
    if not page.flags & _LAST or not is_sound(media, page):
        return range(page.start, page.stop)
    data = media.read(page.start, page.stop)
    data = data[:5] + bytes((data[5] & ~_LAST,)) + data[6:]
    return data[:22] + _checksum(data) + data[26:]


class Run(Splice):
    """The headers of a link and consecutive pages of it, up to the first broken page.

    If it is not `checked`, broken pages are included: a decoder that needs the end starts there.

    Attributes
    ----------
    ended : int or None
        Index, among the link's pages, of the broken page at which it ended.
    """

    def __init__(self, media: Media, link: Chain, pages: range, *, checked: bool = True) -> None:
        headers: list[bytes | range] = [range(page.start, page.stop) for page in link.headers]
        if link.codec == "Opus":
            headers[0] = _at_48_khz(media, link.headers[0])
        sound = [_going_on(media, link.pages[index]) for index in pages[:-1]]
        sound += [range(link.pages[index].start, link.pages[index].stop) for index in pages[-1:]]
        super().__init__(media, [*headers, *sound])
        self._link, self._run, self._headers = link, pages, len(headers)
        self._checked = 0 if checked else len(pages)
        self.ended: int | None = None

    def readinto(self, buffer: Any) -> int:
        while self.ended is None and self._checked < len(self._run):
            begin = self._starts[self._headers + self._checked]
            # Only what is read in order: a decoder begins by looking at the end.
            if self._at + len(buffer) <= begin or self._at > self._starts[self._headers + self._checked + 1]:
                break
            index = self._run[self._checked]
            if is_sound(self._media, self._link.pages[index]):
                self._checked += 1
            else:
                self.ended = index
        if self.ended is not None:
            end = self._starts[self._headers + self._checked]
            if self._at < end:
                return super().readinto(memoryview(buffer)[: end - self._at])
            if self._at < self._starts[self._headers + self._checked + 1]:
                return 0
        return super().readinto(buffer)
