"""The window under the hand: how long frames take, how soon pictures are there, what it holds in memory.

    python -m benchmarks.viewer [--minutes 0.2 4 60 180] [--mp3-minutes 4] [--display offscreen|xvfb]

Opens demo tracks repeated to these lengths in the real window at 1600×900, and moves about, zooms, resizes
and plays: first at rest, then while the analysis runs and, whenever it is done, begins anew.  Every track has
a process of its own.  A frame takes what the main thread does between one painting and the next, waiting
for other threads included; its CPU time, without that waiting, says more where the machine has other work.
Sound goes to a device that is not there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QEventLoop, QObject, QPoint, QPointF, Qt, QTimer
from PyQt6.QtGui import QPaintEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication, QSlider

from benchmarks.measure import Report, in_process, machine, peak_mb
from benchmarks.tracks import make_track
from msviz.audio import mix_down
from msviz.gui.canvas.colours import Colours
from msviz.gui.process import prepare, settle
from msviz.gui.theme import apply_theme
from msviz.gui.window import Window
from msviz.gui.work.analysis import Analysis, Picture, Sound
from msviz.picture import COLOUR_MAPS, Pyramid
from msviz.playback import player

SIZE = (1600, 900)
FRAME_S = 1 / 60
FRAMES = 120  # of every kind of movement
TURN_ROUND = 15  # turns of the wheel one way, then the other
SPECTRUM = 2  # the number of its tab
SLIDES = 12  # moves of the slider
WAITED_FOR = 20  # turns of the wheel, and jumps, until the picture is sharp
NEAR_S = 10  # what is seen from near
BEAT_S = 0.005
POLL_S = 0.004  # no oftener, for that costs time as well
BESIDE_S = 2  # from the view: frames reach so far at most
PLAYED_S = 3
LONGEST_WAIT_S = 300
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier

# What is measured, and what it should be at most.
OPENING = {
    "file chosen to first picture, ms": "300",
    "to the whole track, s": "4 min: 2, 60 min: 20",
    "longest block until then, ms": "50",
}
MOVING = {
    "pan: frame p50 / p95 / p99, ms": "10",
    "pan: CPU of a frame p50 / p95, ms": "",
    "pan: frames apart p50 / p95, ms": "18",
    "zoom: frame p50 / p95 / p99, ms": "10",
    "zoom: CPU of a frame p50 / p95, ms": "",
    "zoom: frames apart p50 / p95, ms": "18",
    "resize: frame p50 / p95 / p99, ms": "",
    "zoom step to first frame p50 / p95, ms": "33",
    "zoom step to sharp p50 / p95, ms": "100",
    "jump to sharp p50 / p95, ms": "300",
    "other colours p50 / p95, ms": "16",
    "longest block, ms": "50",
    "playhead positions a second": "at least 50",
}
AT_REST = {
    "playhead: work for each, CPU of it, ms": "1",
    "playhead and spectrum at it: work for each, CPU of it, ms": "",
    "memory at most, MB": "4 min: 400, 180 min: 600",
    "slider to first frame with it p50 / p95, ms": "100",
    "slider to sharp p50 / p95, ms": "",
    "memory at most, old and new pictures, MB": "",
}


class Silence:
    """Stands in for a device's `Output`: takes samples at their pace, and nobody hears them."""

    BLOCK_S = 0.01

    def __init__(self, rate: int, latency: float, device: Any, fill: Callable[..., None]) -> None:
        self.rate, self.device, self.underflows = rate, device, 0
        self.failure, self.active = None, True
        self._latency, self._fill = latency, fill
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def time(self) -> float:
        return time.monotonic()

    def close(self) -> None:
        self.active = False
        self._thread.join()

    def _run(self) -> None:
        block = np.zeros((round(self.BLOCK_S * self.rate), 2), np.float32)
        due = time.monotonic()
        while self.active:
            self._fill(block, time.monotonic(), due + self._latency)
            due += self.BLOCK_S
            time.sleep(max(0.0, due - time.monotonic()))


