"""What analysis gives and synthesis takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msviz.errors import MsvizError, ParameterError
from msviz.transform.columns import Columns
from msviz.transform.scale import Band

if TYPE_CHECKING:
    import xarray

    from msviz.signal import Signal
    from msviz.transform.octave import OctaveTransform
    from msviz.transform.stft import STFT

#: Lowest level of an image.
FLOOR_DB = -120.0


@dataclass(frozen=True, eq=False)
class Frames:
    """Coefficients of one band over a range of frames.

    Attributes
    ----------
    coefficients : array (channels, rows, frames)
        Complex; for the residual, real.  May be changed in place: synthesis takes what is there.
    first_frame : int
        Number of the frame in column 0, negative in the border before the file.  Frame n is
        centred on sample n × hop of the original signal.
    hop : int
        Samples between two frames.
    rate : int
        Sampling rate of the original signal in Hz.
    frequencies : array (rows,)
        Centre of each row in Hz.
    """

    coefficients: NDArray[Any]
    first_frame: int
    hop: int
    rate: int
    frequencies: NDArray[np.floating]

    @classmethod
    def of(cls, band: Band, coefficients: NDArray[Any], first_frame: int, rate: int) -> Frames:
        """The frames of a band, counted from `first_frame`."""
        return cls(coefficients, first_frame, band.hop, rate, band.frequencies)

    @property
    def stop_frame(self) -> int:
        """Number of the frame behind the last column."""
        return self.first_frame + int(self.coefficients.shape[-1])

    @property
    def times(self) -> NDArray[np.floating]:
        """Centre of each frame in seconds, shape (frames,)."""
        return np.arange(self.first_frame, self.stop_frame) * (self.hop / self.rate)

    def between(self, start: int, stop: int) -> NDArray[Any]:
        """Coefficients of frames [start, stop), zero where there are none; a copy."""
        shape = self.coefficients.shape
        out = np.zeros((*shape[:-1], stop - start), self.coefficients.dtype)
        first, last = max(start, self.first_frame), min(stop, self.stop_frame)
        if first < last:
            held = self.coefficients[..., first - self.first_frame : last - self.first_frame]
            out[..., first - start : last - start] = held
        return out

    def joined(self, after: Frames) -> Frames:
        """These frames and those that follow them.

        Raises
        ------
        ParameterError
            If `after` does not begin where these end, or has another hop.
        """
        if (after.first_frame, after.hop) != (self.stop_frame, self.hop):
            raise ParameterError(
                f"frame {after.first_frame} at hop {after.hop} does not follow "
                f"frame {self.stop_frame - 1} at hop {self.hop}"
            )
        return replace(self, coefficients=np.concatenate([self.coefficients, after.coefficients], axis=-1))

    def since(self, frame: int) -> Frames:
        """These frames without those before `frame`; a copy, so that the others' memory is free."""
        return replace(self, coefficients=self.between(frame, self.stop_frame), first_frame=frame)


