"""What the player sends to a real sound server, compared sample by sample."""

import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pytest
from sound_server import RATE, SoundServer, require_sound_server
from waiting import LONG_S, wait_until

from msviz.playback import Player, Resynthesis, device
from msviz.playback import player as player_module
from msviz.signal import Signal
from msviz.transform import STFT, OctaveTransform

LEAD = round(0.3 * RATE)  # of silence: the first milliseconds of a stream may be missing in a recording


def noise(seconds, channels=2):
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (channels, round(seconds * RATE)))
    samples[:, :LEAD] = 0
    samples[:, LEAD] = 0.25  # a plain beginning to find it by
    return Signal(samples.astype(np.float32), RATE)


MONO, STEREO, LONGER = noise(1.0, channels=1), noise(1.6), noise(4.3)


def mono():
    return {"original": MONO}


def stereo():
    return {"original": STEREO}


def resyntheses():
    return {
        "octaves": Resynthesis(LONGER, OctaveTransform(RATE)),
        "original": LONGER,
        "stft": Resynthesis(LONGER, STFT(RATE)),
    }


def halved(signal):
    return Signal(signal.samples * np.float32(0.5), RATE)


def whole_and_half():
    return {"whole": LONGER, "half": halved(LONGER)}


def shorter_whole_and_half():
    return {"whole": STEREO, "half": halved(STEREO)}


def shorter_resynthesis():
    return {"octaves": Resynthesis(STEREO, OctaveTransform(RATE)), "original": STEREO}


def without_the_top(representation):
    """A treatment that mutes the highest octave."""
    octaves = [replace(octave, coefficients=octave.coefficients.copy()) for octave in representation.bands]
    octaves[-1].coefficients[:] = 0
    return replace(representation, bands=tuple(octaves))


@pytest.fixture(scope="module")
def server():
    require_sound_server()
    server = SoundServer()
    yield server
    server.stop()


@contextmanager
def other_process(environment):
    """Call functions in a process of its own; PortAudio looks at its environment only once."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            pool.submit(int).result()
            yield lambda *call: pool.submit(*call).result(LONG_S)


@pytest.fixture(scope="module")
def elsewhere(server):
    """Call a function in a process whose default sound device is the server's."""
    with other_process(server.environment) as call:
        yield call


@dataclass
class Played:
    """What a player said while it played."""

    positions: list = field(default_factory=list)  # polled
    times: list = field(default_factory=list)  # when, on the clock that all processes share
    switched: list = field(default_factory=list)  # positions at which another source was selected
    latency: float = 0.0  # the longest from when samples were asked for until the last of them is heard
    last: int = 0
    dropouts: int = 0  # that the player is to blame for
    starved: int = 0  # for which the machine was too busy: nobody asked the player in time
    error: str | None = None

    def end(self, player):
        """Note how it ended."""
        self.last, self.dropouts, self.error = (
            player.position,
            player._mixer.request.tally.dropouts,
            player.error,
        )
        self.starved = player.dropouts - self.dropouts


def play(make_sources, switches=0, workers=0):
    """Play to the end, from source to source at random times, while others analyse."""
    sources = make_sources()
    names = list(sources)
    length = sources[names[0]].length
    gaps = np.random.default_rng(3).uniform(0.75, 1.25, switches + 1)
    due = list((LEAD + np.cumsum(gaps)[:-1] / gaps.sum() * (length - LEAD)).astype(int))
    told = Played()
    done = threading.Event()

    class Timed(device.Output):
        def __init__(self, rate, latency, name, fill):
            def timed(out, now, heard):
                told.latency = max(told.latency, heard - now + len(out) / rate)
                fill(out, now, heard)

            super().__init__(rate, latency, name, timed)

    player_module.Output = Timed  # in this process of its own
    with Player() as player, ThreadPoolExecutor(workers or 1) as pool:
        for _ in range(workers):
            pool.submit(analyze_until, done)
        player.load(sources)
        player.play()
        until = time.monotonic() + LONG_S
        try:
            while player.playing:
                assert time.monotonic() < until, f"played for {LONG_S} s without an end"
                told.times.append(time.monotonic())
                told.positions.append(player.position)
                if due and told.positions[-1] >= due[0]:
                    del due[0]
                    told.switched.append(player.position)
                    player.select(names[(names.index(player.source) + 1) % len(names)])
                time.sleep(0.002)
        finally:
            done.set()
        told.end(player)
    return told


def analyze_until(done):
    transform = OctaveTransform(RATE, workers=1)
    while not done.is_set():
        transform.analyze(LONGER)


