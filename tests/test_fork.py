"""Processes that are forked, as DataLoader and multiprocessing do it, from one that has analysed."""

import multiprocessing
import threading

import numpy as np
import pytest
import soundfile

from msviz import STFT, AudioError, OctaveTransform, Recipe, Reconstruction, load, open_audio, save
from msviz.transform import stages

RATE = 44100
PATIENCE_S = 120

pytestmark = [
    pytest.mark.skipif(
        "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
    ),
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]


def in_child(work):
    """What `work` gives in a forked process."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(work()), daemon=True)
    child.start()
    try:
        assert receiver.poll(PATIENCE_S), "the forked process does not come to an end"
        return receiver.recv()
    finally:
        child.kill()
        child.join()


@pytest.mark.parametrize("transform", [OctaveTransform(RATE, workers=2), STFT(RATE)])
def test_a_forked_child_analyses_and_synthesizes(transform):
    samples = np.random.default_rng(0).standard_normal(300_000).astype(np.float32)
    mine = transform.synthesize(transform.analyze(samples)).samples
    np.testing.assert_array_equal(
        in_child(lambda: transform.synthesize(transform.analyze(samples)).samples), mine
    )


def test_a_forked_child_builds_filters_while_its_parent_did():
    """A thread of the parent holds the lock while it forks; the child has the lock, but not the thread."""
    with stages._building:
        made = in_child(
            lambda: OctaveTransform(RATE, resolution=7).analyze(np.ones(1000)).octaves[3].coefficients
        )
    np.testing.assert_array_equal(
        made, OctaveTransform(RATE, resolution=7).analyze(np.ones(1000)).octaves[3].coefficients
    )


def test_a_forked_child_rebuilds_what_its_parent_is_rebuilding():
    begun, go_on = threading.Event(), threading.Event()

    class Slow:
        rate, channels, length = RATE, 1, 2000

        def read(self, start, stop):
            if threading.current_thread() is parent:
                begun.set()
                go_on.wait(PATIENCE_S)
            return np.ones((1, stop - start), np.float32)

    source = Reconstruction(Slow(), OctaveTransform(RATE), Recipe(kept=50))
    parent = threading.Thread(target=source.read, args=(0, 2000))
    parent.start()
    assert begun.wait(PATIENCE_S)
    try:
        made = in_child(lambda: source.read(0, 2000))
    finally:
        go_on.set()
        parent.join()
    np.testing.assert_array_equal(made, source.read(0, 2000))


def assert_children_read_alike(read, expected, starts, children=3):
    """Several forked processes read at once what their parent has opened."""
    context = multiprocessing.get_context("fork")

    def work(seed, sender):
        mine = np.random.default_rng(seed).permutation(starts)
        sender.send(sum(not np.array_equal(read(start), expected(start)) for start in mine))

    pipes = [context.Pipe(duplex=False) for _ in range(children)]
    processes = [
        context.Process(target=work, args=(seed, sender), daemon=True)
        for seed, (_, sender) in enumerate(pipes)
    ]
    for process in processes:
        process.start()
    try:
        for receiver, _ in pipes:
            assert receiver.poll(PATIENCE_S)
            assert receiver.recv() == 0
    finally:
        for process in processes:
            process.kill()
            process.join()


def test_forked_children_read_one_open_file_each_by_itself(tmp_path):
    samples = np.random.default_rng(0).uniform(-1, 1, 400_000).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    starts = np.random.default_rng(1).integers(0, 390_000, 300)
    with open_audio(tmp_path / "a.wav") as source:
        source.read(0, 10)
        assert_children_read_alike(
            lambda start: source.read(start, start + 500)[0],
            lambda start: samples[start : start + 500],
            starts,
        )


def test_forked_children_read_one_open_zip_each_by_itself(tmp_path):
    noise = np.random.default_rng(0).standard_normal(2_000_000).astype(np.float32)
    made = OctaveTransform(RATE, bins_per_octave=6, resolution=4).analyze(noise)
    save(made, tmp_path / "a.zarr.zip", compress=False)
    stored = load(tmp_path / "a.zarr.zip").octaves[-1].coefficients
    whole = made.octaves[-1].coefficients
    stored[..., :5]
    assert_children_read_alike(
        lambda start: stored[0, :, start : start + 50],
        lambda start: whole[0, :, start : start + 50],
        np.random.default_rng(1).integers(0, whole.shape[-1] - 50, 150),
    )


@pytest.mark.parametrize("kind", ["wav", "ogg"])
def test_a_forked_child_reads_while_its_parent_decodes(tmp_path, kind):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 300_000).astype(np.float32)
    soundfile.write(tmp_path / f"a.{kind}", samples, RATE)
    with open_audio(tmp_path / f"a.{kind}") as source:
        whole = source.read(0, 300_000)
        assert in_child(lambda: np.array_equal(source.read(1000, 290_000), whole[:, 1000:290_000]))
        with source._lock:  # as another thread may hold it
            assert in_child(lambda: np.array_equal(source.read(5, 10), whole[:, 5:10]))


def test_a_file_that_was_given_open_is_refused_in_a_child(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(1000), RATE)

    def refusal():
        try:
            source.read(0, 10)
        except AudioError as error:
            return str(error)

    with (tmp_path / "a.wav").open("rb") as file, open_audio(file) as source:
        assert "was opened in another process" in in_child(refusal)
        assert source.read(0, 10).shape == (1, 10)
