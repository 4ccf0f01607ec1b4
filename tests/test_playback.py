"""The player without a device: its sources, what the audio callback does, and how the player steers it."""

import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msviz.errors import AudioError, DeviceError, ParameterError
from msviz.playback import Difference, Player, Resynthesis, device, mixer, player, track
from msviz.playback.heard import Heard
from msviz.playback.mixer import Mixer, Piece, Seek, Wish
from msviz.playback.track import Track, fold
from msviz.signal import Signal

RATE = 1000
FADE = 8  # samples at this rate


@pytest.fixture(autouse=True, scope="module")
def short_chunks():
    """Let chunk borders be everywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(track, "CHUNK", 64)
        patch.setattr(track, "KEPT", 400)
        patch.setattr(mixer, "LEAD", 16)
        yield


def ramp(length=1000, first=1.0, channels=2):
    """Every sample has a value of its own, exact in float32."""
    samples = np.arange(length * channels, dtype=np.float32).reshape(length, channels).T + np.float32(first)
    return Signal(samples, RATE)


def ready(*sources):
    """A track of which everything is ready."""
    made = Track({str(number): source for number, source in enumerate(sources)})
    for source in range(len(sources)):
        for index in range(-(-made.length // track.CHUNK)):
            made.make(source, index, 0)
    return made


def fill(mixer, count):
    out = np.full((count, 2), np.nan, np.float32)
    pieces = mixer.fill(out)
    return out, pieces


# Sources


class Shaky:
    """A transform whose resynthesis is off by a known amount, and that counts what it is asked."""

    def __init__(self):
        self.asked = []

    def analyze(self, source, *, start=0, stop=None):
        self.asked.append((start, stop))
        return Signal(source.read(start, stop), source.rate)

    def synthesize(self, representation):
        return Signal(representation.samples + np.float32(0.5), representation.rate)


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 1000), (-5, 10), (990, 1010), (-20, -10), (1000, 1010), (7, 7)]
)
def test_resynthesis_is_the_transforms_inside_the_source_and_zero_outside(start, stop):
    original = ramp()
    resynthesis = Resynthesis(original, Shaky())
    assert (resynthesis.rate, resynthesis.channels, resynthesis.length) == (RATE, 2, 1000)
    inside = (np.arange(start, stop) >= 0) & (np.arange(start, stop) < 1000)
    np.testing.assert_array_equal(resynthesis.read(start, stop), original.read(start, stop) + 0.5 * inside)


def test_difference_is_exact_and_makes_the_resynthesis_once():
    transform = Shaky()
    original = ramp()
    resynthesis = Resynthesis(original, transform)
    resynthesis.read(100, 200)
    np.testing.assert_array_equal(Difference(original, resynthesis).read(100, 200), np.full((2, 100), -0.5))
    assert transform.asked == [(100, 200)]


def test_a_long_stretch_is_not_kept():
    transform = Shaky()
    resynthesis = Resynthesis(Signal(np.zeros((1, 100_000)), RATE), transform)
    for _ in range(2):
        resynthesis.read(0, 100_000)
    assert len(transform.asked) == 2


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (Signal(np.zeros((2, 1000)), 2000), "the same rate, not 1000 and 2000"),
        (Signal(np.zeros((1, 1000)), RATE), "the same channels, not 2 and 1"),
        (Signal(np.zeros((2, 999)), RATE), "the same length, not 1000 and 999"),
    ],
)
def test_sources_that_do_not_fit_are_refused(other, sentence):
    with pytest.raises(ParameterError, match=sentence):
        Difference(ramp(), other)
    with pytest.raises(ParameterError, match=sentence):
        Player().load({"original": ramp(), "other": other})


# The track


@pytest.mark.parametrize(
    ("channels", "left", "right"),
    [
        (1, [1.0], [1.0]),
        (2, [1, 0], [0, 1]),
        (6, [0.2, 0, 0.2, 0.2, 0.2, 0.2], [0, 0.2, 0.2, 0.2, 0.2, 0.2]),
    ],
)
def test_any_channels_are_folded_to_two(channels, left, right):
    samples = np.random.default_rng(0).standard_normal((channels, 50))
    expected = np.stack([left @ samples, right @ samples], axis=1)
    np.testing.assert_allclose(fold(samples), expected, atol=1e-6)


def test_selected_source_is_made_two_chunks_before_the_others():
    made = Track({"a": ramp(), "b": ramp(), "c": ramp()})
    order = []
    while wanted := made.wanted(1, 130):
        order.append(wanted)
        made.make(*wanted, 130)
    assert order[:7] == [(1, 2), (1, 3), (0, 2), (2, 2), (1, 4), (0, 3), (2, 3)]
    assert max(index for _, index in order) == 2 + track.AHEAD


def test_chunks_far_from_the_playhead_are_let_go(monkeypatch):
    monkeypatch.setattr(track, "KEPT", 28)
    made = Track({"a": ramp(64 * 100), "b": ramp(64 * 100)})
    for index in range(100):
        for source in range(2):
            made.make(source, index, 64 * index)
    assert set(made.ready) == {(source, index) for source in range(2) for index in range(72, 100)}


# The mixer


def reference(sources, length, events):
    """The mixer again, sample by sample, for a track of which everything is ready."""
    heard = wished = None  # source, None is silence
    here, asked, selected = 0, None, 0
    old_heard = old_here = 0
    fading = 0
    playing = False
    out = []

    def at(source, sample):
        return 0.0 if source is None or sample >= length else sources[source].samples[:, sample]

    for what, value in events:
        if what == "select":
            selected = value
        elif what == "play":
            playing = value
        elif what == "seek":
            asked = value
        for _ in range(value if what == "fill" else 0):
            if not fading:
                place = here if asked is None else asked
                asked = None
                wished = selected if playing and place < length else None
                if wished != heard or (wished is not None and place != here):
                    old_heard, old_here = heard, here
                    fading = 0 if heard is None and place == 0 else FADE
                heard, here = wished, place
            sample = at(heard, here)
            if fading:
                gain = (FADE - fading + 0.5) / FADE
                sample = (1 - gain) * at(old_heard, old_here + FADE - fading) + gain * sample
                fading -= 1
            out.append((np.broadcast_to(sample, 2), here))
            here += heard is not None and here < length
    return out, here


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("select"), st.integers(0, 2)),
        st.tuples(st.just("play"), st.booleans()),
        st.tuples(st.just("seek"), st.sampled_from([0, 1, 63, 64, 290, 299, 300])),
        st.tuples(st.just("fill"), st.integers(1, 90)),
    ),
    max_size=30,
)


@given(EVENTS)
def test_every_sample_is_as_wished(events):
    sources = [ramp(300), ramp(300, 10_000), ramp(300, -5_000)]
    whole = ready(*sources)
    tested = Mixer()
    tested.wish = wish = Wish(whole, playing=True)
    events = [("play", True), *events, ("fill", 50)]
    outs, positions = [], []
    for what, value in events:
        if what == "fill":
            out, pieces = fill(tested, value)
            outs.append(out)
            for piece, end in zip(pieces, [*(p.offset for p in pieces[1:]), value], strict=True):
                steps = np.arange(end - piece.offset)
                positions.extend(piece.position + np.minimum(steps, piece.moved))
        else:
            change = {"select": "source", "play": "playing", "seek": "seek"}[what]
            wish = Wish(
                **{**wish.__dict__, change: Seek(value) if what == "seek" else value},
            )
            tested.wish = wish
    expected, last = reference(sources, 300, events)
    np.testing.assert_allclose(np.concatenate(outs), [sample for sample, _ in expected], rtol=1e-6, atol=2e-3)
    assert positions == [position for _, position in expected]
    assert tested.position == last
    assert tested.underruns == 0


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 90)), min_size=1, max_size=20))
def test_switches_between_equal_sources_leave_no_trace(switches):
    source = Signal(np.random.default_rng(0).uniform(-1, 1, (2, 2000)).astype(np.float32), RATE)
    whole = ready(source, source)
    tested = Mixer()
    heard = []
    for selected, count in switches:
        tested.wish = Wish(whole, selected, playing=True, seek=tested.seek)
        heard.append(fill(tested, count)[0])
    heard = np.concatenate(heard)
    np.testing.assert_array_equal(heard, source.samples[:, : len(heard)].T)


def test_pause_and_play_under_their_fades_add_up_to_the_whole():
    source = ramp()
    tested = Mixer()
    tested.wish = Wish(ready(source), playing=True)
    before = fill(tested, 100)[0]
    tested.wish = Wish(tested.wish.track, seek=tested.seek)
    faded_out, pieces = fill(tested, 50)
    assert (tested.position, {piece.moved for piece in pieces}) == (100, {0})
    assert not faded_out[FADE:].any()
    tested.wish = Wish(tested.wish.track, playing=True, seek=tested.seek)
    after = fill(tested, 100)[0]
    after[:FADE] += faded_out[:FADE]
    np.testing.assert_allclose(np.concatenate([before, after]), source.samples[:, :200].T, rtol=1e-6)


def test_samples_that_are_late_are_waited_for_in_silence():
    source = ramp()
    late = Track({"late": source})
    late.make(0, 0, 0)
    tested = Mixer()
    tested.wish = Wish(late, playing=True)
    out, pieces = fill(tested, 100)
    np.testing.assert_array_equal(out[:64], source.samples[:, :64].T)
    assert not out[64:].any()
    fill(tested, 100)
    assert (tested.underruns, tested.position, pieces[-1].moved) == (1, 64, 0)
    late.make(0, 1, 64)
    late.make(0, 2, 64)
    out, _ = fill(tested, 64)
    np.testing.assert_array_equal(out[FADE:], source.samples[:, 64 + FADE : 128].T)
    assert tested.underruns == 1


def test_what_is_heard_goes_on_until_the_new_place_is_ready():
    source = ramp()
    late = Track({"late": source})
    for index in range(4):
        late.make(0, index, 0)
    tested = Mixer()
    tested.wish = Wish(late, playing=True)
    fill(tested, 50)
    tested.wish = Wish(late, playing=True, seek=Seek(700))
    out, _ = fill(tested, 50)
    np.testing.assert_array_equal(out, source.samples[:, 50:100].T)
    late.make(0, 10, 700)  # ends four samples later: not enough to go there
    out, _ = fill(tested, 50)
    np.testing.assert_array_equal(out, source.samples[:, 100:150].T)
    late.make(0, 11, 700)
    out, _ = fill(tested, 50)
    np.testing.assert_array_equal(out[FADE:], source.samples[:, 700 + FADE : 750].T)


def test_volume_moves_without_a_step_and_ends_where_it_was_set():
    tested = Mixer()
    tested.wish = Wish(ready(Signal(np.ones((2, 20_000), np.float32), RATE)), playing=True)
    fill(tested, 10)
    tested.volume = 0.25
    out = np.concatenate([fill(tested, count)[0] for count in [100] * 50])
    assert np.abs(np.diff(out[:, 0])).max() < 1e-3
    np.testing.assert_array_equal(out[2048:], np.float32(0.25))


# When it is heard


def test_heard_position_follows_the_clock_and_never_goes_back():
    seek = Seek(0)
    heard = Heard(RATE, 0, seek)
    positions = [heard.at(0.0)[0]]
    for block in range(100):  # of 10 ms, heard 0.1 s later, on a clock that is up to 3 ms off
        now = block * 0.01
        heard.send([Piece(0, 10 * block, 10, seek)], now, now + 0.1 + 0.003 * (-1) ** block)
        positions += [heard.at(now + step)[0] for step in np.arange(0, 0.01, 0.001)]
    assert positions == sorted(positions)
    np.testing.assert_allclose(positions[1:], np.clip(np.arange(1000) - 100, 0, None), atol=4)
    heard.send([Piece(0, 1000, 5, seek), Piece(5, 1005, 0, seek)], 1.0, 1.1)
    assert heard.at(1.1035)[0] == 1003
    assert heard.at(9.0) == (1005, seek)


# The player


class FakeOutput:
    """A device on which time passes when the test says so."""

    opened = ()

    def __init__(self, rate, latency, device, fill):
        self.rate, self.latency, self.fill = rate, latency, fill
        self.time, self.active, self.failure, self.closed = 100.0, True, None, False
        self.heard = []
        FakeOutput.opened = (*FakeOutput.opened, self)

    def close(self):
        self.closed = True

    def run(self, count):
        """Take `count` samples."""
        out = np.full((count, 2), np.nan, np.float32)
        self.fill(out, self.time, self.time + self.latency)
        self.time += count / self.rate
        self.heard.append(out)
        return out


def wait_until(condition):
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until, "waited for 10 s in vain"
        time.sleep(0.001)


@pytest.fixture
def output(monkeypatch):
    """The device that was opened last."""
    monkeypatch.setattr(FakeOutput, "opened", ())
    monkeypatch.setattr(player, "Output", FakeOutput)

    def last():
        wait_until(lambda: FakeOutput.opened)
        return FakeOutput.opened[-1]

    return last


@pytest.fixture
def playing(output):
    """A player that plays, with everything that is near ready."""
    with Player() as made:
        made.load({"one": ramp(), "two": ramp(1000, 10_000)})
        made.play()
        settle(made)
        output()
        yield made


def settle(made):
    """Wait until all that is near is ready."""
    loaded = made._mixer.wish.track

    def settled():
        mixer, wish = made._mixer, made._mixer.wish
        here = mixer.position if wish.seek is mixer.seek else wish.seek.sample
        return made._output and loaded.wanted(wish.source, here) is None

    wait_until(settled)


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
    assert len(source.stretches) == track.AHEAD + 1
    assert all(abs(start - 500_000_000) < 64 * (track.AHEAD + 1) for start, _ in source.stretches)


def test_it_plays_to_the_last_sample_and_from_the_start_again(playing, output):
    for _ in range(21):
        output().run(50)
        settle(playing)
    for _ in range(2):  # the player's thread has gone round once, knowing this
        playing._wake.set()
        wait_until(lambda: not playing._wake.is_set())
    assert playing.playing
    assert playing.position == pytest.approx(950, abs=1)  # 1050 were taken, the last 100 are on their way
    while playing.playing:
        output().run(10)
        time.sleep(0.001)
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
        (ZeroDivisionError("oh"), "broken cannot be played: ZeroDivisionError('oh')."),
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


def test_lost_device_is_told_and_looked_for_again(playing, output, monkeypatch):
    output().run(100)
    rescans = []
    monkeypatch.setattr(player, "rescan", lambda: rescans.append(1))
    output().active = False
    wait_until(lambda: not playing.playing)
    assert playing.error == "Playing stopped: the sound device went away."
    assert output().closed
    playing.select("two")
    assert playing.position == 100
    playing.retry()
    wait_until(lambda: len(FakeOutput.opened) == 2)
    assert (playing.playing, playing.error, rescans) == (True, None, [1])


def test_no_device_is_told_and_all_else_goes_on(monkeypatch):
    def refuse(*_):
        raise DeviceError("Sound cannot be played: no sound device was found.")

    monkeypatch.setattr(player, "Output", refuse)
    with Player() as made:
        made.load({"one": ramp(), "two": ramp()})
        made.play()
        wait_until(lambda: not made.playing)
        assert made.error == "Sound cannot be played: no sound device was found."
        made.select("two")
        made.seek(300)
        assert (made.source, made.position) == ("two", 300)


def test_trouble_with_what_is_no_longer_wished_for_is_not_told(output, monkeypatch):
    class Refusing(FakeOutput):
        def __init__(self, *arguments):
            monkeypatch.setattr(player, "Output", FakeOutput)
            made.select("two")
            raise DeviceError("Sound cannot be played: it is too early.")

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
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


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
    return device.Output(48000, 0.1, None, lambda *_: None)


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
        ("PortAudioError('x: Invalid sample rate', -9997)", [{}], "the sound device does not take 48000 Hz."),
        (
            "PortAudioError('Device unavailable', -9985)",
            [{"max_output_channels": 2}],
            "the sound device cannot be opened (Device unavailable).",
        ),
        ("ValueError('No output device matching x')", [], "No output device matching x."),
    ],
)
def test_device_that_cannot_be_opened_is_one_sentence(library, error, devices, sentence):
    library(FAILING.format(error=error, devices=devices))
    with pytest.raises(DeviceError) as raised:
        open_device()
    assert str(raised.value) == f"Sound cannot be played: {sentence}"


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
