"""How to reduce a representation before it is synthesized."""

from __future__ import annotations

from dataclasses import dataclass

from msviz.errors import ParameterError

MOST_BITS = 16


@dataclass(frozen=True)
class Recipe:
    """How to reduce a representation; the default changes nothing.

    The steps, in order: discard the weakest coefficients, quantize the others, reconstruct their phases.
    The octave transform's residual, one real number every few hundred samples, is never changed.

    Parameters
    ----------
    kept : float
        The share of coefficients to keep, in per cent: those with the most energy in each segment, over all
        bands and channels together.  From 0 to 100.
    magnitude_bits : int, optional
        Bits for each magnitude: code 0 is silence, the others are equal steps in dB over the `RANGE_DB`
        below the segment's peak.  From 1 to 16; None keeps full precision.
    phase_bits : int, optional
        Bits for each phase, in equal steps around the circle.  From 1 to 16; None keeps full precision.
        Ignored if the phase is reconstructed.
    rebuild_phase : bool
        Discard the phases and reconstruct them from the magnitudes.

    Raises
    ------
    ParameterError
        If a number is out of range.
    """

    kept: float = 100.0
    magnitude_bits: int | None = None
    phase_bits: int | None = None
    rebuild_phase: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.kept <= 100:
            raise ParameterError(f"kept must be between 0 and 100 per cent, not {self.kept:g}")
        for what in ("magnitude_bits", "phase_bits"):
            bits = getattr(self, what)
            if bits is not None and (bits != int(bits) or not 1 <= bits <= MOST_BITS):
                raise ParameterError(f"{what} must be a whole number from 1 to {MOST_BITS}, not {bits}")

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return self != Recipe()

    @property
    def needs_limits(self) -> bool:
        """Whether the result for a coefficient depends on the others of its segment."""
        return self.kept < 100 or self.magnitude_bits is not None
