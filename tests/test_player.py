"""The player and its thread on a device where time passes as the test says; the device's own troubles."""

import subprocess
import sys

import numpy as np
import playback_tools
import pytest
from playback_tools import FADE, RATE, FakeOutput, ramp, settle
from waiting import LONG_S, wait_until

from msviz.errors import AudioError, DeviceError, ParameterError
from msviz.playback import Player, buffer, device, player
from msviz.signal import Signal

chunk_borders_everywhere = playback_tools.chunk_borders_everywhere
output, playing = playback_tools.output, playback_tools.playing


def test_nothing_is_read_and_no_library_loaded_before_something_is_played():
    code = """if True:
        import sys
        import numpy as np
        from msviz.playback import Player
        from msviz.signal import Signal
        class Unread(Signal):
            def read(self, start, stop):
                raise AssertionError
        player = Player()
        player.load({"a": Unread(np.zeros(10), 1000)})
        player.seek(5)
        player.pause()
        player.close()
        assert "sounddevice" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)


def test_only_what_is_near_is_made(output):
    class Counted:
        rate, channels, length = RATE, 2, 10**9
        stretches = ()

        def read(self, start, stop):
            self.stretches += ((start, stop),)
            return np.zeros((2, stop - start), np.float32)

    source = Counted()
    with Player() as made:
        made.load({"long": source})
        made.seek(500_000_000)
        made.play()
        settle(made)
    assert len(source.stretches) == buffer.AHEAD + 1
    assert all(abs(start - 500_000_000) < 64 * (buffer.AHEAD + 1) for start, _ in source.stretches)


def test_it_plays_to_the_last_sample_and_from_the_start_again(playing, output):
    for _ in range(21):
        output().run(50)
        settle(playing)
    for _ in range(2):  # the player's thread has gone round once, knowing this
        playing._wake.set()
        wait_until(lambda: not playing._wake.is_set())
    assert playing.playing
    assert playing.position == pytest.approx(950, abs=1)  # 1050 were taken, the last 100 are on their way
    wait_until(lambda: not playing.playing or output().run(10) is None)
    assert playing.position == 1000
    np.testing.assert_array_equal(np.concatenate(output().heard)[:1000], ramp().samples.T)
    assert not np.concatenate(output().heard)[1000:].any()
    playing.play()
    assert (playing.playing, playing.position) == (True, 0)
    settle(playing)
    np.testing.assert_array_equal(output().run(20), ramp().samples[:, :20].T)


def test_switch_is_heard_at_the_same_sample(playing, output):
    output().run(100)
    playing.select("two")
    assert playing.source == "two"
    out = output().run(100)
    np.testing.assert_array_equal(out[FADE:], ramp(1000, 10_000).samples[:, 100 + FADE : 200].T)


def test_other_sources_go_on_where_the_old_ones_are(playing, output):
    output().run(100)
    playing.select("two")
    playing.exchange({"one": ramp(), "two": ramp(1000, 50_000)})
    settle(playing)
    out = output().run(100)
    assert (playing.source, playing.playing) == ("two", True)
    np.testing.assert_array_equal(out[FADE:], ramp(1000, 50_000).samples[:, 100 + FADE : 200].T)


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ({"one": ramp(), "three": ramp()}, "named one, two, not one, three"),
        ({"one": ramp(999), "two": ramp(999)}, "same length, not 1000 and 999"),
    ],
)
def test_sources_of_another_shape_cannot_take_their_place(playing, others, says):
    with pytest.raises(ParameterError, match=says):
        playing.exchange(others)


def test_seek_is_told_at_once_and_until_it_is_heard(playing, output):
    output().run(200)
    playing.seek(600)
    settle(playing)
    assert playing.position == 600
    output().run(50)  # what is heard now was sent before
    assert playing.position == 600
    output().run(100)
    assert playing.position == 650
    playing.seek(10**9)
    assert playing.position == 1000


def test_pause_stays_and_stop_goes_back(playing, output):
    playing.seek(300)
    settle(playing)
    output().run(200)
    playing.pause()
    assert not playing.playing
    output().run(300)
    assert playing.position == 500
    playing.play()
    output().run(200)
    playing.stop()
    assert playing.position == 500
    playing.stop()
    assert playing.position == 0


def test_device_is_let_go_when_idle(playing, output, monkeypatch):
    playing.pause()
    monkeypatch.setattr(player, "IDLE_S", 0.0)
    wait_until(lambda: output().closed)
    playing.play()
    wait_until(lambda: not output().closed)
    assert len(FakeOutput.opened) == 2


def test_another_rate_opens_the_device_anew(playing, output):
    playing.load({"other": Signal(np.ones((1, 500)), 2 * RATE)})
    assert (playing.playing, playing.position, playing.names) == (False, 0, ("other",))
    playing.play()
    settle(playing)
    assert output().rate == 2 * RATE
    assert FakeOutput.opened[0].closed
    np.testing.assert_array_equal(output().run(100), np.ones((100, 2)))


def test_unloaded_player_does_nothing(playing):
    playing.unload()
    playing.play()
    playing.seek(10)
    assert (playing.names, playing.source, playing.playing, playing.position) == ((), None, False, 0)
    with pytest.raises(ParameterError, match="source must be one of none, not one"):
        playing.select("one")


@pytest.mark.parametrize("volume", [-0.1, 1.1, float("nan")])
def test_impossible_volume_is_refused(volume):
    with pytest.raises(ParameterError, match="volume must be between 0 and 1"):
        Player().volume = volume


class Broken:
    """Cannot be read."""

    rate, channels, length = RATE, 2, 1000

    def __init__(self, error):
        self.error = error

    def read(self, start, stop):
        raise self.error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (AudioError("The file track.wav ends too early."), "The file track.wav ends too early."),
        (
            ZeroDivisionError("oh"),
            "broken cannot be played. Internal error: ZeroDivisionError('oh') "
            "(see Help > Show log, or run msviz --verbose).",
        ),
    ],
)
def test_source_that_cannot_be_read_is_told_when_it_is_to_be_heard(output, error, sentence):
    with Player() as made:
        made.load({"whole": ramp(), "broken": Broken(error)})
        made.play()
        settle(made)
        assert (made.playing, made.error) == (True, None)
        made.select("broken")
        wait_until(lambda: not made.playing)
        assert made.error == sentence
        made.select("whole")
        made.play()
        settle(made)
        assert (made.playing, made.error) == (True, None)


def test_a_fault_of_the_players_own_is_told_and_it_plays_again(output, monkeypatch, caplog):
    with Player() as made, monkeypatch.context() as patch:
        patch.setattr(Player, "_make_ahead", lambda *_: 1 / 0)
        made.load({"whole": ramp()})
        made.play()
        wait_until(lambda: not made.playing)
        assert made.error.startswith("Internal error: ZeroDivisionError")
        assert caplog.records[0].exc_info[0] is ZeroDivisionError
        patch.undo()
        made.play()
        settle(made)
        assert (made.playing, made.error) == (True, None)


def test_lost_device_is_told_and_looked_for_again(playing, output, monkeypatch):
    output().run(100)
    rescans = []
    monkeypatch.setattr(player, "rescan", lambda: rescans.append(1))
    output().active = False
    wait_until(lambda: not playing.playing)
    assert playing.error == "Playback stopped: the sound device was disconnected."
    assert output().closed
    playing.select("two")
    assert playing.position == 100
    playing.retry()
    wait_until(lambda: len(FakeOutput.opened) == 2)
    assert (playing.playing, playing.error, rescans) == (True, None, [1])


def test_no_device_is_told_and_all_else_goes_on(monkeypatch):
    def refuse(*_):
        raise DeviceError("Cannot play: no sound device was found.")

    monkeypatch.setattr(player, "Output", refuse)
    with Player() as made:
        made.load({"one": ramp(), "two": ramp()})
        made.play()
        wait_until(lambda: not made.playing)
        assert made.error == "Cannot play: no sound device was found."
        made.select("two")
        made.seek(300)
        assert (made.source, made.position) == ("two", 300)


def test_trouble_with_what_is_no_longer_requested_is_not_told(output, monkeypatch):
    class Refusing(FakeOutput):
        def __init__(self, *arguments):
            monkeypatch.setattr(player, "Output", FakeOutput)
            made.select("two")
            raise DeviceError("Cannot play: it is too early.")

    monkeypatch.setattr(player, "Output", Refusing)
    with Player() as made:
        made.load({"one": ramp(), "two": ramp()})
        made.play()
        settle(made)
        assert (made.playing, made.error) == (True, None)


def test_player_that_is_never_closed_lets_the_program_end():
    code = """if True:
        import numpy as np
        from msviz.playback import Player
        from msviz.signal import Signal
        player = Player(device="none")
        player.load({"a": Signal(np.zeros(10), 1000)})
        player.play()
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=LONG_S)


