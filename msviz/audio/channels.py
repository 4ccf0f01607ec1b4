"""Names of channels, in the order of WAV whatever the order of the codec."""

from __future__ import annotations

# In the order of the bits of a WAV's mask, with the names in FFmpeg's layouts as keys.
SPEAKERS = {
    "FL": "left",
    "FR": "right",
    "FC": "centre",
    "LFE": "LFE",
    "BL": "back left",
    "BR": "back right",
    "FLC": "left of centre",
    "FRC": "right of centre",
    "BC": "back centre",
    "SL": "side left",
    "SR": "side right",
    "TC": "top centre",
    "TFL": "top left",
    "TFC": "top front centre",
    "TFR": "top right",
    "TBL": "top back left",
    "TBC": "top back centre",
    "TBR": "top back right",
}
_BITS = tuple(SPEAKERS)

#: The speakers that a number of channels stands for in FLAC, Vorbis and Opus, in the order of WAV.
USUAL = {
    1: "FC",
    2: "FL FR",
    3: "FL FR FC",
    4: "FL FR BL BR",
    5: "FL FR FC BL BR",
    6: "FL FR FC LFE BL BR",
    7: "FL FR FC LFE BC SL SR",
    8: "FL FR FC LFE BL BR SL SR",
}

#: The position of each of these channels in a Vorbis or Opus stream (RFC 7845, 5.1.1.2).
XIPH_ORDER = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 5, 3, 4),
    7: (0, 2, 1, 6, 5, 3, 4),
    8: (0, 2, 1, 7, 5, 6, 3, 4),
}

_CAF_LAYOUTS = {
    110: "FL FR FC",
    113: "FL FR FC",
    114: "FC FL FR",
    117: "FL FR FC BL BR",
    118: "FL FR BL BR FC",
    119: "FL FC FR BL BR",
    120: "FC FL FR BL BR",
    121: "FL FR FC LFE BL BR",
    122: "FL FR BL BR FC LFE",
    123: "FL FC FR BL BR LFE",
    124: "FC FL FR BL BR LFE",
    128: "FL FR FC LFE BL BR SL SR",
}


def names(speakers: str, channels: int) -> tuple[str, ...]:
    """Names of channels to show: those of the speakers, if their number matches, or numbers from 1."""
    found = speakers.split()
    if channels == 1:
        return ("mono",)
    if len(found) != channels or any(speaker not in SPEAKERS for speaker in found):
        return ("left", "right") if channels == 2 else tuple(str(n + 1) for n in range(channels))
    return tuple(SPEAKERS[speaker] for speaker in found)


def of_mask(mask: int | None, channels: int) -> str:
    """The speakers of a WAV; for six and eight channels without a mask, those of 5.1 and 7.1."""
    if mask is None:
        return USUAL[channels] if channels in (6, 8) else ""
    return " ".join(name for bit, name in enumerate(_BITS) if mask >> bit & 1)


def of_caf(layout: int) -> tuple[str, tuple[int, ...] | None]:
    """The speakers of a CAF's layout tag in the order of WAV, and the position of each in the file."""
    held = _CAF_LAYOUTS.get(layout >> 16, "").split()
    order = tuple(sorted(range(len(held)), key=lambda n: _BITS.index(held[n])))
    return " ".join(held[n] for n in order), order if order != tuple(range(len(held))) else None
