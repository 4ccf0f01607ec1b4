"""The short-time Fourier transform, with the methods of the octave transform and a single band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from msviz.bands import Band
from msviz.defaults import DEFAULTS
from msviz.signal import Source, whole_rate
from msviz.transform.base import FARTHEST_SIGMA, Map, Support, Transform, float_dtype, read_finite
from msviz.transform.blocks import kept_dtype
from msviz.transform.fft import planner, workspace
from msviz.transform.frames import Range
from msviz.transform.representation import Representation
from msviz.validation import whole

Array = NDArray[Any]

BATCH = 2**17  # samples under the windows of the frames made at once: they stay in the cache

HANN_ROWS = 2  # half the main lobe of a Hann window; its sidelobes leave -50 dB and less of a muted octave

#: σ in rows of the Gaussian next to a Hann window's spectrum: √(1 / (2π·0.25645)) (Průša et al.).
HANN_SIGMA = 0.7878


@dataclass(frozen=True, eq=False)
class STFTBand:
    """All the bins of an STFT; a `Band`."""

    frequencies: NDArray[np.floating] = field(repr=False)
    low: float
    high: float
    hop: int
    name: str = "stft"

    @property
    def edges(self) -> dict[str, float]:
        """What files tell of it."""
        return {"low_hz": self.low, "high_hz": self.high}


class STFT(Transform):
    """Hann-windowed STFT, calibrated like the octave transform.

    A sine of amplitude A at the centre of a bin has magnitude A there.  Frame n is centred on sample
    n × hop, from which its phases count.  Frames and dual window are those of `scipy.signal.ShortTimeFFT`,
    which computes frame by frame in Python and is slow to import.  At 0 Hz and the Nyquist frequency a sine
    is real, and has magnitude A times the cosine of its phase.  The last bin of an odd `window` is so close
    to the Nyquist frequency that it includes the image of the sine: its magnitude is A/2 to 3A/2.

    Parameters
    ----------
    rate : int
        Sampling rate in Hz of its signals, from 1 Hz; rounded to whole Hz, like that of a `Signal`.
    window : int
        Length of the window in samples, from 4.
    hop : int, optional
        Distance between frames in samples, from 1 to half the window; by default a quarter of it.
    dtype : {"float32", "float64"}
        Precision of samples and coefficients.

    Raises
    ------
    ParameterError
        If a parameter has an invalid value.

    See Also
    --------
    OctaveTransform : The multi-scale transform, with the same methods.
    scipy.signal.ShortTimeFFT : An STFT with the same frames.

    Notes
    -----
    All methods may be called from several threads at once, and in forked processes.

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

    kind = "stft"
    residual = None

    def __init__(
        self,
        rate: float,
        *,
        window: int = DEFAULTS.window,
        hop: int | None = None,
        dtype: str = "float32",
    ) -> None:
        self.rate = whole_rate(rate)
        self.window = whole("window", window, 4, 2**26)
        self.hop = whole("hop", self.window // 4 if hop is None else hop, 1, self.window // 2)
        self.dtype = float_dtype(dtype)
        frequencies = np.arange(self.window // 2 + 1) * (self.rate / self.window)
        self.bands = (STFTBand(frequencies, 0.0, self.rate / 2, self.hop),)

    @property
    def parameters(self) -> dict[str, Any]:
        """Its parameters: ``STFT(**parameters)`` is equal to it."""
        return {"rate": self.rate, "window": self.window, "hop": self.hop, "dtype": self.dtype.name}

    @property
    def redundancy(self) -> float:
        """Real numbers per sample of the signal: those at 0 Hz and at the Nyquist frequency are real."""
        return self.window / self.hop

    @property
    def title(self) -> str:
        """Title of a picture of it."""
        return f"STFT {self.window} / {self.hop}"

    def bandwidth(self, frequency: float) -> float:
        """-3 dB bandwidth in Hz of every bin: that of a Hann window (Harris, Proc. IEEE 66(1), 1978)."""
        return 1.44 * self.rate / self.window

    def support(self, band: Band) -> Support:
        """How far the bins of its band extend."""
        rows = HANN_ROWS * self.rate / self.window
        half = np.full(band.frequencies.size, self.window / 2 / self.rate)
        return Support(band.frequencies - rows, band.frequencies + rows, half)

    def energies(self) -> list[Array]:
        """Energy Σx² that a coefficient of magnitude 1 stands for, for each bin of its band.

        As in `OctaveTransform.energies`, with S = 3/2 for Hann windows.  Bins at 0 Hz and at the Nyquist
        frequency have the whole amplitude on one side and count twice.
        """
        weights = np.full(self.window // 2 + 1, self.hop / 3)
        weights[self._lone_rows] *= 2
        return [weights]

    def instantaneous_frequencies(self, band: Band, slopes: Array) -> tuple[Array, Array]:
        """See `Transform.instantaneous_frequencies`."""
        spacing, farthest = self.rate / self.window, FARTHEST_SIGMA * HANN_SIGMA
        away = np.clip(HANN_SIGMA**2 / 2 * slopes, -farthest, farthest)
        sigma = np.full(band.frequencies.size, HANN_SIGMA * spacing)
        return band.frequencies[:, None] + spacing * away, sigma

    @cached_property
    def _hann(self) -> Array:
        """The window, scaled so that a sine of amplitude 1 has magnitude 1."""
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window) / self.window)
        return np.asarray(hann * (2 / hann.sum()), self.dtype)

    @cached_property
    def _dual(self) -> Array:
        """The canonical dual window: products of shifted windows with it add up to 1."""
        window = np.pad(self._hann.astype(np.float64), (0, -self.window % self.hop)).reshape(-1, self.hop)
        dual: Array = (window / np.square(window).sum(axis=0)).ravel().astype(self.dtype)
        return dual[: self.window]

    @property
    def _lone_rows(self) -> slice:
        """Bins without a negative counterpart of half the amplitude: 0 Hz and, if present, Nyquist."""
        return slice(0, None, self.window // 2) if self.window % 2 == 0 else slice(0, 1)

    @property
    def _middle(self) -> int:
        """The sample of the window on which a frame is centred."""
        return self.window // 2

    def _reach(self, number: int) -> tuple[int, int]:
        return self._middle, self.window - 1 - self._middle

    def frame_ranges(self, start: int, stop: int) -> list[Range]:
        """Frames needed to synthesize samples [start, stop): those whose windows overlap them."""
        before, after = self._reach(0)
        first, last = -(-(start - after) // self.hop), (stop - 1 + before) // self.hop + 1
        return [Range(first, max(first, last))]

    def _run(self, source: Source, frames: Sequence[Range | None], map: Map | None) -> list[Array]:
        start, stop = frames[0] or (0, 0)
        count, middle = max(stop - start, 0), self._middle
        first = start * self.hop - middle
        samples = read_finite(source, first, first + max(count - 1, 0) * self.hop + self.window)
        windows = sliding_window_view(samples, self.window, axis=-1)[:, :: self.hop]
        complex_dtype = np.result_type(self.dtype, np.complex64)
        made = np.empty((source.channels, count, middle + 1), kept_dtype(complex_dtype, map))
        batch = max(1, BATCH // self.window)
        for begin in range(0, count, batch):
            rows = min(batch, count - begin)
            turned = workspace.array("turned", (rows, self.window), self.dtype)
            spectra = workspace.array("spectra", (rows, middle + 1), complex_dtype)
            transform = workspace.plan(turned, spectra)
            for out, windowed in zip(made, windows, strict=True):
                part = windowed[begin : begin + rows]
                # Phases count from the window's middle: what lies there goes first.
                np.multiply(part[:, middle:], self._hann[middle:], out=turned[:, : self.window - middle])
                np.multiply(part[:, :middle], self._hann[:middle], out=turned[:, self.window - middle :])
                transform()
                spectra[:, self._lone_rows] /= 2
                out[begin : begin + rows] = map(spectra) if map else spectra
        planner.transformed(samples.size)
        return [made.swapaxes(1, 2)]

    def _rebuild(self, representation: Representation) -> Array:
        (band,) = representation.bands
        start, stop = representation.start, representation.stop
        if stop <= start:
            return np.zeros((representation.channels, 0), self.dtype)
        first, last = self.frame_ranges(start, stop)[0]
        held = band.between(first, last).swapaxes(1, 2)
        held[..., self._lone_rows] *= 2
        channels, count, bins = held.shape
        dual = self._dual / self.window  # the inverse FFT does not scale
        middle, parts = self._middle, -(-self.window // self.hop)
        samples = np.zeros((channels, (count - 1 + parts) * self.hop), self.dtype)
        batch = max(1, BATCH // self.window)
        windows = np.zeros((channels, batch, parts * self.hop), self.dtype)
        for begin in range(0, count, batch):
            rows = min(batch, count - begin)
            spectra = workspace.array("spectra", (channels, rows, bins), held.dtype)
            turned = workspace.array("turned", (channels, rows, self.window), self.dtype)
            spectra[...] = held[:, begin : begin + rows]
            workspace.plan(spectra, turned, backward=True)()
            made = windows[:, :rows]
            np.multiply(turned[..., self.window - middle :], dual[:middle], out=made[..., :middle])
            np.multiply(
                turned[..., : self.window - middle], dual[middle:], out=made[..., middle : self.window]
            )
            for part in range(parts):  # of a window, one hop long: those of all windows lie end to end
                where = slice((begin + part) * self.hop, (begin + part + made.shape[1]) * self.hop)
                heap = samples[:, where].reshape(channels, -1, self.hop)
                heap += made[..., part * self.hop : (part + 1) * self.hop]
        planner.transformed(samples.size)
        skip = start - (first * self.hop - middle)
        return samples[:, skip : skip + stop - start]
