"""What is taken from a picture before it is heard."""

from __future__ import annotations

from dataclasses import dataclass

from msviz.errors import ParameterError

MOST_BITS = 16


@dataclass(frozen=True)
class Recipe:
    """What of a representation is left; the default loses nothing.

    In this order: coefficients are left out, those that stay are made coarse, their phases are reconstructed.
    The octave transform's residual, one real number every few hundred samples, stays as it is.

    Parameters
    ----------
    kept : float
        Coefficients that stay, in per cent: those with the most energy in each segment, all bands and
        channels counted together.  From 0 to 100.
    magnitude_bits : int, optional
        Bits of a magnitude's code: 0 is silence, the others are steps in dB over the `RANGE_DB` below
        the segment's peak.  From 1 to 16; None leaves magnitudes as they are.
    phase_bits : int, optional
        Bits of a phase's code, in equal steps round the circle.  From 1 to 16; None leaves phases as
        they are.  Of no meaning where the phase is reconstructed.
    rebuild_phase : bool
        Take the magnitudes alone, and rebuild the phases from them.

    Raises
    ------
    ParameterError
        If a number lies outside its range.
    """

    kept: float = 100.0
    magnitude_bits: int | None = None
    phase_bits: int | None = None
    rebuild_phase: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.kept <= 100:
            raise ParameterError(f"kept must lie between 0 and 100 per cent, not {self.kept:g}")
        for what in ("magnitude_bits", "phase_bits"):
            bits = getattr(self, what)
            if bits is not None and (bits != int(bits) or not 1 <= bits <= MOST_BITS):
                raise ParameterError(f"{what} must be a whole number from 1 to {MOST_BITS}, not {bits}")

    def __bool__(self) -> bool:
        """Whether it loses anything."""
        return self != Recipe()

    @property
    def needs_limits(self) -> bool:
        """Whether a coefficient's fate depends on the others of its segment."""
        return self.kept < 100 or self.magnitude_bits is not None
