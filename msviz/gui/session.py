"""A track that is open: its pictures, and what there is to hear of it."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from msviz.audio import AudioSource, mix_down
from msviz.gui.analysis import Analysis, Picture
from msviz.gui.jobs import Runner
from msviz.gui.parameters import POOLED, Parameters
from msviz.playback import Difference, Player, Resynthesis
from msviz.signal import Source

SOURCES = ("Original", "Multi-scale", "STFT", "Difference")


class Session(QObject):
    """One file, from when it is opened until another takes its place.

    Parameters
    ----------
    source : AudioSource
        Closed with the session.
    parameters : Parameters
    runner : Runner
        Analyses it.
    player : Player
        Plays it, from `start` on.

    Attributes
    ----------
    transform : OctaveTransform
    stft : STFT
    analysis : Analysis or None
        Of the pictures that it has now.

    Raises
    ------
    ParameterError
        If the parameters do not go with the file's rate.
    """

    tile_done = pyqtSignal(object, int)
    samples_read = pyqtSignal(int, object)
    progressed = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(self, source: AudioSource, parameters: Parameters, runner: Runner, player: Player) -> None:
        super().__init__()
        self.source = source
        self.analysis: Analysis | None = None
        self._runner, self._player = runner, player
        self._set_parameters(parameters)

    def _set_parameters(self, parameters: Parameters) -> None:
        rate = self.source.rate
        self.transform, self.stft = parameters.octave_transform(rate), parameters.stft(rate)
        self.parameters = parameters

    def start(self) -> tuple[Picture, Picture]:
        """Load the player, and begin to fill the pictures that are returned."""
        self._player.load(self._heard())
        return self._analyze()

    def set_parameters(self, parameters: Parameters) -> tuple[Picture, Picture]:
        """Play with other parameters at the same place, and begin to fill other pictures.

        Raises
        ------
        ParameterError
            If they do not go with the file's rate; nothing has changed then.
        """
        self._set_parameters(parameters)
        if self.analysis:
            self.analysis.stop()
        self._player.exchange(self._heard())
        return self._analyze()

    def close(self) -> None:
        """Stop all that goes on, and close the file."""
        if self.analysis:
            self.analysis.stop()
        self._player.unload()
        self.source.close()

    def _heard(self) -> dict[str, Source]:
        """All that can be heard of the track."""
        source = self.source
        multi_scale = Resynthesis(source, self.transform)
        heard = (source, multi_scale, Resynthesis(source, self.stft), Difference(source, multi_scale))
        return dict(zip(SOURCES, heard, strict=True))

    def _analyze(self) -> tuple[Picture, Picture]:
        """Begin to fill new pictures."""
        parameters = self.parameters
        drawn = self.source if parameters.channel == "any" else mix_down(self.source, parameters.channel)
        pool = POOLED[parameters.pooled]
        octaves = Picture.of(parameters.octave_picture(self.transform), drawn, pool)
        spectra = Picture.of(self.stft, drawn, pool)
        self.analysis = Analysis(self._runner, drawn, [octaves, spectra])
        for mine, its in (
            (self.tile_done, self.analysis.tile_done),
            (self.samples_read, self.analysis.samples_read),
            (self.progressed, self.analysis.progressed),
            (self.failed, self.analysis.failed),
        ):
            its.connect(mine)
        return octaves, spectra
