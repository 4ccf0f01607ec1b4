"""Writing audio files: interval by interval, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from msviz.audio.media import native
from msviz.audio.source import AudioSource
from msviz.errors import AudioError
from msviz.files import atomic_path
from msviz.signal import Source, require_source

_STRETCH = 1 << 16  # samples read and written at once; between two the writing can be cancelled
_LARGEST_WAV = 2**32 - 2**16  # bytes of samples that a WAV header can announce, with room for itself
_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_SUBTYPES = {
    "WAV": ("FLOAT", "PCM_U8", "PCM_16", "PCM_24", "PCM_32"),
    "FLAC": ("PCM_24", "PCM_S8", "PCM_16"),
}  # the first holds what no other does


def subtype_for(path: str | os.PathLike[str], source: Source) -> str:
    """How samples are kept in a file of this name so that they lose nothing that they need not.

    Returns
    -------
    str
        The bit depth of an `AudioSource` ("PCM_16", "PCM_24", …) if a file of this kind has it; otherwise
        "FLOAT" or, in FLAC, which has no float, "PCM_24".

    Raises
    ------
    AudioError
        If the name ends neither in .wav nor in .flac.
    """
    held = _SUBTYPES[_format(Path(path))]
    own = source.subtype if isinstance(source, AudioSource) else "FLOAT"
    return next((subtype for subtype in held if _BITS.get(subtype) == _BITS.get(own)), held[0])


def write_audio(path: str | os.PathLike[str], source: Source, *, subtype: str | None = None) -> int:
    """Write a source to a WAV or FLAC file at its own rate, with all its channels.

    The file is written under a hidden name and appears when it is whole; if anything fails before, what was
    there stays.  A WAV past 4 GB is written as RF64.

    Parameters
    ----------
    path : path
        Ends in .wav or .flac; a file that is there is replaced.
    source : Source
    subtype : str, optional
        "PCM_16", "PCM_24", "FLOAT" and others that soundfile knows; by default as `subtype_for` says.

    Returns
    -------
    int
        How many values were beyond full scale and were clipped; none in a float file.

    Raises
    ------
    AudioError
        If the file cannot be written there, is being written, or cannot hold such samples.

    See Also
    --------
    msviz.audio.audio_writer : the same, step by step

    Examples
    --------
    >>> import numpy as np
    >>> from msviz import Signal, write_audio
    >>> write_audio("silence.wav", Signal(np.zeros(44100), 44100))
    0
    """
    steps = audio_writer(path, source, subtype=subtype)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return int(end.value)


def audio_writer(
    path: str | os.PathLike[str], source: Source, *, subtype: str | None = None
) -> Generator[float, None, int]:
    """As `write_audio`, step by step; closed before its end, it leaves nothing behind.

    Yields
    ------
    float
        Which share of the source has been written, up to 1.

    Returns
    -------
    int
        How many values were clipped: ``clipped = yield from audio_writer(…)`` has it.
    """
    require_source(source)
    path = Path(path)
    format = _format(path)
    subtype = subtype or subtype_for(path, source)
    if subtype not in _SUBTYPES[format]:
        raise AudioError(
            f"{path} cannot hold samples as {subtype}: {format} takes {', '.join(_SUBTYPES[format])}."
        )
    size = source.length * source.channels * _BITS.get(subtype, 32) // 8
    if format == "WAV" and size > _LARGEST_WAV:
        format = "RF64"
    with atomic_path(path, AudioError) as part:
        part.touch()  # soundfile does not tell why it cannot
        return (yield from _write(part, path, source, format, subtype))


def _format(path: Path) -> str:
    format = path.suffix[1:].upper()
    if format not in _SUBTYPES:
        raise AudioError(f"{path} cannot be written: choose a name that ends in .wav or .flac.")
    return format


def _write(part: Path, path: Path, source: Source, format: str, subtype: str) -> Generator[float, None, int]:
    clipped = 0
    refused = AudioError(f"{path} cannot be written any further: is the disk full?")
    try:
        file = soundfile.SoundFile(native(part), "w", source.rate, source.channels, subtype, format=format)
    except soundfile.LibsndfileError:
        sound = f"{source.channels} channels at {source.rate} Hz"
        raise AudioError(f"{path} cannot be written: {format} does not take {sound}.") from None
    with file:
        for start in range(0, source.length, _STRETCH):
            stop = min(start + _STRETCH, source.length)
            samples = source.read(start, stop)
            beyond = 0
            if subtype == "FLOAT":
                samples = samples.astype(np.float32, copy=False)
            else:
                samples, beyond = _whole_numbers(samples, _BITS[subtype])
            try:
                file.write(samples.T)
            except (AssertionError, soundfile.LibsndfileError):
                raise refused from None
            clipped += beyond
            yield stop / source.length
    if (
        source.length and soundfile.info(native(part)).frames != source.length
    ):  # what is left is written at the end
        raise refused
    return clipped


def _whole_numbers(samples: NDArray[np.floating], bits: int) -> tuple[NDArray[Any], int]:
    """Samples as numbers of so many bits, the inverse of reading them, and how many were clipped.

    libsndfile's own way from float scales by one step less than its way back.
    """
    full = 2.0 ** (bits - 1)
    scaled = np.rint(samples.astype(np.float64) * full)
    scaled[np.isnan(scaled)] = 0  # as a file's are read
    held = np.clip(scaled, -full, full - 1)
    room = 16 if bits <= 16 else 32  # soundfile takes the bits from the top
    whole = held.astype(np.int64) << (room - bits)
    return whole.astype(np.int16 if room == 16 else np.int32), int(np.count_nonzero(scaled != held))
