"""Audio files for tests, made on the spot: with soundfile, with PyAV, and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

RATE = 44100


def noise(seconds: float, channels: int = 2, rate: int = RATE, seed: int = 1) -> np.ndarray:
    """Noise that fades in and out in turns, shape (n, channels): no stretch of it is like another."""
    t = np.arange(round(seconds * rate)) / rate
    wave = np.random.default_rng(seed).standard_normal((len(t), channels)) * 0.1
    low = np.sin(2 * np.pi * 300 * t + np.sin(3 * t))[:, None] * 0.2
    return wave * (0.6 + 0.4 * np.sin(2 * np.pi * 0.7 * t))[:, None] + low


def encode(path: Path, samples: np.ndarray, codec: str, *, rate: int = RATE, **how: Any) -> Path:
    """Write samples (n, channels) with one of FFmpeg's encoders; `how` as `write_tracks` takes it."""
    return write_tracks(path, [(samples, codec)], rate=rate, **how)


def write_tracks(
    path: Path,
    tracks: list[tuple[np.ndarray, str]],
    *,
    rate: int = RATE,
    container: str | None = None,
    options: dict[str, str] | None = None,
    sample_format: str | None = None,
    video: bool = False,
) -> Path:
    """Write sound tracks, and in front of them a picture that does not move, into one file."""
    with av.open(str(path), "w", format=container, container_options=options or {}) as out:
        picture = None
        if video:
            picture = out.add_stream("mpeg4", rate=10)
            picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        streams = []
        for samples, codec in tracks:
            layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[samples.shape[1]]
            stream = out.add_stream(codec, rate=rate, layout=layout)
            stream.bit_rate = 12_200 if "amr" in codec else 128_000
            if sample_format:
                stream.format = sample_format
            streams.append((stream, samples, layout))
        if picture is not None:
            for _ in range(10):
                out.mux(picture.encode(av.VideoFrame(64, 64, "yuv420p")))
            out.mux(picture.encode(None))
        for stream, samples, layout in streams:
            packed = np.ascontiguousarray(samples, np.float32).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
            frame.sample_rate, frame.pts = rate, 0
            out.start_encoding()
            size = stream.codec_context.frame_size or 1024
            resampler = av.AudioResampler(stream.codec_context.format, layout, rate, frame_size=size)
            for made in [*resampler.resample(frame), *resampler.resample(None)]:
                out.mux(stream.encode(made))
            out.mux(stream.encode(None))
    return path


def decoded_by_ffmpeg(path: Path, track: int = 0) -> np.ndarray:
    """All that FFmpeg decodes, shape (channels, n)."""
    packed = av.AudioResampler("flt")  # as planes, PyAV crashes on eight channels
    with av.open(str(path)) as file:
        parts = [
            made.to_ndarray().reshape(-1, made.layout.nb_channels).T
            for frame in file.decode(audio=track)
            for made in packed.resample(frame)
        ]
    return np.concatenate(parts, axis=1).astype(np.float32)


def lag(one: np.ndarray, other: np.ndarray) -> int:
    """By how many samples `other` comes later than `one`, by cross-correlation."""
    count = 1 << (max(len(one), len(other)) - 1).bit_length() + 1
    both = np.fft.rfft(other, count) * np.conj(np.fft.rfft(one, count))
    best = int(np.argmax(np.fft.irfft(both, count)))
    return best - count if best > count // 2 else best


def mp3(path: Path, samples: np.ndarray, rate: int = RATE, *, tag: bool = True) -> Path:
    """An MP3 with the frame that tells its length, or without."""
    options = {"write_xing": "1" if tag else "0", "id3v2_version": "0"}
    return encode(path, samples, "libmp3lame", rate=rate, options=options)


def ogg_pages(data: bytes) -> list[bytes]:
    """The pages of an Ogg file."""
    pages, at = [], 0
    while at < len(data):
        head = 27 + data[at + 26]
        stop = at + head + sum(data[at + 27 : at + head])
        pages.append(data[at:stop])
        at = stop
    return pages


def position(page: bytes) -> int:
    """Of the last sample that ends on a page."""
    return int.from_bytes(page[6:14], "little", signed=True)


def with_checksum(page: bytes) -> bytes:
    """An Ogg page with the checksum of RFC 3533, worked out as it is written there."""
    crc = 0
    for byte in page[:22] + bytes(4) + page[26:]:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7) & 0xFFFFFFFF if crc & 0x80000000 else crc << 1
    return page[:22] + crc.to_bytes(4, "little") + page[26:]


def vorbis(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate, format="OGG", subtype="VORBIS")
    return path
