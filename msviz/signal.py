"""Sources of samples, from which any interval can be read."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from msviz.cancellation import raise_if_cancelled
from msviz.errors import ParameterError
from msviz.validation import numbers, real

HIGHEST_RATE_HZ = 1e12

#: An array with more channels than this, and fewer samples than channels, is taken to be transposed.
MOST_CHANNELS_OF_SHORT_SOUND = 32


@runtime_checkable
class Source(Protocol):
    """Anything from which any interval of samples can be read: a file, an array, a resynthesis."""

    @property
    def rate(self) -> int:
        """Sampling rate in Hz."""

    @property
    def channels(self) -> int:
        """Number of channels."""

    @property
    def length(self) -> int:
        """Number of samples in each channel."""

    def read(self, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the source.

        May be called from several threads at once.
        """


class _Inside(Source, Protocol):
    """What a subclass of `PaddedSource` must define."""

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def _read(self, start: int, stop: int) -> NDArray[np.floating]: ...


class PaddedSource:
    """Base class of sources; a subclass defines rate, channels and length, and reads only inside them.

    Attributes
    ----------
    dtype : dtype
        Of the samples.
    """

    dtype: np.dtype[Any] = np.dtype(np.float32)

    @property
    def duration(self: Source) -> float:
        """Length in seconds."""
        return self.length / self.rate

    def read(self: _Inside, start: int, stop: int) -> NDArray[np.floating]:
        """Samples [start, stop) as an array (channels, stop - start); zero outside the source.

        May be called from several threads at once.
        """
        first, last = max(start, 0), min(stop, self.length)
        if (first, last) == (start, stop):
            return self._read(start, stop)
        out = np.zeros((self.channels, max(stop - start, 0)), self.dtype)
        if first < last:
            out[:, first - start : last - start] = self._read(first, last)
        return out


def whole_rate(rate: float) -> int:
    """Round a sampling rate to whole Hz, for exact arithmetic with times.

    Raises
    ------
    ParameterError
        If it is below 1 Hz, or not a number.
    """
    return round(real("rate", rate, 1, HIGHEST_RATE_HZ, unit="Hz"))


def read_blocks(
    block: Callable[[int], NDArray[Any]], size: int, start: int, stop: int, channels: int, dtype: DTypeLike
) -> NDArray[Any]:
    """Samples [start, stop) of a source computed in blocks.

    Parameters
    ----------
    block : callable
        Returns block i, samples [i × size, (i + 1) × size); the last may be shorter.

    Raises
    ------
    Cancelled
        Between blocks, if the work of the calling thread is cancelled (`msviz.cancellation.cancel_scope`).
    """
    out = np.empty((channels, stop - start), dtype)
    at = start
    while at < stop:
        raise_if_cancelled()
        index, offset = divmod(at, size)
        count = min(size - offset, stop - at)
        out[:, at - start : at - start + count] = block(index)[:, offset : offset + count]
        at += count
    return out


def as_samples(samples: ArrayLike) -> NDArray[np.floating]:
    """Convert an array to samples (channels, n) in float32 or float64 with full scale ±1.

    Parameters
    ----------
    samples : array_like (channels, n) or (n,)
        float32 and float64 are kept, other floats become one of them.  Integers are taken as PCM and scaled
        by their width: int16 by 1/32768, unsigned integers around their middle.

    Raises
    ------
    ParameterError
        If the array has another shape or type.
    """
    array = numbers("samples", samples)
    kind, width = array.dtype.kind, 8 * array.dtype.itemsize
    if kind == "c":
        raise ParameterError("samples must be real, not complex: use .real, or two channels")
    if kind == "b":
        raise ParameterError("samples must be numbers, not booleans")
    if kind in "iu" and width == 64:
        raise ParameterError(
            f"samples of dtype {array.dtype} have no known full scale: use int16, int32 or floats within ±1"
        )
    array = array[np.newaxis] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[0] == 0:
        raise ParameterError(f"samples must have shape (channels, n) or (n,), not {np.shape(samples)}")
    channels, length = array.shape
    if channels > max(length, MOST_CHANNELS_OF_SHORT_SOUND) and length:
        raise ParameterError(
            f"samples must have shape (channels, n), not {array.shape}: "
            f"transpose arrays of shape (n, channels), such as those of soundfile and SciPy"
        )
    if kind == "f":
        return np.asarray(array, np.float64 if width > 32 else np.float32)
    full = 2 ** (width - 1)
    # float32 has 24 bits.
    scaled = np.asarray(array, np.float32 if width <= 16 else np.float64)
    return np.asarray((scaled - (full if kind == "u" else 0)) / full, np.float32)


