"""Audio files, read and written by stretch."""

from msviz.audio.mix import decoded, mix_down
from msviz.audio.source import AudioSource, open_audio, read_audio
from msviz.audio.writing import subtype_for, write_audio

__all__ = [
    "AudioSource",
    "decoded",
    "mix_down",
    "open_audio",
    "read_audio",
    "subtype_for",
    "write_audio",
]
