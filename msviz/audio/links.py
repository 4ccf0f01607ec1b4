"""Consecutive sounds in one file, and runs of one sound with gaps between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from msviz.audio.damage import Damage, clock
from msviz.audio.encoded import Encoded, Part
from msviz.audio.media import Media
from msviz.audio.ogg import Chain, Run
from msviz.audio.stream import Stream, block_size

_OPUS_ONSET = 3840  # samples until a decoder that begins in the middle is right (RFC 7845, 4.6)
_PROBE = 1 << 14  # samples before the end, that are decoded to learn whether they are there


@dataclass(frozen=True)
class Link:
    """One sound of a file that contains several.

    Attributes
    ----------
    rate, channels, length : int
        Those of this sound.
    parts : callable
        Decodes it from its beginning.
    """

    rate: int
    channels: int
    length: int
    parts: Callable[[], Iterator[Part]]


def joined(links: Sequence[Link], encoded: Encoded) -> Callable[[], Iterator[Part]]:
    """Join consecutive sounds at the sampling rate and with the channels of `encoded`; sets its length.

    Sounds in other formats are converted, and a note says so.
    """
    starts, at = [], 0
    for link in links:
        starts.append(at)
        at += round(link.length * encoded.rate / link.rate)
    encoded.length = at
    changed = [
        f"{_what(link.rate, link.channels)} from {clock(start / encoded.rate)}"
        for link, start in zip(links, starts, strict=True)
        if (link.rate, link.channels) != (encoded.rate, encoded.channels)
    ]
    if changed:
        several = f"{', '.join(changed[:3])}{' and so on' if len(changed) > 3 else ''}"
        encoded.note(
            f"contains audio in other formats ({several}), converted to "
            f"{_what(encoded.rate, encoded.channels)}"
        )

    def parts() -> Iterator[Part]:
        for link, start in zip(links, starts, strict=True):
            for part in _converted(link, encoded):
                yield part._replace(start=start + part.start)

    return parts


def silenced(parts: Callable[[], Iterator[Part]], damage: Sequence[Damage]) -> Callable[[], Iterator[Part]]:
    """The same, silenced where there is damage, whatever the decoder returns; both in order of time."""

    def quiet() -> Iterator[Part]:
        first = 0
        for part in parts():
            stop = part.start + len(part.samples)
            while first < len(damage) and damage[first].stop <= part.start:
                first += 1
            samples, number = part.samples, first
            while number < len(damage) and damage[number].start < stop:
                samples = samples.copy() if number == first else samples
                begin, end, _ = damage[number]
                samples[max(0, begin - part.start) : end - part.start] = 0
                number += 1
            yield part._replace(samples=samples)

    return quiet


def _what(rate: int, channels: int) -> str:
    return f"{rate} Hz, {({1: 'mono', 2: 'stereo'}).get(channels, f'{channels} channels')}"


def _converted(link: Link, encoded: Encoded) -> Iterator[Part]:
    if link.rate == encoded.rate:
        for part in link.parts():
            yield part._replace(samples=_with_channels(part.samples, encoded.channels))
        return
    import soxr

    ratio = encoded.rate / link.rate
    resampler: Any = None
    at = end = 0
    for part in link.parts():
        if resampler is None or part.start != end:
            at = round(part.start * ratio)
            resampler = soxr.ResampleStream(link.rate, encoded.rate, encoded.channels, dtype="float32")
        made = resampler.resample_chunk(_with_channels(part.samples, encoded.channels))
        end = part.start + len(part.samples)
        yield Part(at, made, part.reason)
        at += len(made)
    if resampler is not None:
        rest = resampler.resample_chunk(np.zeros((0, encoded.channels), np.float32), last=True)
        yield Part(at, rest)


def _with_channels(samples: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Change the number of channels: one is copied to all, several are averaged to one, or padded or cut."""
    held = samples.shape[1]
    if held == count:
        return samples
    if count == 1:
        return np.asarray(samples.mean(axis=1, keepdims=True), np.float32)
    if held == 1:
        return np.repeat(samples, count, axis=1)
    return np.pad(samples[:, :count], ((0, 0), (0, max(0, count - held))))


def stream_parts(make: Callable[[], Stream]) -> Iterator[Part]:
    """Decode a stream from the beginning, as far as it goes."""
    return _read_on(make(), 0)


def _read_on(stream: Stream, at: int) -> Iterator[Part]:
    size = block_size(stream.channels)
    with stream:
        while True:
            try:
                samples = stream.read(size, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                return
            if not len(samples):
                return
            yield Part(at, samples)
            at += len(samples)


def true_length(stream: Stream) -> int:
    """How many samples a stream really has: its last page may announce more than its packets contain."""
    length = int(stream.frames)
    probe = _PROBE
    while True:
        start = max(0, length - probe)
        try:
            stream.seek(start)
            there = 0
            while len(samples := stream.read(probe, dtype="float32", always_2d=True)):
                there += len(samples)
        except soundfile.LibsndfileError:
            return length
        if there or not start:
            return min(length, start + there)
        probe *= 8


def ogg_link(media: Media, link: Chain) -> Link | None:
    """A link of an Ogg file; None if libsndfile finds no audio in it."""
    base, rate, channels, length = _first_sample(media, link)
    if base is None:
        return None
    last = next(page.position for page in reversed(link.pages) if page.position >= 0)
    if len(link.runs) > 1:
        length = max(length, last - base)
    return Link(rate, channels, length, lambda: _runs(media, link, base))


def _first_sample(media: Media, link: Chain) -> tuple[int | None, int, int, int]:
    """The position of the first sample, as counted in pages; rate, channels and length."""
    for run in link.runs:
        try:
            with Stream(Run(media, link, run, checked=False)) as stream:
                end = _end(link, run)
                if end is None or stream.frames <= 0:
                    continue
                frames = int(stream.frames)
                length = true_length(stream) if len(link.runs) == 1 else frames
                return end - frames, stream.samplerate, stream.channels, length
        except soundfile.LibsndfileError:
            continue
    return None, 0, 0, 0


def _end(link: Chain, run: range) -> int | None:
    """The position of the last sample of a run."""
    return next((link.pages[n].position for n in reversed(run) if link.pages[n].position >= 0), None)


def _runs(media: Media, link: Chain, base: int) -> Iterator[Part]:
    """All runs, each at the position given by its pages."""
    waiting, reason = list(link.runs), "lost"
    while waiting:
        pages = waiting.pop(0)
        end = _end(link, pages)
        if end is None:
            continue
        run = Run(media, link, pages)
        try:
            # Asked of all of it: where a broken page ends a run, nothing tells where that begins.
            with Stream(Run(media, link, pages, checked=False)) as whole:
                start = max(0, end - int(whole.frames) - base)
            stream = Stream(run)
        except soundfile.LibsndfileError:
            if run.ended is not None:
                waiting.insert(0, range(run.ended + 1, pages.stop))
            elif len(pages) > 1:  # what it begins with is not sound
                waiting.insert(0, pages[1:])
            continue
        # What comes first behind a gap is not the sound yet.
        unsure = _OPUS_ONSET if link.codec == "Opus" and pages.start else 0
        for at, samples, _ in _read_on(stream, start):
            skip = min(len(samples), max(0, start + unsure - at))
            yield Part(at + skip, samples[skip:], reason)
        reason = "lost"
        if run.ended is not None:
            reason = "damaged"
            waiting.insert(0, range(run.ended + 1, pages.stop))
