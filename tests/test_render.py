"""`msviz render`: every option shows in the picture."""

from __future__ import annotations

import gc
import json

import numpy as np
import pytest
import soundfile
from audio_tools import encode, noise, vorbis, write_tracks
from click.testing import CliRunner
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication

import msviz
from msviz.cli import main
from msviz.cli.drawing import CHANNELS
from msviz.cli.render import COLOURS, HIGHEST_DB, LOWEST_DB
from msviz.gui.canvas import colours
from msviz.gui.canvas.colours import Colours
from msviz.gui.model import parameters
from msviz.picture import to_code

RATE = 16000
WIDTH, HEIGHT = 400, 300
CENTRE_HZ = float(msviz.OctaveTransform(RATE).octaves[-2].frequencies[4])  # of a bin: told exactly


def render(*args, code=0):
    """What the command says."""
    result = CliRunner().invoke(main, ["render", *map(str, args)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


def pixels(path):
    """Colours (height, width, 3) of a picture."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    held = np.frombuffer(image.constBits().asarray(image.sizeInBytes()), np.uint8)
    return held.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width(), 2::-1].astype(int)


@pytest.fixture
def bare(tmp_path):
    """Draws the octaves alone, from edge to edge, and gives their pixels."""

    def draw(file, *args):
        out = tmp_path / "out.png"
        size = f"{WIDTH}x{HEIGHT}"
        render(file, "-o", out, "--no-axes", "--view", "octaves", "--size", size, *args)
        return pixels(out)

    return draw


def tone(path, *levels, hz=1000.0, seconds=3.0):
    """A file with a tone in every channel, each at an amplitude of its own."""
    t = np.arange(round(seconds * RATE)) / RATE
    soundfile.write(path, np.sin(2 * np.pi * hz * t)[:, None] * levels, RATE, subtype="FLOAT")
    return path


def brightest_row(picture):
    return int(np.argmax(picture[:, WIDTH // 4 : -WIDTH // 4].sum(axis=(1, 2))))


def row_of(hz, low, high, height=HEIGHT):
    return height * (1 - np.log2(hz / low) / np.log2(high / low))


def colour_of(db, **how):
    table = Colours(**how).table
    code = int(table[to_code(db)])
    return [code >> 16 & 255, code >> 8 & 255, code & 255]


def test_no_axes_leaves_the_picture_alone(tmp_path, bare):
    picture = bare(tone(tmp_path / "a.wav", 0.5))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    octaves = msviz.OctaveTransform(RATE).octaves
    assert abs(brightest_row(picture) - row_of(1000, octaves[0].low, RATE / 2)) <= 2


def test_low_and_high_place_a_tone(tmp_path, bare):
    picture = bare(tone(tmp_path / "a.wav", 0.5), "--low", 500, "--high", 4000)
    assert abs(brightest_row(picture) - row_of(1000, 500, 4000)) <= 6  # half a bin


@pytest.mark.parametrize("name", COLOURS)
def test_colours_and_range_are_those_of_the_table(tmp_path, bare, name):
    picture = bare(tone(tmp_path / "a.wav", 0.1, hz=CENTRE_HZ), "--colours", name, "--range", "-50:-10")
    brightest = picture[brightest_row(picture), WIDTH // 2]
    expected = [colour_of(db, name=name, floor_db=-50, ceiling_db=-10) for db in (-20.5, -20, -19.5)]
    assert brightest.tolist() in expected


def test_gain_makes_all_brighter(tmp_path, bare):
    quiet, loud = tone(tmp_path / "a.wav", 0.05), tone(tmp_path / "b.wav", 0.5)
    raised = bare(quiet, "--gain", 20)
    difference = np.abs(raised - bare(loud))
    assert np.quantile(difference, 0.99) <= 8  # half a dB of rounding
    assert np.abs(bare(quiet) - bare(loud)).max() > 60


@pytest.mark.parametrize(
    ("channel", "hz"),
    [("left", 400), ("right", 800), ("centre", 1600), ("LFE", 100), ("5", 3200), ("any", None)],
)
def test_channels_by_name_and_number(tmp_path, bare, channel, hz):
    t = np.arange(3 * RATE) / RATE
    tones = (400, 800, 1600, 100, 3200, 6000)
    samples = 0.1 * np.sin(2 * np.pi * np.array(tones) * t[:, None])
    soundfile.write(tmp_path / "six.flac", samples, RATE)
    picture = bare(tmp_path / "six.flac", "--channel", channel)
    low = msviz.OctaveTransform(RATE).octaves[0].low
    bright = picture[:, WIDTH // 2].sum(axis=1) > 300
    for each in tones:
        row = round(row_of(each, low, RATE / 2))
        seen = bright[max(0, row - 3) : row + 4].any()
        assert seen == (hz is None or each == hz)


def test_a_channel_that_is_not_there(tmp_path):
    tone(tmp_path / "a.wav", 0.5, 0.5)
    said = render(tmp_path / "a.wav", "-o", tmp_path / "a.png", "--channel", "7", code=1)
    assert "channel must be from 1 to 2, not 7" in said
    assert not (tmp_path / "a.png").exists()


def test_the_stft_on_a_linear_axis(tmp_path):
    tone(tmp_path / "a.wav", 0.5, hz=2000.0)
    size = f"{WIDTH}x{HEIGHT}"
    args = [tmp_path / "a.wav", "-o", tmp_path / "a.png", "--no-axes", "--view", "stft", "--size", size]
    low = msviz.OctaveTransform(RATE).octaves[0].low
    render(*args)
    assert abs(brightest_row(pixels(tmp_path / "a.png")) - row_of(2000, low, RATE / 2)) <= 2
    render(*args, "--linear")
    place = HEIGHT * (1 - (2000 - low) / (RATE / 2 - low))
    assert abs(brightest_row(pixels(tmp_path / "a.png")) - place) <= 2


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--kind", "reassigned"),
        ("--kind", "combined"),
        ("--octaves", "Notes"),
        ("--octaves", "resolution=4,bins_per_octave=12"),
        ("--octaves", "ear,fmin=100"),
        ("--pool", "mean"),
        ("--smooth", None),
        ("--waveform", None),
        ("--view", "curtain"),
        ("--view", "both"),
    ],
)
def test_other_options_change_the_picture(tmp_path, bare, option, value):
    soundfile.write(tmp_path / "a.wav", noise(3, 1, RATE), RATE)
    plain = bare(tmp_path / "a.wav")
    other = bare(tmp_path / "a.wav", *[option, value][: 2 if value else 1])
    assert other.shape == plain.shape
    assert (np.abs(other - plain).max(axis=2) > 30).mean() > 0.002


@pytest.mark.parametrize("args", [["--window", "512"], ["--window", "512", "--hop", "128"], ["--hop", "512"]])
def test_window_and_hop_of_the_stft(tmp_path, args):
    soundfile.write(tmp_path / "a.wav", noise(2, 1, RATE), RATE)
    render(tmp_path / "a.wav", "-o", tmp_path / "a.svg", "--view", "stft", *args)
    window = 512 if "--window" in args else 4096
    hop = 128 if "--window" in args else 512
    assert f"STFT {window} / {hop}" in (tmp_path / "a.svg").read_text()


def test_notes_title_and_theme(tmp_path):
    tone(tmp_path / "a.wav", 0.5)
    render(tmp_path / "a.wav", "-o", tmp_path / "a.svg", "--axis", "notes")
    text = (tmp_path / "a.svg").read_text()
    assert ">C5<" in text
    assert "a.wav" in text
    for theme, light in (("dark", False), ("light", True)):
        render(tmp_path / "a.wav", "-o", tmp_path / "a.png", "--theme", theme, "--title")
        assert (pixels(tmp_path / "a.png")[2, -2].mean() > 128) == light


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--range", "0:-80"], "is not a rising range"),
        (["--range", "-200:0"], "within -119 to 7 dB"),
        (["--range", "loud"], "is not a range"),
        (["--range", "A5:0"], "is not a range"),
        (["--octaves", "nonsense"], "neither a preset (Balanced, Beats, Notes, Ear)"),
        (["--octaves", "resolution=fine"], "resolution must be a number, not 'fine'"),
        (["--low", "500", "--high", "400"], "--low 500 must be below --high 400"),
        (["--low", "-5"], "--low"),
        (["--window", "1"], "--window must be at least 2"),
        (["--hop", "5000"], "--hop must be from 1 to the window's 4096"),
        (["--colours", "pink"], "magma"),
        (["--kind", "odd"], "reassigned"),
        (["--track", "0"], "--track"),
        (["--gain", "much"], "--gain"),
    ],
)
def test_values_that_cannot_be_are_refused_as_wrong_usage(tmp_path, args, told):
    tone(tmp_path / "a.wav", 0.5)
    assert told in render(tmp_path / "a.wav", "-o", tmp_path / "a.png", *args, code=2)
    assert not (tmp_path / "a.png").exists()


def test_what_the_command_offers_is_what_the_window_has():
    assert set(COLOURS) == set(colours.COLOUR_MAPS)
    assert CHANNELS == parameters.CHANNELS
    assert (LOWEST_DB, HIGHEST_DB) == (colours.LOWEST_DB, colours.HIGHEST_DB)


# Files that are not as they should be


def test_channels_that_cancel_are_seen_and_told(tmp_path, bare):
    alone = tone(tmp_path / "alone.wav", 0.3)
    opposite = tone(tmp_path / "opposite.wav", 0.3, -0.3)
    np.testing.assert_array_equal(bare(opposite), bare(alone))
    said = render(opposite, "-o", tmp_path / "a.png")
    assert said == (
        f"msviz: {opposite} has channels that cancel each other in the mix from 0:00.000 to 0:03.000: "
        "the picture shows the loudest channel there.\n"
    )
    assert render(tone(tmp_path / "both.wav", 0.3, 0.3), "-o", tmp_path / "a.png") == ""


def test_only_where_they_cancel_the_loudest_is_drawn(tmp_path, bare):
    t = np.arange(8 * RATE) / RATE
    wave = 0.3 * np.sin(2 * np.pi * CENTRE_HZ * t)
    other = np.where((t >= 2) & (t < 4), -wave, 0.5 * wave)
    soundfile.write(tmp_path / "a.wav", np.stack([wave, other], axis=1), RATE, subtype="FLOAT")
    picture = bare(tmp_path / "a.wav", "--range", "-30:0")
    row = picture[brightest_row(picture)].sum(axis=1)
    levels = [row[round(second / 8 * WIDTH)] for second in (1, 3, 6)]
    loud, mixed = (sum(colour_of(20 * np.log10(a), floor_db=-30)) for a in (0.3, 0.225))
    np.testing.assert_allclose(levels, [mixed, loud, mixed], atol=12)


def test_damage_is_hatched_and_told(tmp_path, bare):
    from audio_tools import ogg_pages

    pages = ogg_pages(vorbis(tmp_path / "a.ogg", noise(20, 1), 44100).read_bytes())
    (tmp_path / "a.ogg").write_bytes(b"".join(pages[:8] + pages[10:]))
    with msviz.open_audio(tmp_path / "a.ogg") as audio:
        list(audio.check())
        (damage,) = audio.damage
        at = round((damage.start + damage.stop) / 2 / audio.length * WIDTH)
    picture = bare(tmp_path / "a.ogg", "--range", "-119:-100")  # all that sounds is bright
    hatched = picture[:, at]
    assert (np.abs(hatched[:-1] - hatched[1:]).max(axis=1) > 60).sum() > 20
    assert "is missing audio from" in render(tmp_path / "a.ogg", "-o", tmp_path / "a.png")


def test_strict_refuses_and_writes_nothing(tmp_path):
    path = tmp_path / "cut.flac"
    soundfile.write(path, noise(2), 44100)
    assert render(path, "-o", tmp_path / "a.png", "--strict") == ""
    path.write_bytes(path.read_bytes()[:-50_000])
    (tmp_path / "a.png").unlink()
    assert "was rejected: it is cut short" in render(path, "-o", tmp_path / "a.png", "--strict", code=1)
    assert not (tmp_path / "a.png").exists()
    assert "is cut short" in render(path, "-o", tmp_path / "a.png")
    assert (tmp_path / "a.png").exists()


def test_another_sound_track(tmp_path, bare):
    t = np.arange(3 * RATE) / RATE
    tracks = [(0.3 * np.sin(2 * np.pi * hz * t)[:, None], "flac") for hz in (500, 4000)]
    path = write_tracks(tmp_path / "a.mka", tracks, rate=RATE)
    low = msviz.OctaveTransform(RATE).octaves[0].low
    for number, hz in ((1, 500), (2, 4000)):
        picture = bare(path, "--track", number)
        assert abs(brightest_row(picture) - row_of(hz, low, RATE / 2)) <= 2
    assert "has no audio track 3: it has only 2" in render(
        path, "-o", tmp_path / "a.png", "--track", 3, code=1
    )


def test_a_stretch_of_a_file_whose_length_is_not_known_yet(tmp_path):
    path = encode(tmp_path / "a.aac", noise(6), "aac", container="adts")
    render(path, "-o", tmp_path / "a.png", "--start", "5.5", "--stop", "6")
    said = render(path, "-o", tmp_path / "a.png", "--start", "20", "--stop", "30", code=1)
    assert "is 6.0" in said


# Many files


def test_a_folder_of_pictures(tmp_path):
    music = tmp_path / "music"
    (music / "deep").mkdir(parents=True)
    for name in ("kick.wav", "Kick.wav", "deep/pad.wav"):
        tone(music / name, 0.5, seconds=1)
    soundfile.write(music / "kick.flac", noise(1, 1, RATE), RATE)
    (music / "broken.wav").write_bytes(b"RIFF\x10\0\0\0WAVEfmt ")
    (music / "notes.txt").write_text("no music")
    out = tmp_path / "out"
    said = render(music, "-o", out, "--size", "300x200", "--jobs", 2, "--no-axes", code=1)
    assert "4 drawn, 1 failed" in said
    assert "broken.wav is cut short or damaged" in said
    assert "notes.txt" in said
    made = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.png"))
    assert len({name.casefold() for name in made}) == 4
    assert "deep/pad.png" in made
    assert {pixels(out / name).shape for name in made} == {(200, 300, 3)}
    (music / "broken.wav").unlink()
    report = json.loads(render(music, "-o", out, "--format", "svg", "--size", "300x200", "--json"))
    assert (report["drawn"], report["failed"]) == (4, 0)
    assert all(file["target"].endswith(".svg") and file["state"] == "drawn" for file in report["files"])


def test_several_files_need_a_folder(tmp_path):
    one, other = tone(tmp_path / "a.wav", 0.5), tone(tmp_path / "b.wav", 0.5)
    assert "several files need a folder" in render(one, other, "-o", tmp_path / "a.png", code=2)
    assert "is a file: choose a" in render(one, other, "-o", one, code=1)
    render(one, other, "-o", tmp_path / "out", "--size", "300x200")
    render(one, "-o", tmp_path / "out", "--size", "300x200", "--format", "jpg")  # a folder that is there
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.png", "b.png", "a.jpg"}


def test_nothing_of_qt_is_left_for_other_threads_to_collect(tmp_path):
    """Whoever collects garbage in another thread would end the process."""
    gc.collect()
    before = len(QApplication.allWidgets())
    render(tone(tmp_path / "a.wav", 0.5), "-o", tmp_path / "a.png", "--waveform", "--view", "curtain")
    assert len(QApplication.allWidgets()) == before
