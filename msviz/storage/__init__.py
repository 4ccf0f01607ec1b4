"""Representations as files: Zarr and NPZ."""

from msviz.storage.layout import CONTENTS, Content, Recording
from msviz.storage.reading import Stored, load
from msviz.storage.writing import save, save_stream

__all__ = ["CONTENTS", "Content", "Recording", "Stored", "load", "save", "save_stream"]
