"""Loops, ranges, scrubbing, speed, the meter and other devices, where time passes as the test says."""

import threading

import numpy as np
import playback_tools
import pytest
from playback_tools import FADE, RATE, FakeOutput, ramp, settle
from waiting import wait_until

from msviz.errors import DeviceError, ParameterError
from msviz.playback import Meter, Player, buffer, player, scrub
from msviz.playback.buffer import PlaybackBuffer
from msviz.playback.device import RateError
from msviz.playback.scrub import Tape
from msviz.signal import Signal

chunk_borders_everywhere = playback_tools.chunk_borders_everywhere
output, playing = playback_tools.output, playback_tools.playing


def ears(made, output, count, block=10):
    """What is heard of `count` samples, with all made ready in between."""
    parts = []
    for _ in range(count // block):
        settle(made)
        parts.append(output().run(block))
    return np.concatenate(parts)


def numbers(out):
    """The samples of a `ramp` by their number."""
    return (out[:, 0] - 1) / 2


def look_round(made):
    """Let the player's thread go round, knowing what is so now."""
    for _ in range(2):
        made._wake.set()
        wait_until(lambda: not made._wake.is_set())


# Loops and ranges


@pytest.mark.parametrize(
    ("start", "stop"),
    [(100, 150), (0, 300), (63, 83), (900, 1000), (60, 75), (100, 105), (100, 102), (100, 101)],
)
def test_loop_has_exactly_its_period_and_fades_from_behind_its_stop(playing, output, start, stop):
    playing.loop = start, stop
    playing.seek(start)
    settle(playing)
    output().run(FADE + 2)
    begun = playing._mixer.position
    period = stop - start
    heard = ears(playing, output, 10 * max(period, 10))
    fade = min(FADE, period // 2)
    places = start + (begun - start + np.arange(len(heard))) % period
    gain = (np.arange(fade) + 0.5) / max(fade, 1)
    expected = np.array([1.0 + 2 * places, 2.0 + 2 * places]).T
    behind = np.where(stop + np.arange(fade) < 1000, 1.0 + 2 * (stop + np.arange(fade)), 0)
    for turn in np.flatnonzero(places == start):
        old = np.stack([behind, np.where(behind, behind + 1, 0)], axis=1)[: len(heard) - turn]
        new = expected[turn : turn + fade]
        expected[turn : turn + fade] = old + (new - old) * gain[: len(new), np.newaxis]
    np.testing.assert_allclose(heard, expected, rtol=1e-5)
    assert np.count_nonzero(places == start) >= 9
    assert playing.dropouts == 0
    assert start <= playing.position < stop


def test_loop_up_to_the_last_sample_does_not_end_there(playing, output):
    playing.loop = 900, 1000
    playing.seek(900)
    settle(playing)
    output().run(100)
    output().time += 0.1001
    assert playing.position == 1000
    look_round(playing)
    assert playing.playing
    output().run(50)
    output().time += 0.1001
    assert playing.position == 950  # what was taken has been heard


def test_playhead_before_the_stop_goes_on_and_turns_there(playing, output):
    output().run(100)
    playing.loop = 200, 300
    heard = numbers(ears(playing, output, 250))
    np.testing.assert_array_equal(heard[:200], np.arange(100, 300))
    np.testing.assert_allclose(heard[208:], np.arange(208, 250))


def test_playhead_behind_the_stop_goes_to_the_start(playing, output):
    output().run(100)
    playing.loop = 20, 60
    settle(playing)
    np.testing.assert_allclose(numbers(output().run(38)[FADE:]), np.arange(28, 58))


def test_without_its_loop_it_goes_on_smoothly(playing, output):
    playing.loop = 50, 100
    ears(playing, output, 80)
    playing.loop = None
    assert playing.loop is None
    np.testing.assert_array_equal(numbers(ears(playing, output, 200)), np.arange(80, 280))


@pytest.mark.parametrize("period", [8, 16, 24, 56, 120])
def test_loop_of_whole_periods_plays_on_as_a_pure_tone(output, period):
    """An eighth of the rate repeats every 8 samples: its loop is the tone itself, crossfades and all."""
    tone = np.sin(2 * np.pi * np.arange(1000) / 8)
    with Player() as made:
        made.load({"tone": Signal(np.stack([tone, tone]), RATE)})
        made.loop = 400, 400 + period
        made.seek(400)
        made.play()
        heard = ears(made, output, 400)
        np.testing.assert_allclose(heard[FADE:, 0], tone[FADE:400], atol=1e-6)


@pytest.mark.parametrize(
    ("rate", "asked", "taken"),
    [
        (1000, (100, 105), (100, 105)),
        (1000, (-50, 40), (0, 40)),
        (1000, (900, 5000), (900, 1000)),
        (48_000, (100, 105), (100, 148)),
        (48_000, (998, 1000), (952, 1000)),
        (44_100, (100, 101), (100, 144)),
        (96_000, (0, 1), (0, 96)),
    ],
)
def test_loop_lies_in_the_track_and_lasts_a_millisecond(rate, asked, taken):
    made = Player()
    made.load({"one": Signal(np.zeros((1, 1000)), rate)})
    made.loop = asked
    assert made.loop == taken


@pytest.mark.parametrize("empty", [(50, 50), (60, 50), (1000, 2000), (-10, 0)])
def test_empty_range_is_refused(playing, empty):
    with pytest.raises(ParameterError, match="is outside the 1000 samples"):
        playing.loop = empty
    with pytest.raises(ParameterError, match="is outside the 1000 samples"):
        playing.play_range(*empty)


def test_loop_of_a_track_shorter_than_a_fade(output):
    with Player() as made:
        made.load({"short": ramp(5)})
        made.loop = 0, 5
        made.play()
        settle(made)
        heard = ears(made, output, 100)
        assert made.playing
        assert np.abs(heard[FADE:]).max() <= 10


def test_start_of_the_loop_is_ready_before_the_seam():
    made = PlaybackBuffer({"a": ramp(100_000)})
    assert made.upcoming(64 * 100, (0, 64 * 103)) == [100, 101, 102, 103, 0, 1, 2]
    assert made.upcoming(64 * 100, (64 * 99, 64 * 101)) == [100, 101, 99]
    assert made.upcoming(64 * 100, (0, 50)) == [0]
    for index in made.upcoming(64 * 100, (0, 64 * 103)):
        made.make(0, index, made.upcoming(64 * 100, (0, 64 * 103)))
    assert made.is_ready(0, 0, made.lead)


def test_loops_start_is_not_let_go_while_far_from_it(monkeypatch):
    monkeypatch.setattr(buffer, "KEPT", 10)
    made = PlaybackBuffer({"a": ramp(64 * 100)})
    for index in range(100):
        upcoming = made.upcoming(64 * index, (0, 6400))
        while chunk := made.missing(0, upcoming):
            made.make(*chunk, upcoming)
        assert len(made.ready) == 10 or index < 4
    assert made.is_ready(0, 0, 64)


def test_range_is_played_once_and_the_playhead_goes_back(playing, output):
    playing.pause()
    output().run(50)
    playing.loop = 0, 500
    playing.play_range(200, 300)
    assert (playing.playing, playing.position) == (True, 200)
    heard = ears(playing, output, 110)
    np.testing.assert_array_equal(numbers(heard[FADE:100]), np.arange(200 + FADE, 300))
    gain = 1 - (np.arange(FADE) + 0.5) / FADE
    np.testing.assert_allclose(heard[100 : 100 + FADE, 0], (1 + 2 * np.arange(300, 308)) * gain, rtol=1e-5)
    assert not heard[108:].any()
    look_round(playing)
    assert playing.playing  # the last 100 samples are on their way
    output().run(100)
    wait_until(lambda: not playing.playing)
    assert (playing.position, playing.loop, playing.error) == (200, (0, 500), None)
    playing.play()  # the loop is back
    settle(playing)
    np.testing.assert_array_equal(numbers(ears(playing, output, 200)[FADE:]), np.arange(208, 400))


def test_range_goes_on_after_a_pause_and_ends_with_a_seek(playing, output):
    playing.play_range(200, 300)
    ears(playing, output, 50)
    playing.pause()
    output().run(20)
    playing.play()
    assert not ears(playing, output, 100)[50 + FADE :].any()
    playing.seek(280)
    np.testing.assert_array_equal(numbers(ears(playing, output, 100)[FADE:]), np.arange(288, 380))


# Other sources in the place of those that are loaded


def test_exchange_keeps_what_is_ready_of_the_same_sources(output):
    class Counted(Signal):
        reads = 0

        def read(self, start, stop):
            Counted.reads += 1
            return super().read(start, stop)

    same = Counted(ramp().samples, RATE)
    with Player() as made:
        made.load({"same": same, "other": ramp()})
        made.play()
        settle(made)
        before = Counted.reads
        made.exchange({"same": same, "other": ramp(1000, 5)})
        settle(made)
        assert Counted.reads == before
        np.testing.assert_array_equal(numbers(output().run(60)), np.arange(60))  # at once, without a trace


def test_exchange_is_heard_when_one_chunk_is_made(playing, output):
    output().run(100)
    playing.select("two")
    settle(playing)
    output().run(20)
    playing.exchange({"one": ramp(), "two": ramp(1000, 50_000)})
    wait_until(lambda: playing._mixer.request.track.is_ready(1, 120, 136))
    np.testing.assert_array_equal(output().run(40)[FADE:], ramp(1000, 50_000).samples[:, 128:160].T)


# Scrubbing


@pytest.fixture
def tape():
    made = PlaybackBuffer({"ramp": ramp(2000)})
    for index in range(2000 // 64 + 1):
        made.make(0, index, [])
    return Tape(), made


HALF = round(scrub.HALF_S * RATE)


def moved(tape, places):
    """What is heard of a pointer that is at one place after the other, each for half a grain."""
    head, made = tape
    parts = []
    for place in places:
        out = np.zeros((HALF, 2), np.float32)
        head.add(out, made, 0, place)
        parts.append(out)
    return np.concatenate(parts)


@pytest.mark.parametrize("speed", [1.0, 0.5, -1.0, 2.0])
def test_pointer_that_moves_evenly_is_heard_as_the_track_at_its_speed(tape, speed):
    places = 1000 + speed * HALF * np.arange(12)
    heard = moved(tape, places)
    expected = 1000 + speed * np.arange(12 * HALF)
    np.testing.assert_allclose(numbers(heard)[2 * HALF :], expected[2 * HALF :], rtol=1e-5)


def test_pointer_that_rests_is_silent_and_nothing_steps(tape):
    constant = PlaybackBuffer({"one": Signal(np.ones((1, 5000), np.float32), RATE)})
    for index in range(5000 // 64 + 1):
        constant.make(0, index, [])
    heard = moved((tape[0], constant), [300.0, 300.0, 300.0, 300.0, 350.0, 400.0, None, None, None])
    assert heard[: 2 * HALF].any()
    assert not heard[2 * HALF : 4 * HALF].any()
    assert heard[4 * HALF : 7 * HALF].any()
    assert not heard[7 * HALF :].any()
    assert np.abs(np.diff(heard[:, 0])).max() < np.pi / 2 / HALF * 1.01  # the steepest of a Hann window


def test_what_is_not_ready_is_silent_in_scrubbing():
    heard = moved((Tape(), PlaybackBuffer({"ramp": ramp()})), [0.0, 50.0, 1000.0, 1000.0])
    assert not heard.any()


def test_scrubbing_waits_for_nothing_and_stays_where_it_ends(playing, output):
    playing.pause()
    output().run(20)
    playing.scrub(500)
    assert (playing.position, playing.playing) == (500, False)
    wait_until(lambda: playing._mixer.request.track.is_ready(0, 500, 570))
    assert output().run(2 * HALF)[FADE:].any()
    playing.scrub(510)
    assert playing.position == 510
    playing.end_scrub()
    assert (playing.position, playing.playing) == (510, False)
    output().run(300)
    assert not output().run(50).any()
    assert playing.position == 510


def test_what_was_playing_goes_on_from_the_pointer(playing, output):
    output().run(100)
    playing.scrub(600.7)
    output().run(100)
    assert (playing.position, playing.playing) == (600, True)
    playing.end_scrub()
    settle(playing)
    output().run(2 * HALF)  # the last grain fades
    place = playing._mixer.position
    assert place == 600 + 2 * HALF
    np.testing.assert_array_equal(numbers(output().run(50)), np.arange(place, place + 50))


def test_scrubbing_ends_where_nobody_scrubs():
    made = Player()
    made.scrub(5)
    made.end_scrub()
    made.load({"one": ramp()})
    made.end_scrub()
    assert made.position == 0


# Speed


@pytest.fixture
def slowed(monkeypatch):
    """Let a slower source be one whose samples tell the place in the original."""

    class Known:
        def __init__(self, source, factor):
            self.rate, self.channels, self.length = source.rate, source.channels, source.length * factor
            self.factor = factor

        def read(self, start, stop):
            return np.tile(1 + 2 * np.arange(start, stop) / self.factor, (2, 1))

    monkeypatch.setattr(buffer, "SlowedSource", Known)


@pytest.mark.usefixtures("slowed")
def test_speed_changes_while_playing_and_the_place_goes_on(playing, output):
    ears(playing, output, 100)
    for speed, place in [(0.5, 100), (0.25, 150), (1, 175), (0.5, 275)]:
        playing.speed = speed
        assert playing.speed == speed
        heard = numbers(ears(playing, output, 100))
        np.testing.assert_allclose(heard, place + speed * np.arange(100), atol=FADE)
        np.testing.assert_allclose(heard[FADE:], place + speed * np.arange(FADE, 100), rtol=1e-6)
    assert playing.position == pytest.approx(275, abs=1)  # a tenth of a second ago
    assert playing.dropouts == 0


@pytest.mark.usefixtures("slowed")
def test_loop_seek_and_end_are_places_of_the_original_at_any_speed(playing, output):
    playing.speed = 0.25
    playing.loop = 500, 550
    playing.seek(500)
    heard = numbers(ears(playing, output, 410))
    np.testing.assert_allclose(heard[FADE:200], 500 + np.arange(FADE, 200) / 4)
    np.testing.assert_allclose(heard[200 + FADE : 400], 500 + np.arange(FADE, 200) / 4)
    playing.loop = None
    playing.seek(990)
    assert playing.position == 990
    for _ in range(200):
        output().run(10)
        look_round(playing)
        if not playing.playing:
            break
    assert (playing.playing, playing.position) == (False, 1000)


@pytest.mark.usefixtures("slowed")
def test_scrubbing_is_at_the_pointers_speed_alone(playing, output):
    playing.speed = 0.5
    settle(playing)
    playing.scrub(100)
    assert playing._mixer.request.track.slower == 1
    playing.speed = 0.25
    playing.end_scrub()
    assert playing._mixer.request.track.slower == 4


@pytest.mark.parametrize("speed", [0, 2, 0.3, float("nan")])
def test_impossible_speed_is_refused(speed):
    with pytest.raises(ParameterError, match=r"speed must be one of 1, 0.5, 0.25, not"):
        Player().speed = speed


def test_speed_stays_for_the_next_track():
    made = Player()
    made.speed = 0.5
    made.load({"one": ramp()})
    assert (made.speed, made._mixer.request.track.length) == (0.5, 2000)


# Loudness


def square(level):
    samples = np.full((2, 1000), level, np.float32)
    samples[1] /= 2
    return Signal(samples, RATE)


def test_meter_tells_the_peaks_heard_since_the_last_look(output):
    with Player() as made:
        assert made.meter() == Meter((0.0, 0.0), False)
        made.load({"one": square(0.5)})
        made.play()
        settle(made)
        output().run(50)
        assert made.meter().peaks == (0, 0)  # on its way
        output().run(50)
        output().run(1)
        assert made.meter() == Meter((0.5, 0.25), False)
        made.pause()
        output().run(200)
        made.meter()
        output().run(10)
        assert made.meter() == Meter((0.0, 0.0), False)


@pytest.mark.parametrize(
    ("level", "volume", "clips"), [(1.0, 1.0, True), (0.99, 1.0, False), (2.0, 0.25, False)]
)
def test_clip_light_stays_until_it_is_reset(output, level, volume, clips):
    with Player() as made:
        made.volume = volume
        made.load({"one": square(level)})
        made.play()
        settle(made)
        output().run(50)
        made.meter()
        assert made.meter().clipped is clips
        made.reset_clip()
        made.pause()
        output().run(20)
        made.reset_clip()
        assert made.meter().clipped is False


def test_muted_is_silent_and_keeps_the_volume(output):
    with Player() as made:
        made.volume = 0.5
        made.muted = True
        assert (made.muted, made.volume) == (True, 0.5)
        made.volume = 0.75
        made.load({"one": Signal(np.ones((2, 10_000), np.float32), RATE)})
        made.play()
        assert ears(made, output, 500, block=250).max() == 0
        made.muted = False
        assert ears(made, output, 2500, block=250)[2300:].min() == 0.75


# How far it lies from the first source


def test_error_of_what_is_heard_is_told():
    original = Signal(np.random.default_rng(0).uniform(-1, 1, (2, 1000)).astype(np.float32), RATE)
    tenth = Signal(original.samples * np.float32(0.9), RATE)
    with Player() as made:
        assert made.signal_to_error_db() is None
        made.load({"original": original, "tenth": tenth, "same": original})
        made.select("tenth")
        assert made.signal_to_error_db() is None  # nothing is ready
        whole = made._mixer.request.track
        for source in range(3):
            for index in range(16):
                whole.make(source, index, [])
        for place in (0, 500, 1000):
            made.seek(place)
            assert made.signal_to_error_db() == pytest.approx(20, abs=1e-3)
        made.select("same")
        assert made.signal_to_error_db() == np.inf
        made.select("original")
        assert made.signal_to_error_db() is None


def test_error_is_that_of_a_quarter_second_around_the_playhead():
    """A tenth less in these 250 samples, nothing at all outside them."""
    original = np.ones((2, 1000), np.float32)
    other = np.zeros_like(original)
    other[:, 375:625] = 0.9
    with Player() as made:
        made.load({"original": Signal(original, RATE), "other": Signal(other, RATE)})
        made.select("other")
        for source in range(2):
            for index in range(16):
                made._mixer.request.track.make(source, index, [])
        made.seek(500)
        assert made.signal_to_error_db() == pytest.approx(20, abs=1e-3)
        made.seek(625)  # half of them are silent, an error of as much as the signal
        assert made.signal_to_error_db() == pytest.approx(10 * np.log10(2 / 1.01), abs=1e-3)


def test_error_of_sources_that_are_read_is_that_of_those_played():
    original = Signal(np.random.default_rng(0).uniform(-1, 1, (3, 1000)).astype(np.float32), RATE)
    other = Signal(original.samples * np.linspace(0.5, 1, 1000, dtype=np.float32), RATE)
    with Player() as made:
        made.load({"original": original, "other": other})
        made.select("other")
        for source in range(2):
            for index in range(16):
                made._mixer.request.track.make(source, index, [])
        for place in (0, 100, 500, 990, 1000):
            made.seek(place)
            assert player.signal_to_error_around(original, other, place) == made.signal_to_error_db()
    assert (
        player.signal_to_error_around(Signal(np.zeros((1, 9)), RATE), Signal(np.ones((1, 9)), RATE), 4)
        is None
    )


def test_error_is_none_where_there_is_nothing_to_compare():
    with Player() as made:
        made.load({"original": ramp(), "other": ramp()})
        made.select("original")
        assert made.signal_to_error_db() is None


# The device


class Choosy(FakeOutput):
    """A device that takes only some rates."""

    takes = (2000,)

    def __init__(self, rate, *others):
        if rate not in self.takes:
            raise RateError(f"Cannot play: the sound device does not support {rate} Hz.")
        super().__init__(rate, *others)


@pytest.fixture
def choosy(output, monkeypatch):
    monkeypatch.setattr(player, "Output", Choosy)
    monkeypatch.setattr(player, "other_rates", lambda device: [4000, 2000])
    return output


@pytest.fixture
def doubled(monkeypatch):
    """Let a resampled source be one whose samples tell the place in the original."""

    class Known:
        def __init__(self, source, rate):
            self.rate, self.channels = rate, source.channels
            self.length = source.length * rate // source.rate

        def read(self, start, stop):
            return np.tile(1 + 2 * np.arange(start, stop) * RATE / self.rate, (2, 1))

    monkeypatch.setattr(buffer, "Resampled", Known)


@pytest.mark.usefixtures("doubled")
def test_refused_rate_is_resampled_and_places_stay_the_originals(choosy):
    with Player() as made:
        made.load({"one": ramp(), "two": ramp()})
        assert made.resampled is None
        made.play()
        settle(made)
        assert (choosy().rate, made.resampled, made.error) == (2000, 2000, None)
        np.testing.assert_array_equal(numbers(choosy().run(100)), np.arange(100) / 2)
        made.seek(400)
        settle(made)
        assert made.position == 400
        heard = numbers(ears(made, choosy, 400))
        np.testing.assert_array_equal(heard[2 * FADE :], 400 + np.arange(2 * FADE, 400) / 2)
        assert made.position == pytest.approx(
            500, abs=1
        )  # 600 are sent, the last tenth of a second on its way
        made.exchange({"one": ramp(), "two": ramp()})
        assert made.resampled == 2000
        made.load({"other": Signal(np.ones((1, 500)), 2000)})
        made.play()
        settle(made)
        assert (made.resampled, len(FakeOutput.opened)) == (None, 1)


@pytest.mark.parametrize("rate", [1300, 370])
def test_resampled_track_ends_at_its_last_sample(choosy, monkeypatch, rate):
    monkeypatch.setattr(Choosy, "takes", (rate,))
    monkeypatch.setattr(player, "other_rates", lambda device: [rate])
    with Player() as made:
        made.load({"one": ramp(997)})
        made.play()
        settle(made)
        for _ in range(200):
            choosy().run(10)
            look_round(made)
            if not made.playing:
                break
        assert (made.playing, made.position, made.error) == (False, 997, None)


@pytest.mark.parametrize("rate", [RATE, 4000])
def test_device_without_any_rate_is_told_and_asked_for_all_again(output, monkeypatch, rate):
    monkeypatch.setattr(player, "Output", type("Never", (Choosy,), {"takes": ()}))
    monkeypatch.setattr(player, "other_rates", lambda device: [4000, 2000])
    with Player() as made:
        made.load({"one": ramp()})
        made.play()
        wait_until(lambda: not made.playing)
        assert made.error == "Cannot play: the sound device supports none of 1000, 2000 and 4000 Hz."
        monkeypatch.setattr(player, "Output", type("Other", (Choosy,), {"takes": (rate,)}))
        monkeypatch.setattr(player, "rescan", lambda: None)
        made.retry()
        settle(made)
        assert (made.playing, made.error, output().rate) == (True, None, rate)


def test_another_device_goes_on_from_what_was_heard(playing, output):
    output().run(200)
    assert (playing.device, playing.position) == (None, 100)
    playing.device = "other"
    wait_until(lambda: output().device == "other")
    assert FakeOutput.opened[0].closed
    settle(playing)
    assert (playing.device, playing.playing) == ("other", True)
    np.testing.assert_array_equal(numbers(output().run(50)[FADE:]), np.arange(108, 150))


@pytest.mark.usefixtures("doubled")
def test_another_device_is_asked_for_the_tracks_own_rate(choosy, monkeypatch):
    with Player() as made:
        made.load({"one": ramp()})
        made.play()
        settle(made)
        monkeypatch.setattr(player, "Output", FakeOutput)
        made.device = "other"
        wait_until(lambda: choosy().device == "other")
        assert (choosy().rate, made.resampled) == (RATE, None)


def test_device_that_is_not_there_is_told_and_the_former_plays_again(playing, output, monkeypatch):
    class Missing(FakeOutput):
        def __init__(self, rate, latency, device, fill):
            if device == "unplugged":
                raise DeviceError("Cannot play: No output device matching 'unplugged'.")
            super().__init__(rate, latency, device, fill)

    monkeypatch.setattr(player, "Output", Missing)
    playing.device = "unplugged"
    wait_until(lambda: not playing.playing)
    assert playing.error == "Cannot play: No output device matching 'unplugged'."
    playing.device = None
    playing.play()
    settle(playing)
    assert (playing.playing, playing.error) == (True, None)


def test_what_came_too_late_for_the_device_is_counted(playing, output):
    output().underflows = 2
    assert playing.dropouts == 2
    output().active = False
    wait_until(lambda: not playing.playing)
    assert playing.dropouts == 2


# From several threads


class WatchedLock:
    """A lock that tells when a thread has to wait for it."""

    def __init__(self, lock, waits):
        self.lock, self.waits = lock, waits

    def __enter__(self):
        if not self.lock.acquire(blocking=False):
            self.waits.set()
            self.lock.acquire()

    def __exit__(self, *_):
        self.lock.release()


def new(made):
    made.exchange({"one": ramp(first=5.0), "two": ramp(first=7.0)})


def slower(made):
    made.speed = 0.5


def load(made):
    made.load({"one": ramp(first=5.0), "two": ramp(first=7.0)})


def go_on(made):
    made.end_scrub()


@pytest.mark.parametrize(
    ("slow", "other"), [(slower, new), (new, slower), (load, slower), (go_on, new), (go_on, slower)]
)
def test_no_change_is_lost_that_another_thread_makes_meanwhile(output, monkeypatch, slow, other):
    """Another thread changes something while one builds a track: it is done, or waits for its turn."""
    met, ends = threading.Event(), []
    build = PlaybackBuffer.__init__

    def change():
        other(made)
        met.set()

    def built(self, *args, **named):
        if threading.current_thread() is threading.main_thread() and not ends:
            ends.append(threading.Thread(target=change))
            ends[0].start()
            assert met.wait(10)
        build(self, *args, **named)

    with Player() as made:
        made.load({"one": ramp(), "two": ramp()})
        made.speed = 0.25
        if slow is go_on:
            made.scrub(500)
        made._lock = WatchedLock(made._lock, met)
        monkeypatch.setattr(PlaybackBuffer, "__init__", built)
        slow(made)
        ends[0].join(10)
        track = made._mixer.request.track
    changes = {slow, other}
    assert track.originals["one"].samples[0, 0] == (5 if changes & {new, load} else 1)
    assert track.slower == (2 if slower in changes else 4)
    assert made._mixer.request.pointer is None


def test_a_rate_that_one_device_refuses_is_not_held_against_the_next(output, monkeypatch):
    def refuse(rate, latency, device, fill):
        if device is None:  # another one is chosen while this one is asked
            made.device = "better"
            raise RateError
        return FakeOutput(rate, latency, device, fill)

    monkeypatch.setattr(player, "Output", refuse)
    monkeypatch.setattr(player, "other_rates", lambda _: [2000])
    with Player() as made:
        made.load({"one": ramp()})
        made.play()
        assert (output().device, output().rate, made.resampled) == ("better", RATE, None)