class Watched(QApplication):
    """Notes how long the main thread works, and when what has been painted."""

    def __init__(self) -> None:
        self.canvas: QObject | None = None
        self._busy_s = self._cpu_s = 0.0
        # When the canvas was painted, and the work until then.
        self.frames: list[tuple[float, NDArray[Any]]] = []
        self.beats: list[float] = []
        self._working = self._painting = False
        self._heart: QTimer | None = None
        prepare()
        super().__init__(["msviz"])  # it notifies of events already
        self.setApplicationName("msviz")
        self.setOrganizationName("msviz")
        apply_theme(self)
        self._heart = QTimer(self)
        self._heart.setTimerType(Qt.TimerType.PreciseTimer)
        self._heart.timeout.connect(lambda: self.beats.append(time.perf_counter()))
        self._heart.start(round(BEAT_S * 1000))

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        # Most are sent while another is at work.  That Python is told of each costs 2 µs, which are counted.
        if self._working or receiver is self._heart:
            if receiver is self.canvas and isinstance(event, QPaintEvent):  # of more than a playhead
                painted, whole = event.rect().size(), receiver.size()
                self._painting |= painted.width() * painted.height() > whole.width() * whole.height() / 20
            return super().notify(receiver, event)
        self._painting = False
        with self.working():
            done = super().notify(receiver, event)
        if self._painting:
            self.frames.append((time.perf_counter(), self.busy))
        return done

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count the time in here as work."""
        self._working = True
        begin, cpu_begin = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            self._cpu_s += time.thread_time() - cpu_begin
            self._busy_s += time.perf_counter() - begin
            self._working = False

    @property
    def busy(self) -> NDArray[Any]:
        """Seconds of work, by the clock and of the processor."""
        return np.array([self._busy_s, self._cpu_s])

    def longest_block_s(self, begin: float) -> float:
        """The longest time since `begin` in which the heart should have beaten and did not."""
        beats = [beat for beat in self.beats if beat >= begin]
        return float(np.diff(beats, prepend=begin, append=time.perf_counter()).max()) - BEAT_S


def go_on(seconds: float) -> None:
    """Let the window live."""
    loop = QEventLoop()
    timer = QTimer(loop)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(loop.quit)
    timer.start(max(0, round(seconds * 1000)))
    loop.exec()


def wait(until: Callable[[], Any]) -> None:
    """Let the window live until something is so."""
    begin = time.perf_counter()
    while not until():
        if time.perf_counter() - begin > LONGEST_WAIT_S:
            raise TimeoutError("the window does not come to an end")
        go_on(POLL_S)


def ms(seconds: Any, *percents: int) -> str:
    """Milliseconds, or percentiles of many."""
    values = np.percentile(seconds, percents) if percents else [seconds]
    return " / ".join(f"{value * 1000:.1f}" for value in values)


class Hands:
    """What is done with the window, and what it took."""

    def __init__(self, app: Watched) -> None:
        self.app = app
        self.window = Window()
        self.window.resize(*SIZE)
        self.window.show()
        self.window.inspector.show()
        settle()
        self.view = self.window.view
        self.canvas = app.canvas = self.window.pictures.octaves.canvas
        self.random = np.random.default_rng(4)

    def open(self, path: Path) -> Iterator[str]:
        """Measure what `OPENING` names."""
        app, came = self.app, []
        begin = time.perf_counter()
        self.window.files.open(path)
        wait(lambda: self.window.analysis)
        self.analysis = self.window.analysis
        self.analysis.tile_done.connect(lambda *_: came.append(time.perf_counter()))
        wait(lambda: came and app.frames and app.frames[-1][0] > came[0])
        yield ms(next(at for at, _ in app.frames if at > came[0]) - begin)
        wait(lambda: self.analysis.progress == 1)
        yield f"{time.perf_counter() - begin:.2f}"
        yield ms(app.longest_block_s(begin))

    def keep_busy(self) -> None:
        """From now on analyse the track again and again, beside what the window itself wants."""
        source = mix_down(self.window.source)
        pictures = []
        for shown in self.analysis.pictures:
            pyramid = Pyramid(shown.transform.bands, source.rate, source.length, budget=1 << 20)
            pyramid.look(0, 0, 1)  # none of it is in view
            pictures.append(Picture(shown.transform, pyramid))
        self.again = Analysis(self.window.runner, Sound(source, source), pictures)
        self.again.tile_done.connect(self._tell)
        self.again.fill()

    def _tell(self, picture: Picture, tile: int) -> None:
        """Tell the window of a tile as if it were one of its own that it does not see."""
        start, stop = (sample / self.view.rate for sample in picture.pyramid.tile_range(tile))
        if stop < self.view.range.start_s - BESIDE_S or start > self.view.range.stop_s + BESIDE_S:
            self.window.pictures.refresh(self.analysis.pictures[self.again.pictures.index(picture)], tile)
        self.analysis.progressed.emit()
        if self.again.progress == 1:
            for every in self.again.pictures:
                every.pyramid.analysed[:] = False

    def close(self) -> None:
        """Close the window; all its threads end."""
        self.again.stop()
        self.window.close()

    def move_about(self) -> Iterator[str]:
        """Measure what `MOVING` names."""
        begin = time.perf_counter()
        for held, way in ((SHIFT, -1), (CTRL, 1)):
            self._look_near()
            took, cpu, apart = self._frames(
                lambda n, h=held, w=way: self._turn(h, w * (-1) ** (n // TURN_ROUND))
            )
            yield ms(took, 50, 95, 99)
            yield ms(cpu, 50, 95)
            yield ms(apart, 50, 95)
        width, height = SIZE
        took, _, _ = self._frames(lambda n: self.window.resize(width - 8 * (n % 30), height - 4 * (n % 30)))
        yield ms(took, 50, 95, 99)
        self.window.resize(*SIZE)
        self.view.fit()
        wait(self._is_sharp)
        turns = [self._until_sharp(lambda: self._turn(CTRL, 1)) for _ in range(WAITED_FOR)]
        yield ms([first for first, _ in turns], 50, 95)
        yield ms([sharp for _, sharp in turns], 50, 95)
        self._look_near()
        places = self.view.full.stop_s * self.random.uniform(0.2, 0.8, WAITED_FOR)
        yield ms([self._until_sharp(lambda p=place: self.view.center(p))[1] for place in places], 50, 95)
        colours = [Colours(name, floor) for floor in range(-90, -60) for name in COLOUR_MAPS]
        took, _, _ = self._frames(lambda n: self.window.pictures.set_colours(colours[n]))
        yield ms(took, 50, 95)
        yield ms(self.app.longest_block_s(begin))
        yield f"{self.play()[0]:.0f}"

    def play(self) -> tuple[float, NDArray[Any]]:
        """Play; positions of the playhead a second, and the main thread's work and CPU time for each."""
        positions: list[float] = []
        self._look_near()
        self.window.listening.seek(self.view.range.start_s)
        told = self.view.playhead_changed.connect(lambda: positions.append(time.perf_counter()))
        self.window.listening.toggle_playing()
        wait(lambda: len(positions) > 10)
        positions.clear()
        worked, begin = self.app.busy, time.perf_counter()
        go_on(PLAYED_S)
        played_s, worked = time.perf_counter() - begin, self.app.busy - worked
        self.view.playhead_changed.disconnect(told)
        self.window.listening.stop_playing()
        return len(positions) / played_s, worked / len(positions)

    def slide(self) -> Iterator[str]:
        """Move the slider of the resolution; what that takes, and the memory then."""
        self._look_near()
        moves = [self._until_turned(step) for step in np.tile([60, 140, 100], SLIDES // 3)]
        yield ms([first for first, _ in moves], 50, 95)
        yield ms([sharp for _, sharp in moves], 50, 95)
        yield f"{peak_mb():.0f}"

    def _look_near(self) -> None:
        """Look from near at a place in the middle, and wait until it is sharp."""
        full = self.view.full
        start_s = 0.4 * full.stop_s
        self.view.show(full._replace(start_s=start_s, stop_s=start_s + min(NEAR_S, full.stop_s / 4)))
        wait(self._is_sharp)

    def _turn(self, held: Qt.KeyboardModifier, notches: int) -> None:
        at = QPointF(self.canvas.width() * 0.6, self.canvas.height() * 0.4)
        turned = QPoint(0, 120 * notches)
        event = QWheelEvent(
            at,
            self.canvas.mapToGlobal(at),
            QPoint(),
            turned,
            Qt.MouseButton.NoButton,
            held,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        self.app.sendEvent(self.canvas, event)

    def _frames(self, step: Callable[[int], Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Of the frames that steps at this pace bring about: the work and CPU in each, the time between."""
        before = len(self.app.frames)
        for number in range(FRAMES):
            due = time.perf_counter() + FRAME_S
            with self.app.working():
                step(number)
            go_on(due - time.perf_counter())
        painted = np.array([(at, *work) for at, work in self.app.frames[before:]])
        apart, took, cpu = np.diff(painted, axis=0).T
        return took, cpu, apart

    def _is_sharp(self) -> bool:
        return all(picture.pyramid.sharp for picture in self.analysis.pictures)

    def _until_turned(self, step: int) -> tuple[float, float]:
        """Seconds from a slider's move to the first frame of the new picture, and to the sharp one."""
        slider = self.window.inspector.parameters.findChild(QSlider)
        turned, frames = [], self.app.frames
        told = self.window.pictures.turned.connect(lambda: turned.append(time.perf_counter()))
        begin = time.perf_counter()
        slider.setValue(int(step))
        self.analysis = self.window.analysis
        wait(lambda: turned and frames[-1][0] >= turned[0])
        self.window.pictures.turned.disconnect(told)
        first = next(at for at, _ in frames if at >= turned[0])
        wait(self._is_sharp)
        go_on(0.06)
        return first - begin, frames[-1][0] - begin

    def _until_sharp(self, step: Callable[[], Any]) -> tuple[float, float]:
        """Seconds from a step to its first frame, and to the one that is as sharp as can be."""
        frames = self.app.frames
        begin = time.perf_counter()
        step()
        wait(lambda: not self.view.gliding and self._is_sharp())
        known = time.perf_counter()
        wait(lambda: frames[-1][0] >= begin)
        first = next(at for at, _ in frames if at >= begin)
        if first < known:  # what came in last is painted soon after, unless it already has been
            go_on(0.06)
        return first - begin, frames[-1][0] - begin


def drive(path: Path) -> list[str]:
    """Open a track, move about in it and tell what that took; this process is for nothing else."""
    player.Output = Silence  # type: ignore[assignment, misc]
    app = Watched()
    hands = Hands(app)
    found = list(hands.open(path))
    found += hands.move_about()
    hands.window.inspector.hide()  # in it is a spectrum, which is drawn ten times a second
    alone = hands.play()[1]
    hands.window.inspector.show()
    hands.window.inspector.tab = SPECTRUM
    found += [" / ".join(map(ms, work)) for work in (alone, hands.play()[1])]
    found.append(f"{peak_mb():.0f}")
    found += hands.slide()
    hands.keep_busy()
    found += hands.move_about()
    hands.close()
    return found


@contextmanager
def display(name: str) -> Iterator[None]:
    """A place to draw."""
    os.environ["QT_QPA_PLATFORM"] = {"xvfb": "xcb"}.get(name, name)
    if name != "xvfb":
        yield
        return
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1920x1080x24"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            os.environ["DISPLAY"] = f":{server.stdout.readline().strip()}"
            yield
        finally:
            server.terminate()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, nargs="*", default=[0.2, 4, 60, 180], help="FLAC")
    parser.add_argument("--mp3-minutes", type=float, nargs="*", default=[4], help="MP3, which does not seek")
    parser.add_argument("--display", choices=["offscreen", "xvfb"], default="offscreen")
    parser.add_argument(
        "--markdown",
        nargs="?",
        const="-",
        metavar="FILE",
        help="print Markdown; with FILE, put it there between this benchmark's marks",
    )
    options = parser.parse_args()
    report = Report("viewer", options.markdown)
    report.paragraph(f"{machine()}, {options.display}, {SIZE[0]}×{SIZE[1]}")
    busy = {f"busy, {name}": "12" if bar == "10" else bar for name, bar in MOVING.items()}
    bars = OPENING | MOVING | AT_REST | busy
    columns = [["", *bars], ["at most", *bars.values()]]
    tracks = [(minutes, "flac") for minutes in options.minutes]
    tracks += [(minutes, "mp3") for minutes in options.mp3_minutes]
    with tempfile.TemporaryDirectory() as name, display(options.display):
        for minutes, kind in tracks:
            path = Path(name) / f"track.{kind}"
            # The parameters that the slider was left at would be those of the next track.
            os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(dir=name)
            make_track(path, minutes)
            columns.append([f"{minutes:g} min {kind.upper()}", *in_process(drive, path, threads=1)])
            path.unlink()
    header, *rows = zip(*columns, strict=True)
    report.table(header, rows)
    report.finish()


if __name__ == "__main__":
    main()