def beginning(samples):
    """Where the first sample behind the silence was recorded."""
    return int(np.flatnonzero(np.abs(samples[0]) > 0.1)[0])


def record(server, elsewhere, call, latency_ms=20):
    """A recording of what a function plays, and what it told; again if the machine was too busy."""
    for _ in range(4):
        with server.recording(latency_ms) as recording:
            told = elsewhere(call)
        if not told.starved:
            break
    assert (told.dropouts, told.starved, told.error) == (0, 0, None)
    return recording, told


def played(server, elsewhere, make_sources, length, latency_ms=20, **options):
    """What is recorded of sources played to their end, from after the silence they lead with."""
    recording, told = record(server, elsewhere, partial(play, make_sources, **options), latency_ms)
    assert told.last == length
    assert told.positions == sorted(told.positions)
    assert len(set(told.positions)) > 20
    samples = recording.samples()
    first = beginning(samples)
    assert np.abs(samples[:, first + length - LEAD :]).max(initial=0) < 1e-5  # nothing is doubled
    return samples[:, first : first + length - LEAD], told


@pytest.mark.parametrize(("make_sources", "signal"), [(mono, MONO), (stereo, STEREO)])
def test_original_is_played_bit_by_bit(server, elsewhere, make_sources, signal):
    recorded, _ = played(server, elsewhere, make_sources, signal.length)
    np.testing.assert_array_equal(recorded, np.broadcast_to(signal.samples[:, LEAD:], recorded.shape))


