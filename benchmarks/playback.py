"""Playing while everything else works: what is heard too late, and what making it costs.

    python -m benchmarks.playback [--seconds 60]

Plays every source of a track from a private PulseAudio server's null sink, in the real window without a
display: it pans all the while, and two workers analyse the track again and again.  Then tells what a second
of stereo sound costs to make, in seconds of one processor, for each source, speed and rate.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measure import RATE, Report, in_process, machine
from benchmarks.tracks import make_track

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # where the sound server of the tests is
from sound_server import SoundServer

CHUNKS = 20  # made of each source
STEP_S = 1 / 60


def listen(path: Path, seconds: float, environment: Mapping[str, str]) -> list[str]:
    """Play while the window pans and analyses; this process is for nothing else."""
    os.environ.update(environment)
    from benchmarks.viewer import Hands, Watched, go_on

    hands = Hands(Watched())
    list(hands.open(path))
    hands.keep_busy()
    player, view = hands.window.player, hands.view
    view.show(view.full._replace(stop_s=10.0))
    player.play()
    began = time.monotonic()
    steps = 0
    while time.monotonic() < began + seconds:
        view.pan(0.05 * (-1) ** (steps // 120))
        if steps % 120 == 60:  # every other second another source
            player.select(player.names[steps // 120 % len(player.names)])
        steps += 1
        go_on(STEP_S)
    heard_s, made, device = player.position / RATE, player._mixer.request.tally.dropouts, player.dropouts
    error = player.error
    hands.close()
    if error:
        raise RuntimeError(error)
    return [f"{seconds:g}", f"{heard_s:.1f}", f"{steps / seconds:.0f}", f"{made}", f"{device - made}"]


def costs(path: Path) -> list[list[str]]:
    """Seconds of one processor that a second of sound costs, for each source as it is sent."""
    from msviz import STFT, OctaveTransform, open_audio
    from msviz.playback import Difference, Resynthesis
    from msviz.playback.buffer import CHUNK, PlaybackBuffer

    with open_audio(path) as original:
        octaves = Resynthesis(original, OctaveTransform(original.rate, workers=1))
        sources = {
            "original": original,
            "multi-scale": octaves,
            "STFT": Resynthesis(original, STFT(original.rate)),
            "difference": Difference(original, octaves),
        }
        rows = [[name] for name in sources]
        for slower, rate in [(1, RATE), (2, RATE), (4, RATE), (1, 48000)]:
            track = PlaybackBuffer(sources, slower=slower, rate=rate)
            for row, source in zip(rows, range(len(sources)), strict=True):
                track.make(source, 10, [])
                begin = time.process_time()
                for index in range(11, 11 + CHUNKS):
                    track.make(source, index, [])
                row.append(f"{(time.process_time() - begin) / (CHUNKS * CHUNK / rate):.3f}")
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    report = Report("playback", None)
    report.paragraph(f"{machine()}, load {os.getloadavg()[0]:.1f} before it began")
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "track.flac"
        make_track(path, 4)
        report.table(
            ["seconds of processor for a second of sound", "", "at 1/2", "at 1/4", "at 48 kHz"],
            in_process(costs, path, threads=1),
        )
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        os.environ["XDG_CONFIG_HOME"] = name
        server = SoundServer()
        try:
            with server.recording():  # or the null sink takes two seconds at a time
                row = in_process(listen, path, options.seconds, server.environment, threads=1)
        finally:
            server.stop()
        report.table(
            ["played, s", "heard, s", "moves a second", "dropouts", "too late for the device"], [row]
        )


if __name__ == "__main__":
    main()
