"""Write audio files piece by piece, completely or not at all."""

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

_STRETCH = 1 << 16  # samples read and written at once; writing can be cancelled in between
_LARGEST_WAV = 2**32 - 2**16  # bytes of samples in a WAV, with room for its header
_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_SUBTYPES = {
    "WAV": ("FLOAT", "PCM_U8", "PCM_16", "PCM_24", "PCM_32"),
    "FLAC": ("PCM_24", "PCM_S8", "PCM_16"),
}  # the first is the default


def subtype_for(path: str | os.PathLike[str], source: Source) -> str:
    """The sample format that suits a source best in a file of this name.

    Returns
    -------
    str
        The bit depth of an `AudioSource` ("PCM_16", "PCM_24", …) if the file format has it; otherwise
        "FLOAT" or, in FLAC, which has no float, "PCM_24".

    Raises
    ------
    AudioError
        If the name does not end in .wav or .flac.
    """
    held = _SUBTYPES[_format(Path(path))]
    own = source.subtype if isinstance(source, AudioSource) else "FLOAT"
    return next((subtype for subtype in held if _BITS.get(subtype) == _BITS.get(own)), held[0])


def write_audio(path: str | os.PathLike[str], source: Source, *, subtype: str | None = None) -> int:
    """Write a source to a WAV or FLAC file at its own sampling rate, with all its channels.

    The file is written under a hidden name and renamed when it is complete: if anything fails before that,
    an existing file is untouched.  A WAV over 4 GB is written as RF64.

    Parameters
    ----------
    path : path
        Ends in .wav or .flac; an existing file is replaced.
    source : Source
    subtype : str, optional
        "PCM_16", "PCM_24", "FLOAT", …, as soundfile names them; by default what `subtype_for` gives.

    Returns
    -------
    int
        How many sample values exceeded full scale and were clipped; 0 for a float file.

    Raises
    ------
    AudioError
        If the file cannot be written, is being written by another process, or cannot store such samples.

    See Also
    --------
    msviz.audio.audio_writer : The same, step by step.

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
    """Like `write_audio`, step by step; closed before its end, it leaves nothing behind.

    Yields
    ------
    float
        The fraction of the source written so far, up to 1.

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
            f"{path} cannot store {subtype} samples: {format} supports {', '.join(_SUBTYPES[format])}."
        )
    size = source.length * source.channels * _BITS.get(subtype, 32) // 8
    if format == "WAV" and size > _LARGEST_WAV:
        format = "RF64"
    with atomic_path(path, AudioError) as part:
        part.touch()  # soundfile does not say why it cannot
        return (yield from _write(part, path, source, format, subtype))


def _format(path: Path) -> str:
    format = path.suffix[1:].upper()
    if format not in _SUBTYPES:
        raise AudioError(f"{path} cannot be written: choose a name ending in .wav or .flac.")
    return format


def _write(part: Path, path: Path, source: Source, format: str, subtype: str) -> Generator[float, None, int]:
    clipped = 0
    refused = AudioError(f"{path} could not be written completely: is the disk full?")
    try:
        file = soundfile.SoundFile(native(part), "w", source.rate, source.channels, subtype, format=format)
    except soundfile.LibsndfileError:
        sound = f"{source.channels} channels at {source.rate} Hz"
        raise AudioError(f"{path} cannot be written: {format} does not support {sound}.") from None
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
    """Samples as integers of the given bit depth, the inverse of reading them, and how many were clipped.

    libsndfile's own way from float scales by one step less than its way back.
    """
    full = 2.0 ** (bits - 1)
    scaled = np.rint(samples.astype(np.float64) * full)
    scaled[np.isnan(scaled)] = 0  # as in files that are read
    held = np.clip(scaled, -full, full - 1)
    room = 16 if bits <= 16 else 32  # soundfile takes the bits from the top
    whole = held.astype(np.int64) << (room - bits)
    return whole.astype(np.int16 if room == 16 else np.int32), int(np.count_nonzero(scaled != held))
