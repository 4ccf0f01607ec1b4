"""What the player sends to a real sound server, compared sample by sample."""

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from playback_tools import wait_until
from sound_server import RATE, SoundServer, require_sound_server

from msviz.playback import Player, Resynthesis
from msviz.signal import Signal
from msviz.transform import STFT, OctaveTransform

LEAD = round(0.3 * RATE)  # of silence: the first milliseconds of a stream may be missing in a recording


def noise(seconds, channels=2):
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (channels, round(seconds * RATE)))
    samples[:, :LEAD] = 0
    samples[:, LEAD] = 0.25  # a plain beginning to find it by
    return Signal(samples.astype(np.float32), RATE)


MONO, STEREO, LONGER = noise(1.0, channels=1), noise(1.0), noise(2.5)


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


def whole_and_half():
    return {"whole": LONGER, "half": Signal(LONGER.samples * np.float32(0.5), RATE)}


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
            yield lambda *call: pool.submit(*call).result(timeout=20)


@pytest.fixture(scope="module")
def elsewhere(server):
    """Call a function in a process whose default sound device is the server's."""
    with other_process(server.environment) as call:
        yield call


def play(make_sources, switches):
    """Play to the end, from source to source at even intervals; return positions polled and how it ended."""
    sources = make_sources()
    names = list(sources)
    length = sources[names[0]].length
    due = [LEAD + (length - LEAD) * (i + 1) // (switches + 1) for i in range(switches)]
    positions = []
    with Player() as player:
        player.load(sources)
        player.play()
        until = time.monotonic() + 15
        while player.playing:
            assert time.monotonic() < until, "played for 15 s without an end"
            positions.append(player.position)
            if due and positions[-1] >= due[0]:
                del due[0]
                player.select(names[(names.index(player.source) + 1) % len(names)])
            time.sleep(0.005)
        return positions, player.position, player.underruns, player.error


def played(server, elsewhere, make_sources, length, switches=0):
    """What is recorded of sources played to their end, from after the silence they lead with."""
    with server.recording() as recording:
        positions, last, underruns, error = elsewhere(play, make_sources, switches)
    assert (last, underruns, error) == (length, 0, None)
    assert positions == sorted(positions)
    assert len(set(positions)) > 20
    samples = recording.samples()
    first = np.flatnonzero(np.abs(samples[0]) > 0.1)[0]
    assert np.abs(samples[:, first + length - LEAD :]).max(initial=0) < 1e-5  # nothing is doubled
    return samples[:, first : first + length - LEAD]


@pytest.mark.parametrize(("make_sources", "signal"), [(mono, MONO), (stereo, STEREO)])
def test_original_is_played_bit_by_bit(server, elsewhere, make_sources, signal):
    recorded = played(server, elsewhere, make_sources, signal.length)
    np.testing.assert_array_equal(recorded, np.broadcast_to(signal.samples[:, LEAD:], recorded.shape))


def test_ten_switches_between_original_and_resyntheses_leave_no_gap(server, elsewhere):
    recorded = played(server, elsewhere, resyntheses, LONGER.length, switches=10)
    error = recorded - LONGER.samples[:, LEAD:]
    assert 20 * np.log10(np.linalg.norm(error) / np.linalg.norm(recorded)) < -110
    assert np.abs(error).max() < 1e-5
    assert np.any(error)  # the resyntheses were heard


def test_ten_switches_fade_linearly_for_eight_milliseconds_and_leave_all_else_untouched(server, elsewhere):
    recorded = played(server, elsewhere, whole_and_half, LONGER.length, switches=10)
    original = LONGER.samples[:, LEAD:]
    fade = (np.arange(round(0.008 * RATE)) + 0.5) / round(0.008 * RATE)
    gain = np.ones(len(original[0]), np.float32)
    starts = []
    for old, new in [(1, 0.5), (0.5, 1)] * 5:
        start = np.flatnonzero(recorded[0] != original[0] * gain)[0]
        gain[start:] = new
        gain[start : start + len(fade)] = old + (new - old) * fade
        # In the fade rounding is free; on both its sides samples are what they are.
        inside = np.s_[:, start : start + len(fade)]
        np.testing.assert_allclose(recorded[inside], (original * gain)[inside], atol=1e-6)
        recorded[inside] = (original * gain)[inside]
        starts.append(start)
    np.testing.assert_array_equal(recorded, original * gain)
    assert np.diff(starts).min() > len(fade)


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
    assert lost[0] == "Playing stopped: the sound device went away."
    assert still_lost[0].startswith("Sound cannot be played: ")
    assert still_lost[1] == lost[1]
    assert found[0] is None
