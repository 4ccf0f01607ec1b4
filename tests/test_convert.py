"""Converting many files: all that can be is, once; what cannot is told; nothing is ever half there."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_tools import write_tracks
from waiting import LONG_S, wait_until

from msviz import STFT, OctaveTransform, Signal, demo_tracks, open_audio
from msviz.convert import (
    Outcome,
    Progress,
    Settings,
    convert,
    plan,
    processes,
    run,
)
from msviz.errors import MsvizError, ParameterError
from msviz.measures import signal_to_error_db
from msviz.picture import level_codes
from msviz.storage import load, save
from msviz.tracks import StoredPicture, StoredTrack, is_representation, open_track

RATE = 8000
QUICK = Settings(fmin=1000.0)  # one or two octaves: a file is written in no time


def tone(path, seconds=0.5, hz=1500.0, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    soundfile.write(path, samples, rate)
    return path


def ends(jobs, processes=None):
    """What a conversion comes to: {name of the source: outcome}; done here, or in so many processes."""
    events = convert(jobs, processes=processes) if processes else (e for job in jobs for e in run(job))
    return {Path(e.job.source).name: e for e in events if isinstance(e, Outcome)}


def states(jobs):
    return {name: outcome.state for name, outcome in ends(jobs).items()}


def targets(jobs, out):
    return [Path(job.target).relative_to(out).as_posix() for job in jobs]


def visible(folder):
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def leftovers(folder):
    return [path for path in folder.rglob(".*") if path.name.startswith(".")]


# What becomes which


def test_a_folder_keeps_its_tree(tmp_path):
    for name in ("b.wav", "a.FLAC", "deep/er/c.ogg", ".hidden.wav", ".git/d.wav", "notes.txt", "e.wav.bak"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")
    jobs = plan([tmp_path / "in"], tmp_path / "out")
    assert targets(jobs, tmp_path / "out") == ["a.zarr", "b.zarr", "deep/er/c.zarr"]
    assert [job.size for job in jobs] == [5, 5, 5]
    zipped = plan([tmp_path / "in"], tmp_path / "out", zipped=True)
    assert targets(zipped, tmp_path / "out") == ["a.zarr.zip", "b.zarr.zip", "deep/er/c.zarr.zip"]


def test_files_of_one_name_keep_what_tells_them_apart(tmp_path):
    for name in ("a.wav", "A.flac", "b.wav", "deep/a.wav"):
        tone(tmp_path / name)
    jobs = plan([tmp_path], tmp_path / "out")
    assert targets(jobs, tmp_path / "out") == ["A.flac.zarr", "a.wav.zarr", "b.zarr", "deep/a.zarr"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="a and A are one file here")
def test_no_pair_of_names_stops_the_others(tmp_path):
    """Names that differ in capitals alone, and two files that would become one."""
    for name in ("kick.wav", "Kick.wav", "other.wav"):
        tone(tmp_path / "in" / name)
    jobs = plan([tmp_path / "in"], tmp_path / "out", QUICK)
    assert states(jobs) == {"kick.wav": "converted", "Kick.wav": "converted", "other.wav": "converted"}
    assert len({name.casefold() for name in visible(tmp_path / "out")}) == 3
    assert set(states(plan([tmp_path / "in"], tmp_path / "out", QUICK)).values()) == {"skipped"}
    clashing = [tone(tmp_path / name / "in" / "a.wav") for name in ("one", "two")]
    jobs = plan([*clashing, tone(tmp_path / "b.wav")], tmp_path / "out", QUICK)
    outcomes = [list(run(job))[-1] for job in jobs]
    assert [outcome.state for outcome in outcomes] == ["converted", "failed", "converted"]
    assert outcomes[1].reason == (
        f"{clashing[1]} cannot be converted: {jobs[1].target} is already the output of {clashing[0]}."
    )


def test_what_is_named_twice_is_representation_once(tmp_path):
    path = tone(tmp_path / "in" / "a b.wav")
    names = [path, tmp_path / "in", os.path.relpath(path), path.as_uri()]
    assert len(plan(names, tmp_path / "out")) == 1


def test_one_file_may_be_given_a_name(tmp_path):
    path = tone(tmp_path / "a.wav")
    for name in ("x.zarr", "x.zarr.zip", "x.npz"):
        assert targets(plan([path], tmp_path / name), tmp_path) == [name]
    with pytest.raises(ParameterError, match=r"x\.zarr is the name of a single file"):
        plan([path, tone(tmp_path / "b.wav")], tmp_path / "x.zarr")
    with pytest.raises(ParameterError, match=r"x\.zarr is the name of a single file"):
        plan([tmp_path], tmp_path / "x.zarr")


def test_what_cannot_be_planned_is_told(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(MsvizError, match="empty contains no audio files"):
        plan([tmp_path / "empty"], tmp_path / "out")
    path = tone(tmp_path / "a.wav")
    with pytest.raises(ParameterError, match=r"a\.wav is a file: choose an output"):
        plan([path], path)
    with pytest.raises(ParameterError, match="resolution must be between"):
        Settings(resolution=2.0)


# All that can be, once


def test_a_hundred_files_of_which_five_are_broken(tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name, track in demo_tracks().items():
        samples, rate = soundfile.read(track, stop=25 * 4000)
        for number, piece in enumerate(np.split(samples, 25)):
            soundfile.write(folder / f"{name} {number}.flac", piece, rate)
    files = sorted(folder.iterdir())
    assert len(files) == 100
    broken = {
        files[3]: b"",
        files[20]: b"no sound at all",
        files[40]: files[40].read_bytes()[:2000],
        files[60]: b"fLaC" + bytes(100),
        files[99]: None,
    }
    for path, data in broken.items():
        path.unlink()
        if data is not None:
            path.write_bytes(data)
    jobs = plan(files, out, Settings(fmin=6000.0, content="float16"))
    ended = ends(jobs, processes=2)
    assert len(ended) == 100
    failed = {name: outcome for name, outcome in ended.items() if outcome.state != "converted"}
    assert sorted(failed) == sorted(path.name for path in broken)
    for name, outcome in failed.items():
        assert outcome.state == "failed"
        assert outcome.reason.startswith(str(folder / name))
        assert outcome.reason.endswith(".")
    assert visible(out) == {f"{path.stem}.zarr" for path in files if path not in broken}
    assert not leftovers(out)
    for path in files[:3]:
        samples, _ = soundfile.read(path)
        rebuilt = load(out / f"{path.stem}.zarr").synthesize()
        assert np.abs(rebuilt.samples - samples.T).max() < 1e-3


def test_every_job_is_followed_to_its_end(tmp_path):
    jobs = plan([tone(tmp_path / "a.wav", seconds=2.0, rate=44100)], tmp_path / "out")
    *progress, outcome = run(jobs[0])
    assert outcome == Outcome(jobs[0], "converted")
    assert all(isinstance(event, Progress) for event in progress)
    shares = [event.share for event in progress]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("content", ["complex64", "float16", "levels"])
def test_what_is_made_is_what_was_asked_for(tmp_path, content):
    settings = Settings(content, False, bins_per_octave=12, resolution=8.0, gamma=3.0, fmin=500.0)
    jobs = plan([tone(tmp_path / "a.wav")], tmp_path / "out", settings)
    assert states(jobs) == {"a.wav": "converted"}
    stored = load(jobs[0].target)
    assert stored.content == content
    expected = OctaveTransform(RATE, bins_per_octave=12, resolution=8.0, gamma=3.0, fmin=500.0)
    assert stored.transform.scale == expected.scale
    assert stored.attributes["origin"]["source"]["name"] == "a.wav"


def test_levels_are_those_of_the_coefficients(tmp_path):
    path = tone(tmp_path / "a.wav", seconds=8.0, rate=44100)
    (job,) = plan([path], tmp_path / "out", Settings("levels"))
    assert states([job]) == {"a.wav": "converted"}
    with open_audio(path) as source:
        whole = OctaveTransform(44100).analyze(source)
    for stored, made in zip(load(job.target).bands, whole.bands, strict=True):
        assert stored.range == made.range
        exact = np.abs(made.coefficients)
        half_a_step = 10 ** (0.27 / 20) - 1
        assert np.allclose(stored.coefficients[...], exact, rtol=half_a_step, atol=3e-6)  # -110 dB


def test_a_video_is_representation_with_the_track_that_is_asked_for(tmp_path):
    quiet = np.zeros((RATE, 1), np.float32)
    loud = 0.5 * np.sin(2 * np.pi * 1500 * np.arange(RATE)[:, None] / RATE)
    path = write_tracks(tmp_path / "a.mkv", [(quiet, "aac"), (loud, "aac")], rate=RATE, video=True)
    peaks = []
    for track in (0, 1):
        jobs = plan([path], tmp_path / "out", replace(QUICK, track=track))
        assert states(jobs) == {"a.mkv": "converted"}
        assert states(jobs) == {"a.mkv": "skipped"}
        peaks.append(np.abs(load(jobs[0].target).synthesize().samples).max())
    assert peaks == pytest.approx([0, 0.5], abs=0.1)
    missing = plan([path], tmp_path / "out", replace(QUICK, track=2))
    assert ends(missing)["a.mkv"].reason == f"{path} has no audio track 3: it has only 2."


def test_parameters_that_one_file_cannot_have_are_told_of_it(tmp_path):
    files = [tone(tmp_path / "low.wav"), tone(tmp_path / "high.wav", rate=48000)]
    jobs = plan(files, tmp_path / "out", Settings(fmin=4000.0))
    ended = ends(jobs)
    assert ended["high.wav"].state == "converted"
    assert ended["low.wav"].reason.startswith(
        f"{tmp_path / 'low.wav'} cannot be converted: fmin must be above"
    )


def test_what_is_there_is_skipped_until_something_has_changed(tmp_path):
    path = tone(tmp_path / "a.wav")
    jobs = plan([path], tmp_path / "out", QUICK)
    assert states(jobs) == {"a.wav": "converted"}
    assert states(jobs) == {"a.wav": "skipped"}
    assert states(plan([path], tmp_path / "out", QUICK, overwrite=True)) == {"a.wav": "converted"}
    assert states(plan([path], tmp_path / "out", Settings(fmin=900.0))) == {"a.wav": "converted"}
    assert load(jobs[0].target).transform.scale.fmin == 900.0
    assert states(jobs) == {"a.wav": "converted"}
    os.utime(path, ns=(0, 0))
    assert states(jobs) == {"a.wav": "converted"}
    tone(path, seconds=0.7)
    assert states(jobs) == {"a.wav": "converted"}
    assert load(jobs[0].target).length == round(0.7 * RATE)


def test_what_an_older_version_made_with_other_filters_is_made_again(tmp_path):
    jobs = plan([tone(tmp_path / "a.wav")], tmp_path / "out", QUICK)
    assert states(jobs) == {"a.wav": "converted"}
    metadata = Path(jobs[0].target, "zarr.json")
    root = json.loads(metadata.read_text())
    root["attributes"]["format_version"] = 1
    del root["attributes"]["parameters"]["mirrored"]
    metadata.write_text(json.dumps(root))
    assert load(jobs[0].target).transform.parameters["mirrored"]
    assert states(jobs) == {"a.wav": "converted"}
    assert not load(jobs[0].target).transform.parameters["mirrored"]
    assert states(jobs) == {"a.wav": "skipped"}


def test_nothing_is_lost_to_a_file_of_the_same_name(tmp_path):
    path, other = tone(tmp_path / "a.wav"), tone(tmp_path / "a.flac", hz=3000.0)
    assert states(plan([path], tmp_path / "out", QUICK)) == {"a.wav": "converted"}
    before = load(tmp_path / "out" / "a.zarr").attributes
    outcome = ends(plan([other], tmp_path / "out", QUICK))["a.flac"]
    assert outcome.reason == (
        f"{other} cannot be converted: {tmp_path / 'out' / 'a.zarr'} exists and was made from a.wav. "
        "Choose another folder, or use --overwrite."
    )
    assert load(tmp_path / "out" / "a.zarr").attributes == before
    assert states(plan([other], tmp_path / "out", QUICK, overwrite=True)) == {"a.flac": "converted"}
    # What was saved from Python, or is something else altogether, is not taken for a conversion either.
    mine = tmp_path / "out" / "mine.zarr"
    save(OctaveTransform(RATE, fmin=1000.0).analyze(Signal(np.ones(99), RATE)), mine)
    tone(tmp_path / "mine.wav")
    assert (
        "made from another file" in ends(plan([tmp_path / "mine.wav"], tmp_path / "out"))["mine.wav"].reason
    )
    (tmp_path / "out" / "diary.zarr").mkdir()
    (tmp_path / "out" / "diary.zarr" / "today.txt").write_text("dear diary")
    jobs = plan([tone(tmp_path / "diary.wav")], tmp_path / "out", overwrite=True)
    assert "contains other files" in ends(jobs)["diary.wav"].reason
    assert (tmp_path / "out" / "diary.zarr" / "today.txt").read_text() == "dear diary"


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    path = tone(tmp_path / "a.wav")
    jobs = plan([path], path / "out")
    assert ends(jobs)["a.wav"].reason == f"{path / 'out' / 'a.zarr'} cannot be written: Not a directory."


def test_two_runs_at_once_share_a_folder(tmp_path):
    for name in ("a.wav", "b.wav", "c.wav"):
        tone(tmp_path / "in" / name)
    jobs = plan([tmp_path / "in"], tmp_path / "out", QUICK)
    first, second = run(jobs[0]), run(jobs[2])
    assert isinstance(next(first), Progress)
    assert list(second)[-1].state == "converted"
    others = ends(jobs)
    assert {name: end.state for name, end in others.items()} == {
        "a.wav": "failed",
        "b.wav": "converted",
        "c.wav": "skipped",
    }
    assert re.search(r"a\.zarr is being written by another process", others["a.wav"].reason)
    assert list(first)[-1].state == "converted"
    assert set(states(jobs).values()) == {"skipped"}
    assert leftovers(tmp_path) == []


def test_what_nobody_has_foreseen_costs_one_file_alone(tmp_path, monkeypatch):
    class Broken(OctaveTransform):
        def stream(self, source, **_options):
            raise RuntimeError("oops")

    monkeypatch.setattr("msviz.convert.jobs.OctaveTransform", Broken)
    path = tone(tmp_path / "a.wav")
    ended = ends(plan([path], tmp_path / "out"))
    assert ended["a.wav"].reason == (
        f"{path} cannot be converted. Internal error: RuntimeError('oops') "
        "(see Help > Show log, or run msviz --verbose)."
    )


# Ended before its end


def long_files(folder, count, seconds):
    for number in range(count):
        tone(folder / f"{number}.wav", seconds=seconds, rate=44100)
    return folder


def test_closed_before_the_end_it_leaves_nothing(tmp_path):
    jobs = plan([long_files(tmp_path / "in", 1, 60)], tmp_path / "out", QUICK)
    events = run(jobs[0])
    assert next(events).share < 1
    assert leftovers(tmp_path / "out")
    events.close()
    assert not list((tmp_path / "out").iterdir())


def test_closed_before_the_end_it_ends_its_processes(tmp_path):
    jobs = plan([long_files(tmp_path / "in", 3, 60)], tmp_path / "out", Settings(fmin=6000.0))
    events = convert(jobs, processes=2)
    next(events)
    assert len(active_children()) == 2
    events.close()
    assert not active_children()
    assert not leftovers(tmp_path / "out")


def test_a_process_that_dies_costs_the_file_it_was_at(tmp_path):
    jobs = plan([long_files(tmp_path / "in", 3, 60)], tmp_path / "out", Settings(fmin=6000.0))
    outcomes, killed = [], False
    for event in convert(jobs, processes=2):
        if not killed:
            os.kill(active_children()[0].pid, signal.SIGKILL)
            killed = True
        if isinstance(event, Outcome):
            outcomes.append(event)
    assert sorted(outcome.state for outcome in outcomes) == ["converted", "converted", "failed"]
    failed = next(outcome for outcome in outcomes if outcome.state == "failed")
    assert failed.reason == (
        f"{failed.job.source} cannot be converted: its process was killed, perhaps because memory ran out."
    )
    assert visible(tmp_path / "out") == {Path(o.job.target).name for o in outcomes if o is not failed}


def started(*args):
    # The one who runs the tests may have told them to ignore Ctrl-C (nohup does).
    script = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from msviz.cli import main
main(prog_name="msviz")
"""
    return subprocess.Popen(
        [sys.executable, "-c", script, "convert", *map(str, args)],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def group(leader):
    """Processes of the group that `leader` leads, itself included."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[2]) == leader and fields[0] != "Z":
            members.append(int(stat.parent.name))
    return members


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_killed_half_way_and_started_again(tmp_path):
    folder, out = long_files(tmp_path / "in", 10, 5), tmp_path / "out"
    out.mkdir()
    arguments = (folder, "-o", out, "--jobs", 2, "--fmin", 6000)
    with started(*arguments) as running:
        wait_until(lambda: len(visible(out)) >= 3)
        running.kill()
        wait_until(lambda: not group(running.pid))  # those who worked for it find that out by themselves
    there = visible(out)
    assert 3 <= len(there) < 10
    for name in there:
        load(out / name).read()  # whole, or it would be told
    with started(*arguments) as again:
        told, _ = again.communicate(timeout=LONG_S)
    assert told == f"{10 - len(there)} converted, {len(there)} skipped, 0 failed.\n"
    assert again.returncode == 0
    assert visible(out) == {f"{number}.zarr" for number in range(10)}
    assert not leftovers(out)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("when", ["begins", "writes"])
def test_interrupted_in_the_terminal_it_leaves_nothing_half_written(tmp_path, when):
    folder, out = long_files(tmp_path / "in", 4, 60), tmp_path / "out"
    out.mkdir()
    with started(folder, "-o", out, "--jobs", 2) as running:
        if when == "writes":
            wait_until(lambda: len(leftovers(out)) == 2)
        else:  # itself, what multiprocessing starts for itself, and two that load what they need
            wait_until(lambda: len(group(running.pid)) == 4)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does
        told = running.communicate(timeout=LONG_S)
        assert told == ("", "msviz: Interrupted.\n")
        assert running.returncode == 130
        wait_until(lambda: not group(running.pid))  # what multiprocessing has started for itself hears of it
    assert not leftovers(out)
    for name in visible(out):
        load(out / name).read()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_processes_leave_it_to_others_what_an_interrupt_means(tmp_path):
    with started(long_files(tmp_path / "in", 2, 1), "-o", tmp_path / "out", "--jobs", 2) as running:
        wait_until(lambda: len(group(running.pid)) == 4)

        def interrupt():
            """All but itself, while they load what they need and while they work."""
            for process in group(running.pid):
                with suppress(ProcessLookupError):  # it has ended meanwhile
                    if process != running.pid:
                        os.kill(process, signal.SIGINT)
            return running.poll() is not None

        wait_until(interrupt)
        assert running.communicate(timeout=LONG_S) == ("2 converted, 0 failed.\n", "")


# Elsewhere


def test_addresses_are_read_and_written(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe("/in/a.wav", tone(tmp_path / "a.wav").read_bytes())
    memory.pipe("/in/deep/b.wav", b"no sound at all")
    memory.pipe("/in/notes.txt", b"nothing")
    try:
        jobs = plan(["memory://in"], "memory://out", QUICK)
        assert [(job.source, job.target) for job in jobs] == [
            ("memory://in/a.wav", "memory://out/a.zarr"),
            ("memory://in/deep/b.wav", "memory://out/deep/b.zarr"),
        ]
        ended = ends(jobs)
        assert ended["a.wav"].state == "converted"
        assert ended["b.wav"].reason.startswith("memory://in/deep/b.wav is not an audio file.")
        with open_track(tmp_path / "a.wav") as original, open_track("memory://out/a.zarr") as rebuilt:
            assert signal_to_error_db(original, rebuilt) > 120
        assert states(jobs[:1]) == {"a.wav": "skipped"}
        memory.pipe("/in/a.wav", tone(tmp_path / "a.wav", seconds=0.3).read_bytes())
        assert states(jobs[:1]) == {"a.wav": "converted"}
        missing = ends(plan(["memory://in/none.wav"], "memory://out"))["none.wav"]
        assert missing.reason == "memory://in/none.wav does not exist."
    finally:
        memory.rm("/in", recursive=True)
        memory.rm("/out", recursive=True)


def test_a_link_to_nowhere_costs_itself_alone(tmp_path):
    tone(tmp_path / "in" / "a.wav")
    try:
        (tmp_path / "in" / "b.wav").symlink_to(tmp_path / "gone.wav")
    except OSError:
        pytest.skip("no links here")
    outcomes = ends(plan([tmp_path / "in"], tmp_path / "out"), processes=1)
    assert outcomes["a.wav"].state == "converted"
    assert outcomes["b.wav"].reason.endswith("b.wav does not exist.")


def test_an_address_where_nobody_answers_is_told(tmp_path):
    pytest.importorskip("fsspec")
    nowhere = "ftp://127.0.0.1:1"
    with pytest.raises(MsvizError, match=rf"^{nowhere}/a\.wav cannot be reached: .*\.$"):
        plan([f"{nowhere}/a.wav"], tmp_path)
    jobs = plan([tone(tmp_path / "a.wav")], f"{nowhere}/out")
    assert re.match(rf"^{nowhere}/out/a\.zarr cannot be reached: ", ends(jobs)["a.wav"].reason)


def test_an_address_of_no_known_kind_is_told():
    pytest.importorskip("fsspec")
    with pytest.raises(MsvizError, match=r"^nowhere://a\.wav cannot be reached: .*\.$"):
        plan(["nowhere://a.wav"], "out")


# What is done with what was converted


@pytest.fixture
def noise():
    return Signal(np.random.default_rng(3).uniform(-0.5, 0.5, (2, 20_000)).astype(np.float32), RATE)


def test_a_converted_file_is_opened_as_a_track_is(tmp_path, noise):
    path = tmp_path / "noise.zarr"
    save(OctaveTransform(RATE).analyze(noise), path)
    with open_track(path) as source:
        assert isinstance(source, StoredTrack)
        assert (source.rate, source.channels, source.length) == (RATE, 2, 20_000)
        assert (source.path, source.format, source.duration) == (path, "msviz, complex64", 2.5)
        assert (source.decoded, source.non_finite) == (20_000, 0)
        assert signal_to_error_db(noise, source) > 120
        assert np.array_equal(source.read(-10, 5)[:, :10], np.zeros((2, 10)))
    assert is_representation("x.ZARR/")
    assert not is_representation("x.wav")


@pytest.mark.parametrize("start", [0, 3000])
@pytest.mark.parametrize("transform", [OctaveTransform(RATE), STFT(RATE)])
def test_the_sound_of_levels_has_those_levels(tmp_path, transform, start):
    seconds = np.arange(4 * RATE) / RATE
    tones = Signal(0.3 * np.sin(2 * np.pi * np.array([[440.0], [1000.0]]) * seconds), RATE)
    save(transform.analyze(tones, start=start, stop=4 * RATE), tmp_path / "a.zarr", content="levels")
    with open_track(tmp_path / "a.zarr") as source:
        assert isinstance(source.picture, StoredPicture)
        assert (source.channels, source.length) == (2, 4 * RATE - start)
        whole = source.read(-10, source.length + 10)
        assert np.array_equal(source.read(9000, 17_000), whole[:, 9010:17_010])
        assert not whole[:, :10].any()
        assert not whole[:, -10:].any()
        spectra = np.abs(np.fft.rfft(whole[:, RATE : 2 * RATE] * np.hanning(RATE))) / RATE * 4
        assert list(spectra.argmax(axis=1)) == [440, 1000]
        assert spectra.max(axis=1) == pytest.approx([0.3, 0.3], rel=0.1)


@pytest.mark.parametrize(("start", "stop"), [(0, 20_000), (4096, 12_288), (-8192, 4096), (16_384, 32_768)])
def test_levels_are_drawn_as_they_are(tmp_path, noise, start, stop):
    transform = OctaveTransform(RATE)
    save(transform.analyze(noise), tmp_path / "a.zarr", content="levels")
    picture = StoredPicture(load(tmp_path / "a.zarr"))
    assert (picture.rate, picture.channels, picture.length) == (RATE, 1, 20_000)
    assert [band.hop for band in picture.bands] == [octave.hop for octave in transform.octaves]
    drawn = picture.coefficients(picture, start, stop)
    expected = transform.coefficients(noise, start, stop)
    for band, mine, its in zip(transform.octaves, drawn, expected, strict=True):
        assert mine.shape == its.shape
        times = (-(-start // band.hop) + np.arange(mine.shape[2])) * band.hop
        inside = (times >= 0) & (times < 20_000)
        assert not mine[..., ~inside].any()
        for one, other in zip(mine, its, strict=True):
            # One code: they were analysed as another stretch, to -100 dB the same.
            difference = level_codes(one[:, inside]).astype(int) - level_codes(other[:, inside])
            assert np.abs(difference).max() <= 1
            assert np.mean(difference != 0) < 0.01


def test_the_error_of_a_reconstruction(noise):
    louder = Signal(noise.samples.astype(np.float64) * 1.001, RATE)
    assert signal_to_error_db(noise, louder) == pytest.approx(60, abs=1e-6)
    assert signal_to_error_db(noise, noise) == np.inf
    silence = Signal(np.zeros((2, 20_000)), RATE)
    assert signal_to_error_db(silence, noise) == -np.inf
    for other, what in (
        (Signal(noise.samples, 16_000), "rate"),
        (Signal(noise.samples[:1], RATE), "channels"),
        (Signal(noise.samples[:, 1:], RATE), "length"),
    ):
        with pytest.raises(ParameterError, match=f"differ in {what}"):
            signal_to_error_db(noise, other)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no mask of signals there")
def test_an_interrupt_that_another_thread_takes_waits_until_a_process_is_born():
    done, born = threading.Event(), []
    other = threading.Thread(target=done.wait)
    other.start()

    def interrupted():
        with processes._interrupts_held():
            signal.pthread_kill(other.ident, signal.SIGINT)
            done.wait(0.2)  # it is taken at once
            born.append(True)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    finally:
        signal.signal(signal.SIGINT, before)
        done.set()
        other.join()
    assert born