class Signal(PaddedSource):
    """Sound in memory; a `Source`.

    It can be compared (`==`), scaled by a gain or an envelope (`*`) and mixed (`+`, `-`).

    Parameters
    ----------
    samples : array_like (channels, n) or (n,)
        Full scale is ±1.  One dimension is taken as one channel.  float32 and float64 are kept; integers
        are taken as PCM and scaled by their width.
    rate : int
        Sampling rate in Hz, from 1 Hz.  Rounded to whole Hz: 44055.94 Hz becomes 44056 Hz.

    Raises
    ------
    ParameterError
        If `samples` are not real numbers of this shape, or `rate` is below 1 Hz.

    See Also
    --------
    read_audio : Read a file into a signal.
    OctaveTransform.analyze : Analyse signals, or arrays.

    Notes
    -----
    Safe to read from several threads at once.

    Examples
    --------
    >>> import numpy as np
    >>> from msviz import Signal
    >>> sine = Signal(np.sin(2 * np.pi * 440 * np.arange(22050) / 44100), 44100)
    >>> sine
    Signal(1 channel, 22050 samples at 44100 Hz, float64)
    >>> sine.channels, sine.length, sine.duration
    (1, 22050, 0.5)
    >>> sine.read(-2, 3).shape  # zero outside
    (1, 5)
    >>> sine + sine == 2 * sine
    True
    """

    __hash__ = None  # type: ignore[assignment]  # samples can change
    __array_ufunc__ = None  # NumPy leaves `array * signal` to the signal

    def __init__(self, samples: ArrayLike, rate: float) -> None:
        self.samples = as_samples(samples)
        self.rate = whole_rate(rate)

    @classmethod
    def of(cls, samples: NDArray[np.floating], rate: int) -> Signal:
        """Wrap an array (channels, n) of float32 or float64 without checks or copies."""
        signal = cls.__new__(cls)
        signal.samples, signal.rate = samples, rate
        return signal

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def length(self) -> int:
        """Number of samples in each channel."""
        return int(self.samples.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:  # type: ignore[override]
        """Of the samples."""
        return self.samples.dtype

    def _read(self, start: int, stop: int) -> NDArray[np.floating]:
        return self.samples[:, start:stop]

    def between(self, start_s: float, stop_s: float) -> Signal:
        """The part between two times in seconds; its samples are a view.

        Raises
        ------
        ParameterError
            If the times are not within the signal.
        """
        interval = interval_of(start_s, stop_s, self.rate, 0, self.length)
        return Signal.of(self.samples[:, slice(*interval)], self.rate)

    def __eq__(self, other: object) -> bool:
        """Whether rate and all samples are equal."""
        if not isinstance(other, Signal):
            return NotImplemented
        return self.rate == other.rate and np.array_equal(self.samples, other.samples)

    def __mul__(self, gain: ArrayLike) -> Signal:
        """Multiply by a gain, or by an array that is broadcast against (channels, n)."""
        if isinstance(gain, Signal):
            return NotImplemented
        return Signal.of(scaled(self.samples, gain, "gain"), self.rate)

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Signal:
        """Divide by a number."""
        return self * (1 / numbers("a divisor", divisor))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.samples, dtype, copy=copy)

    def __add__(self, other: Signal) -> Signal:
        """The sum."""
        return self._with(other, operator.add)

    def __sub__(self, other: Signal) -> Signal:
        """The difference."""
        return self._with(other, operator.sub)

    def __neg__(self) -> Signal:
        return Signal.of(-self.samples, self.rate)

    def __abs__(self) -> Signal:
        """The absolute values of the samples."""
        return Signal.of(np.abs(self.samples), self.rate)

    def _with(self, other: Signal, operate: Callable[[Any, Any], Any]) -> Signal:
        if not isinstance(other, Signal):
            return NotImplemented
        if (self.rate, self.samples.shape) != (other.rate, other.samples.shape):
            raise ParameterError(f"{self!r} and {other!r} must have the same rate and shape")
        return Signal.of(operate(self.samples, other.samples), self.rate)

    def __repr__(self) -> str:
        channels = f"{self.channels} channel{'s' if self.channels > 1 else ''}"
        return f"Signal({channels}, {self.length} samples at {self.rate} Hz, {self.dtype})"

    def _repr_html_(self) -> str:
        """For notebooks: a description, and the envelope of each channel."""
        columns, height = min(600, max(self.length, 1)), 60
        edges = np.linspace(0, self.length, columns + 1).astype(int)
        drawings = []
        for samples in np.clip(np.nan_to_num(self.samples), -1, 1):
            parts = [samples[a:b] if b > a else np.zeros(1) for a, b in pairwise(edges)]
            lines = "".join(
                f"M{x} {height / 2 * (1 - part.max()):.1f}V{height / 2 * (1 - part.min()) + 0.5:.1f}"
                for x, part in enumerate(parts)
            )
            drawings.append(
                f'<svg viewBox="0 0 {columns} {height}" width="600" height="{height}" '
                f'preserveAspectRatio="none" style="display:block"><path d="{lines}" stroke="#7a4fbf"/></svg>'
            )
        return f"<div>{self!r}, {self.duration:.3f} s{''.join(drawings)}</div>"


