"""Opening a file, and saying in one sentence why it cannot be opened."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile

from msviz.audio.decode import Stream
from msviz.errors import AudioError

MOST_CHANNELS = 64
LOWEST_RATE_HZ = 1000
_BEGINNINGS = (b"RIFF", b"RF64", b"riff", b"fLaC", b"OggS", b"FORM", b"caff", b".snd", b"ID3", b"\xff\xfb")


def open_stream(path: Path) -> Stream:
    """Open an audio file and check that it is whole.

    Raises
    ------
    AudioError
        If there is no such file, it may not be read, is empty, is not audio, holds no samples, more
        channels or a lower rate than msviz takes, or ends before its sound does.
    """
    _check_file(path)
    with _decoders_silenced():
        try:
            stream = Stream(path)
        except (soundfile.LibsndfileError, TypeError):  # TypeError: .raw, samples without a header
            raise AudioError(_why_not_opened(path)) from None
        try:
            _check_sound(stream, path)
        except BaseException:
            stream.close()
            raise
    return stream


def _why_not_opened(path: Path) -> str:
    with open(path, "rb") as file:
        begins_as_audio = file.read(4).startswith(_BEGINNINGS)
    if begins_as_audio:
        return f"{path} is damaged or cut short: copy or download it again."
    return (
        f"{path} is not audio that msviz can read: choose a WAV, FLAC, Ogg, Opus, MP3, AIFF, CAF or W64 file."
    )


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise AudioError(f"{path} is a folder: choose an audio file in it.")
        if path.exists() and not path.is_file():
            raise AudioError(f"{path} is not a file that holds sound.")
        with open(path, "rb") as file:
            if not file.read(1):
                raise AudioError(f"{path} is empty (0 bytes): copy or download it again.")
    except FileNotFoundError:
        raise AudioError(f"{path} does not exist.") from None
    except PermissionError:
        raise AudioError(f"{path} may not be read by you: ask for the permission to read it.") from None
    except OSError as error:
        raise AudioError(f"{path} cannot be read: {error.strerror}.") from None


def _check_sound(stream: Stream, path: Path) -> None:
    if _is_cut(stream, path):
        raise AudioError(f"{path} is cut short, it ends before its sound does: copy or download it again.")
    if stream.frames == 0:
        raise AudioError(f"{path} holds no sound: it is 0 samples long.")
    if stream.channels > MOST_CHANNELS:
        raise AudioError(f"{path} has {stream.channels} channels, and msviz takes 1 to {MOST_CHANNELS}.")
    if stream.samplerate < LOWEST_RATE_HZ:
        raise AudioError(
            f"{path} has a rate of {stream.samplerate} Hz, and msviz takes {LOWEST_RATE_HZ} Hz and more."
        )


def _is_cut(stream: Stream, path: Path) -> bool:
    if stream.format == "OGG":
        return _ends_within_ogg_page(path)
    # libsndfile trusts the file's size more than its header and notes where they differ.
    for match in re.finditer(
        r"(?:data|SSND|Data Size|riff|Riff size)\s*: (\d+) \(should be (\d+)\)", stream.extra_info
    ):
        announced, held = map(int, match.groups())
        # Programs that write into a pipe announce about the most that 31 or 32 bits can say.
        if announced > held and -announced % 2**31 > 4096:
            return True
    if stream.format in ("FLAC", "MP3") and 0 < stream.frames < 2**62:
        return _lacks_end(path)
    return False


def _lacks_end(path: Path) -> bool:
    """Whether the last sample cannot be decoded (tried apart: a seek disturbs what MP3 gives next)."""
    with Stream(path) as stream:
        try:
            stream.seek(stream.frames - 1)
            return len(stream.read(1)) == 0
        except soundfile.LibsndfileError:
            return True


def _ends_within_ogg_page(path: Path) -> bool:
    longest = 27 + 255 + 255 * 255  # header, table of segments, segments
    with open(path, "rb") as file:
        file.seek(-min(2 * longest, path.stat().st_size), os.SEEK_END)
        tail = file.read()
    page = tail[max(tail.rfind(b"OggS"), 0) :]
    segments = page[26] if len(page) > 26 else 255
    return len(page) < 27 + segments + sum(page[27 : 27 + segments])


_silence = threading.Lock()


@contextmanager
def _decoders_silenced() -> Iterator[None]:
    """Keep the MP3 decoder from writing on the process's standard error about files that it cannot read."""
    with _silence:
        try:
            sys.stderr.flush()
            kept = os.dup(2)
        except (AttributeError, OSError):  # a window without a console has no standard error
            yield
            return
        try:
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
