"""Pictures and data that the window writes: as files, read again."""

from __future__ import annotations

import math
import re
from base64 import b64decode
from xml.etree import ElementTree

import numpy as np
import pytest
from PyQt6.QtCore import QByteArray, QSize
from PyQt6.QtGui import QImage
from PyQt6.QtSvg import QSvgRenderer
from PyQt6.QtWidgets import QDialog, QFileDialog
from window_tools import Device, tone, write

import msviz
from msviz.gui.canvas.rulers import FREQUENCY_RULER_WIDTH, LEGEND_WIDTH
from msviz.gui.dialogs import dialogs
from msviz.gui.dialogs.data_export import CONTENTS, FILES, DataDialog
from msviz.gui.dialogs.picture_export import PictureDialog
from msviz.gui.model.view import Box
from msviz.gui.panels.pictures import Look
from msviz.gui.window import Window
from msviz.gui.work import exporting
from msviz.gui.work.exporting import DataExport, pieces
from msviz.playback import Player, player
from msviz.transform import STFT, OctaveTransform
from msviz.transform.edits import Edits, OctaveEdit

RATE = 8000
TONE_HZ = 1000.0  # where a tick is
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def window(qtbot, tmp_path, monkeypatch, qapp):
    monkeypatch.setattr(player, "Output", Device)
    qapp.setOrganizationName("msviz")
    qapp.setApplicationName("msviz")
    made = Window(Player())
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    made.files.open(write(tmp_path / "tone.wav", tone(TONE_HZ, 20.0)))
    qtbot.waitUntil(lambda: made.source is not None)
    return made


def picture_dialog(qtbot, window, look=None):
    dialog = PictureDialog(window.session, window.view.target, look or Look(), QSize(640, 400), window)
    qtbot.addWidget(dialog)
    return dialog


def finished(qtbot, window, task):
    with qtbot.waitSignal(window.exporter.message) as told:
        window.exporter.start(task)
    assert told.args == [f"Saved {task.path.name}."]
    return task.path


def answered(monkeypatch, kind, path):
    """Let a person accept the dialog as it is, and give the file a name."""
    monkeypatch.setattr(kind, "exec", lambda _: QDialog.DialogCode.Accepted)
    monkeypatch.setattr(QFileDialog, "exec", lambda _: QDialog.DialogCode.Accepted)
    monkeypatch.setattr(QFileDialog, "selectedFiles", lambda _: [str(path)])


def grey(image):
    """Brightness (height, width)."""
    image = image.convertToFormat(QImage.Format.Format_Grayscale8)
    lines = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
    return lines.reshape(image.height(), image.bytesPerLine())[:, : image.width()]


# Pictures


def test_svg_has_ticks_as_writing_and_the_picture_as_an_image(qtbot, window, tmp_path):
    window.view.show(Box(2.0, 6.0, 100.0, 4000.0))
    dialog = picture_dialog(qtbot, window, Look(shown="octaves"))
    dialog._format.setCurrentText("SVG, editable axes")
    path = finished(qtbot, window, dialog.task(tmp_path / "out.svg"))
    drawing = ElementTree.parse(path).getroot()
    assert drawing.get("viewBox") == "0 0 640 400"
    texts = {"".join(text.itertext()) for text in drawing.iter(f"{SVG}text")}
    assert {"tone.wav   0:02.000 to 0:06.000   100.0 Hz to 4000 Hz", "Octaves"} <= texts
    assert {"100", "200", "500", "1k", "2k", "0:03.0", "0 dB", "−80"} <= texts
    images = [image for image in drawing.iter(f"{SVG}image") if float(image.get("width")) > 400]
    assert len(images) == 1
    data = images[0].get("{http://www.w3.org/1999/xlink}href").partition(",")[2]
    embedded = QImage.fromData(b64decode(data))
    assert (embedded.width(), embedded.height()) == (
        int(images[0].get("width")),
        int(images[0].get("height")),
    )
    assert QSvgRenderer(QByteArray(path.read_bytes())).isValid()


@pytest.mark.parametrize("linear", [False, True])
def test_a_tone_lies_at_its_tick(qtbot, window, tmp_path, linear):
    window.view.show(Box(2.0, 6.0, 100.0, 4000.0))
    dialog = picture_dialog(qtbot, window, Look(shown="stft" if linear else "octaves", linear=linear))
    path = finished(qtbot, window, dialog.task(tmp_path / "out.svg"))
    drawing = ElementTree.parse(path).getroot()
    ends = {}
    for group in drawing.iter(f"{SVG}g"):
        at = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", group.get("transform", ""))]
        for image in group.findall(f"{SVG}image"):
            if float(image.get("width")) > 400:
                data = image.get("{http://www.w3.org/1999/xlink}href").partition(",")[2]
                bright = grey(QImage.fromData(b64decode(data)))[:, 200].astype(float)
                rows = np.flatnonzero(bright == bright.max())
                ends["row"] = at[5] + float(image.get("y")) + (rows[0] + rows[-1] + 1) / 2
                ends["cell"] = len(rows)
        for text in group.findall(f"{SVG}text"):
            if text.text == "1k":
                ends["tick"] = at[5] + float(text.get("y")) - 0.35 * float(group.get("font-size"))
    assert abs(ends["row"] - ends["tick"]) <= 2 + ends["cell"] / 2


