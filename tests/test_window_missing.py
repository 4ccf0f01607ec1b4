"""Files in the window that are damaged, whose length comes out later, or that hold several sounds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import soundfile
from audio_tools import RATE, encode, noise, ogg_pages, vorbis, write_tracks
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QImage, QPainter
from window_tools import Device

import msviz
from msviz.gui.canvas.damage import draw_missing
from msviz.gui.model.damage import Missing, Stretches
from msviz.gui.model.parameters import channels_of
from msviz.gui.model.session import Session
from msviz.gui.model.view import Box
from msviz.gui.window import Window
from msviz.picture import Pyramid, Wave
from msviz.playback import Player, player
from msviz.playback.buffer import CHUNK, PlaybackBuffer
from msviz.transform import STFT


@pytest.fixture
def window(qtbot, monkeypatch, qapp):
    monkeypatch.setattr(player, "Output", Device)
    qapp.setOrganizationName("msviz")
    qapp.setApplicationName("msviz")
    made = Window(Player())
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    return made


def opened(qtbot, window, path, track=0):
    window.files.open(path, track)
    qtbot.waitUntil(lambda: window.source is not None and window.source.path == path)
    qtbot.waitUntil(lambda: window.source.settled and window.analysis.progress == 1)


@pytest.fixture
def holed(tmp_path):
    """An Ogg of 20 s that lost two pages."""
    path = vorbis(tmp_path / "holed.ogg", noise(20))
    pages = ogg_pages(path.read_bytes())
    gone = (len(pages) // 3, 2 * len(pages) // 3)
    path.write_bytes(b"".join(page for n, page in enumerate(pages) if n not in gone))
    return path


def hatched(widget, x):
    """Whether a column of a widget is hatched: light lines on a dark ground, again and again."""
    image = widget.grab().toImage()
    column = [image.pixelColor(round(x * image.width() / widget.width()), y) for y in range(image.height())]
    lines = [colour.red() > 150 and colour.blue() < 120 for colour in column]
    return sum(a != b for a, b in pairwise(lines)) > image.height() / 12


def test_what_is_lost_is_hatched_everywhere_and_listed(qtbot, window, holed):
    opened(qtbot, window, holed)
    damage = window.source.damage
    assert len(damage) == 2
    assert [(one.start_s, one.stop_s) for one in window.view.damage.missing] == [
        (one.start / RATE, one.stop / RATE) for one in damage
    ]
    middle_s = (damage[0].start + damage[0].stop) / 2 / RATE
    canvases = [window.pictures.octaves.canvas, window.pictures.stft.canvas, window.pictures.waveform]
    for canvas in canvases:
        assert hatched(canvas, canvas.x_of(middle_s))
        assert not hatched(canvas, canvas.x_of(1.0))
    overview = window.pictures._overview
    assert hatched(overview, overview.x_of(middle_s))
    assert window.status._damage.text() == "⚠ 2 damaged parts"
    assert window.status._damage.isVisible()
    window.status._fill_damages()
    listed = [action.text() for action in window.status._damages.actions()]
    assert len(listed) == 2
    assert all(text.endswith(": lost") for text in listed)
    assert "is missing audio from" in window.messages.text


def test_the_read_out_says_why_there_is_no_level(qtbot, window, holed):
    opened(qtbot, window, holed)
    one = window.view.damage.missing[0]
    window.view.set_cursor(((one.start_s + one.stop_s) / 2, 1000.0))
    assert window.status._read_out.text().count("lost") == 2
    window.view.set_cursor((1.0, 1000.0))
    assert "lost" not in window.status._read_out.text()


def test_going_from_one_damage_to_the_next(qtbot, window, holed):
    opened(qtbot, window, holed)
    window.view.show(Box(0, 1, 100, 1000))
    first, second = window.view.damage.missing
    for one in (first, second, first):
        window.work.go_to_next_missing()
        qtbot.waitUntil(lambda one=one: abs(window.view.playhead_s - one.start_s) < 0.01)
        assert window.view.range.start_s <= one.start_s <= window.view.range.stop_s


def test_a_whole_file_shows_nothing_of_this(qtbot, window, tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(2), RATE)
    opened(qtbot, window, tmp_path / "a.wav")
    assert window.status._damage.isHidden()
    assert window.messages.text == ""
    window.work.go_to_next_missing()
    assert "No damaged parts" in window.status._message.text()


def test_a_file_that_is_cut_says_so(qtbot, window, tmp_path):
    path = tmp_path / "cut.flac"
    soundfile.write(path, noise(8), RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    opened(qtbot, window, path)
    assert "cut.flac is cut short: its header says 0:08.000" in window.messages.text
    assert window.status._damage.text() == "⚠ incomplete"


def test_a_file_that_was_converted_is_not_called_incomplete(qtbot, window, tmp_path):
    one = vorbis(tmp_path / "a.ogg", noise(2))
    other = vorbis(tmp_path / "b.ogg", noise(2, rate=22050), 22050)
    (tmp_path / "both.ogg").write_bytes(one.read_bytes() + other.read_bytes())
    opened(qtbot, window, tmp_path / "both.ogg")
    assert "contains audio in other formats (22050 Hz, stereo from 0:02.000)" in window.messages.text
    assert window.status._damage.text() == "⚠ see the notes"


# Lengths that come out later


def test_the_time_axis_changes_once_and_the_view_stays(qtbot, window, tmp_path, monkeypatch):
    path = encode(tmp_path / "a.aac", noise(30), "aac", container="adts")
    lengths, seen = [], []
    show = Session.set_length

    def note(self):
        window.view.set_playhead(3.0)
        seen.append((window.view.range, window.view.playhead_s))
        analysed = self.analysis.pictures[0].pyramid.analysed.copy()
        show(self)
        seen.append((window.view.range, window.view.playhead_s))
        lengths.append(self.length)
        kept = self.analysis.pictures[0].pyramid.analysed
        whole = min(len(analysed), len(kept)) - 2
        np.testing.assert_array_equal(kept[:whole], analysed[:whole])

    monkeypatch.setattr(Session, "set_length", note)
    window.files.open(path)
    qtbot.waitUntil(lambda: window.source is not None)
    estimated = window.session.length
    window.view.show(Box(2.0, 9.0, 100.0, 5000.0))
    qtbot.waitUntil(lambda: window.source.settled and window.analysis.progress == 1)
    exact = msviz.read_audio(path).length
    assert lengths == [exact] != [estimated]
    assert seen[0] == seen[1] == (window.view.range, 3.0)
    assert window.view.full.stop_s == exact / RATE
    assert window.player._mixer.request.track.original_length == exact
    assert all(picture.pyramid.length == exact for picture in window.analysis.pictures)
    assert window.pictures.waveform._original.length == exact
    assert "about" not in window.status._file


def test_a_loop_of_the_whole_track_is_as_long_as_the_track_turns_out(qtbot, window, tmp_path):
    path = encode(tmp_path / "a.aac", noise(30), "aac", container="adts")
    window.actions_.loop.setChecked(True)
    window.files.open(path)
    qtbot.waitUntil(lambda: window.source is not None)
    estimated = window.session.length
    assert window.player.loop == (0, estimated)
    qtbot.waitUntil(lambda: window.source.settled and window.analysis.progress == 1)
    exact = msviz.read_audio(path).length
    assert exact != estimated
    assert window.player.loop == (0, exact)


def test_a_pyramid_of_another_length_has_what_was_known(qtbot):
    bands = STFT(8000, window=512, hop=128).bands
    before = Pyramid(bands, 8000, 100 * 8000)
    random = np.random.default_rng(1)
    for tile in range(before.tiles):
        start, stop = before.tile_range(tile)
        count = -(-stop // 128) - -(-start // 128)
        before.put(tile, [random.integers(1, 255, (count, len(bands[0].frequencies)), np.uint8)])
    for length in (60 * 8000, 150 * 8000):
        after = before.resized(length)
        known = np.flatnonzero(after.analysed)
        assert len(known) >= min(length, before.length) // before.tile_length - 1
        assert not after.analysed.all()
        stop = (known[-1] + 1) * before.tile_length // 128
        for zoom_level in range(4):
            np.testing.assert_array_equal(
                after.frames(0, zoom_level, 0, stop >> after.step(0, zoom_level)),
                before.frames(0, zoom_level, 0, stop >> before.step(0, zoom_level)),
            )


def test_a_waveform_of_another_length_has_what_was_known():
    before = Wave(100_000, 1)
    samples = np.random.default_rng(2).uniform(-1, 1, (1, 100_000))
    before.put(0, samples)
    for length in (60_000, 300_000):
        after = before.resized(length)
        for per_column in (512.0, 4096.0):
            width = int(50_000 / per_column)
            np.testing.assert_array_equal(
                after.reach(0, 0.0, per_column, width), before.reach(0, 0.0, per_column, width)
            )


def test_what_is_ready_to_play_behind_the_end_is_made_again():
    long, short = (msviz.Signal(np.ones(n), 8000) for n in (4 * CHUNK, 2 * CHUNK + 100))
    before = PlaybackBuffer({"one": short})
    for index in range(3):
        before.make(0, index, [0])
    object.__setattr__(short, "samples", long.samples)  # the same object, as an open file is
    after = PlaybackBuffer({"one": short}, before=before)
    assert after.length == 4 * CHUNK
    assert set(after.ready) == {(0, 0), (0, 1)}


# Several sounds


def test_another_sound_track_is_shown_at_the_same_place(qtbot, window, tmp_path):
    path = write_tracks(tmp_path / "film.mka", [(noise(4), "flac"), (noise(4, 1, seed=3), "flac")])
    opened(qtbot, window, path)
    tracks = window.actions_._tracks
    assert tracks.isEnabled()
    assert [action.text() for action in tracks.actions()] == ["1: FLAC, stereo", "2: FLAC, mono"]
    assert "audio track 1 of 2" in window.status._file
    window.view.show(Box(1.0, 2.0, 200.0, 2000.0))
    tracks.actions()[1].trigger()
    qtbot.waitUntil(lambda: window.source.track == 1)
    assert window.source.channels == 1
    assert window.view.range == Box(1.0, 2.0, 200.0, 2000.0)
    assert [action.isChecked() for action in tracks.actions()] == [False, True]


def test_one_sound_leaves_no_choice(qtbot, window, tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1), RATE)
    opened(qtbot, window, tmp_path / "a.wav")
    assert not window.actions_._tracks.isEnabled()
    assert "track" not in window.status._file


def test_channels_have_their_names(qtbot, window, tmp_path):
    soundfile.write(tmp_path / "six.flac", noise(1, 6), RATE)
    opened(qtbot, window, tmp_path / "six.flac")
    box = window.inspector.parameters._channel
    assert [box.itemText(n) for n in range(len(channels_of(2)), box.count())] == [
        "3: centre",
        "4: LFE",
        "5: back left",
        "6: back right",
    ]


def test_channels_that_cancel_are_told_once(qtbot, window, tmp_path):
    left = noise(3, 1)
    soundfile.write(tmp_path / "a.wav", np.hstack([left, -left]), RATE)
    opened(qtbot, window, tmp_path / "a.wav")
    assert "cancel each other in the mix" in window.messages.text
    window.messages.clear()
    window.work._show_progress()
    assert window.messages.text == ""


# Stretches by themselves


def test_stretches_are_looked_up():
    held = Stretches([Missing(1, 2, "lost"), Missing(2, 3, "damaged"), Missing(5, 5.5, "missing")])
    assert [held.at(t) for t in (0.5, 1, 2, 2.999, 3, 5.2, 6)] == [
        None,
        "lost",
        "damaged",
        "damaged",
        None,
        "missing",
        None,
    ]
    assert held.after(0).start_s == 1
    assert held.after(2).start_s == 5
    assert held.after(6).start_s == 1  # all around
    assert Stretches().at(1) is Stretches().after(1) is None


def test_what_falls_on_the_same_pixels_is_drawn_once_and_can_be_seen():
    held = Stretches([Missing(n / 100, n / 100 + 0.001, "lost") for n in range(10_000)])
    columns = held.columns(lambda t: 10 * t, 0.0, 100.0)
    assert len(columns) == 1
    assert columns[0].right - columns[0].left == pytest.approx(1000, abs=3)
    (one,) = Stretches([Missing(50, 50.0001, "lost")]).columns(lambda t: 10 * t, 0.0, 100.0)
    assert one.right - one.left == 3
    assert Stretches([Missing(50, 51, "lost")]).columns(lambda t: 10 * t, 60.0, 100.0) == []
    (part,) = Stretches([Missing(0, 100, "lost")]).columns(lambda t: 10 * (t - 40), 40.0, 60.0)
    assert (part.left, part.right) == (0, 200)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_hatching_covers_its_columns_alone(qapp, ratio):
    image = QImage(round(200 * ratio), round(60 * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0xFF00FF)
    painter = QPainter(image)
    columns = Stretches([Missing(5, 10, "lost")]).columns(lambda t: 10 * t, 0.0, 20.0)
    draw_missing(painter, columns, 60.0, ratio)
    painter.end()

    def plain(x):
        at = QPointF(x * ratio, 30 * ratio).toPoint()
        return image.pixelColor(at).getRgb()[:3] == (255, 0, 255)

    assert [plain(x) for x in (20, 48, 52, 75, 98, 102, 180)] == [True, True, False, False, False, True, True]
