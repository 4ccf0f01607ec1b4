"""Find out what a file contains and how to decode it, or say in one sentence why it cannot be decoded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import soundfile

from msviz.audio import channels as speakers
from msviz.audio.chunks import Chunks, read_chunks
from msviz.audio.damage import clock
from msviz.audio.encoded import Encoded
from msviz.audio.flac import Flac, read_flac, starts
from msviz.audio.kinds import HEAD, sound_kind
from msviz.audio.links import Link, joined, ogg_link, silenced, stream_parts
from msviz.audio.media import Media, Splice
from msviz.audio.mpeg import Link as Frames
from msviz.audio.mpeg import Walk, end_trim, start_skip, walk, whole_file, with_silence
from msviz.audio.ogg import Chain, Ogg, read_ogg
from msviz.audio.stream import Stream
from msviz.errors import AudioError

Pieces = Sequence[bytes | range]

MOST_CHANNELS = 64
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1, 10_000_000
_EXACT = ("PCM", "FLOAT", "DOUBLE", "ULAW", "ALAW", "ALAC")
_MPEG_TAGS = (0x50, 0x55)  # of a WAV that holds MPEG audio
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_LARGEST = 1 << 31  # larger sizes may be placeholders
_RESERVOIR = 3  # frames of an MP3 that may depend on a previous one
_READ_BY_FFMPEG = (b"alac", b"opus", b"aac ", b"ac-3", b"flac")  # in CAF, unless something is wrong
_BEGINNINGS = (b"riff\x2e\x91\xcf\x11", b"fLaC", b"OggS", b"caff", b".snd", b"ID3")
_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_FLOATS = {"FLOAT": 32, "DOUBLE": 64}
_CONTAINERS = {"OGG": "Ogg", "RF64": "WAV", "WAVEX": "WAV"}


def open_encoded(media: Media, track: int) -> Encoded:
    """What a file contains.

    Raises
    ------
    AudioError
        If it is not audio, uses an unknown codec, has no samples or no such track, or has more channels or
        another rate than msviz supports.
    """
    encoded = _found(media, track)
    encoded.trouble = lambda: media.failure
    if refusal := _refusal(encoded, track):
        encoded.close()
        raise AudioError(f"{media.name} {refusal}.")
    return encoded


def _refusal(encoded: Encoded, track: int) -> str:
    """Why msviz rejects it; empty if it does not."""
    if track and not encoded.track:
        return f"has no audio track {track + 1}: it has only 1"
    if encoded.length == 0 and encoded.settled:
        return "contains no audio: it is 0 samples long"
    if encoded.channels > MOST_CHANNELS:
        return f"has {encoded.channels} channels, but msviz supports 1 to {MOST_CHANNELS}"
    if not LOWEST_RATE_HZ <= encoded.exact_rate <= HIGHEST_RATE_HZ:
        rates = f"{LOWEST_RATE_HZ} Hz to {HIGHEST_RATE_HZ / 1e6:g} MHz"
        return f"has a sampling rate of {encoded.exact_rate:.10g} Hz, but msviz supports {rates}"
    return ""


def _found(media: Media, track: int) -> Encoded:
    head = media.read(0, 64)
    for read in (_chunked, _flac, _ogg, _mpeg, _other, partial(_by_ffmpeg, track=track)):
        if encoded := read(media, head):
            return encoded
    raise AudioError(_why_not(media, head))


def _why_not(media: Media, head: bytes) -> str:
    chunks = read_chunks(media)
    unreadable = f"{media.name} uses an audio codec that msviz cannot read"
    if chunks and not 1 <= chunks.rate <= HIGHEST_RATE_HZ:
        return f"{media.name} has a damaged header: it gives a sampling rate of {chunks.rate:.10g} Hz."
    if chunks and chunks.codec in _READ_BY_FFMPEG:
        return f"{media.name} is cut short or damaged: its audio cannot be decoded."
    if chunks and chunks.codec:
        codec = f"format 0x{chunks.codec:04x}" if isinstance(chunks.codec, int) else repr(chunks.codec)[1:]
        return f"{unreadable} ({chunks.kind}, {codec}): convert it to WAV or FLAC."
    if head[4:8] == b"ftyp" or head[:4] == b"\x1a\x45\xdf\xa3":
        return f"{unreadable}, or is cut short or damaged."
    kinds = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM")
    if (head[:4] in kinds and head[8:12] in (b"WAVE", b"AIFF", b"AIFC")) or head.startswith(_BEGINNINGS):
        return f"{media.name} is cut short or damaged before its audio begins: copy or download it again."
    return f"{media.name} is not an audio file."


def _by_ffmpeg(
    media: Media, _: bytes, *, track: int = 0, pieces: Pieces | None = None, timed: bool = True
) -> Encoded | None:
    """A file read by FFmpeg."""
    from msviz.audio.ffmpeg import read_ffmpeg  # slow to import

    make = partial(Splice, media, pieces or [range(media.size)])
    encoded = read_ffmpeg(make, media.name, track, timed=timed)
    if encoded and pieces is None and (announced := _announced_bytes(media)) > media.size:
        encoded.note(f"is cut short: its header says {announced} bytes, but it has only {media.size}")
    return encoded


def _announced_bytes(media: Media) -> int:
    """The size of a file according to its header, for formats in which FFmpeg does not notice cuts."""
    head = media.read(0, HEAD)
    size, flags = 0, 0
    if head[:4] == b"RIFF":
        size = 8 + int.from_bytes(head[4:8], "little")
    elif (at := head.find(_ASF_PROPERTIES)) >= 0:
        size, flags = (int.from_bytes(head[at + here : at + here + 8], "little") for here in (40, 88))
    return size if size < _LARGEST and not flags & 1 else 0  # the size of a stream is unknown


def _streamed(media: Media, pieces: Pieces | None = None) -> Callable[[], Stream]:
    """Open a file, or a rearranged one, with libsndfile."""
    if pieces is None and media.on_disk:
        return partial(Stream, media.path)
    return lambda: Stream(Splice(media, pieces or [range(media.size)]))


def _described(stream: Stream) -> str:
    container = _CONTAINERS.get(stream.format, stream.format)
    if stream.subtype in _BITS:
        return f"{container}, {_BITS[stream.subtype]} bit"
    if stream.subtype in _FLOATS:
        return f"{container}, {_FLOATS[stream.subtype]} bit float"
    if stream.format == "OGG":
        return f"Ogg {stream.subtype.capitalize()}"
    return f"{container}, {stream.subtype_info}"


def _of_stream(make: Callable[[], Stream]) -> Encoded | None:
    """A file read by libsndfile; None if it cannot read it."""
    try:
        stream = make()
    except (soundfile.LibsndfileError, TypeError):  # TypeError: .raw, samples without a header
        return None
    frames = int(stream.frames)
    exact = stream.format != "OGG" and stream.subtype.startswith(_EXACT)
    known = 0 <= frames < 2**62
    encoded = Encoded(
        rate=stream.samplerate,
        channels=stream.channels,
        length=frames if known else 0,
        settled=known,
        format=_described(stream),
        subtype=stream.subtype if stream.subtype.startswith("PCM") else "FLOAT",
        speakers=speakers.of_mask(None, stream.channels),
    )
    if stream.format == "RAW":  # libsndfile accepts any bytes with such a name
        encoded.note(
            f"has no header: read as {stream.subtype_info} at {stream.samplerate} Hz because of its name"
        )
    if exact and known:
        encoded.stream, encoded.opened = make, stream
    else:
        stream.close()
        encoded.parts = lambda: stream_parts(make)
    return encoded


def _other(media: Media, head: bytes) -> Encoded | None:
    """Other files that libsndfile reads."""
    if head[4:8] == b"ftyp" or head[:4] == b"\x1a\x45\xdf\xa3":
        return None
    suffix = media.path.suffix.lower()
    if suffix == ".raw":  # without a header, the contents are unknown
        return None
    # libsndfile's MP3 decoder writes on the standard error about what is none: it is not to be asked about
    # what begins as MPEG audio, which `_mpeg` has refused, nor by the name of a file.
    if head.startswith(b"ID3") or (head[0] == 0xFF and head[1:2] >= b"\xe0"):
        return None
    return _of_stream(_streamed(media, [range(media.size)] if suffix == ".mp3" else None))


def _chunked(media: Media, head: bytes) -> Encoded | None:
    chunks = read_chunks(media)
    if not chunks or not chunks.channels:
        return None
    if chunks.kind in ("WAV", "W64") and chunks.codec in _MPEG_TAGS:
        return _mpeg(media, head, range(chunks.start, chunks.stop))
    encoded = _of_stream(_streamed(media, chunks.pieces or None))
    if encoded is None:
        return None
    if round(chunks.rate, 6) != encoded.rate and chunks.kind in ("AIFF", "CAF"):
        encoded.exact_rate, encoded.rate = chunks.rate, max(1, round(chunks.rate))
    if chunks.kind in ("WAV", "W64"):
        encoded.speakers = speakers.of_mask(chunks.mask, chunks.channels)
    elif chunks.kind == "CAF" and chunks.layout:
        encoded.speakers, encoded.order = speakers.of_caf(chunks.layout)
    _tell_announced(encoded, chunks)
    return encoded


def _tell_announced(encoded: Encoded, chunks: Chunks) -> None:
    """Note if the file is shorter than its header says."""
    there = chunks.stop - chunks.start
    if chunks.announced is None or chunks.announced <= there:
        return
    shares = chunks.announced / max(1, there)
    announced_s, there_s = encoded.length * shares / encoded.rate, encoded.length / encoded.rate
    cut = "is cut short" if there % chunks.frame else "is cut short or has a wrong header"
    encoded.note(f"{cut}: its header says {clock(announced_s)}, but it has only {clock(there_s)}")


def _id3_size(head: bytes) -> int:
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    return 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])


def _flac(media: Media, head: bytes) -> Encoded | None:
    start = _id3_size(head)
    if media.read(start, start + 4) != b"fLaC":
        return None
    found = read_flac(media, start)
    if found and found.announced and found.announced != found.length:
        several = starts(media, start)
        if len(several) > 1:
            return _joined_flacs(media, several)
    return _one_flac(media, found) if found else None


def _joined_flacs(media: Media, places: list[int]) -> Encoded | None:
    ends = [*places[1:], media.size]
    all_found = [read_flac(media, start, stop) for start, stop in zip(places, ends, strict=True)]
    parts = [encoded for found in all_found if found and (encoded := _one_flac(media, found))]
    links = []
    for part in parts:
        part.close()
        assert part.stream
        links.append(Link(part.rate, part.channels, part.length, partial(stream_parts, part.stream)))
    if not links:
        return None
    first = parts[0]
    encoded = Encoded(first.rate, first.channels, 0, first.format, first.subtype, speakers=first.speakers)
    encoded.parts = joined(links, encoded)
    return encoded


def _one_flac(media: Media, found: Flac) -> Encoded | None:
    if found.length <= 0:
        return None
    plain = found.announced == found.length and not found.start and found.stop == media.size
    make = _streamed(media, None if plain else found.pieces(media))
    encoded = _of_stream(make)
    if encoded is None:
        return None
    encoded.length, encoded.settled, encoded.grain = found.length, True, found.block or 4096
    encoded.stream, encoded.parts = make, None
    encoded.speakers = speakers.USUAL.get(encoded.channels, "")
    if found.announced > found.length or found.cut:
        has = clock(found.length / encoded.rate)
        said = f"its header says {clock(found.announced / encoded.rate)}, but " if found.announced else ""
        encoded.note(f"is cut short: {said}it has only {has}")
    return encoded


def _ogg(media: Media, head: bytes) -> Encoded | None:
    ogg = read_ogg(media)
    if ogg is None or ogg.mixed or any(not link.codec for link in ogg.links):
        return None
    if len(ogg.links) == 1 and ogg.links[0].codec not in ("Vorbis", "Opus"):
        return _told_cut(_by_ffmpeg(media, head), ogg)
    if not all(link.ordered for link in ogg.links):  # libsndfile stops where the last position says
        return _by_ffmpeg(media, head, timed=False)
    links = [(link, made) for link in ogg.links if (made := _ogg_link(media, link))]
    if not links:
        return None
    first, sound = links[0]
    count = max(made.channels for _, made in links)
    encoded = Encoded(sound.rate, count, sound.length, f"Ogg {first.codec}")
    if count > 2 and (first.codec == "Vorbis" or first.family == 1):
        encoded.speakers = speakers.USUAL.get(count, "")
        encoded.order = speakers.XIPH_ORDER.get(count)
    encoded.parts = joined([made for _, made in links], encoded)
    return _told_cut(encoded, ogg)


def _told_cut(encoded: Encoded | None, ogg: Ogg) -> Encoded | None:
    if encoded and ogg.cut:
        encoded.note(f"is cut short at {clock(encoded.length / encoded.rate)}: its last page is incomplete")
    return encoded


def _ogg_link(media: Media, link: Chain) -> Link | None:
    if link.codec in ("Vorbis", "Opus"):
        return ogg_link(media, link)
    pages = [*link.headers, *link.pages]
    found = _by_ffmpeg(media, b"", pieces=[range(page.start, page.stop) for page in pages])
    if found is None or found.parts is None:
        return None
    return Link(found.rate, found.channels, found.length, found.parts)


def _mpeg(media: Media, head: bytes, within: range | None = None) -> Encoded | None:
    # A container of another kind may hold such frames; its times tell which samples are to be left out.
    if within is None and sound_kind(media.read(0, HEAD)) not in (None, "MPEG audio"):
        return None
    walked = walk(media, within)
    if walked is None:
        return None
    first = walked.links[0].kind
    encoded = Encoded(
        first.rate, first.channels, 0, f"MP{first.layer}", speakers=speakers.USUAL[first.channels]
    )
    links = [
        _frames(media, link, start_skip(walked) if number == 0 else 0, end_trim(walked))
        for number, link in enumerate(walked.links)
    ]
    parts = joined(links, encoded)
    _tell_frames(encoded, walked)
    encoded.parts = silenced(parts, encoded.damage)
    return encoded


def _frames(media: Media, link: Frames, skip: int, trim: int) -> Link:
    """A link of MPEG audio, without a number of samples at its beginning and end."""
    kind, length = link.kind, link.length - skip - trim
    mp3 = kind.layer == 3
    pieces = whole_file(link, skip, trim) if mp3 else with_silence(link)
    if mp3 and all(piece.where for piece in link.pieces):
        make = _streamed(media, pieces)
        return Link(kind.rate, kind.channels, length, lambda: stream_parts(make))
    # libsndfile has no count of the other layers, and its decoder complains about what is broken on the
    # standard error.
    by_ffmpeg = _by_ffmpeg(media, b"", pieces=pieces)
    if by_ffmpeg is None or by_ffmpeg.parts is None:
        raise AudioError(f"{media.name} cannot be decoded: its frames are damaged from the start.")
    return Link(kind.rate, kind.channels, length, by_ffmpeg.parts)


def _tell_frames(encoded: Encoded, walked: Walk) -> None:
    """Record the damage found while walking through the frames, and what is missing at the end."""
    at = -start_skip(walked)
    for link in walked.links:
        size = round(link.kind.samples * encoded.rate / link.kind.rate)
        for piece in link.pieces:
            if not piece.where:
                # The frame before may be broken too, and those after it depend on it.
                behind = _RESERVOIR if link.kind.layer == 3 else 1
                encoded.add_damage(at - size, at + (piece.frames + behind) * size, "damaged")
            at += piece.frames * size
    announced = walked.announced or 0
    frames = sum(link.frames for link in walked.links)
    has = clock(encoded.length / encoded.rate)
    if announced > frames:
        samples = announced * walked.links[0].kind.samples - start_skip(walked) - (walked.padding or 0)
        encoded.note(f"is cut short: its header says {clock(samples / encoded.rate)}, but it has only {has}")
    elif walked.cut:
        encoded.note(f"is cut short at {has}: its last frame is incomplete")
