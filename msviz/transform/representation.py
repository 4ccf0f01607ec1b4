"""The result of an analysis, and the input of synthesis."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msviz.bands import Band
from msviz.errors import MsvizError, ParameterError
from msviz.picture import FLOOR_DB, Columns, level_codes, plot, png, render
from msviz.signal import Signal, interval_of, scaled
from msviz.transform.frames import Frames, Range
from msviz.validation import numbers, whole

if TYPE_CHECKING:
    import os

    import xarray
    from matplotlib.axes import Axes

    from msviz.transform.base import Transform

Array = NDArray[Any]

POOLED = 2**22  # coefficients that are pooled to a picture at a time
LONGEST_SHOWN = 2**22  # samples in a file of which a notebook shows the picture unasked


@dataclass(frozen=True, eq=False, repr=False)
class Representation:
    """The coefficients of samples [start, stop) of a signal, from which synthesis restores them.

    It can be compared (`==`), scaled by a gain or masks (`*`), mixed (`+`, `-`), and reduced to magnitudes
    (`abs`).

    Attributes
    ----------
    transform : Transform
        The transform that made it, and synthesizes it.
    bands : tuple of Frames
        One for each octave, the lowest first; a single one for an STFT.
    residual : Frames or None
        Everything below the lowest octave: one real bin, (channels, 1, frames).
    start, stop : int
        The samples that synthesis returns.  The bands extend further on both sides: synthesis needs the
        coefficients in the border.

    See Also
    --------
    OctaveTransform.analyze, STFT.analyze : Make one from a signal.
    load : Open one in a file.

    Raises
    ------
    ParameterError
        If the bands do not match the transform, or differ in channels.

    Notes
    -----
    Safe to read from several threads at once, as long as none changes coefficients.
    """

    transform: Transform
    bands: tuple[Frames, ...]
    residual: Frames | None
    start: int
    stop: int

    def __post_init__(self) -> None:
        if len(self.bands) != len(self.transform.bands):
            raise ParameterError(
                f"{self.transform!r} has {len(self.transform.bands)} bands, not {len(self.bands)}"
            )
        if self.stop < self.start:
            raise ParameterError(f"stop ({self.stop}) must not be before start ({self.start})")
        channels: Any = "channels"
        for held, band in zip(self.all_bands, self.transform.all_bands, strict=False):
            values, bins = held.coefficients, band.frequencies.size
            dtype, shape = getattr(values, "dtype", None), np.shape(values)
            channels = shape[0] if shape and channels == "channels" else channels
            kind = "real" if band is self.transform.residual else "complex"
            known = isinstance(dtype, np.dtype) and dtype.kind in ("f" if kind == "real" else "fc")
            if not known or (held.hop, shape[:-1]) != (band.hop, (channels, bins)):
                raise ParameterError(
                    f"{band.name} must have a {kind} NumPy array of shape ({channels}, {bins}, frames) "
                    f"at hop {band.hop}, not {type(values).__name__}, {dtype}, {shape} at hop {held.hop}"
                )

    __hash__ = None  # type: ignore[assignment]  # coefficients can change
    __array_ufunc__ = None  # NumPy leaves `array * representation` to the representation

    @property
    def octaves(self) -> tuple[Frames, ...]:
        """The bands, under their name in an octave transform."""
        return self.bands

    @property
    def all_bands(self) -> tuple[Frames, ...]:
        """The bands, followed by the residual if there is one."""
        return self.bands if self.residual is None else (*self.bands, self.residual)

    @property
    def rate(self) -> int:
        """Sampling rate of the signal in Hz."""
        return self.transform.rate

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.bands[0].coefficients.shape[0])

    @property
    def length(self) -> int:
        """Number of samples in each channel of the resynthesis."""
        return self.stop - self.start

    @property
    def duration(self) -> float:
        """Length of the resynthesis in seconds."""
        return self.length / self.rate

    @property
    def in_memory(self) -> bool:
        """Whether its coefficients are arrays in memory, and not read from a file when they are indexed."""
        return all(isinstance(band.coefficients, np.ndarray) for band in self.all_bands)

    def of_bands(self, frames: Iterable[Frames]) -> Representation:
        """The same with other frames: those of every band, followed by the residual's if it has one."""
        held = list(frames)
        residual = None if self.residual is None else held.pop()
        return Representation(self.transform, tuple(held), residual, self.start, self.stop)

    def read(self, start: int | None = None, stop: int | None = None) -> Representation:
        """The representation of samples [start, stop), by default all, in memory.

        Frames that are already in memory are shared, not copied; others are read.

        Raises
        ------
        ParameterError
            If the interval is not within the representation.
        StorageError
            If the file is damaged there.
        """
        start, stop = self._interval(start, stop)
        needed = self.transform.frame_ranges(start, stop)
        held = self.of_bands(band.crop(r) for band, r in zip(self.all_bands, needed, strict=False))
        return replace(held, start=start, stop=stop)

    def _interval(self, start: int | None, stop: int | None) -> tuple[int, int]:
        first = self.start if start is None else whole("start", start, -math.inf)
        last = self.stop if stop is None else whole("stop", stop, -math.inf)
        if not self.start <= first <= last <= self.stop:
            raise ParameterError(
                f"samples {first} to {last} are not within those of the representation, "
                f"{self.start} to {self.stop}"
            )
        return first, last

    def between(self, start_s: float, stop_s: float) -> Representation:
        """The part between two times in seconds from the start of the signal; see `read`.

        Raises
        ------
        ParameterError
            If the interval is not within the representation.

        Examples
        --------
        >>> import numpy as np
        >>> from msviz import OctaveTransform
        >>> noise = np.random.default_rng(0).standard_normal(88200).astype(np.float32)
        >>> middle = OctaveTransform(44100).analyze(noise).between(0.5, 1.5)
        >>> middle.start, middle.stop
        (22050, 66150)
        >>> bool(np.abs(middle.synthesize().samples - noise[22050:66150]).max() < 1e-5)
        True
        """
        return self.read(*interval_of(start_s, stop_s, self.rate, self.start, self.stop))

    def joined(self, after: Representation) -> Representation:
        """Join this interval and the following one.

        Raises
        ------
        ParameterError
            If `after` does not begin where this ends, or has another transform.
        """
        if after.start != self.stop:
            raise ParameterError(f"sample {after.start} does not follow sample {self.stop - 1}")
        if after.transform != self.transform:
            raise ParameterError(
                f"representations of {self.transform!r} and {after.transform!r} cannot be joined"
            )
        pairs = zip(self.all_bands, after.all_bands, strict=True)
        return replace(self.of_bands(a.joined(b) for a, b in pairs), stop=after.stop)

    def synthesize(self) -> Signal:
        """Synthesize the samples [start, stop); see `Transform.synthesize`."""
        return self.transform.synthesize(self)

    # ------------------------------------------------------------------ arithmetic

    def __eq__(self, other: object) -> bool:
        """Whether transforms, intervals and all coefficients are equal."""
        if not isinstance(other, Representation):
            return NotImplemented
        return (self.transform, self.start, self.stop, self.all_bands) == (
            other.transform,
            other.start,
            other.stop,
            other.all_bands,
        )

    def __mul__(self, factor: Any) -> Representation:
        """Multiply by a gain, or by masks.

        Parameters
        ----------
        factor : number, or sequence of array
            One mask for each band, the lowest first, broadcast against its coefficients (channels, bins,
            frames).  An additional one is for the residual; without it, the residual uses the mask of the
            lowest bin.  The residual is real, and uses the real part of a complex mask.

        Raises
        ------
        ParameterError
            If there is not one mask for each band, or one has the wrong shape.
        """
        if isinstance(factor, Representation | str):
            return NotImplemented
        try:
            masks = [numbers("a mask", mask) for mask in factor]
        except TypeError:  # one for all
            masks = [numbers("a gain", factor)] * len(self.all_bands)
        if self.residual is not None and len(masks) == len(self.bands):
            masks.append(_residual_mask(masks[0], self.bands[0], self.residual))
        if len(masks) != len(self.all_bands):
            raise ParameterError(
                f"there must be one mask per band, {len(self.bands)} in all, not {len(masks)}"
            )
        if self.residual is not None:
            masks[-1] = masks[-1].real
        return self.of_bands(
            replace(band, coefficients=scaled(band.coefficients[...], mask, f"mask of {band.band.name}"))
            for band, mask in zip(self.all_bands, masks, strict=True)
        )

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Representation:
        """Divide by a number."""
        return self * (1 / numbers("a divisor", divisor))

    def __add__(self, other: Representation) -> Representation:
        """The representation of the sum of the signals."""
        return self._with(other, operator.add)

    def __sub__(self, other: Representation) -> Representation:
        """The representation of the difference of the signals."""
        return self._with(other, operator.sub)

    def __neg__(self) -> Representation:
        return self * -1

    def __abs__(self) -> Representation:
        """Its magnitudes, which can be drawn but not synthesized."""
        return self.of_bands(
            replace(band, coefficients=np.abs(band.coefficients[...])) for band in self.all_bands
        )

    def _with(self, other: Representation, operate: Callable[[Any, Any], Any]) -> Representation:
        if not isinstance(other, Representation):
            return NotImplemented
        mine, its = (
            (r.transform, [(b.range, b.coefficients.shape, b.coefficients.dtype.kind) for b in r.all_bands])
            for r in (self, other)
        )
        if mine != its:
            raise ParameterError(
                f"{self!r} and {other!r} must be of one transform and of the same frames, "
                "and both or neither magnitudes alone"
            )
        return self.of_bands(
            replace(a, coefficients=operate(a.coefficients[...], b.coefficients[...]))
            for a, b in zip(self.all_bands, other.all_bands, strict=True)
        )

    # ------------------------------------------------------------------ pictures

    def _pooled(self, channel: int, columns: Columns) -> list[Array]:
        """For every band, the greatest magnitude in each column, an array (bins, columns)."""
        channel = whole("channel", channel, 0, self.channels - 1)
        pooled = []
        for band in self.bands:
            bins, shown = band.frequencies.size, band.range.common(Range(*columns.frames(band.hop)))
            made, step = np.zeros((bins, columns.count), self.transform.dtype), POOLED // bins + 1
            for first in range(*shown, step):  # piece by piece: a file may hold hours
                here = range(first, min(first + step, shown.stop))
                held = slice(here.start - band.first_frame, here.stop - band.first_frame)
                values = np.abs(band.coefficients[channel, :, held])
                np.maximum(made, columns.pooled(values, first, band.hop), out=made)
            pooled.append(made)
        return pooled

    def levels(self, start: int | None = None, stop: int | None = None) -> list[NDArray[np.uint8]]:
        """Level codes of the frames centred in samples [start, stop), by default all.

        `msviz.picture.to_db` converts them to dB.

        Returns
        -------
        list of uint8 array (channels, bins, frames), one for each band, the lowest first

        Raises
        ------
        ParameterError
            If the samples are not within the representation.
        """
        interval = Range(*self._interval(start, stop))
        return [level_codes(band.between(*interval.over(band.hop))) for band in self.bands]

    def _columns(self, count: int) -> Columns:
        """A given number of columns from the first sample to the last."""
        step = max(self.length, 1) / count
        return Columns(self.start + step / 2, count, step)

    def image(
        self,
        channel: int = 0,
        start: int | None = None,
        stop: int | None = None,
        frame_rate: float | None = None,
    ) -> NDArray[np.float32]:
        """All bands as one rectangular array, for models that need one.

        Column j is centred on sample start + j × rate / frame_rate and extends half way to its neighbours.
        It shows the strongest of a band's frames in it; a band with fewer frames than columns repeats the
        nearest.  So nothing is shifted in time, and no click is lost.

        Parameters
        ----------
        channel : int
            Numbered from 0.
        start, stop : int
            In samples of the original; by default all of the representation.
        frame_rate : float, optional
            Columns per second; by default 100, or the sampling rate if that is lower.  ``rate / hop`` of an
            octave shows each of its frames as one column.

        Returns
        -------
        float32 array (bins, columns)
            Levels in dB relative to full scale, -119.5 and above; the lowest bin first.

        Raises
        ------
        ParameterError
            If there is no such channel, or `frame_rate` is not between 0 and the sampling rate.

        See Also
        --------
        render : The same in colour.
        plot : The same with axes.

        Examples
        --------
        >>> import numpy as np
        >>> from msviz import OctaveTransform
        >>> sine = np.sin(2 * np.pi * 1000 * np.arange(44100) / 44100)
        >>> representation = OctaveTransform(44100).analyze(sine)
        >>> image = representation.image(frame_rate=50)
        >>> image.shape
        (240, 50)
        >>> frequencies = np.concatenate([octave.frequencies for octave in representation.octaves])
        >>> float(round(frequencies[image[:, 25].argmax()]))
        989.0
        """
        first = self.start if start is None else whole("start", start, -math.inf)
        last = self.stop if stop is None else whole("stop", stop, -math.inf)
        frame_rate = min(100, self.rate) if frame_rate is None else frame_rate
        columns = Columns.covering(first, last, self.rate, frame_rate)
        with np.errstate(divide="ignore"):  # nothing is at the floor, too
            level = 20 * np.log10(np.concatenate(self._pooled(channel, columns)))
        return np.asarray(np.maximum(level, FLOOR_DB), np.float32)

    def render(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        width: int = 1000,
        height: int = 500,
        channel: int = 0,
        low_hz: float | None = None,
        high_hz: float | None = None,
        linear: bool | None = None,
        colours: str = "magma",
        floor_db: float = -80.0,
        ceiling_db: float = 0.0,
    ) -> NDArray[np.uint8]:
        """Draw a picture in the colours of the window, without axes.

        Parameters
        ----------
        path : path, optional
            A PNG file to write it to.
        width, height : int
            In pixels.
        channel : int
            Numbered from 0.
        low_hz, high_hz : float, optional
            Frequencies at the lower and upper edges; by default those of the bands.
        linear : bool, optional
            Whether the frequency axis is linear; by default only for an STFT.
        colours : str
            Name of a colour map: magma, inferno, viridis, cividis or grey.
        floor_db, ceiling_db : float
            Levels of the darkest and brightest colours, in dB relative to full scale.

        Returns
        -------
        uint8 array (height, width, 3)
            Red, green and blue; the highest frequency on top.

        Raises
        ------
        ParameterError
            If a parameter has an invalid value.
        MsvizError
            If the file cannot be written.
        """
        rgb = render(
            self.transform.bands,
            self._pooled(channel, self._columns(whole("width", width, 1, 2**15))),
            height=whole("height", height, 1, 2**15),
            low_hz=low_hz,
            high_hz=high_hz,
            linear=linear,
            colours=colours,
            floor_db=floor_db,
            ceiling_db=ceiling_db,
        )
        if path is not None:
            png(rgb, path)
        return rgb

    def plot(
        self,
        ax: Axes | None = None,
        *,
        channel: int = 0,
        linear: bool | None = None,
        colours: str = "magma",
        floor_db: float = -80.0,
        ceiling_db: float = 0.0,
    ) -> Axes:
        """Draw it on Matplotlib axes in the colours of the window, with seconds, Hz and dB.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            By default those of a new figure.
        channel, linear, colours, floor_db, ceiling_db
            As in `render`.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ParameterError
            If a parameter has an invalid value.
        MsvizError
            If Matplotlib is not installed.
        """

        def pooled(count: int) -> tuple[list[Array], Array]:
            columns = self._columns(count)
            return self._pooled(channel, columns), columns.edges / self.rate

        return plot(
            self.transform.bands,
            pooled,
            ax=ax,
            linear=linear,
            colours=colours,
            floor_db=floor_db,
            ceiling_db=ceiling_db,
        )

    def __repr__(self) -> str:
        channels = f"{self.channels} channel{'s' if self.channels > 1 else ''}"
        return f"{type(self).__name__}({channels}, samples {self.start} to {self.stop}, {self.transform!r})"

    def _repr_html_(self) -> str:
        """For notebooks: a description and, unless it is long and in a file, a picture of each channel."""
        from base64 import b64encode

        quick = self.in_memory or self.length <= LONGEST_SHOWN
        drawn = [self.render(height=240, channel=channel) for channel in range(self.channels) if quick]
        pictures = "".join(
            f'<img src="data:image/png;base64,{b64encode(png(rgb)).decode()}" style="display:block">'
            for rgb in drawn
        )
        return f"<div>{self!r}, {self.duration:.3f} s{pictures}</div>"

    # ------------------------------------------------------------------ xarray

    @property
    def attributes(self) -> dict[str, Any]:
        """Its attributes in files; fit for JSON."""
        return described(self.transform, self.channels, self.start, self.stop)

    def to_xarray(self) -> xarray.DataTree:
        """Convert to an `xarray.DataTree` with the layout of a file: one group per octave, and the residual.

        Raises
        ------
        MsvizError
            If xarray is not installed.

        See Also
        --------
        from_xarray : The inverse.
        """
        try:
            import xarray
        except ImportError as error:
            raise MsvizError('to_xarray needs xarray: pip install "msviz[xarray]"') from error
        groups = {
            frames.band.name: xarray.Dataset(
                {"coefficients": (("channel", "bin", "frame"), frames.coefficients[...])},
                {
                    "frequency": ("bin", frames.frequencies, {"units": "Hz"}),
                    "time": ("frame", frames.times, {"units": "s"}),
                },
                band_attributes(frames.band, frames.range),
            )
            for frames in self.all_bands
        }
        tree: xarray.DataTree = xarray.DataTree.from_dict(
            {"/": xarray.Dataset(attrs=self.attributes), **groups}
        )
        return tree


def described(transform: Transform, channels: int, start: int, stop: int) -> dict[str, Any]:
    """The attributes of a representation in files; fit for JSON."""
    return {
        "rate": transform.rate,
        "channels": int(channels),
        "start": int(start),
        "stop": int(stop),
        "transform": transform.kind,
        "parameters": transform.parameters,
    }


def band_attributes(band: Band, frames: Range) -> dict[str, Any]:
    """The attributes of a band in files; fit for JSON."""
    count = int(frames.stop - frames.start)
    return {"hop": int(band.hop), "first_frame": int(frames.start), "frames": count, **band.edges}


def _residual_mask(mask: Array, lowest: Frames, residual: Frames) -> Array:
    """The mask of the lowest bin at the frames of the residual."""
    row = mask[..., :1, :] if mask.ndim >= 2 else mask
    if mask.ndim == 0 or mask.shape[-1] != lowest.range.stop - lowest.range.start:
        return row  # the same at all times, or one that will be refused
    nearest = np.rint(np.arange(*residual.range) * (residual.hop / lowest.hop)).astype(np.intp)
    return np.asarray(row[..., np.clip(nearest - lowest.first_frame, 0, mask.shape[-1] - 1)])
