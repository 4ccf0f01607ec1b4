"""The octave transform: analysis and synthesis of any stretch of a signal."""

from __future__ import annotations

import copy
import itertools
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.errors import ParameterError
from msviz.signal import Signal, Source, whole_rate
from msviz.transform.blocks import BLOCK, Each, Range, analyze_stage, synthesize_stage
from msviz.transform.filters import Shape, frame_operator
from msviz.transform.representation import Frames, Representation
from msviz.transform.scale import Octave, OctaveScale, default_fmin
from msviz.transform.stages import Stage, plan_stages

Array = NDArray[Any]

#: Samples of all channels in a piece of a stream: some tens of megabytes of coefficients.
STREAM = 2**20

#: How far the energy of a filter must have fallen where a block is cut.  Frames of a stretch alone then
#: differ from those of the whole by about as much; the error of reconstruction is much smaller (-140 and
#: -157 dB), for what the filters' tails leave out cancels where neighbouring filters overlap.
TOLERANCE_DB = {"float32": 100.0, "float64": 122.0}


@lru_cache(maxsize=6)  # of 10 MB each; a sharper picture has three
def _plan(scale: OctaveScale, dtype: str, shape: Shape) -> tuple[Stage, ...]:
    """The stages for these parameters: built once, kept, reused."""
    return plan_stages(scale, np.dtype(dtype), TOLERANCE_DB[dtype], shape)


