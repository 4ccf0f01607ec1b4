"""The octave transform: analysis and synthesis of any interval of a signal."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msviz.bands import Band, default_fmin
from msviz.cpus import available_cpus
from msviz.defaults import DEFAULTS
from msviz.errors import ParameterError
from msviz.signal import Source, whole_rate
from msviz.transform.base import FARTHEST_SIGMA, Map, Support, Transform, float_dtype, read_finite
from msviz.transform.blocks import BLOCK, analyze_stage, synthesize_stage
from msviz.transform.filters import Residual, WindowShape, frame_operator, mean_power
from msviz.transform.frames import Range
from msviz.transform.representation import Representation
from msviz.transform.scale import OctaveScale
from msviz.transform.stages import Stage, Tolerance, plan_stages
from msviz.validation import real, whole

Array = NDArray[Any]

#: How far the energy of a filter, and of a dual, must have fallen where a block is cut.  Frames of an
#: interval alone then differ from those of the whole by about as much; the error of reconstruction is much
#: smaller, for what the tails leave out cancels where neighbouring filters overlap.  The second decides how
#: many frames a representation has beyond its ends, also in files.
TOLERANCE_DB = {"float32": Tolerance(100.0, 100.0), "float64": Tolerance(130.0, 122.0)}

MOST_WORKERS = 1024

# Where the Nuttall window and its Fourier transform have fallen by 60 dB: as a share of half its width, and
# in inverse widths.
FILTER_SHARE = 0.9158
ATOM_WIDTHS = 3.6264

#: σ of the Gaussian next to the Nuttall window on [-½, ½]: they meet in the middle and at -3 dB.
NUTTALL_SIGMA = 0.1457


@lru_cache(maxsize=6)  # of 10 MB each; a sharper picture has three
def _plan(scale: OctaveScale, dtype: str, shape: WindowShape) -> tuple[Stage, ...]:
    """The stages for these parameters, built once and reused."""
    return plan_stages(scale, np.dtype(dtype), TOLERANCE_DB[dtype], shape)


class OctaveTransform(Transform):
    """An invertible multi-scale transform: every octave has half the hop of the octave below.

    Parameters
    ----------
    rate : int
        Sampling rate in Hz of its signals, from 1 Hz; rounded to whole Hz, like that of a `Signal`.
    bins_per_octave : int
        Frequency bins in each octave, from 3 to 1200.
    resolution : float
        Frequency resolution: the -3 dB bandwidth of the filters is 1/resolution octave.  Low values are
        sharp in time, high values sharp in pitch.  From 3 to `bins_per_octave`.
    gamma : float
        Bandwidth in Hz added to every filter, which keeps low octaves short in time; 0 is constant Q.
    fmin : float, optional
        Lowest frequency to cover, in Hz.  Octaves are counted down from the Nyquist frequency; the lowest
        begins less than an octave above `fmin`.  By default 20 Hz, the lowest audible frequency; at rates
        below 2560 Hz (vibrations), eight octaves below the Nyquist frequency; at rates from 1.31 MHz
        (radio), fourteen.
    mirrored : bool
        Whether filters that extend beyond 0 Hz or the Nyquist frequency include the mirrored spectrum there
        without attenuation, as in files of format version 1: sines near them have levels up to 6 dB too
        high.
    dtype : {"float32", "float64"}
        Precision of samples and coefficients.
    workers : int, optional
        Threads that share the work on long intervals; by default one for each processor that the process
        may use.  1 computes in the calling thread.  The result does not depend on it.

    Raises
    ------
    ParameterError
        If a parameter has an invalid value.

    See Also
    --------
    STFT : A transform with the same resolution at all frequencies, and the same methods.
    Edits : Change the sound of a representation.
    msviz.save, msviz.load : Store representations in files.

    Notes
    -----
    A nonstationary Gabor frame in the painless case (Balazs et al., J. Comput. Appl. Math. 236,
    2011; Velasco et al., DAFx 2011) with the octave-wise hops and the `gamma` of Schörkhuber et al.
    (AES 53rd Conf., 2014).  A coefficient is a sample of the analytic band-pass signal: a sine of
    amplitude A at the centre of a bin has magnitude A there, up to the last bin below the Nyquist frequency.
    Frame n of an octave is centred on sample n × hop.

    All methods may be called from several threads at once, and in forked processes.

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

    kind = "octave"

    def __init__(
        self,
        rate: float,
        *,
        bins_per_octave: int = DEFAULTS.bins_per_octave,
        resolution: float = DEFAULTS.resolution,
        gamma: float = DEFAULTS.gamma,
        fmin: float | None = None,
        mirrored: bool = False,
        dtype: str = "float32",
        workers: int | None = None,
    ) -> None:
        rate = whole_rate(rate)
        self.scale = OctaveScale(
            rate,
            whole("bins_per_octave", bins_per_octave, 3, 1200),
            real("resolution", resolution, 0),
            real("gamma", gamma, 0, unit="Hz"),
            real("fmin", default_fmin(rate) if fmin is None else fmin, 0, unit="Hz"),
            bool(mirrored),
        )
        self.rate = rate
        self.dtype = float_dtype(dtype)
        self.workers = available_cpus() if workers is None else whole("workers", workers, 1, MOST_WORKERS)
        self.bands = self.octaves = tuple(self.scale.octave(n) for n in range(self.scale.octave_count))
        self.residual = Residual.below(self.scale)
        self._shape = WindowShape.WINDOW
        self._stages = _plan(self.scale, self.dtype.name, self._shape)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.parameters, self.workers, self._shape)  # without the tables

    @property
    def parameters(self) -> dict[str, Any]:
        """Its parameters, except `workers`: ``OctaveTransform(**parameters)`` is equal to it."""
        return {**asdict(self.scale), "dtype": self.dtype.name}

    @property
    def title(self) -> str:
        """Title of a picture of it."""
        return "Octaves"

    def bandwidth(self, frequency: float) -> float:
        """-3 dB bandwidth in Hz of the filter of a bin centred at `frequency`."""
        return self.scale.bandwidth(frequency)

    @property
    def residual_hop(self) -> int:
        """Samples between two values of the residual."""
        return int(self.residual.hop)

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

    def support(self, band: Band) -> Support:
        """How far the bins of one of its bands extend, down to -60 dB."""
        if isinstance(band, Residual):
            time_s = np.array([ATOM_WIDTHS / (band.stop_edge - band.pass_edge)])
            return Support(np.zeros(1), np.array([band.stop_edge]), time_s)
        low, high = self.scale.filter_edges(band.frequencies)
        down, up = self.scale.image_distances(band.frequencies)
        narrowest = np.minimum(high - low, np.minimum(-down, up))
        return Support(*self.scale.filter_edges(band.frequencies, FILTER_SHARE), ATOM_WIDTHS / narrowest)

    def energies(self) -> list[Array]:
        """Energy Σx² that a coefficient of magnitude 1 stands for, for each bin of each band.

        With these weights Σ|c|² is Σx², because S is flat: the share of a coefficient does not depend on
        whether it stands for eight samples or for four thousand.  A sine of amplitude 1 has magnitude 1 in
        the middle of ∫S bins in every frame, and the energy hop/2 from frame to frame; so the weight is
        hop / 2S, with S = Σ|g_k|².
        """
        return [band.hop / (2 * np.asarray(mean_power(self.scale, band.frequencies))) for band in self.bands]

    def instantaneous_frequencies(self, band: Band, slopes: Array) -> tuple[Array, Array]:
        """As `Transform.instantaneous_frequencies`; Gaussian over the warped axis, where rows are even."""
        scale = self.scale
        sigma = NUTTALL_SIGMA * 4 / scale.resolution
        farthest = FARTHEST_SIGMA * sigma
        away = np.clip(sigma**2 * scale.bins_per_octave / 2 * slopes, -farthest, farthest)
        warped = (band.frequencies + scale.warp_offset)[:, None]
        return warped * np.exp2(away) - scale.warp_offset, np.log(2) * sigma * warped[:, 0]

    # ------------------------------------------------------------------ analysis

    def frame_ranges(self, start: int, stop: int) -> list[Range]:
        """Frames needed to synthesize samples [start, stop): of every octave, then of the residual."""
        ranges: list[Range] = []
        for stage, made in zip(self._stages, self._synthesis_ranges(start, stop), strict=True):
            reached = made.widened(stage.dual_reach).times(stage.decimation)
            ranges[:0] = [reached.over(octave.hop) for octave in stage.octaves]
        return [*ranges, reached.over(self.residual_hop)]

    @cached_property
    def _reaches(self) -> list[int]:
        """Samples to either side that a frame of each octave depends on, and of the residual."""
        reaches: list[int] = []
        above = 0
        for stage in self._stages:
            above += stage.reach * stage.decimation
            reaches[:0] = [above] * len(stage.octaves)
        return [*reaches, above]

    def _reach(self, number: int) -> tuple[int, int]:
        return self._reaches[number], self._reaches[number]

    def with_resolution(self, resolution: float) -> OctaveTransform:
        """The same transform with another resolution."""
        return OctaveTransform(**{**self.parameters, "resolution": resolution}, workers=self.workers)

    def with_window_shape(self, shape: WindowShape) -> OctaveTransform:
        """The same analysis with filters of another shape, which cannot be inverted."""
        return _again(self.parameters, self.workers, shape)

    def _run(self, source: Source, frames: Sequence[Range | None], map: Map | None) -> list[Array]:
        # What each stage must put out is known from the last stage up: its own frames, and what
        # the next stage reads.
        outputs: list[Range | None] = []
        lows: list[Range | None] = []
        low_wanted = frames[-1]
        for stage in reversed(self._stages):
            own = [frames[octave.index] for octave in stage.octaves]
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
            have = low_wanted.common(Range(0, source.length))
            if have.stop > have.start:  # blocks are zero outside the source
                signal = read_finite(source, *have).astype(self.dtype, copy=False)
        for stage, output, low_range in zip(self._stages, outputs, lows, strict=True):
            held = [frames[octave.index] or Range(0, 0) for octave in stage.octaves]
            made, signal = analyze_stage(
                stage, signal, have, output, held, low_range or Range(0, 0), self.workers, map
            )
            values[:0] = made
            have = low_range or Range(0, 0)
        return [*values, signal[:, None].astype(self.dtype, copy=False)]

    # ------------------------------------------------------------------ synthesis

    def _require_own(self, representation: Representation) -> None:
        if self._shape is not WindowShape.WINDOW:
            raise ParameterError("only the filters themselves can be inverted, not other window shapes")
        super()._require_own(representation)

    def _rebuild(self, representation: Representation) -> Array:
        assert representation.residual is not None
        ranges = self._synthesis_ranges(representation.start, representation.stop)
        low, low_start = representation.residual.coefficients[:, 0], representation.residual.first_frame
        for stage, made in zip(reversed(self._stages), reversed(ranges), strict=True):
            bands = [representation.bands[octave.index] for octave in stage.octaves]
            low = synthesize_stage(stage, bands, low, low_start, made, self.workers)
            low_start = made.start
        return low

    def _synthesis_ranges(self, start: int, stop: int) -> list[Range]:
        """Which of its own samples each stage must synthesize for samples [start, stop) of the signal."""
        ranges = [Range(start, stop)]
        for stage, below in itertools.pairwise(self._stages):
            needed = ranges[-1].widened(stage.dual_reach)
            factor = below.decimation // stage.decimation
            ranges.append(Range(needed.start // factor, -(-needed.stop // factor)))
        return ranges


def _again(parameters: dict[str, Any], workers: int, shape: WindowShape) -> OctaveTransform:
    """Unpickle a transform."""
    transform = OctaveTransform(**parameters, workers=workers)
    if shape is not WindowShape.WINDOW:
        transform._shape = shape
        transform._stages = _plan(transform.scale, transform.dtype.name, shape)
    return transform
