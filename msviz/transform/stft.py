"""The short-time Fourier transform, with the face of the octave transform: one band in all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from msviz.errors import ParameterError
from msviz.signal import Signal, Source, whole_rate
from msviz.transform.blocks import Each, Range, kept_dtype
from msviz.transform.representation import Frames, Representation

Array = NDArray[Any]

STREAM = 2**18  # samples in a piece of a stream

BATCH = 2**17  # samples under the windows of the frames made at once: they stay in the cache


@dataclass(frozen=True, eq=False)
class STFTBand:
    """All of an STFT's rows; a `Band`."""

    frequencies: NDArray[np.floating]
    low: float
    high: float
    hop: int


class STFT:
    """Hann-windowed STFT, calibrated like the octave transform.

    A sine of amplitude A at a row's centre reads magnitude A there.  Frame n is centred on sample
    n × hop, which is where its phases count from.  Frames and dual window are those of
    `scipy.signal.ShortTimeFFT`, which goes from frame to frame in Python and takes long to import.
    At 0 Hz and the Nyquist frequency a sine is an oscillation of one phase, and reads A times the cosine of
    its phase.  The last row of an odd `window` lies so near the Nyquist frequency that it sees the sine's
    image as well: it reads from A/2 to 3A/2.

    Parameters
    ----------
    rate : int
        Sampling rate in Hz, from 1 Hz; a fraction is rounded, as that of a `Signal`.
    window, hop : int
        Length of the window and distance of the frames, in samples.

    Raises
    ------
    ParameterError
        If the window or hop is not a positive number of samples, or the hop is too large for the
        signal to be rebuilt.

    Examples
    --------
    >>> import numpy as np
    >>> from msviz import STFT, Signal
    >>> signal = Signal(np.random.default_rng(0).standard_normal(44100), 44100)
    >>> transform = STFT(signal.rate, window=2048, hop=512)
    >>> representation = transform.analyze(signal)
    >>> representation.bands[0].coefficients.shape[:2]
    (1, 1025)
    >>> rebuilt = transform.synthesize(representation)
    >>> bool(np.abs(rebuilt.samples - signal.samples).max() < 1e-5)
    True
    """

    def __init__(self, rate: int, *, window: int = 4096, hop: int = 1024) -> None:
        if window != int(window) or window < 4:
            raise ParameterError(f"window must be a whole number of samples, at least 4, not {window}")
        if hop != int(hop) or not 0 < hop <= window // 2:
            raise ParameterError(
                f"hop must be a whole number of samples from 1 to half the window ({window // 2}), not {hop}"
            )
        self.rate = whole_rate(rate)
        self.window = int(window)
        self.hop = int(hop)
        frequencies = np.arange(self.window // 2 + 1) * (self.rate / self.window)
        self.bands = (STFTBand(frequencies, 0.0, self.rate / 2, self.hop),)

    @property
    def parameters(self) -> dict[str, Any]:
        """What makes it again: ``STFT(**parameters)``."""
        return {"rate": self.rate, "window": self.window, "hop": self.hop}

    def bandwidth(self, frequency: float) -> float:
        """-3 dB bandwidth in Hz of every row: that of a Hann window (Harris, Proc. IEEE 66(1), 1978)."""
        return 1.44 * self.rate / self.window

    def __repr__(self) -> str:
        return f"STFT({self.rate}, window={self.window}, hop={self.hop})"

    @cached_property
    def _hann(self) -> Array:
        """The window, which a sine of amplitude 1 reads 1 under."""
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window) / self.window)
        scaled: Array = (hann * (2 / hann.sum())).astype(np.float32)
        return scaled

    @cached_property
    def _dual(self) -> Array:
        """The canonical dual window: where shifted windows overlap, their products with it add up to 1."""
        window = np.pad(self._hann.astype(np.float64), (0, -self.window % self.hop)).reshape(-1, self.hop)
        dual: Array = (window / np.square(window).sum(axis=0)).ravel().astype(np.float32)
        return dual[: self.window]

    @property
    def _lone_rows(self) -> slice:
        """Rows without a negative frequency that has half the amplitude: 0 Hz and, if there, Nyquist."""
        return slice(0, None, self.window // 2) if self.window % 2 == 0 else slice(0, 1)

    def frame_ranges(self, start: int, stop: int) -> list[Range]:
        """Frames that synthesis of samples [start, stop) needs: of its one band."""
        first, last = self._frame_range(start, stop)
        return [Range(first, max(first, last))]

    def _frame_range(self, start: int, stop: int) -> tuple[int, int]:
        """Frames whose windows touch samples [start, stop)."""
        half = self.window // 2
        return -(-(start - half + 1) // self.hop), (stop - 1 + half) // self.hop + 1

    def frames(self, source: Source, band: int, start: int, stop: int) -> Array:
        """Frames start, …, stop - 1 as an array (channels, rows, stop - start), complex64."""
        return self._run(source, start, stop)

    def _run(self, source: Source, start: int, stop: int, each: Each | None = None) -> Array:
        if source.rate != self.rate:
            raise ParameterError(
                f"this STFT is for a rate of {self.rate} Hz, the signal has {source.rate} Hz"
            )
        count, middle = max(stop - start, 0), self.window // 2
        first = start * self.hop - middle
        samples = source.read(first, first + max(count - 1, 0) * self.hop + self.window)
        windows = sliding_window_view(samples, self.window, axis=-1)[:, :: self.hop]
        dtype = kept_dtype(np.dtype(np.complex64), each)
        made = np.empty((source.channels, count, middle + 1), dtype)
        batch = max(1, BATCH // self.window)
        # Phases count from the window's middle: what lies there goes first.
        turned = np.empty((batch, self.window), np.float32)
        for out, frames in zip(made, windows, strict=True):
            for begin in range(0, count, batch):
                part = frames[begin : min(begin + batch, count)]
                held = turned[: len(part)]
                np.multiply(part[:, middle:], self._hann[middle:], out=held[:, : self.window - middle])
                np.multiply(part[:, :middle], self._hann[:middle], out=held[:, self.window - middle :])
                spectra = fft.rfft(held)
                spectra[:, self._lone_rows] /= 2
                out[begin : begin + len(part)] = each(spectra) if each else spectra
        return made.swapaxes(1, 2)

    def coefficients(self, source: Source, start: int, stop: int, *, each: Each | None = None) -> list[Array]:
        """Frames that are centred in samples [start, stop): one array (channels, rows, frames).

        Of each coefficient what `each` makes of it, as `OctaveTransform.coefficients` does.
        """
        return [self._run(source, -(-start // self.hop), -(-stop // self.hop), each)]

    def analyze(self, source: Source, *, start: int = 0, stop: int | None = None) -> Representation:
        """Analyse samples [start, stop): all frames whose windows touch them.

        Raises
        ------
        ParameterError
            If the source has another rate.
        """
        stop = source.length if stop is None else stop
        first, last = self._frame_range(start, stop)
        values = self.frames(source, 0, first, last)
        band = Frames.of(self.bands[0], values, first, self.rate)
        return Representation((band,), None, self.rate, start, stop, self)

    def stream(self, source: Source, *, stretch: int = STREAM) -> Iterator[Representation]:
        """Analyse a source from its start to its end, stretch by stretch, in bounded memory.

        The pieces follow each other without overlap: each holds the frames that are centred in its
        stretch, the first and the last also those beyond the ends of the source.

        Parameters
        ----------
        source : Source
        stretch : int
            Samples in a piece.

        Yields
        ------
        Representation

        Raises
        ------
        ParameterError
            If the source has another rate or `stretch` is not positive.
        """
        if stretch < 1:
            raise ParameterError(f"stretch must be at least 1 sample, not {stretch}")
        first, last = self._frame_range(0, source.length)
        for start in range(0, max(source.length, 1), stretch):
            stop = min(start + stretch, source.length)
            end = last if stop == source.length else -(-stop // self.hop)
            values = self.frames(source, 0, first, end)
            band = Frames.of(self.bands[0], values, first, self.rate)
            yield Representation((band,), None, self.rate, start, stop, self)
            first = end

    def synthesize(self, representation: Representation) -> Signal:
        """Samples [representation.start, representation.stop), rebuilt with the canonical dual window.

        Raises
        ------
        ParameterError
            If the representation was made with another hop or window.
        """
        (band,) = representation.bands
        if (band.hop, band.frequencies.size) != (self.hop, self.window // 2 + 1):
            raise ParameterError(f"the representation was not made by {self!r}")
        start, stop = representation.start, representation.stop
        if stop <= start:
            return Signal(np.zeros((representation.channels, 0), np.float32), self.rate)
        first, last = self._frame_range(start, stop)
        held = band.between(first, last).swapaxes(1, 2)
        held[..., self._lone_rows] *= 2
        channels, count, _ = held.shape
        middle, parts = self.window // 2, -(-self.window // self.hop)
        samples = np.zeros((channels, (count - 1 + parts) * self.hop), np.float32)
        batch = max(1, BATCH // self.window)
        windows = np.zeros((channels, batch, parts * self.hop), np.float32)
        for begin in range(0, count, batch):
            turned = fft.irfft(held[:, begin : begin + batch], self.window)
            made = windows[:, : turned.shape[1]]
            np.multiply(turned[..., self.window - middle :], self._dual[:middle], out=made[..., :middle])
            np.multiply(
                turned[..., : self.window - middle], self._dual[middle:], out=made[..., middle : self.window]
            )
            for part in range(parts):  # of a window, one hop long: those of all windows lie end to end
                where = slice((begin + part) * self.hop, (begin + part + made.shape[1]) * self.hop)
                heap = samples[:, where].reshape(channels, -1, self.hop)
                heap += made[..., part * self.hop : (part + 1) * self.hop]
        skip = start - (first * self.hop - middle)
        return Signal(samples[:, skip : skip + stop - start], self.rate)
