"""Audio files, read by stretch."""

from msviz.audio.mix import decoded, mix_down
from msviz.audio.source import AudioSource, open_audio, read_audio

__all__ = ["AudioSource", "decoded", "mix_down", "open_audio", "read_audio"]
