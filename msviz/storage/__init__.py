"""Representations as files: Zarr and NPZ."""

from msviz.storage.contents import CONTENTS, Content
from msviz.storage.description import Recording
from msviz.storage.reading import StoredCoefficients, StoredRepresentation, load
from msviz.storage.writing import StreamWriter, save, save_stream, stream_writer

__all__ = [
    "CONTENTS",
    "Content",
    "Recording",
    "StoredCoefficients",
    "StoredRepresentation",
    "StreamWriter",
    "load",
    "save",
    "save_stream",
    "stream_writer",
]
