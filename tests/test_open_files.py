"""Audio that is no file on this disk: open binary files and fsspec addresses."""

from __future__ import annotations

import io
import zipfile
from unittest.mock import Mock

import numpy as np
import pytest
import soundfile
from audio_tools import RATE, encode, mp3, noise, vorbis

import msviz


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A file of each way in which files are read."""
    folder = tmp_path_factory.mktemp("files")
    soundfile.write(folder / "a.wav", noise(2), RATE)
    soundfile.write(folder / "a.flac", noise(2), RATE)
    return {
        "wav": folder / "a.wav",
        "flac": folder / "a.flac",
        "ogg": vorbis(folder / "a.ogg", noise(2)),
        "mp3": mp3(folder / "a.mp3", noise(2)),
        "untagged mp3": mp3(folder / "b.mp3", noise(2), tag=False),
        "m4a": encode(folder / "a.m4a", noise(2), "aac"),
    }


KINDS = ["wav", "flac", "ogg", "mp3", "untagged mp3", "m4a"]


class Unbuffered(io.RawIOBase):
    """An open file of a kind that gives less than it is asked for."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, *where):
        return self._data.seek(*where)

    def tell(self):
        return self._data.tell()

    def readinto(self, buffer):
        part = self._data.read(min(len(buffer), 1000))
        buffer[: len(part)] = part
        return len(part)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["open", "bytes", "unbuffered"])
def test_an_open_file_is_read_as_its_path_is(files, kind, how):
    whole = msviz.read_audio(files[kind]).samples
    data = files[kind].read_bytes()
    makes = {"bytes": io.BytesIO, "unbuffered": Unbuffered}
    file = makes[how](data) if how in makes else files[kind].open("rb")
    with file:
        file.seek(17)  # wherever it stands
        signal = msviz.read_audio(file)
        assert not file.closed
    np.testing.assert_array_equal(signal.samples, whole)


def test_a_member_of_an_archive(files, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(files["flac"], "song.flac")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive, archive.open("song.flac") as member:
        signal = msviz.read_audio(member)
    np.testing.assert_array_equal(signal.samples, msviz.read_audio(files["flac"]).samples)


def test_a_file_is_named_as_it_names_itself(files):
    with open(files["wav"], "rb") as file, msviz.open_audio(file) as audio:
        assert audio.path == files["wav"]
        assert audio.name == "a.wav"
    with msviz.open_audio(io.BytesIO(files["wav"].read_bytes())) as audio:
        assert audio.name == "The open file"


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_is_read_where_it_lies(files, kind):
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe_file("/music/song", files[kind].read_bytes())
    with msviz.open_audio("memory://music/song") as audio:
        np.testing.assert_array_equal(audio.read(0, audio.length), msviz.read_audio(files[kind]).samples)
        assert audio.name == "song"
    memory.rm("/music", recursive=True)


def test_a_path_as_an_address(files):
    signal = msviz.read_audio(files["wav"].as_uri())
    np.testing.assert_array_equal(signal.samples, msviz.read_audio(files["wav"]).samples)


def test_an_address_that_leads_nowhere():
    for address, told in (
        ("memory://nowhere/song.wav", "does not exist."),
        ("nonsense://song.wav", "cannot be reached"),
    ):
        with pytest.raises(msviz.AudioError, match=told):
            msviz.open_audio(address)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (lambda path: path.open(encoding="latin1"), "is open in text mode: open it in binary mode."),
        (lambda path: io.StringIO("RIFF"), "is open in text mode: open it in binary mode."),
        (lambda path: io.BytesIO(), "is empty"),
        (lambda path: 7, "is not an open binary file"),
        (lambda path: Mock(seek=Mock(side_effect=io.UnsupportedOperation("seek"))), "cannot be read: seek."),
    ],
)
def test_what_cannot_be_read_so_is_told(files, file, told):
    given = file(files["wav"])
    with pytest.raises(msviz.AudioError, match=told):
        msviz.open_audio(given)
    if hasattr(given, "close"):
        given.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_fails_is_told_and_is_no_damage(files, kind):
    class Failing(io.BytesIO):
        fails = False

        def read(self, count=-1):
            if self.fails:
                raise OSError(5, "Input/output error")
            return super().read(count)

    file = Failing(files[kind].read_bytes())
    with msviz.open_audio(file) as audio:
        file.fails = True
        with pytest.raises(msviz.AudioError, match=r"could not be read to the end: Input/output error\."):
            audio.read(0, audio.length)
        assert audio.damage == ()
