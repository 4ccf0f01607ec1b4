"""What can be listened to, what is made ready of it, and what the audio callback does with it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playback_tools import FADE, RATE, ramp, short_chunks

from msviz.errors import ParameterError
from msviz.playback import Difference, Player, Resynthesis, buffer
from msviz.playback.buffer import PlaybackBuffer, fold
from msviz.playback.clock import PlaybackClock
from msviz.playback.mixer import Mixer, Piece, PlaybackRequest, Seek
from msviz.signal import Signal


@pytest.fixture(autouse=True, scope="module")
def chunk_borders_everywhere():
    with short_chunks():
        yield


def ready(*sources):
    """A track of which everything is ready."""
    made = PlaybackBuffer({str(number): source for number, source in enumerate(sources)})
    for source in range(len(sources)):
        for index in range(-(-made.length // buffer.CHUNK)):
            made.make(source, index, [])
    return made


def fill(mixer, count):
    out = np.full((count, 2), np.nan, np.float32)
    pieces = mixer.fill(out)
    return out, pieces


# Sources


class Shaky:
    """A transform whose resynthesis is off by a known amount, and that counts what it is asked."""

    dtype = np.dtype("float32")

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


def test_edits_are_made_between_analysis_and_synthesis():
    transform = Shaky()
    asked = []

    def treble(representation):
        asked.append(representation)
        return Signal(3 * representation.samples, representation.rate)

    original = ramp()
    edited = Resynthesis(original, transform, treble)
    np.testing.assert_array_equal(edited.read(10, 50), 3 * original.read(10, 50) + np.float32(0.5))
    assert len(asked) == 1


@pytest.mark.parametrize(("gain_db", "factor"), [(0, 1), (20, 10), (60, 1000)])
def test_difference_can_be_made_louder(gain_db, factor):
    original = ramp()
    difference = Difference(original, Resynthesis(original, Shaky()), gain_db=gain_db)
    np.testing.assert_allclose(difference.read(100, 200), np.full((2, 100), -0.5 * factor), rtol=1e-6)


@pytest.mark.parametrize("gain_db", [-1, 60.1, float("nan")])
def test_impossible_gain_of_the_difference_is_refused(gain_db):
    with pytest.raises(ParameterError, match="gain_db must be between 0 and 60, not"):
        Difference(ramp(), ramp(), gain_db=gain_db)


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
    made = PlaybackBuffer({"a": ramp(), "b": ramp(), "c": ramp()})
    order = []
    while missing := made.missing(1, made.upcoming(130)):
        order.append(missing)
        made.make(*missing, made.upcoming(130))
    assert order[:7] == [(1, 2), (1, 3), (0, 2), (2, 2), (1, 4), (0, 3), (2, 3)]
    assert max(index for _, index in order) == 2 + buffer.AHEAD


def test_chunks_far_from_the_playhead_are_let_go(monkeypatch):
    monkeypatch.setattr(buffer, "KEPT", 56)
    made = PlaybackBuffer({"a": ramp(64 * 100), "b": ramp(64 * 100)})
    for index in range(100):
        for source in range(2):
            made.make(source, index, made.upcoming(64 * index))
    assert set(made.ready) == {(source, index) for source in range(2) for index in range(72, 100)}


# The mixer


def reference(sources, length, events):
    """The mixer again, sample by sample, for a track of which everything is ready."""
    heard = requested = None  # source, None is silence
    here, asked, selected, loop, once = 0, None, 0, None, None
    old_heard = old_here = 0
    fading, fade = 0, FADE
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
        elif what == "loop":
            loop = value
        elif what == "once":
            once = value
        for _ in range(value if what == "fill" else 0):
            if not fading:
                place = here if asked is None else asked
                asked = None
                if playing and loop and not once and place >= loop[1]:
                    over = place - loop[1] if place - loop[1] < FADE else 0
                    place = loop[0] + over % (loop[1] - loop[0])
                requested = selected if playing and place < (once[1] if once else length) else None
                if requested != heard or (requested is not None and place != here):
                    old_heard, old_here = heard, here
                    looped = playing and loop and not once
                    fade = min(FADE, (loop[1] - loop[0]) // 2) if looped else FADE
                    fading = 0 if heard is None and place == 0 else fade
                heard, here = requested, place
            sample = at(heard, here)
            if fading:
                gain = (fade - fading + 0.5) / fade
                sample = (1 - gain) * at(old_heard, old_here + fade - fading) + gain * sample
                fading -= 1
            out.append((np.broadcast_to(sample, 2), here))
            here += heard is not None and here < length
    return out, here


RANGES = st.sampled_from([None, (0, 3), (0, 300), (60, 70), (100, 164), (290, 300)])
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("select"), st.integers(0, 2)),
        st.tuples(st.just("play"), st.booleans()),
        st.tuples(st.just("seek"), st.sampled_from([0, 1, 63, 64, 290, 299, 300])),
        st.tuples(st.just("loop"), RANGES),
        st.tuples(st.just("once"), RANGES),
        st.tuples(st.just("fill"), st.integers(1, 90)),
    ),
    max_size=30,
)


@settings(max_examples=300)
@given(EVENTS)
def test_every_sample_is_as_requested(events):
    sources = [ramp(300), ramp(300, 10_000), ramp(300, -5_000)]
    whole = ready(*sources)
    tested = Mixer()
    tested.request = request = PlaybackRequest(whole, playing=True)
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
            change = {"select": "source", "play": "playing"}.get(what, what)
            request = replace(request, **{change: Seek(value) if what == "seek" else value})
            tested.request = request
    expected, last = reference(sources, 300, events)
    np.testing.assert_allclose(np.concatenate(outs), [sample for sample, _ in expected], rtol=1e-6, atol=2e-3)
    assert positions == [position for _, position in expected]
    assert tested.position == last
    assert tested.request.tally.dropouts == 0


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 90)), min_size=1, max_size=20))
def test_switches_between_equal_sources_leave_no_trace(switches):
    source = Signal(np.random.default_rng(0).uniform(-1, 1, (2, 2000)).astype(np.float32), RATE)
    whole = ready(source, source)
    tested = Mixer()
    heard = []
    for selected, count in switches:
        tested.request = PlaybackRequest(whole, selected, playing=True, seek=tested.seek)
        heard.append(fill(tested, count)[0])
    heard = np.concatenate(heard)
    np.testing.assert_array_equal(heard, source.samples[:, : len(heard)].T)


def test_pause_and_play_under_their_fades_add_up_to_the_whole():
    source = ramp()
    tested = Mixer()
    tested.request = PlaybackRequest(ready(source), playing=True)
    before = fill(tested, 100)[0]
    tested.request = PlaybackRequest(tested.request.track, seek=tested.seek)
    faded_out, pieces = fill(tested, 50)
    assert (tested.position, {piece.moved for piece in pieces}) == (100, {0})
    assert not faded_out[FADE:].any()
    tested.request = PlaybackRequest(tested.request.track, playing=True, seek=tested.seek)
    after = fill(tested, 100)[0]
    after[:FADE] += faded_out[:FADE]
    np.testing.assert_allclose(np.concatenate([before, after]), source.samples[:, :200].T, rtol=1e-6)


def test_samples_that_are_late_are_waited_for_in_silence():
    source = ramp()
    late = PlaybackBuffer({"late": source})
    late.make(0, 0, [])
    tested = Mixer()
    tested.request = PlaybackRequest(late, playing=True)
    out, pieces = fill(tested, 100)
    np.testing.assert_array_equal(out[:64], source.samples[:, :64].T)
    assert not out[64:].any()
    fill(tested, 100)
    assert (tested.request.tally.dropouts, tested.position, pieces[-1].moved) == (1, 64, 0)
    late.make(0, 1, [])
    late.make(0, 2, [])
    out, _ = fill(tested, 64)
    np.testing.assert_array_equal(out[FADE:], source.samples[:, 64 + FADE : 128].T)
    assert tested.request.tally.dropouts == 1


def test_what_is_heard_goes_on_until_the_new_place_is_ready():
    source = ramp()
    late = PlaybackBuffer({"late": source})
    for index in range(4):
        late.make(0, index, [])
    tested = Mixer()
    tested.request = PlaybackRequest(late, playing=True)
    fill(tested, 50)
    tested.request = PlaybackRequest(late, playing=True, seek=Seek(700))
    out, _ = fill(tested, 50)
    np.testing.assert_array_equal(out, source.samples[:, 50:100].T)
    late.make(0, 10, [])  # ends four samples later: not enough to go there
    out, _ = fill(tested, 50)
    np.testing.assert_array_equal(out, source.samples[:, 100:150].T)
    late.make(0, 11, [])
    out, _ = fill(tested, 50)
    np.testing.assert_array_equal(out[FADE:], source.samples[:, 700 + FADE : 750].T)


def test_loop_turns_in_the_old_source_until_the_new_one_is_ready():
    source = ramp()
    late = PlaybackBuffer({"old": source, "new": ramp(1000, 10_000)})
    for index in range(4):
        late.make(0, index, [])
    tested = Mixer()
    tested.request = PlaybackRequest(late, playing=True, loop=(0, 100))
    fill(tested, 50)
    tested.request = PlaybackRequest(late, 1, playing=True, seek=tested.seek, loop=(0, 100))
    out, _ = fill(tested, 100)
    np.testing.assert_array_equal(out[:50], source.samples[:, 50:100].T)
    np.testing.assert_array_equal(out[50 + FADE :], source.samples[:, FADE:50].T)
    late.make(1, 0, [])
    late.make(1, 1, [])
    out, _ = fill(tested, 40)
    np.testing.assert_array_equal(out[FADE:], ramp(1000, 10_000).samples[:, 50 + FADE : 90].T)
    assert tested.request.tally.dropouts == 0


def test_place_asked_for_is_taken_in_the_old_source_until_the_new_one_is_ready():
    source = ramp()
    late = PlaybackBuffer({"old": source, "new": source})
    for index in range(16):
        late.make(0, index, [])
    tested = Mixer()
    tested.request = PlaybackRequest(late, playing=True)
    fill(tested, 50)
    tested.request = PlaybackRequest(late, 1, playing=True, seek=Seek(500))
    out, _ = fill(tested, 50)
    np.testing.assert_array_equal(out[FADE:], source.samples[:, 500 + FADE : 550].T)


def test_unloading_fades():
    tested = Mixer()
    tested.request = PlaybackRequest(ready(Signal(np.ones((2, 1000), np.float32), RATE)), playing=True)
    fill(tested, 50)
    tested.request = PlaybackRequest()
    out, _ = fill(tested, 50)
    assert np.abs(np.diff(out[:, 0], prepend=1)).max() < 0.2
    assert not out[FADE:].any()
    assert tested.position == 0


def test_volume_moves_without_a_step_and_ends_where_it_was_set():
    tested = Mixer()
    tested.request = PlaybackRequest(ready(Signal(np.ones((2, 20_000), np.float32), RATE)), playing=True)
    fill(tested, 10)
    tested.volume = 0.25
    out = np.concatenate([fill(tested, count)[0] for count in [100] * 50])
    assert np.abs(np.diff(out[:, 0])).max() < 1e-3
    np.testing.assert_array_equal(out[2048:], np.float32(0.25))


# When it is heard


def test_heard_position_follows_the_clock_and_never_goes_back():
    seek = Seek(0)
    heard = PlaybackClock(RATE, 0, seek)
    positions = [heard.at(0.0)[0]]
    for block in range(100):  # of 10 ms, heard 0.1 s later, on a clock that is up to 3 ms off
        now = block * 0.01
        heard.send([Piece(0, 10 * block, 10, 1.0, seek)], now, now + 0.1 + 0.003 * (-1) ** block, (0, 0))
        positions += [heard.at(now + step)[0] for step in np.arange(0, 0.01, 0.001)]
    assert positions == sorted(positions)
    np.testing.assert_allclose(positions[1:], np.clip(np.arange(1000) - 100, 0, None), atol=4)
    heard.send([Piece(0, 1000, 5, 1.0, seek), Piece(5, 1005, 0, 1.0, seek)], 1.0, 1.1, (0, 0))
    assert heard.at(1.1035)[0] == 1003
    assert heard.at(9.0) == (1005, seek)