class OctaveTransform:
    """An invertible multi-scale transform: every octave has the same bins and half the hop below it.

    Parameters
    ----------
    rate : int
        Sampling rate in Hz of the signals it is for, from 1 Hz; a fraction is rounded, as that of a `Signal`.
    bins_per_octave : int
        Rows in each octave's matrix.
    resolution : float
        How finely frequency is told apart: the filters' -3 dB bandwidth is 1/resolution octave.
        Small: sharp in time; large: sharp in pitch.  From 3 to `bins_per_octave`.
    gamma : float
        Bandwidth in Hz added to every filter, so that low octaves stay short in time; 0 is
        constant Q.
    fmin : float, optional
        Lowest frequency wanted, in Hz.  Octaves descend from the Nyquist frequency; the lowest
        begins less than an octave above `fmin`.  By default 20 Hz, the lowest audible frequency;
        at rates below 2560 Hz, those of vibrations, eight octaves below the Nyquist frequency; at
        rates from 1.31 MHz on, those of radio, fourteen.
    mirrored : bool
        Whether filters that reach past 0 Hz or the Nyquist frequency see the spectrum's mirror image at full
        strength there, as they did in files of format version 1: a sine that near reads up to 6 dB too much.
    dtype : {"float32", "float64"}
        What samples and coefficients are computed in.
    workers : int, optional
        Threads that long stretches are shared among; as many as there are processors by default.
        1 computes in the calling thread alone.  The result does not depend on it.

    Raises
    ------
    ParameterError
        If a parameter has a value that cannot be used.

    Notes
    -----
    A nonstationary Gabor frame in the painless case (Balazs et al., J. Comput. Appl. Math. 236,
    2011; Velasco et al., DAFx 2011) with the octave-wise hops and the `gamma` of Schörkhuber et al.
    (AES 53rd Conf., 2014).  A coefficient is a sample of the analytic band-pass signal: a sine of
    amplitude A at a bin's centre reads magnitude A there, up to the last bin below the Nyquist frequency.
    Frame n of an octave is centred on
    sample n × hop.

    Examples
    --------
    >>> import numpy as np
    >>> from msviz import OctaveTransform, Signal
    >>> signal = Signal(np.random.default_rng(0).standard_normal((1, 44100)).astype(np.float32), 44100)
    >>> transform = OctaveTransform(signal.rate)
    >>> representation = transform.analyze(signal)
    >>> representation.octaves[9].coefficients.shape[:2]
    (1, 24)
    >>> rebuilt = transform.synthesize(representation)
    >>> bool(np.abs(rebuilt.samples - signal.samples).max() < 1e-5)
    True
    """

    def __init__(
        self,
        rate: int,
        *,
        bins_per_octave: int = 24,
        resolution: float = 12.0,
        gamma: float = 0.0,
        fmin: float | None = None,
        mirrored: bool = False,
        dtype: str = "float32",
        workers: int | None = None,
    ) -> None:
        if dtype not in TOLERANCE_DB:
            raise ParameterError(f'dtype must be "float32" or "float64", not {dtype!r}')
        if workers is not None and workers < 1:
            raise ParameterError(f"workers must be at least 1, not {workers}")
        self.workers = workers or os.cpu_count() or 1
        rate = whole_rate(rate)
        fmin = default_fmin(rate) if fmin is None else float(fmin)
        self.scale = OctaveScale(rate, bins_per_octave, float(resolution), float(gamma), fmin, bool(mirrored))
        self.dtype = np.dtype(dtype)
        self._stages = _plan(self.scale, dtype, Shape.WINDOW)

    def __repr__(self) -> str:
        s = self.scale
        return (
            f"OctaveTransform({s.rate}, bins_per_octave={s.bins_per_octave}, resolution={s.resolution:g}, "
            f"gamma={s.gamma:g}, fmin={s.fmin:g}, {'mirrored=True, ' if s.mirrored else ''}"
            f'dtype="{self.dtype}")'
        )

    @property
    def rate(self) -> int:
        """Sampling rate in Hz."""
        return self.scale.rate

    @property
    def parameters(self) -> dict[str, Any]:
        """What makes it again, but for its threads: ``OctaveTransform(**parameters)``."""
        return {**asdict(self.scale), "dtype": str(self.dtype)}

    @cached_property
    def octaves(self) -> tuple[Octave, ...]:
        """The octaves, the lowest first."""
        return tuple(self.scale.octave(index) for index in range(self.scale.octave_count))

    @property
    def bands(self) -> tuple[Octave, ...]:
        """The octaves, by the name that pictures know them under."""
        return self.octaves

    def bandwidth(self, frequency: float) -> float:
        """-3 dB bandwidth in Hz of the filter of a bin centred at `frequency`."""
        return self.scale.bandwidth(frequency)

    @property
    def residual_hop(self) -> int:
        """Samples between two values of the residual."""
        return self._stages[-1].low_hop

    @property
    def redundancy(self) -> float:
        """Real numbers per sample of the signal; a complex coefficient counts two."""
        bins = self.scale.bins_per_octave
        return sum(2 * bins / octave.hop for octave in self.octaves) + 1 / self.residual_hop

    @cached_property
    def frame_bounds(self) -> tuple[float, float]:
        """Least and greatest value of the frame operator S(f) between 0 Hz and Nyquist."""
        values = []
        for stage in self._stages:
            spacing = self.rate / stage.decimation / BLOCK
            operator = frame_operator(
                self.scale, spacing, BLOCK // 2 + 1, reaches_nyquist=stage.decimation == 1
            )
            last = stage is self._stages[-1]
            begin = 0 if last or stage.low_pass is None else int(stage.low_pass.pass_edge / spacing)
            end = BLOCK // 2 + 1 if stage.decimation == 1 else int(stage.octaves[-1].high / spacing)
            values.append(operator[begin:end])
        return float(min(v.min() for v in values)), float(max(v.max() for v in values))

    @cached_property
    def border(self) -> int:
        """Samples by which a representation's lowest band reaches past both ends of its stretch."""
        last = self._stages[-1]
        return -self._synthesis_ranges(0, 1)[-1].widened(last.dual_reach).start * last.decimation

    # ------------------------------------------------------------------ analysis

    def analyze(self, source: Source, *, start: int = 0, stop: int | None = None) -> Representation:
        """Analyse samples [start, stop) of a source, the whole of it by default.

        Parameters
        ----------
        source : Source
            A `Signal`, an opened file, or anything else that can be read by stretch.
        start, stop : int
            In samples; the cost is that of the stretch, not of the source.

        Returns
        -------
        Representation
            With all the frames that synthesis of [start, stop) needs.

        Raises
        ------
        ParameterError
            If the source has another rate or the stretch does not lie within it.
        """
        start, stop = int(start), int(source.length if stop is None else stop)  # NumPy's count as well
        if not 0 <= start <= stop <= source.length:
            raise ParameterError(
                f"the stretch from sample {start} to {stop} does not lie within the {source.length} "
                f"samples of the signal"
            )
        return self._analyzed(source, start, stop, self._held(start, stop))

    def frame_ranges(self, start: int, stop: int) -> list[Range]:
        """Frames that synthesis of samples [start, stop) needs: of every octave, then of the residual."""
        hops = [*(octave.hop for octave in self.octaves), self.residual_hop]
        return [held.over(hop) for held, hop in zip(self._held(start, stop), hops, strict=True)]

    def _held(self, start: int, stop: int) -> list[Range]:
        """Samples on which synthesis of [start, stop) needs frames: of every octave, then the residual."""
        held: list[Range] = []
        for stage, made in zip(self._stages, self._synthesis_ranges(start, stop), strict=True):
            reached = made.widened(stage.dual_reach).times(stage.decimation)
            held[:0] = [reached] * len(stage.octaves)
        return [*held, reached]

    def _analyzed(self, source: Source, start: int, stop: int, held: Sequence[Range]) -> Representation:
        """The representation of [start, stop) with the frames on the samples held."""
        wanted = [r.over(octave.hop) for r, octave in zip(held, self.octaves, strict=False)]
        residual = held[-1].over(self.residual_hop)
        frames, low = self._run(source, wanted, residual)
        bands = tuple(
            Frames.of(octave, values, numbers.start, self.rate)
            for octave, values, numbers in zip(self.octaves, frames, wanted, strict=True)
        )
        rest = Frames(low[:, None, :], residual.start, self.residual_hop, self.rate, np.zeros(1))
        return Representation(bands, rest, self.rate, start, stop, self)

    def stream(self, source: Source, *, stretch: int | None = None) -> Iterator[Representation]:
        """Analyse a source from its start to its end, stretch by stretch, in bounded memory.

        The pieces follow each other without overlap: each holds the frames that are centred in its
        stretch, the first and the last also those of the border before and after the source.  A
        piece alone lacks its neighbours' frames; `synthesize_stream` puts them together.

        Parameters
        ----------
        source : Source
        stretch : int, optional
            Samples in a piece.  By default some seconds, fewer the more channels there are.

        Yields
        ------
        Representation

        Raises
        ------
        ParameterError
            If the source has another rate or `stretch` is not positive.
        """
        if stretch is None:
            stretch = max(STREAM // source.channels, BLOCK)
        if stretch < 1:
            raise ParameterError(f"stretch must be at least 1 sample, not {stretch}")
        held = self._held(0, source.length)
        for start in range(0, max(source.length, 1), stretch):
            stop = min(start + stretch, source.length)
            begin = min(r.start for r in held) if start == 0 else start
            end = max(r.stop for r in held) if stop == source.length else stop
            yield self._analyzed(source, start, stop, [Range(begin, end).common(r) for r in held])

    def synthesize_stream(self, pieces: Iterable[Representation]) -> Iterator[Signal]:
        """The signal that consecutive pieces of a stream rebuild, in bounded memory.

        Yields
        ------
        Signal
            Stretches that follow each other; each as soon as all frames that it needs have come.

        Raises
        ------
        ParameterError
            If the pieces do not follow each other, or were made with other parameters.
        """
        waiting: Representation | None = None
        for piece in pieces:
            waiting = piece if waiting is None else waiting.joined(piece)
            ready = waiting.stop - self.border
            if ready > waiting.start:
                yield self.synthesize(replace(waiting, stop=ready))
                waiting = self._trimmed(replace(waiting, start=ready))
        if waiting is not None:
            yield self.synthesize(waiting)

    def _trimmed(self, representation: Representation) -> Representation:
        """Without the frames that only samples before `start` need."""
        first = [r.start for r in self._held(representation.start, representation.stop)]
        bands = [
            band.since(-(-sample // band.hop))
            for band, sample in zip((*representation.bands, representation.residual), first, strict=True)
            if band
        ]
        return replace(representation, bands=tuple(bands[:-1]), residual=bands[-1])

    def coefficients(self, source: Source, start: int, stop: int, *, each: Each | None = None) -> list[Array]:
        """Frames of every octave that are centred in samples [start, stop).

        Parameters
        ----------
        source : Source
        start, stop : int
            In samples.
        each : callable, optional
            What is kept of each coefficient in place of itself, such as `numpy.abs`: it is given arrays of
            them as they come and gives arrays of the same shape.

        Returns
        -------
        list of array (channels, bins, frames), complex or as `each` makes it, the lowest octave first
            What `each` makes lies in memory frame by frame, as pictures want it.
        """
        wanted = [Range(start, stop).over(octave.hop) for octave in self.octaves]
        return self._run(source, wanted, each=each)[0]

    def at_resolution(self, resolution: float) -> OctaveTransform:
        """A transform that differs in its resolution alone."""
        return OctaveTransform(**{**self.parameters, "resolution": resolution}, workers=self.workers)

    def shaped(self, shape: Shape) -> OctaveTransform:
        """The same analysis with filters of another shape; it cannot be inverted."""
        other = copy.copy(self)
        other._stages = _plan(self.scale, str(self.dtype), shape)
        return other

    def frames(self, source: Source, octave: int, start: int, stop: int) -> Array:
        """Frames start, …, stop - 1 of one octave, computed by the stages that it needs alone.

        Returns
        -------
        array (channels, bins, stop - start), complex

        Raises
        ------
        ParameterError
            If there is no such octave, or the source has another rate.
        """
        if not 0 <= octave < len(self.octaves):
            raise ParameterError(f"octave must be from 0 to {len(self.octaves) - 1}, not {octave}")
        wanted = [Range(start, stop) if index == octave else None for index in range(len(self.octaves))]
        return self._run(source, wanted)[0][octave]

    def _check_rate(self, rate: int) -> None:
        if rate != self.rate:
            raise ParameterError(f"this transform is for a rate of {self.rate} Hz, the signal has {rate} Hz")

    def _run(
        self,
        source: Source,
        wanted: Sequence[Range | None],
        residual: Range | None = None,
        each: Each | None = None,
    ) -> tuple[list[Array], Array]:
        """Frames of every octave in the wanted ranges, and the residual in its own."""
        self._check_rate(source.rate)
        # What each stage must put out is known from the last stage up: its own frames, and what
        # the next stage reads.
        outputs: list[Range | None] = []
        lows: list[Range | None] = []
        low_wanted = residual
        for stage in reversed(self._stages):
            own = [wanted[octave.index] for octave in stage.octaves]
            spans = [
                r and r.times(octave.hop // stage.decimation)
                for octave, r in zip(stage.octaves, own, strict=True)
            ]
            spans.append(low_wanted and low_wanted.times(stage.low_hop // stage.decimation))
            output = Range.hull(spans)
            outputs.insert(0, output)
            lows.insert(0, low_wanted)
            # The next stage up must deliver this one's input.
            low_wanted = output and output.widened(stage.reach)
        values: list[Array] = []
        signal = np.zeros((source.channels, 0), self.dtype)
        have = Range(0, 0)
        if low_wanted is not None:
            have = low_wanted
            signal = self._read(source, have)
        for stage, output, low_range in zip(self._stages, outputs, lows, strict=True):
            held = [wanted[octave.index] or Range(0, 0) for octave in stage.octaves]
            frames, signal = analyze_stage(
                stage, signal, have, output, held, low_range or Range(0, 0), self.workers, each
            )
            values[:0] = frames
            have = low_range or Range(0, 0)
        return values, signal

    def _read(self, source: Source, stretch: Range) -> Array:
        samples = source.read(*stretch)
        if not np.isfinite(samples).all():
            warnings.warn("samples that are not numbers are analysed as zero", stacklevel=4)
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        return samples.astype(self.dtype, copy=False)

    # ------------------------------------------------------------------ synthesis

    def synthesize(self, representation: Representation) -> Signal:
        """The signal whose frames these are: samples [representation.start, representation.stop).

        Raises
        ------
        ParameterError
            If the representation was made with other parameters.
        """
        self._check_rate(representation.rate)
        shapes = [(octave.hop, octave.frequencies.size) for octave in self.octaves]
        if representation.residual is None or shapes != [
            (band.hop, band.coefficients.shape[1]) for band in representation.bands
        ]:
            raise ParameterError(f"the representation was not made by {self!r}")
        start, stop = representation.start, representation.stop
        ranges = self._synthesis_ranges(start, stop)
        low, low_start = representation.residual.coefficients[:, 0], representation.residual.first_frame
        for stage, made in zip(reversed(self._stages), reversed(ranges), strict=True):
            bands = [representation.bands[octave.index] for octave in stage.octaves]
            low = synthesize_stage(stage, bands, low, low_start, made, self.workers)
            low_start = made.start
        return Signal(low, self.rate)

    def _synthesis_ranges(self, start: int, stop: int) -> list[Range]:
        """Which of its own samples each stage must rebuild for samples [start, stop) of the signal."""
        ranges = [Range(start, stop)]
        for stage, below in itertools.pairwise(self._stages):
            needed = ranges[-1].widened(stage.dual_reach)
            factor = below.decimation // stage.decimation
            ranges.append(Range(needed.start // factor, -(-needed.stop // factor)))
        return ranges