def test_a_hundred_switches_between_original_and_resyntheses_leave_no_trace(server, elsewhere):
    recorded, told = played(server, elsewhere, resyntheses, LONGER.length, switches=100)
    original = LONGER.samples[:, LEAD:]
    error = recorded - original
    assert len(told.switched) == 100
    assert 20 * np.log10(np.linalg.norm(error) / np.linalg.norm(recorded)) < -110
    assert np.abs(error).max() < 1e-5
    assert np.any(error)  # the resyntheses were heard
    fades = np.s_[:, : original.shape[1] // 353 * 353]  # of 8 ms, all that there are
    levels = [np.square(each[fades].reshape(2, -1, 353)).mean(axis=2) for each in (recorded, original)]
    assert np.abs(10 * np.log10(levels[0] / levels[1])).max() < 0.1


def test_a_hundred_switches_fade_linearly_and_leave_all_else_untouched(server, elsewhere):
    recorded, told = played(server, elsewhere, whole_and_half, LONGER.length, switches=100)
    original = LONGER.samples[:, LEAD:]
    fade = (np.arange(round(0.008 * RATE)) + 0.5) / round(0.008 * RATE)
    gain = np.ones(len(original[0]), np.float32)
    starts = []
    old, new = 1.0, 0.5
    while differing := np.flatnonzero(recorded[0] != original[0] * gain)[:1].tolist():
        (start,) = differing
        gain[start:] = new
        under = gain[start : start + len(fade)]
        under[:] = old + (new - old) * fade[: len(under)]
        # In the fade rounding is free; on both its sides samples are what they are.
        inside = np.s_[:, start : start + len(fade)]
        np.testing.assert_allclose(recorded[inside], (original * gain)[inside], atol=1e-6)
        recorded[inside] = (original * gain)[inside]
        starts.append(start)
        old, new = new, old
    np.testing.assert_array_equal(recorded, original * gain)
    assert np.diff(starts).min() >= len(fade)
    assert len(told.switched) == 100
    assert 80 <= len(starts) <= 100  # two within a block that the device takes at once undo each other


def test_switch_is_heard_as_soon_as_what_was_sent_before_it(server, elsewhere):
    # The server's own latency, unknown to the device, is as short as its blocks.
    recorded, told = played(
        server, elsewhere, shorter_whole_and_half, STEREO.length, latency_ms=2, switches=5
    )
    gain = recorded[0] / STEREO.samples[0, LEAD:]
    level = np.round(gain, 4)
    starts = np.flatnonzero((np.diff(level) != 0) & np.isin(level[:-1], (0.5, 1))) + 1
    first = np.r_[True, np.diff(starts) > round(0.008 * RATE)]  # the others lie in the same fade
    waited = (starts[first] + LEAD - told.switched) / RATE
    assert waited.max() <= told.latency + 0.01


def test_playhead_is_where_the_sound_is(server, elsewhere):
    # The times at which samples come are as accurate as the blocks are short.
    recording, told = record(server, elsewhere, partial(play, stereo), latency_ms=2)
    numbers = beginning(recording.samples()) + np.array(told.positions) - LEAD
    arrived = np.array(recording.arrivals)
    heard = np.interp(numbers, arrived[:, 1], arrived[:, 0])
    steady = (np.array(told.positions) > LEAD) & (np.array(told.positions) < STEREO.length - 2000)
    assert np.count_nonzero(steady) > 50
    assert np.median(np.abs(np.array(told.times) - heard)[steady]) < 0.005


def turn_in_a_loop(period, least):
    """Play into a loop and let it turn at least so many times."""
    with Player() as player:
        player.load({"original": LONGER})
        player.loop = LEAD, LEAD + period
        player.play()
        turns, before = 0, 0
        while turns < least:
            turns += player.position < before
            before = player.position
            time.sleep(0.002)
        player.pause()
        told = Played()
        told.end(player)
        return told


@pytest.mark.parametrize(("period", "turns"), [(12_345, 5), (882, 40), (353, 60), (100, 60), (44, 60)])
def test_loop_turns_at_the_very_sample(server, elsewhere, period, turns):
    """From 1 ms on: 44 samples."""
    recording, _ = record(server, elsewhere, partial(turn_in_a_loop, period, turns))
    samples = recording.samples()
    samples = samples[:, beginning(samples) :]
    looped = LONGER.samples[:, LEAD : LEAD + period]
    count = min(round(0.008 * RATE), period // 2)
    fade = (np.arange(count) + 0.5) / count
    behind = LONGER.samples[:, LEAD + period : LEAD + period + count]
    np.testing.assert_array_equal(samples[:, count:period], looped[:, count:])
    for turn in range(1, turns):
        heard = samples[:, turn * period : (turn + 1) * period]
        np.testing.assert_array_equal(heard[:, len(fade) :], looped[:, len(fade) :])
        expected = behind + (looped[:, : len(fade)] - behind) * fade
        np.testing.assert_allclose(heard[:, : len(fade)], expected, atol=1e-6)


def mute_an_octave():
    """Play a resynthesis and mute its highest octave."""
    told = Played()
    transform = OctaveTransform(RATE)
    sources = {"original": LONGER, "octaves": Resynthesis(LONGER, transform)}
    with Player() as player:
        player.load(sources)
        player.select("octaves")
        player.play()
        wait_until(lambda: player.position > LEAD + RATE // 2)
        told.switched.append(player.position)
        player.exchange(sources | {"octaves": Resynthesis(LONGER, transform, without_the_top)})
        wait_until(lambda: player.position > LEAD + RATE)
        told.end(player)
        return told


def test_muted_octave_is_heard_within_a_fifth_of_a_second(server, elsewhere):
    recording, told = record(server, elsewhere, mute_an_octave)
    recorded = recording.samples()
    recorded = recorded[0, beginning(recorded) :][:RATE]
    differing = np.abs(recorded - LONGER.samples[0, LEAD : LEAD + len(recorded)]) > 1e-3
    assert 0 < (LEAD + np.argmax(differing) - told.switched[0]) / RATE <= 0.2


def test_two_that_analyse_do_not_disturb(server, elsewhere):
    recorded, _ = played(server, elsewhere, shorter_resynthesis, STEREO.length, workers=2)
    assert np.abs(recorded - STEREO.samples[:, LEAD:]).max() < 1e-5


def lose_and_regain_device():
    """Play until the server is killed, try once without it and once with it back; return what was told."""
    server = SoundServer()
    os.environ.update(server.environment)
    told = []
    try:
        with Player() as player:
            player.load({"original": LONGER})
            with server.recording():
                player.play()
                wait_until(lambda: player.position > LEAD)
                server.kill()
                wait_until(lambda: not player.playing)
            told.append((player.error, player.position))
            player.play()
            wait_until(lambda: not player.playing)
            told.append((player.error, player.position))
            server.start()
            with server.recording():
                player.retry()
                wait_until(lambda: player.position > told[-1][1])
                told.append((player.error, player.position))
        return told
    finally:
        server.stop()


def test_device_that_goes_away_is_told_and_found_again():
    require_sound_server()
    with other_process({}) as elsewhere:
        lost, still_lost, found = elsewhere(lose_and_regain_device)
    assert lost[0] == "Playback stopped: the sound device was disconnected."
    assert still_lost[0].startswith("Cannot play: ")
    assert still_lost[1] == lost[1]
    assert found[0] is None
