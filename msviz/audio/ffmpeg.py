"""What libsndfile has no decoder for, read by FFmpeg's libraries: imported only when there is such a file."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from msviz.audio.damage import clock
from msviz.audio.encoded import Encoded, Part
from msviz.errors import AudioError

av.logging.set_level(None)

# Allowed formats: audio, video, and streams of one codec.  Playlists and the like, which make FFmpeg open
# other files, are excluded, and so are formats that accept any text as music.
_FORMATS = (
    "aa,aac,aax,ac3,ac4,acm,adx,aea,aiff,amr,amrnb,amrwb,apc,ape,apm,aptx,argo_asf,asf,ast,au,avi,bfstm,brstm,"
    "bonk,caf,dsf,dts,dtshd,dxa,eac3,ea,epaf,flac,flv,fwse,genh,gxf,hca,iff,ifv,ircam,kvag,laf,loas,live_flv,"
    "matroska,mca,mlp,mmf,mods,mov,mp3,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,ogg,oma,osq,paf,pva,pvf,qcp,qoa,"
    "rm,rso,sds,shn,smk,sol,sox,spdif,svag,svs,tak,truehd,tta,vag,voc,vqf,w64,wav,wsd,wsvqa,wtv,wv,xa,xwma,xvag"
)
# Containers with sample-accurate time stamps, so that the last one gives the length.
_EXACT = frozenset(("mov", "caf", "wv", "tta", "ape", "flac", "ogg", "dsf", "mpc", "mpc8", "iff", "tak"))
_TIMED = _EXACT | {"matroska", "mpegts", "asf", "flv", "mpeg"}  # whose time stamps reveal losses
# Whose headers contain the length, which is estimated for others.
_ANNOUNCED = frozenset(("matroska", "flv", "wv", "tta", "ape", "dsf", "mpc", "mpc8", "tak"))
_LOSSLESS = frozenset(
    ("alac", "flac", "wavpack", "tta", "ape", "tak", "truehd", "mlp", "wmalossless", "shorten")
)
_GAP_S = 0.1  # a gap between time stamps that is a loss and not rounding
_NEVER_S = 3600  # a gap that is a reset clock and not a loss
_CUT_S = 0.1  # a missing length that is a cut and not rounding
_TAIL_S = 2.0  # decoded before the end, to find where it is
_PATIENCE = 200  # packets without audio, after which to give up
_DENSEST = 1 << 13  # samples per byte, at most: silence in any codec
_FEW = 3  # samples by which rounded time stamps are off

_CONTAINERS = {
    "mov": "MP4",
    "matroska": "Matroska",
    "asf": "WMA",
    "mpegts": "MPEG-TS",
    "mpeg": "MPEG",
    "caf": "CAF",
    "ogg": "Ogg",
    "wav": "WAV",
    "avi": "AVI",
    "flv": "FLV",
    "aiff": "AIFF",
    "w64": "W64",
    "iff": "DFF",
}
_CODECS = {
    "aac": "AAC",
    "alac": "ALAC",
    "ac3": "AC-3",
    "eac3": "E-AC-3",
    "dca": "DTS",
    "dts": "DTS",
    "opus": "Opus",
    "vorbis": "Vorbis",
    "speex": "Speex",
    "flac": "FLAC",
    "mp3": "MP3",
    "mp2": "MP2",
    "mp1": "MP1",
    "wavpack": "WavPack",
    "tta": "TTA",
    "ape": "Monkey's Audio",
    "musepack7": "Musepack",
    "musepack8": "Musepack",
    "amr_nb": "AMR",
    "amr_wb": "AMR-WB",
    "wmav1": "WMA",
    "wmav2": "WMA",
    "wmapro": "WMA Pro",
    "wmalossless": "WMA Lossless",
    "truehd": "TrueHD",
}
_CHUNKED = ("wav", "aiff", "caf", "w64", "au")
_ALONE = frozenset((*_CODECS, "amr", "wv", "dsf", "iff", "mpc", "mpc8"))  # named after their codec
_STRICT = {"err_detect": "crccheck"}
_STRICTER = {"err_detect": "crccheck+explode"}  # for a decoder that otherwise only warns


def read_ffmpeg(
    make: Callable[[], io.RawIOBase], name: str, track: int, *, timed: bool = True
) -> Encoded | None:
    """How FFmpeg decodes a file; None if it knows neither the container nor the codec.

    Parameters
    ----------
    make : callable
        Opens the file; called once for every decoding.
    name : str
        Of the file, for errors.
    track : int
        Which audio track, from 0.
    timed : bool
        Whether to trust its time stamps, if it is of a kind that has good ones.

    Raises
    ------
    AudioError
        If it contains no audio, no such track, or audio that cannot be decoded.
    """
    try:
        container = _open(make())
    except (av.FFmpegError, ValueError, OSError):
        return None
    with container:
        streams = container.streams.audio
        kind = container.format.name.split(",")[0]
        if not streams:
            raise AudioError(f"{name} contains no audio.")
        if not 0 <= track < len(streams):
            raise AudioError(f"{name} has no audio track {track + 1}: it has only {len(streams)}.")
        stream = streams[track]
        if stream.codec_context is None:
            if kind in _CHUNKED:  # the header names the codec
                return None
            raise AudioError(f"{name} uses an audio codec that msviz cannot read.")
        first, failed = _first_frame(container, stream)
        if first is None and failed:
            codec = _codec(stream)
            raise AudioError(f"{name} cannot be decoded: its {codec} audio is damaged from the start.")
        if first is None:
            raise AudioError(f"{name} contains no audio: it is 0 samples long.")
        count, origin = len(first.layout.channels), first.pts
        length, exact = _length(container, stream, first, timed and kind in _EXACT)
        announced = _announced(container, stream, first.sample_rate) if kind in _ANNOUNCED else 0
        if length > _DENSEST * container.size:  # a damaged number
            length, exact = first.samples, False
        entries = stream.index_entries
        cut = kind == "mov" and len(entries) > 0 and entries[-1].pos + entries[-1].size > container.size
        bits = _bits(stream, first)
        codec = _codec(stream)
        described = [_container(container, kind, name)] if kind not in _ALONE else []
        described += [codec] if codec != "PCM" else []
        described += [f"{bits} bit"] if bits else []
        encoded = Encoded(
            rate=first.sample_rate,
            channels=count,
            length=length,
            settled=exact,
            format=", ".join(described),
            subtype=f"PCM_{bits}" if bits in (16, 24, 32) else "FLOAT",
            speakers=_speakers(first),
            track=track,
            tracks=tuple(_told(each, number) for number, each in enumerate(streams)),
        )
        timed = timed and kind in _TIMED
    if cut:
        encoded.note("is cut short: its last samples are missing")
    origin = origin if timed else None
    encoded.parts = lambda: _parts(make, track, encoded, origin, kind in _EXACT, announced)
    return encoded


def _open(file: io.RawIOBase) -> Any:
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
    return av.open(file, options=options, metadata_errors="replace")


def _first_frame(container: Any, stream: Any) -> tuple[Any, bool]:
    """The first frame that can be decoded, and whether any before it could not."""
    failed = False
    for packets, packet in enumerate(_demuxed(container, stream), 1):
        try:
            for frame in packet.decode():
                if frame.samples and frame.sample_rate:
                    return frame, failed
        except av.FFmpegError:
            failed = True
        if packets > _PATIENCE:
            return None, True
    return None, failed


def _demuxed(container: Any, stream: Any) -> Iterator[Any]:
    """Packets, as far as they can be read."""
    with suppress(av.FFmpegError, OSError):
        yield from container.demux(stream)


def _length(container: Any, stream: Any, first: Any, exact: bool) -> tuple[int, bool]:
    """How many samples there are, and whether that is certain."""
    rate = first.sample_rate
    announced = 0
    if stream.duration:
        announced = round(stream.duration * stream.time_base * rate)
    elif container.duration:
        announced = round(container.duration * rate / av.time_base)
    if announced <= 0:
        return first.samples, False
    if not exact or first.pts is None:
        return announced, False
    before = max(0, announced / rate - _TAIL_S)
    last = None
    with suppress(av.FFmpegError, OSError):
        container.seek(round(before / stream.time_base) + (stream.start_time or 0), stream=stream)
        for packet in _demuxed(container, stream):
            with suppress(av.FFmpegError):
                for frame in packet.decode():
                    last = frame
    if last is None or last.pts is None or last.sample_rate != rate:
        return announced, False
    end = float((last.pts - first.pts) * last.time_base * rate) + last.samples
    return round(end), True


def _announced(container: Any, stream: Any, rate: int) -> int:
    """How many samples of a sound its header announces; 0 where it speaks only of a video as a whole."""
    if stream.duration:
        return int(stream.duration * stream.time_base * rate)
    begin_s = float((stream.start_time or 0) * stream.time_base)  # the origin of its clock
    if said := re.fullmatch(r"(\d+):(\d+):([\d.]+)", stream.metadata.get("DURATION", "")):
        hours, minutes, seconds = (float(part) for part in said.groups())
        return int((3600 * hours + 60 * minutes + seconds - begin_s) * rate)
    if container.duration and len(container.streams) == 1:
        return int((container.duration / av.time_base - begin_s) * rate)
    return 0


def _bits(stream: Any, frame: Any) -> int:
    """The bit depth of whole numbers that nothing was taken from; 0 of all else."""
    name = stream.codec_context.codec.canonical_name
    if name not in _LOSSLESS and not name.startswith("pcm_s"):
        return 0
    depth = {"s16": 16, "s16p": 16, "s32": 32, "s32p": 32, "u8": 8, "u8p": 8}.get(frame.format.name, 0)
    # 24-bit samples come in 32 bits, the lowest of which are zero.
    return 24 if depth == 32 and not np.any(_values(frame) & 0xFF) else depth


def _speakers(frame: Any) -> str:
    return " ".join(channel.name for channel in frame.layout.channels)


def _codec(stream: Any) -> str:
    name: str = stream.codec_context.codec.canonical_name
    for start in ("pcm", "dsd"):
        if name.startswith(start + "_"):
            return start.upper()
    return _CODECS.get(name, name.replace("_", " ").upper())


def _container(container: Any, kind: str, name: str) -> str:
    if kind == "matroska" and name.lower().endswith(".webm"):
        return "WebM"
    brand = container.metadata.get("major_brand", "").strip().lower()
    named = {"m4a": "M4A", "m4b": "M4B", "qt": "MOV", "3gp4": "3GP", "3gp5": "3GP", "3gp6": "3GP"}
    if kind == "mov":
        return named.get(brand, "MP4")
    return _CONTAINERS.get(kind, kind.upper())


def _told(stream: Any, number: int) -> str:
    """An audio track in a list: "2: AAC, stereo, deu"."""
    parts = [_codec(stream) if stream.codec_context else "unknown"]
    count = stream.codec_context.channels if stream.codec_context else 0
    parts.append({1: "mono", 2: "stereo"}.get(count, f"{count} channels"))
    parts += [
        text for key in ("language", "title") if (text := stream.metadata.get(key)) not in (None, "und")
    ]
    return f"{number + 1}: " + ", ".join(parts)


def _parts(
    make: Callable[[], io.RawIOBase],
    track: int,
    encoded: Encoded,
    origin: int | None,
    exact: bool,
    announced: int,
) -> Iterator[Part]:
    """Everything that can be decoded, each part at its own position."""
    at, usual, failed = 0, 0, False
    resampler: Any = None
    with _open(make()) as container:
        stream = container.streams.audio[track]
        strict = _STRICTER if stream.codec_context.name == "tta" else _STRICT
        stream.codec_context.options = strict
        for packet in _demuxed(container, stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                failed = True
                at += usual  # unless time stamps say otherwise
                continue
            for frame in frames:
                if origin is not None and frame.pts is not None:
                    place = float((frame.pts - origin) * frame.time_base * encoded.rate)
                    if place - at > _NEVER_S * encoded.rate:  # its clock was reset
                        origin += round((place - at) / encoded.rate / frame.time_base)
                        place = at
                    if place - at > _GAP_S * encoded.rate or (failed and exact and abs(place - at) > _FEW):
                        at = round(place)
                usual = frame.samples
                other = frame.sample_rate != encoded.rate or len(frame.layout.channels) != encoded.channels
                if other and resampler is None:
                    resampler = _resampler(encoded)
                    encoded.note(
                        "changes sampling rate or channels partway: everything is converted to those "
                        "it begins with"
                    )
                for made in resampler.resample(frame) if other and resampler else [frame]:
                    samples = _samples(made)
                    if frame.is_corrupt:
                        encoded.add_damage(at, at + len(samples), "damaged")
                        samples = np.zeros_like(samples)
                    yield Part(at, samples, "damaged" if failed else "lost")
                    at += len(samples)
                failed = False
        if failed and encoded.settled and at > encoded.length:  # the length counts only what can be decoded
            at = encoded.length
        elif failed:
            failed = False
            yield Part(at, np.zeros((0, encoded.channels), np.float32), "damaged")
        has = clock(at / encoded.rate)
        if announced - at > _CUT_S * encoded.rate:
            encoded.note(
                f"is cut short: its header says {clock(announced / encoded.rate)}, but it has only {has}"
            )
        elif failed and not encoded.notes:
            encoded.note(f"is cut short at {has}: its last frame is incomplete")


def _resampler(encoded: Encoded) -> Any:
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}.get(encoded.channels, f"{encoded.channels}c")
    return av.AudioResampler("fltp", layout, encoded.rate)


def _samples(frame: Any) -> NDArray[np.float32]:
    """The samples of a frame, shape (n, channels), full scale ±1."""
    held = _values(frame)
    if held.dtype == np.uint8:
        return np.asarray((held.astype(np.float32) - 128) / 128, np.float32)
    if np.issubdtype(held.dtype, np.integer):
        return np.asarray(held / np.float32(2.0 ** (8 * held.dtype.itemsize - 1)), np.float32)
    return np.asarray(held, np.float32)


def _values(frame: Any) -> NDArray[Any]:
    """The samples of a frame as they are, shape (n, channels).

    `to_ndarray` of PyAV crashes where there are eight planes or more: it takes what lies behind their
    addresses for those of others.
    """
    count = frame.layout.nb_channels
    if not frame.format.is_planar:
        return np.asarray(frame.to_ndarray()).reshape(-1, count)
    kind = av.audio.frame.format_dtypes[frame.format.name]
    return np.stack([np.frombuffer(plane, kind, frame.samples) for plane in frame.planes[:count]], axis=1)
