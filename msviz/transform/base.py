"""What all transforms have in common."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msviz.bands import Band
from msviz.errors import ParameterError
from msviz.signal import Signal, Source, as_source
from msviz.transform.frames import Frames, Range
from msviz.transform.representation import Representation
from msviz.validation import all_finite, whole

Array = NDArray[Any]

#: What is made of each coefficient in its place: from an array of them to one of its shape.
Map = Callable[[Array], Array]

#: Samples of all channels in a piece of a stream: some tens of megabytes of coefficients.
STREAM = 2**20
SHORTEST_PIECE = 2**14

#: How far a gradient of phases may point: where magnitudes jump, it would point anywhere.
FARTHEST_SIGMA = 3.0


class BorderPoint(NamedTuple):
    """Where the border of a band ends or begins.

    Attributes
    ----------
    sample : int
    frame : int
    """

    sample: int
    frame: int


class Support(NamedTuple):
    """How far the bins of a band extend, each an array (bins,)."""

    low_hz: Array
    high_hz: Array
    time_s: Array  # to either side


class Drawable(Protocol):
    """What a picture is made from: a transform, or a sharper picture that cannot be inverted.

    Attributes
    ----------
    rate : int
        Sampling rate in Hz.
    bands : tuple of Band
    title : str
        To show.
    needs_sound : bool
        Whether its coefficients are computed from samples; False for levels in a file.
    """

    rate: int
    bands: tuple[Any, ...]
    needs_sound: bool

    @property
    def title(self) -> str:
        """Title of a picture of it."""

    def bandwidth(self, frequency: float) -> float:
        """-3 dB bandwidth in Hz of the bin centred at `frequency`."""

    def coefficients(self, source: Source, start: int, stop: int, *, map: Map | None = None) -> list[Array]:
        """The frames of every band centred in samples [start, stop), with `map` applied."""


class Transform(ABC):
    """An invertible transform of a signal into bands: base class of the octave transform and the STFT.

    Two transforms are equal if their parameters are.  All methods may be called from several threads at
    once, and in forked processes.

    Attributes
    ----------
    kind : str
        Its name in files: ``octave`` or ``stft``.
    rate : int
        Sampling rate in Hz of its signals.
    bands : tuple of Band
        The lowest first.
    residual : Band or None
        The real low-pass band below them.
    dtype : dtype
        Type of the samples; coefficients are complex numbers of the same precision.
    """

    kind: ClassVar[str]
    _kinds: ClassVar[dict[str, type[Transform]]] = {}

    rate: int
    bands: tuple[Any, ...]
    residual: Any
    needs_sound = True
    dtype: np.dtype[Any]

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "kind" in vars(cls):  # and not of another that inherits from it
            cls._kinds[cls.kind] = cls

    @classmethod
    def of(cls, kind: str, parameters: dict[str, Any]) -> Transform:
        """The transform of a given kind and parameters, as described in files.

        Raises
        ------
        ParameterError
            If there is no such transform.
        """
        if kind not in cls._kinds:
            raise ParameterError(f"transform must be one of {', '.join(cls._kinds)}, not {kind!r}")
        try:
            return cls._kinds[kind](**parameters)
        except TypeError as error:
            raise ParameterError(f"invalid parameters for the {kind} transform: {error}") from None

    # ------------------------------------------------------------------ what each kind has of its own

    @property
    @abstractmethod
    def title(self) -> str:
        """Title of a picture of it."""

    @property
    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """Its parameters, fit for JSON: ``type(transform)(**transform.parameters)`` is equal to it."""

    @property
    @abstractmethod
    def redundancy(self) -> float:
        """Real numbers per sample of the signal; a complex coefficient counts two."""

    @abstractmethod
    def bandwidth(self, frequency: float) -> float:
        """-3 dB bandwidth in Hz of the bin centred at `frequency`."""

    @abstractmethod
    def support(self, band: Band) -> Support:
        """How far the bins of one of its bands extend, down to -60 dB."""

    @abstractmethod
    def energies(self) -> list[Array]:
        """Energy Σx² that a coefficient of magnitude 1 stands for, for each bin of each band."""

    @abstractmethod
    def instantaneous_frequencies(self, band: Band, slopes: Array) -> tuple[Array, Array]:
        """Instantaneous frequencies from the slopes of log-magnitudes.

        Assuming Gaussian windows (`msviz.lab.phase`).

        Parameters
        ----------
        slopes : array (bins, frames)
            From the bin below to the bin above.

        Returns
        -------
        frequencies : array (bins, frames)
            In Hz.
        sigma : array (bins,)
            Of the Gaussian over frequency, in Hz.
        """

    @abstractmethod
    def frame_ranges(self, start: int, stop: int) -> list[Range]:
        """Frames needed to synthesize samples [start, stop): of every band, then of the residual."""

    @abstractmethod
    def _reach(self, number: int) -> tuple[int, int]:
        """Samples before and after the centre of a frame that it depends on, for a band or the residual."""

    @abstractmethod
    def _run(self, source: Source, frames: Sequence[Range | None], map: Map | None) -> list[Array]:
        """Coefficients (channels, bins, frames) of every band, and finally the residual, in these ranges."""

    @abstractmethod
    def _rebuild(self, representation: Representation) -> Array:
        """The samples of a representation whose coefficients are in memory."""

    # ------------------------------------------------------------------ what follows from that

    @property
    def all_bands(self) -> tuple[Any, ...]:
        """The bands, followed by the residual if there is one."""
        return self.bands if self.residual is None else (*self.bands, self.residual)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Transform):
            return NotImplemented
        return type(self) is type(other) and self.parameters == other.parameters

    def __hash__(self) -> int:
        return hash((self.kind, *self.parameters.values()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Transform.of, (self.kind, self.parameters)

    def __repr__(self) -> str:
        """The call that makes it, without default arguments."""
        default = self.of(self.kind, {"rate": self.rate}).parameters
        others = (f"{name}={value!r}" for name, value in self.parameters.items() if value != default[name])
        return f"{type(self).__name__}({', '.join((str(self.rate), *others))})"

    def lower_border_end(self) -> tuple[BorderPoint, ...]:
        """The first sample and frame of each band that the start of the signal does not affect.

        As in `scipy.signal.ShortTimeFFT.lower_border_end`: frames from this one on do not depend on samples
        before the first; this is the first sample that no earlier frame depends on.  The residual is last.
        """
        points = []
        for number, band in enumerate(self.all_bands):
            before, after = self._reach(number)
            frame = -(-before // band.hop)
            points.append(BorderPoint((frame - 1) * band.hop + after + 1, frame))
        return tuple(points)

    def upper_border_begin(self, length: int) -> tuple[BorderPoint, ...]:
        """The first sample and frame of each band affected by the end of a signal of `length` samples.

        As in `scipy.signal.ShortTimeFFT.upper_border_begin`.  The residual is last.
        """
        length, points = whole("length", length, 0), []
        for number, band in enumerate(self.all_bands):
            before, after = self._reach(number)
            frame = (length - 1 - after) // band.hop + 1
            points.append(BorderPoint(frame * band.hop - before, frame))
        return tuple(points)

    @property
    def border(self) -> int:
        """How many samples a representation extends beyond both ends of its interval, at most."""
        pairs = zip(self.frame_ranges(0, 1), self.all_bands, strict=True)
        return max(max(-r.start, r.stop) * int(band.hop) for r, band in pairs)

    def analyze(
        self,
        source: Source | ArrayLike,
        rate: float | None = None,
        *,
        start: int = 0,
        stop: int | None = None,
    ) -> Representation:
        """Analyse samples [start, stop) of a source, by default all of it.

        Parameters
        ----------
        source : Source or array (channels, n) or (n,)
            A `Signal`, an opened file, any other source, or an array of samples.
        rate : float, optional
            Sampling rate of an array in Hz; by default the transform's.
        start, stop : int
            In samples; the cost depends on the interval, not on the source.

        Returns
        -------
        Representation
            With all the frames needed to synthesize [start, stop).

        Raises
        ------
        ParameterError
            If the source has another sampling rate or the interval is not within it.

        See Also
        --------
        stream : Analyse long sources piece by piece.
        coefficients : Only the frames within an interval.
        synthesize : The inverse.
        """
        source = as_source(source, rate, self.rate)
        start, stop = _within(start, stop, source.length)
        return self._analyzed(source, start, stop, self.frame_ranges(start, stop))

    def _analyzed(self, source: Source, start: int, stop: int, frames: Sequence[Range]) -> Representation:
        held = [
            Frames(band, values, numbers.start, self.rate)
            for band, values, numbers in zip(
                self.all_bands, self._run(source, frames, None), frames, strict=True
            )
        ]
        residual = None if self.residual is None else held.pop()
        return Representation(self, tuple(held), residual, start, stop)

    def stream(
        self, source: Source | ArrayLike, rate: float | None = None, *, piece: int | None = None
    ) -> Iterator[Representation]:
        """Analyse a whole source piece by piece, in bounded memory.

        The pieces are consecutive and do not overlap: each has the frames centred in it, and the first and
        the last also those of the border before and after the source.  A single piece lacks the frames of
        its neighbours; `synthesize_stream` joins them.

        Parameters
        ----------
        source : Source or array
            As in `analyze`.
        rate : float, optional
            Sampling rate of an array in Hz.
        piece : int, optional
            Samples in a piece.  By default some seconds, fewer for more channels.

        Returns
        -------
        iterator of Representation

        Raises
        ------
        ParameterError
            If the source has another sampling rate or `piece` is not positive.
        """
        source = as_source(source, rate, self.rate)
        piece = _piece(source) if piece is None else whole("piece", piece, 1)
        return (self._analyzed(source, *part) for part in self._pieces(source, piece))

    def map_stream(self, source: Source, map: Map) -> Iterator[tuple[Frames, ...]]:
        """The pieces of `stream`, with `map` applied as in `coefficients` and without the residual.

        The coefficients themselves are never in memory all at once, not even those of a piece.

        Yields
        ------
        tuple of Frames
            One for each band, which hold the results of `map`.
        """
        for _, _, frames in self._pieces(source, _piece(source)):
            made = self._run(source, frames, map)  # with the residual: blocks are divided as in `stream`
            yield tuple(
                Frames(band, values, numbers.start, self.rate)
                for band, values, numbers in zip(self.bands, made, frames, strict=False)
            )

    def _pieces(self, source: Source, piece: int) -> Iterator[tuple[int, int, list[Range]]]:
        """Where each piece of a stream begins and ends, and its frames of each band."""
        ranges = self.frame_ranges(0, source.length)
        for start in range(0, max(source.length, 1), piece):
            stop = min(start + piece, source.length)
            frames = [
                Range(
                    r.start if start == 0 else max(r.start, -(-start // band.hop)),
                    r.stop if stop == source.length else min(r.stop, -(-stop // band.hop)),
                )
                for r, band in zip(ranges, self.all_bands, strict=True)
            ]
            yield start, stop, frames

    def coefficients(
        self, source: Source | ArrayLike, start: int, stop: int, *, map: Map | None = None
    ) -> list[Array]:
        """The frames of every band centred in samples [start, stop), which may be outside the source.

        Parameters
        ----------
        source : Source or array
        start, stop : int
            In samples.
        map : callable, optional
            Applied to the coefficients as they are computed, such as `numpy.abs`: it is given arrays and
            returns arrays of the same shape.

        Returns
        -------
        list of array (channels, bins, frames), complex or as returned by `map`, the lowest band first
            Results of `map` are stored frame by frame, as pictures need them.

        Raises
        ------
        ParameterError
            If the source has another sampling rate or `stop` is before `start`.
        """
        source = as_source(source, None, self.rate)
        interval = _in_order(start, stop)
        wanted: list[Range | None] = [interval.over(band.hop) for band in self.bands]
        wanted += [None] * (len(self.all_bands) - len(wanted))  # no residual
        return self._run(source, wanted, map)[: len(self.bands)]

    def frames(self, source: Source | ArrayLike, band: int, start: int, stop: int) -> Array:
        """Frames start, …, stop - 1 of one band, computed with only the stages that it needs.

        Returns
        -------
        array (channels, bins, stop - start), complex

        Raises
        ------
        ParameterError
            If there is no such band, `stop` is before `start`, or the source has another sampling rate.
        """
        source = as_source(source, None, self.rate)
        band = whole("band", band, 0, len(self.bands) - 1)
        wanted: list[Range | None] = [None] * len(self.all_bands)
        wanted[band] = _in_order(start, stop)
        return self._run(source, wanted, None)[band]

    def synthesize(self, representation: Representation) -> Signal:
        """The signal of a representation: samples [representation.start, representation.stop).

        Coefficients in a file are read piece by piece.

        Raises
        ------
        ParameterError
            If the representation was made by another transform, or has only magnitudes.

        See Also
        --------
        synthesize_stream : The same for the pieces of a stream.
        """
        self._require_own(representation)
        start, stop = representation.start, representation.stop
        if representation.in_memory:
            return Signal.of(self._rebuild(representation), self.rate)
        samples = np.empty((representation.channels, representation.length), self.dtype)
        step = max(STREAM // representation.channels, SHORTEST_PIECE)
        for first in range(start, stop, step):
            part = representation.read(first, min(first + step, stop))
            samples[:, part.start - start : part.stop - start] = self._rebuild(part)
        return Signal.of(samples, self.rate)

    def synthesize_stream(self, pieces: Iterable[Representation]) -> Iterator[Signal]:
        """Synthesize the consecutive pieces of a stream, in bounded memory.

        Yields
        ------
        Signal
            Consecutive intervals, each as soon as all the frames it needs are available.

        Raises
        ------
        ParameterError
            If the pieces are not consecutive, or were made by another transform.
        """
        border = self.border
        waiting: Representation | None = None
        for piece in pieces:
            waiting = piece if waiting is None else waiting.joined(piece)
            ready = waiting.stop - border
            if ready > waiting.start:
                yield self.synthesize(replace(waiting, stop=ready))
                waiting = self._trimmed(replace(waiting, start=ready))
        if waiting is not None:
            yield self.synthesize(waiting)

    def _trimmed(self, representation: Representation) -> Representation:
        """Without the frames that only samples before `start` need."""
        needed = self.frame_ranges(representation.start, representation.stop)
        return representation.of_bands(
            band.since(max(r.start, band.first_frame))
            for band, r in zip(representation.all_bands, needed, strict=True)
        )

    def _require_own(self, representation: Representation) -> None:
        if not isinstance(representation, Representation):
            raise ParameterError(
                f"only a representation can be synthesized, not {type(representation).__name__}"
            )
        its = representation.transform
        precision = {"dtype": ""}  # moves no frame
        same = its is self or self.parameters | precision == its.parameters | precision
        if type(its) is not type(self) or not same:
            raise ParameterError(
                f"the representation was made by {its!r}, not by {self!r}: use representation.synthesize()"
            )
        if not all(np.iscomplexobj(band.coefficients) for band in representation.bands):
            raise ParameterError("magnitudes without phases cannot be synthesized")
        if len(representation.all_bands) != len(self.all_bands):
            raise ParameterError("a representation without its residual cannot be synthesized")


def _piece(source: Source) -> int:
    """Samples in a piece of a stream."""
    return max(STREAM // source.channels, SHORTEST_PIECE)


def read_finite(source: Source, start: int, stop: int) -> Array:
    """Samples [start, stop) of any source; non-finite samples are 0, with a warning."""
    samples: Array = source.read(start, stop)
    made, shape = (getattr(samples, name, None) for name in ("dtype", "shape"))
    if getattr(made, "kind", "") != "f" or shape != (source.channels, stop - start):
        raise ParameterError(
            f"{source!r} must read samples {start} to {stop} as an array of floats of shape "
            f"{(source.channels, stop - start)}, not as {type(samples).__name__}, {made}, {shape}"
        )
    if all_finite(samples):
        return samples
    warnings.warn("non-finite samples are treated as zero", stacklevel=4)
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


def float_dtype(dtype: Any) -> np.dtype[Any]:
    """float32 or float64, in any notation.

    Raises
    ------
    ParameterError
        If it is neither.
    """
    for known in ("float32", "float64"):
        with suppress(Exception):  # whatever NumPy makes of what is none
            if dtype is not None and np.dtype(dtype) == known:
                return np.dtype(known)
    raise ParameterError(f'dtype must be "float32" or "float64", not {dtype!r}')


def _within(start: Any, stop: Any, length: int) -> tuple[int, int]:
    """An interval of samples within a source, checked."""
    first, last = whole("start", start, 0), length if stop is None else whole("stop", stop, 0)
    if not first <= last <= length:
        raise ParameterError(f"samples {first} to {last} are not within the {length} samples of the signal")
    return first, last


def _in_order(start: Any, stop: Any) -> Range:
    interval = Range(whole("start", start, -math.inf), whole("stop", stop, -math.inf))
    if interval.stop < interval.start:
        raise ParameterError(f"stop ({stop}) must not be before start ({start})")
    return interval