# The device


@pytest.fixture
def library(monkeypatch, tmp_path):
    """Write a sounddevice to be found in place of the real one."""

    def write(text):
        (tmp_path / "sounddevice.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "sounddevice", raising=False)

    yield write
    sys.modules.pop("sounddevice", None)


def open_device():
    return device.Output(48000, 0.1, "Headphones", lambda *_: None)


def test_missing_library_says_what_to_install(library):
    library("raise OSError('PortAudio library not found')")
    with pytest.raises(DeviceError, match=r"PortAudio library is missing .*libportaudio2"):
        open_device()


FAILING = """
class PortAudioError(Exception): pass
def query_devices(): return {devices}
def OutputStream(*args, **kwargs): raise {error}
"""


@pytest.mark.parametrize(
    ("error", "devices", "sentence"),
    [
        ("PortAudioError('Error querying device -1')", [], "no sound device was found."),
        ("PortAudioError('x: Invalid rate', -9997)", [{}], "the sound device does not support 48000 Hz."),
        (
            "PortAudioError('Device unavailable', -9985)",
            [{"max_output_channels": 2}],
            f"the sound device is in use by another program. Close it, or {device.CHOOSE}.",
        ),
        (
            "PortAudioError('Host', -9999, (8, -112, 'Host is down'))",
            [{"max_output_channels": 2}],
            "the sound device could not be opened (PortAudio error -9999). "
            f"Check that it is on, or {device.CHOOSE}.",
        ),
        (
            "ValueError('No output device matching x')",
            [],
            f"the output device Headphones is not connected. Plug it in, or {device.CHOOSE}.",
        ),
    ],
)
def test_device_that_cannot_be_opened_is_one_sentence(library, error, devices, sentence):
    library(FAILING.format(error=error, devices=devices))
    with pytest.raises(DeviceError) as raised:
        open_device()
    assert str(raised.value) == f"Cannot play: {sentence}"


UNSTARTABLE = """
class PortAudioError(Exception): pass
def query_devices(): return [{"max_output_channels": 2}]
class OutputStream:
    closed = 0
    def __init__(self, *_, **__): pass
    def start(self): raise PortAudioError("Unanticipated host error", -9999)
    def close(self): OutputStream.closed += 1
"""


def test_device_that_does_not_start_is_let_go(library):
    library(UNSTARTABLE)
    with pytest.raises(DeviceError, match=r"could not be opened \(PortAudio error -9999\)"):
        open_device()
    assert sys.modules["sounddevice"].OutputStream.closed == 1


HARMLESS = """
class OutputStream:
    def __init__(self, *_, callback, **options): self.callback = callback
    def start(self): pass
"""


def test_nothing_leaves_the_audio_thread_but_silence(library):
    library(HARMLESS)

    def fail(*_):
        raise ZeroDivisionError

    opened = device.Output(48000, 0.1, None, fail)
    out = np.ones((10, 2), np.float32)
    times = type("Times", (), {"currentTime": 0.0, "outputBufferDacTime": 0.1})
    opened._stream.callback(out, 10, times, None)
    assert not out.any()
    assert isinstance(opened.failure, ZeroDivisionError)


class Status:
    output_underflow = True


def test_device_that_asks_no_more_is_gone_and_lateness_is_counted(library, monkeypatch):
    library(HARMLESS + "    active = True")
    opened = open_device()
    times = type("Times", (), {"currentTime": 0.0, "outputBufferDacTime": 0.1})
    for status in (None, Status(), Status()):
        opened._stream.callback(np.ones((10, 2), np.float32), 10, times, status)
    assert opened.underflows == 2
    assert opened.active
    monkeypatch.setattr(device, "STALL_S", 0.0)
    assert not opened.active


DEVICES = """
def query_hostapis(): return [{"name": "ALSA"}, {"name": "JACK"}]
def query_devices(device=None, kind=None):
    if device == "gone": raise ValueError("No output device matching 'gone'")
    if kind: return {"default_samplerate": 96000.0}
    return [
        {"name": "speakers", "hostapi": 0, "max_output_channels": 2},
        {"name": "microphone", "hostapi": 0, "max_output_channels": 0},
        {"name": "speakers", "hostapi": 1, "max_output_channels": 8},
    ]
class PortAudioError(Exception): pass
"""


def test_devices_that_play_are_told_apart(library):
    library(DEVICES)
    assert Player().devices() == ["speakers, ALSA", "speakers, JACK"]


def test_without_a_library_there_are_no_devices(library):
    library("raise OSError('PortAudio library not found')")
    assert Player().devices() == []


def test_rates_to_try_begin_with_the_devices_own(library):
    library(DEVICES)
    assert device.other_rates(None)[:3] == [96000, 48000, 44100]
    assert device.other_rates("gone")[:2] == [48000, 44100]
    assert len(set(device.other_rates(None))) == len(device.other_rates(None))
