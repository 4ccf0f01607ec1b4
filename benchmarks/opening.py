"""From the call that opens an hour of audio to its first picture, by the kind of file, in turns with a FLAC.

    python -m benchmarks.opening [--minutes N] [--repeats N]

A window is open already, as when a person chooses a file in it; every run is a process of its own, so that
what a kind of file needs is imported in it.  Needs no display: without one, Qt draws offscreen.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import av
import numpy as np
import soundfile

from benchmarks.startup import run
from benchmarks.tracks import make_track

MINUTES = 60
PIECE = 1 << 20  # samples that are encoded at a time
KINDS = {
    "hour.wav": None,
    "hour.mp3": ("libmp3lame", {"write_xing": "0", "id3v2_version": "0"}),  # nothing tells its length
    "hour.m4a": ("aac", {}),
}

# Prints milliseconds from `Files.open` to the first paint with a picture in it, and the peak of memory in MB.
OPEN = """
import os, resource, sys, time
from pathlib import Path
from msviz.gui import app
from msviz.gui.canvas import picture_canvas
application = app.application()
from msviz.gui.window import Window
window = Window()
window.asks = False
window.show()
application.processEvents()
shown = []
paint = picture_canvas.PictureCanvas.paintEvent
def watched(self, event):
    paint(self, event)
    pyramid = self._viewport.pyramid
    if pyramid is not None and pyramid.analysed.any():
        shown.append(time.perf_counter())
picture_canvas.PictureCanvas.paintEvent = watched
started = time.perf_counter()
window.files.open(Path(sys.argv[1]))
while not shown:
    application.processEvents()
    time.sleep(0.0005)
print(1000 * (shown[0] - started), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
window.close()
"""


def encode(source: Path, path: Path, codec: str, options: dict[str, str]) -> None:
    """Write a track again with one of FFmpeg's encoders."""
    with soundfile.SoundFile(source) as file, av.open(str(path), "w", container_options=options) as out:
        layout = {1: "mono", 2: "stereo"}[file.channels]
        stream = out.add_stream(codec, rate=file.samplerate, layout=layout)
        stream.bit_rate = 128_000
        out.start_encoding()
        context = stream.codec_context
        resampler = av.AudioResampler(context.format, layout, file.samplerate, frame_size=context.frame_size)
        at = 0
        while len(samples := file.read(PIECE, dtype="float32", always_2d=True)):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=layout)
            frame.sample_rate, frame.pts = file.samplerate, at
            at += len(samples)
            for made in resampler.resample(frame):
                out.mux(stream.encode(made))
        for made in resampler.resample(None):
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        flac = Path(folder) / "hour.flac"
        make_track(flac, options.minutes)
        paths = [flac]
        for name, how in KINDS.items():
            paths.append(Path(folder) / name)
            if how:
                encode(flac, paths[-1], *how)
            else:
                make_track(paths[-1], options.minutes)
        rows: dict[str, list[list[float]]] = {path.name: [] for path in paths}
        for _ in range(options.repeats):
            for path in paths:
                rows[path.name].append([float(value) for value in run(OPEN, str(path))[1].split()])
    for name, values in rows.items():
        first = statistics.median(row[0] for row in values)
        ratio = statistics.median(
            row[0] / other[0] for row, other in zip(values, rows[flac.name], strict=True)
        )
        memory = statistics.median(row[1] for row in values)
        print(f"{name:10} {first:6.0f} ms to the first picture, {ratio:4.2f} times FLAC, {memory:4.0f} MB")


if __name__ == "__main__":
    main()
