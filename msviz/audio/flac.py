"""The true length of a FLAC, from its last frame."""

from __future__ import annotations

from dataclasses import dataclass

from msviz.audio.media import Media

_SCAN = 1 << 22  # bytes to search for a header at a time
_TAIL = 1 << 16  # bytes before the end in which to search for the last frame first
_LONGEST = 1 << 24  # bytes of a frame
_LONGEST_CHECKED = 1 << 18  # bytes of a frame whose checksum is computed, which is slow
_CANDIDATES = 64  # of frames
_SIZES = {1: 192, **{n: 576 << n - 2 for n in range(2, 6)}, **{n: 256 << n - 8 for n in range(8, 16)}}
_UNKNOWN = 1 << 36


@dataclass(frozen=True)
class Flac:
    """What the header of a FLAC file says, and what its last frame says.

    Attributes
    ----------
    start : int
        Where it begins, after a tag that should not be there.
    announced : int
        Samples according to its header; 0 if it does not say.
    length : int
        Samples according to its last complete frame.
    stop : int
        Where that frame ends.
    cut : bool
        Whether an incomplete frame follows.
    block : int
        Samples in a frame, 0 if that varies.
    """

    start: int
    announced: int
    length: int
    stop: int
    cut: bool
    block: int

    def pieces(self, media: Media) -> list[bytes | range]:
        """The file with the true length in its header, for a `Splice`."""
        head = bytearray(media.read(self.start, self.start + 42))
        total = min(self.length, _UNKNOWN - 1)
        head[21] = head[21] & 0xF0 | total >> 32
        head[22:26] = (total & 0xFFFFFFFF).to_bytes(4, "big")
        return [bytes(head), range(self.start + 42, self.stop)]


def starts(media: Media, start: int) -> list[int]:
    """Where FLACs begin in a file of several concatenated ones."""
    found, at = [start], start + 42
    while at < media.size:
        data = media.read(at, at + _SCAN + 8)
        here = -1
        while (here := data.find(b"fLaC\0\0\0\x22", here + 1)) >= 0:
            found.append(at + here)
        at += _SCAN + 1
    return found


def read_flac(media: Media, start: int, stop: int | None = None) -> Flac | None:
    """Find the last frame; None if it is not a FLAC, or has no frames."""
    end = media.size if stop is None else stop
    head = media.read(start, start + 42)
    if len(head) < 42 or head[:4] != b"fLaC" or head[4] & 0x7F:
        return None
    least, most = int.from_bytes(head[8:10], "big"), int.from_bytes(head[10:12], "big")
    packed = int.from_bytes(head[18:26], "big")
    announced = packed & (_UNKNOWN - 1)
    block = least if least == most else 0
    at = start + 4
    while True:  # over what else stands in front of the sound
        header = media.read(at, at + 4)
        if len(header) < 4:
            return None
        at += 4 + int.from_bytes(header[1:], "big")
        if header[0] & 0x80:
            break
    found = _last_frame(media, at, end, block or most, announced)
    if found is None:
        return None
    length, last, whole = found
    return Flac(start, announced, length, last, not whole, block)


def _last_frame(
    media: Media, start: int, end: int, block: int, announced: int
) -> tuple[int, int, bool] | None:
    """The number of the sample after the last complete frame, where that ends, and whether no other begins.

    There may be bytes within a frame that look like a header: only frames with a correct checksum count.
    """
    reach = _TAIL
    while True:
        begin = max(start, end - reach)
        data = media.read(begin, end)
        ends = [len(data)]
        at = len(data)
        while (at := data.rfind(b"\xff", 0, at)) >= 0 and len(ends) < _CANDIDATES:
            behind = _behind(data[at : at + 16], block)
            if behind is None:
                continue
            if (
                announced
                and behind >= announced
                and len(ends) == 1
                and not _frame_end(data[at:], [len(data)])
            ):
                return announced, end, True  # stray bytes follow, or it is damaged: reading it will tell
            stop = _frame_end(data[at:], [place - at for place in ends])
            if stop:
                return behind, begin + at + stop, at + stop not in ends[1:]
            ends.append(at)
        if begin == start or reach >= _LONGEST:
            return None
        reach *= 16


def _behind(header: bytes, block: int) -> int | None:
    """The number of the sample after a frame with this header; None if it is not a header."""
    if len(header) < 6 or header[0] != 0xFF or header[1] & 0xFE != 0xF8:
        return None
    sizes, rates = header[2] >> 4, header[2] & 15
    if not sizes or rates == 15 or header[3] & 1 or header[3] >> 4 > 10 or header[3] >> 1 & 7 == 3:
        return None
    lead, at = header[4], 5
    more = next((n for n in range(7) if not lead & 0x80 >> n), 7)
    if more in (1, 7) and lead != 0xFE:
        return None
    more = max(0, more - 1)
    number = lead & (0x7F if not more else 0x3F >> more)
    if len(header) < at + more + 1:
        return None
    for byte in header[at : at + more]:
        if byte & 0xC0 != 0x80:
            return None
        number = number << 6 | byte & 0x3F
    at += more
    if sizes in (6, 7):
        size = int.from_bytes(header[at : at + sizes - 5], "big") + 1
        at += sizes - 5
    else:
        size = _SIZES[sizes]
    at += {12: 1, 13: 2, 14: 2}.get(rates, 0)
    if len(header) <= at or _crc8(header[:at]) != header[at]:
        return None
    return number + size if header[1] & 1 else number * block + size


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 7) & 0xFF if crc & 0x80 else crc << 1
    return crc


def _table16() -> list[int]:
    table = []
    for value in range(256):
        crc = value << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x8005) & 0xFFFF if crc & 0x8000 else crc << 1
        table.append(crc)
    return table


_CRC16 = _table16()


def _frame_end(data: bytes, ends: list[int]) -> int:
    """Which of these ends, or of those of tags, is the end of the first frame; 0 if its checksum is wrong."""
    tags = (data.find(tag, 1) for tag in (b"TAG", b"APETAGEX", b"ID3", b"3DI"))
    crc, checked = 0, 0
    for end in sorted({*ends, *(at for at in tags if at > 0)}):
        for byte in data[checked : min(end, _LONGEST_CHECKED)]:
            crc = (crc << 8 & 0xFFFF) ^ _CRC16[crc >> 8 ^ byte]
        checked = end
        if crc == 0 and end > 6:
            return end
    return 0
