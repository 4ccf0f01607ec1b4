"""Read and write audio files, any interval of samples at a time."""

from msviz.audio.damage import Damage, problems, require_sound
from msviz.audio.mix import Mix, decoded, mix_down
from msviz.audio.source import AudioSource, open_audio, read_audio
from msviz.audio.writing import audio_writer, subtype_for, write_audio

__all__ = [
    "AudioSource",
    "Damage",
    "Mix",
    "audio_writer",
    "decoded",
    "mix_down",
    "open_audio",
    "problems",
    "read_audio",
    "require_sound",
    "subtype_for",
    "write_audio",
]