@pytest.mark.parametrize(("scale", "pixels"), [("1×", (640, 400)), ("4×", (2560, 1600))])
def test_png_has_the_size_and_nothing_unknown(qtbot, window, tmp_path, scale, pixels):
    dialog = picture_dialog(qtbot, window, Look(waveform=True))
    dialog._scale.setCurrentText(scale)
    task = dialog.task(tmp_path / "out.png")
    path = finished(qtbot, window, task)
    image = QImage(str(path))
    assert (image.width(), image.height()) == pixels
    figure = task._figure
    assert not figure.missing()
    for panel in (figure.pictures.octaves, figure.pictures.stft):
        viewport = panel.canvas._viewport
        codes = viewport._cache._pixels.codes
        assert codes.shape[1] == panel.canvas.width() * int(scale[0])  # native pixels
        assert codes.all()
    waves = figure.pictures.waveform._original.reach(0, 0, RATE / 5, 100)
    assert np.abs(waves - 0.5 * 32767).max() < 400


def test_from_close_the_waveform_shows_samples(qtbot, window, tmp_path):
    window.view.show(Box(2.0, 2.01, 100.0, 4000.0))
    task = picture_dialog(qtbot, window, Look(waveform=True)).task(tmp_path / "out.png")
    finished(qtbot, window, task)
    waveform = task._figure.pictures.waveform
    there = waveform._original
    assert np.allclose(there.samples, tone(TONE_HZ)[there.start : there.stop], atol=1e-4)
    assert there.start <= 2 * RATE < 2.01 * RATE <= there.stop


@pytest.mark.parametrize(("stop_s", "marked"), [(20.0, True), (2.5, True), (2.01, True), (20.0, False)])
def test_what_is_rebuilt_lies_over_the_waveform_where_it_is_marked(qtbot, window, tmp_path, stop_s, marked):
    window.view.show(Box(2.0, stop_s, 100.0, 4000.0))
    octaves = len(window.track.transform.octaves)
    window.track.edits = Edits((OctaveEdit(muted=True),) * octaves)
    dialog = picture_dialog(qtbot, window, Look(waveform=True, rebuilt=True))
    dialog._marks.setChecked(marked)
    task = dialog.task(tmp_path / "out.png")
    finished(qtbot, window, task)
    wave = task._figure.pictures.waveform._rebuilt
    assert bool(wave) is marked
    if marked:
        width, start = 50, 2.0 * RATE
        reach = wave.reach(0, start, (stop_s * RATE - 2 - start) / width, width)
        assert np.abs(reach).max() < 40  # silence, of 32767


def test_marks_are_drawn_only_when_asked_for_and_no_playhead(qtbot, window, tmp_path):
    window.view.select(Box(5.0, 10.0, 200.0, 400.0))
    window.view.set_playhead(5.0)
    pictures = []
    for marked in (False, True):
        look = Look(shown="octaves", selection=window.view.selection)
        dialog = picture_dialog(qtbot, window, look)
        dialog._marks.setChecked(marked)
        dialog._title.setChecked(False)
        path = finished(qtbot, window, dialog.task(tmp_path / f"{marked}.png"))
        pictures.append(grey(QImage(str(path))).astype(int))
    changed = np.abs(pictures[1] - pictures[0]) > 3
    inside = np.flatnonzero(changed.any(axis=1))[-1] - 3  # below what is written over the box
    columns = np.flatnonzero(changed[inside])
    canvas = (640 - FREQUENCY_RULER_WIDTH - LEGEND_WIDTH) / 20.0  # a second
    assert columns[0] == pytest.approx(FREQUENCY_RULER_WIDTH + 5 * canvas, abs=2)
    assert columns[-1] == pytest.approx(FREQUENCY_RULER_WIDTH + 10 * canvas, abs=2)
    calm = pictures[0][100:120, 80:-60]  # nothing sounds there: a playhead would be a bright line
    assert np.ptp(calm) < 20


