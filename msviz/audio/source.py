"""An audio file as a `Source`: any interval is decoded block by block, and the last blocks are cached."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Self
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from msviz.audio.channels import channel_names
from msviz.audio.damage import Damage
from msviz.audio.decode import Decoder, make_decoder
from msviz.audio.encoded import Encoded
from msviz.audio.media import File, Media
from msviz.audio.opening import open_encoded
from msviz.caching import SingleFlightCache
from msviz.cancellation import raise_if_cancelled
from msviz.signal import PaddedSource, Signal, read_blocks
from msviz.validation import all_finite

_BLOCKS_KEPT = 16  # of half a megabyte: 24 s of stereo, what analysis and player have read around them


class AudioSource(PaddedSource):
    """An open audio file; a `Source`.  Opened by `open_audio`, closed by `close` or a ``with`` statement.

    Reading returns float32, exactly the samples of the file decoded as a whole, and its cost depends only on
    the interval.  Formats that cannot be entered exactly at any position, such as Vorbis, MP3 and all those
    read by FFmpeg, are decoded once, from the beginning, into a temporary file, by a thread that the first
    read starts; reading further ahead waits for it.  Damage is silent, and listed in `damage`.  Reading
    raises `AudioError` if the file can no longer be read, or is closed.

    Attributes
    ----------
    path : Path
    name : str
        The name of the file, to show.
    format : str
        To show: "FLAC, 16 bit".
    subtype : str
        The bit depth of integer samples, "PCM_16", "PCM_24", …; otherwise "FLOAT".
    rate : int
        Sampling rate in Hz.
    exact_rate : float
        The sampling rate as given in the file, which may have a fraction; `rate` is rounded.
    channels : int
        In the order of WAV: left, right, centre, LFE, …
    channel_names : tuple of str
        What each is for, or its number, from "1", if the file does not say.
    track : int
        Index in `tracks`, from 0.
    tracks : tuple of str
        The audio tracks of the file, to show; a video may have several.
    """

    stored = picture = None  # it is sound, and holds no representation

    def __init__(self, media: Media, encoded: Encoded) -> None:
        self.path = media.path
        self.name = media.path.name
        self.format, self.subtype = encoded.format, encoded.subtype
        self.rate, self.exact_rate, self.channels = encoded.rate, encoded.exact_rate, encoded.channels
        self.channel_names = channel_names(encoded.speakers, encoded.channels)
        self.track, self.tracks = encoded.track, encoded.tracks
        self._media, self._encoded = media, encoded
        self._length = encoded.length
        self._own_decoder: Decoder | None = make_decoder(encoded, media.name)
        self._order = list(encoded.order) if encoded.order else None
        self._block = SingleFlightCache(self._read_block, _BLOCKS_KEPT)
        self._non_finite: dict[int, int] = {}
        self._lock = threading.Lock()  # held for a look at the one above, or for the decoder
        _open_tracks.add(self)

    @property
    def length(self) -> int:
        """Number of samples in each channel; an estimate until it is `settled`."""
        return self._length

    @property
    def settled(self) -> bool:
        """Whether `length` is final; if not, only `settle` changes it."""
        return self._encoded.settled and self._length == self._encoded.length

    @property
    def counted(self) -> bool:
        """Whether everything needed has been decoded, so that `settle` need not wait."""
        return self._encoded.settled

    def settle(self) -> None:
        """Make `length` final; if necessary, wait until everything is decoded.

        Raises
        ------
        AudioError
            If the file cannot be read, or there is not enough space to decode it.
        """
        if not self._encoded.settled:
            self._decoder.finish()
        self._length = self._encoded.length

    @property
    def damage(self) -> tuple[Damage, ...]:
        """The damage found so far, in order; samples there are zero."""
        return self._encoded.damage

    @property
    def notes(self) -> tuple[str, ...]:
        """Other problems found so far: sentences without the file's name or a full stop."""
        return self._encoded.notes

    def check(self) -> Iterator[float]:
        """Look for damage in the whole file; `damage` and `length` are final afterwards.

        Yields
        ------
        float
            The fraction of the file checked so far, from 0 to 1.

        Raises
        ------
        AudioError
            If the file cannot be read, or there is not enough space to decode it.
        """
        size, start = self._decoder.size, 0
        while start < self.length:
            raise_if_cancelled()
            self._block(start // size)
            start += size
            yield min(1.0, start / max(1, self.length))
        self.settle()
        yield 1.0

    @property
    def decoded(self) -> int:
        """How many samples, from the first, can be read without waiting for the decoder."""
        return self._decoder.decoded

    @property
    def non_finite(self) -> int:
        """How many non-finite samples have been read so far; they are read as zero."""
        with self._lock:
            return sum(self._non_finite.values())

    def _read(self, start: int, stop: int) -> NDArray[np.float32]:
        return read_blocks(self._block, self._decoder.size, start, stop, self.channels, np.float32)

    @property
    def _decoder(self) -> Decoder:
        with self._lock:
            if self._own_decoder is None:
                self._media = self._media.again()
                self._encoded = open_encoded(self._media, self.track)
                self._own_decoder = make_decoder(self._encoded, self._media.name)
            return self._own_decoder

    def _forked(self) -> None:
        """In a forked child, open the file again when it is read.

        A position shared with the parent would give wrong samples, and locks may be held for ever by threads
        that the child does not have.
        """
        self._inherited = (
            self._media,
            self._encoded,
            self._own_decoder,
        )  # not to be closed, for that takes locks
        self._lock, self._own_decoder = threading.Lock(), None

    def close(self) -> None:
        """Close the file; reading then raises `AudioError`."""
        self._decoder.close()
        self._media.close()
        self._block.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _read_block(self, index: int) -> NDArray[np.float32]:
        decoded = self._decoder.block(index).T
        block = np.array(decoded if self._order is None else decoded[self._order], order="C")
        if not all_finite(block):
            strange = ~np.isfinite(block)
            block[strange] = 0
            with self._lock:
                self._non_finite[index] = int(np.count_nonzero(strange))
        return block


_open_tracks: WeakSet[AudioSource] = WeakSet()


def _after_fork() -> None:
    for source in list(_open_tracks):
        source._forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def open_audio(file: File, *, track: int = 0, wait: bool = True) -> AudioSource:
    """Open an audio file, from which any interval can be read.

    Formats are those that libsndfile reads (WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF, CAF, W64, …) and those
    that FFmpeg reads (AAC, ALAC, WavPack, WMA, AC-3, DTS, the audio of videos, …), with 1 to 64 channels and
    sampling rates from 1 Hz to 10 MHz.  A truncated or damaged file opens as far as it goes.

    Parameters
    ----------
    file : path, fsspec address or open binary file
        An open file must be seekable, and stays open.
    track : int
        Which of several audio tracks, from 0.
    wait : bool
        Whether to decode the whole file first if its length is not known otherwise; if not, `length` is an
        estimate until `AudioSource.settle` is called.

    Raises
    ------
    AudioError
        If the file is missing, not readable, empty, not audio, uses an unknown codec, or there is not enough
        space to decode it.

    See Also
    --------
    read_audio, msviz.audio.problems

    Examples
    --------
    >>> from msviz import demo_tracks, open_audio
    >>> with open_audio(demo_tracks()["Bach"]) as source:
    ...     print(source.format, source.rate, source.read(44100, 44110).shape)
    FLAC, 16 bit 44100 (2, 10)
    """
    media = Media(file)
    try:
        source = AudioSource(media, open_encoded(media, track))
    except BaseException:
        media.close()
        raise
    if wait:
        try:
            source.settle()
        except BaseException:
            source.close()
            raise
    return source


def read_audio(file: File, *, track: int = 0) -> Signal:
    """Read a whole audio file into a `Signal` of float32 samples; damage is silent.

    Parameters
    ----------
    file, track
        As in `open_audio`.

    Raises
    ------
    AudioError
        As in `open_audio`.
    """
    with open_audio(file, track=track) as source:
        return Signal.of(source.read(0, source.length), source.rate)