@dataclass(frozen=True, eq=False)
class Representation:
    """The coefficients of samples [start, stop) of a signal, and all that rebuilds them.

    Attributes
    ----------
    bands : tuple of Frames
        One an octave, the lowest first; one in all for an STFT.
    residual : Frames or None
        What lies below the lowest octave: one real row, (channels, 1, frames).
    rate : int
        Sampling rate of the signal in Hz.
    start, stop : int
        The samples that synthesis rebuilds.  The bands reach further on both sides: coefficients
        in the border matter.
    transform : OctaveTransform or STFT, optional
        What made it, and rebuilds the samples.
    """

    bands: tuple[Frames, ...]
    residual: Frames | None
    rate: int
    start: int
    stop: int
    transform: OctaveTransform | STFT | None = None

    @property
    def octaves(self) -> tuple[Frames, ...]:
        """The bands, by the name they have in an octave transform."""
        return self.bands

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.bands[0].coefficients.shape[0])

    @property
    def length(self) -> int:
        """Samples in each channel of what synthesis rebuilds."""
        return self.stop - self.start

    def joined(self, after: Representation) -> Representation:
        """This stretch and the one that follows it, as one.

        Raises
        ------
        ParameterError
            If `after` does not begin where this ends.
        """
        if after.start != self.stop:
            raise ParameterError(f"sample {after.start} does not follow sample {self.stop - 1}")
        bands = tuple(a.joined(b) for a, b in zip(self.bands, after.bands, strict=True))
        residual = self.residual.joined(after.residual) if self.residual and after.residual else None
        return replace(self, bands=bands, residual=residual, stop=after.stop)

    def synthesize(self) -> Signal:
        """The samples [start, stop), rebuilt by the transform that made this.

        Raises
        ------
        ParameterError
            If it is not known what made it.
        """
        return self._known_transform().synthesize(self)

    def image(
        self, channel: int = 0, start: int | None = None, stop: int | None = None, frame_rate: float = 100.0
    ) -> NDArray[np.float32]:
        """All bands as one rectangular array, for models that want one.

        Column j is centred on sample start + j × rate / frame_rate and reaches half way to its
        neighbours.  It shows the strongest of a band's frames in it; a band with fewer frames than
        columns repeats the nearest.  So nothing is shifted in time, and no click is lost.

        Parameters
        ----------
        channel : int
        start, stop : int
            In samples of the original; by default those that the representation is of.
        frame_rate : float
            Columns a second.  ``rate / hop`` of an octave shows its frames as they are.

        Returns
        -------
        float32 array (bins, columns)
            Levels in dB relative to full scale, -120 dB and above; the lowest bin first.

        Raises
        ------
        ParameterError
            If there is no such channel or `frame_rate` is not between 0 and the rate.

        Examples
        --------
        >>> import numpy as np
        >>> from msviz import OctaveTransform, Signal
        >>> sine = np.sin(2 * np.pi * 1000 * np.arange(44100) / 44100)
        >>> representation = OctaveTransform(44100).analyze(Signal(sine, 44100))
        >>> image = representation.image(frame_rate=50)
        >>> image.shape
        (240, 50)
        >>> frequencies = np.concatenate([octave.frequencies for octave in representation.octaves])
        >>> float(round(frequencies[image[:, 25].argmax()]))
        989.0
        """
        if not 0 <= channel < self.channels:
            raise ParameterError(f"channel must be from 0 to {self.channels - 1}, not {channel}")
        columns = Columns.covering(
            self.start if start is None else start,
            self.stop if stop is None else stop,
            self.rate,
            frame_rate,
        )
        rows = []
        for band in self.bands:
            first, last = columns.frames(band.hop)
            one = replace(band, coefficients=band.coefficients[channel])
            power = np.square(np.abs(one.between(first, last)))
            rows.append(columns.pooled(power, band.hop))
        with np.errstate(divide="ignore"):  # nothing is at the floor, too
            level = 10 * np.log10(np.concatenate(rows))
        return np.asarray(np.maximum(level, FLOOR_DB), np.float32)

    def to_xarray(self) -> xarray.DataTree:
        """As an `xarray.DataTree`, laid out like a file: a group for every octave and the residual.

        Raises
        ------
        MsvizError
            If xarray is not installed.
        ParameterError
            If it is not known what made the representation.
        """
        try:
            import xarray
        except ImportError as error:
            raise MsvizError("to_xarray needs xarray: pip install msviz[xarray]") from error
        from msviz.transform.blocks import Range
        from msviz.transform.layout import band_layouts, described

        transform = self._known_transform()
        bands = [*self.bands, *([self.residual] if self.residual else [])]
        layouts = band_layouts(transform, [Range(band.first_frame, band.stop_frame) for band in bands])
        groups = {
            layout.name: xarray.Dataset(
                {"coefficients": (("channel", "bin", "frame"), band.coefficients)},
                {
                    "frequency": ("bin", band.frequencies, {"units": "Hz"}),
                    "time": ("frame", band.times, {"units": "s"}),
                },
                layout.attributes,
            )
            for layout, band in zip(layouts, bands, strict=True)
        }
        root = xarray.Dataset(attrs=described(transform, self.channels, self.start, self.stop))
        return xarray.DataTree.from_dict({"/": root, **groups})

    def _known_transform(self) -> OctaveTransform | STFT:
        if self.transform is None:
            raise ParameterError("the representation was not told its transform: use the transform's methods")
        return self.transform