def test_the_picture_is_as_the_window_shows_it(qtbot, window, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(dialogs, "PictureDialog", lambda *what: asked.append(what) or PictureDialog(*what))
    answered(monkeypatch, PictureDialog, tmp_path / "out.png")
    window.pictures.set_shown("curtain")
    window.pictures.curtain.canvas.move_edge(0.25)
    window.actions_.switches["notes"].setChecked(True)
    window.view.show(Box(1.0, 3.0, 100.0, 1000.0))
    with qtbot.waitSignal(window.exporter.message):
        window.dialogs.export_picture()
    _, seen, look, size, _ = asked[0]
    assert seen == window.view.range
    assert (look.shown, look.curtain_edge, look.notes, look.linear) == ("curtain", 0.25, True, False)
    assert (look.colours, size) == (window.pictures.colours, window.pictures.size())
    assert QImage(str(tmp_path / "out.png")).size() == size


def test_a_picture_that_is_cancelled_or_fails_leaves_nothing(qtbot, window, tmp_path):
    before = set(tmp_path.iterdir())
    task = picture_dialog(qtbot, window).task(tmp_path / "out.png")
    window.exporter.start(task)
    with qtbot.waitSignal(window.exporter.message) as told:
        window.status._cancel.click()
    assert told.args == ["Export cancelled."]
    with qtbot.waitSignal(window.exporter.failed) as failed:
        window.exporter.start(picture_dialog(qtbot, window).task(tmp_path / "missing" / "out.svg"))
    assert "out.svg cannot be written: No such file or directory." in failed.args[0]
    assert set(tmp_path.iterdir()) == before


# Data


@pytest.mark.parametrize("suffix", FILES.values())
@pytest.mark.parametrize("transform", ["Octaves", "STFT"])
def test_what_is_selected_is_loaded_again(qtbot, window, tmp_path, monkeypatch, transform, suffix):
    window.view.select(Box(2.0, 7.5, 100.0, 500.0))
    dialog = DataDialog(window.session, window.track, (2 * RATE, 60_000), window)
    qtbot.addWidget(dialog)
    monkeypatch.setattr(exporting, "PIECE", 7000)
    name = next(name for name in dialog._transforms if name.startswith(transform))
    dialog._transform.setCurrentText(name)
    dialog._file.setCurrentText(next(text for text, each in FILES.items() if each == suffix))
    assert dialog.suffix == suffix
    path = finished(qtbot, window, dialog.task(tmp_path / f"out{suffix}"))
    stored = msviz.load(path)
    assert (stored.start, stored.stop, stored.content) == (2 * RATE, 60_000, "complex64")
    assert stored.attributes["origin"]["source"]["name"] == "tone.wav"
    assert stored.transform.parameters == dialog._transforms[name].parameters
    original = window.source.read(2 * RATE, 60_000)
    rebuilt = stored.synthesize().samples
    error_db = 20 * math.log10(np.linalg.norm(rebuilt - original) / np.linalg.norm(original))
    assert error_db <= -120


@pytest.mark.parametrize("transform", [OctaveTransform(RATE), STFT(RATE)])
def test_pieces_together_are_the_whole(transform, monkeypatch):
    monkeypatch.setattr(exporting, "PIECE", 5000)
    source = msviz.Signal(np.random.default_rng(0).standard_normal((2, 40_000)), RATE)
    together = None
    for piece in pieces(transform, source, 3000, 21_000):
        together = together.joined(piece) if together else piece
    whole = transform.analyze(source, start=3000, stop=21_000)
    assert (together.start, together.stop) == (3000, 21_000)
    for one, other in zip(together.bands, whole.bands, strict=True):
        assert (one.first_frame, one.stop_frame) == (other.first_frame, other.stop_frame)
        assert np.abs(one.coefficients - other.coefficients).max() < 1e-5


def test_levels_begin_on_the_grid_of_their_cells(qtbot, window, tmp_path):
    dialog = DataDialog(window.session, window.track, (2 * RATE + 7, 60_000), window)
    qtbot.addWidget(dialog)
    dialog._content.setCurrentText(next(text for text, each in CONTENTS.items() if each == "levels"))
    stored = msviz.load(finished(qtbot, window, dialog.task(tmp_path / "out.zarr")))
    longest = max(band.hop for band in stored.transform.bands)
    assert stored.start % longest == 0
    assert 2 * RATE - longest < stored.start <= 2 * RATE + 7


def test_data_that_are_cancelled_or_fail_leave_nothing(qtbot, window, tmp_path):
    before = set(tmp_path.iterdir())
    source = msviz.Signal(np.zeros(60_000_000, np.float32), RATE)
    shares = []
    window.exporter.progressed.connect(lambda _, share: shares.append(share))
    transform = window.track.transform
    window.exporter.start(
        DataExport(tmp_path / "a.zarr", transform, source, (0, source.length), "levels", "a")
    )
    qtbot.waitUntil(lambda: len(shares) > 2)
    with qtbot.waitSignal(window.exporter.message) as told:
        window.status._cancel.click()
    assert told.args == ["Export cancelled."]
    qtbot.waitUntil(lambda: set(tmp_path.iterdir()) == before)
    with qtbot.waitSignal(window.exporter.failed) as failed:
        path = tmp_path / "missing" / "a.zarr"
        window.exporter.start(DataExport(path, transform, source, (0, 1000), "levels", "a"))
    assert "a.zarr" in failed.args[0]
    assert failed.args[0].endswith(".")
    assert set(tmp_path.iterdir()) == before


def test_the_dialog_suggests_a_name_that_is_free(qtbot, window, tmp_path):
    dialog = DataDialog(window.session, window.track, None, window)
    qtbot.addWidget(dialog)
    assert dialog._range.count() == 1  # nothing is selected
    assert dialog.file_name(window.source.path) == "tone.zarr"
    (tmp_path / "tone.zarr").mkdir()
    assert dialog.file_name(window.source.path) == "tone 2.zarr"
    assert dialog.file_name(tmp_path / "tone.zarr.zip") == "tone 2.zarr"