def scaled(values: NDArray[Any], factor: ArrayLike, name: str) -> NDArray[Any]:
    """Multiply values by a factor that is broadcast against them, in their own precision.

    Raises
    ------
    ParameterError
        If it does not have a matching shape, or is complex and they are real.
    """
    own = numbers(f"a {name}", factor)
    if np.iscomplexobj(own) and not np.iscomplexobj(values):
        raise ParameterError(f"a {name} must be real to scale real values")
    try:
        product = values * own.astype(values.dtype if np.iscomplexobj(own) else values.real.dtype)
    except ValueError:
        product = own
    if product.shape != values.shape:
        raise ParameterError(f"a {name} of shape {own.shape} cannot be broadcast to {values.shape}")
    return np.asarray(product)


def interval_of(start_s: float, stop_s: float, rate: int, first: int, last: int) -> tuple[int, int]:
    """The samples [start, stop) between two times in seconds, within [first, last).

    Raises
    ------
    ParameterError
        If they are not in order, or not within it.
    """
    low, high = first / rate, last / rate
    start_s, stop_s = (
        real("start_s", start_s, low, high, unit="s"),
        real("stop_s", stop_s, low, high, unit="s"),
    )
    if stop_s < start_s:
        raise ParameterError(f"stop_s ({stop_s}) must not be before start_s ({start_s})")
    return round(start_s * rate), round(stop_s * rate)


def as_source(source: Source | ArrayLike, rate: float | None, expected_rate: int) -> Source:
    """Return a source unchanged, and an array as a signal.

    Parameters
    ----------
    rate : float, optional
        Sampling rate of an array in Hz; by default `expected_rate`.

    Raises
    ------
    ParameterError
        If its rate is not the expected one, or the array does not contain samples.
    """
    if not is_source(source):
        source = Signal(source, expected_rate if rate is None else rate)  # type: ignore[arg-type]
    elif rate is not None:
        raise ParameterError("rate applies to arrays only: a source has its own")
    if source.rate != expected_rate:
        raise ParameterError(
            f"the transform is for a rate of {expected_rate} Hz, but the signal has {source.rate} Hz"
        )
    return source


def is_source(source: Any) -> TypeGuard[Source]:
    """Whether it is a source; ParameterError if it is a representation, which also has `read`."""
    if hasattr(source, "synthesize"):
        raise ParameterError(f"{source!r} is a representation, not a signal: call its synthesize() first")
    return isinstance(source, PaddedSource | Source)  # the second is slow to check


def require_source(source: Any) -> None:
    """Raise `ParameterError` unless it is a source, such as for an array, which has no sampling rate."""
    if not is_source(source):
        name = type(source).__name__
        raise ParameterError(f"expected a signal, not {name}: wrap an array as Signal(samples, rate)")


class Excerpt(PaddedSource):
    """Samples [start, stop) of a source as a source."""

    def __init__(self, source: Source, start: int, stop: int) -> None:
        self._source, self._start = source, start
        self.rate, self.channels, self.length = source.rate, source.channels, stop - start
        self.dtype = dtype_of(source)

    def _read(self, start: int, stop: int) -> NDArray[np.floating]:
        return self._source.read(self._start + start, self._start + stop)


def dtype_of(source: Source) -> np.dtype[Any]:
    """The type of a source's samples, float32 unless it says otherwise."""
    dtype: np.dtype[Any] = getattr(source, "dtype", PaddedSource.dtype)
    return dtype
