"""What is left of the demo tracks when coefficients are left out, made coarse or lose their phase.

    python -m benchmarks.lab [--seconds S] [--markdown [FILE]]

The first seconds of every demo track, both channels, octave transform beside STFT at equal numbers of
reals.  Times are the processor's, of one thread, so that other programs do not count.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from unittest.mock import patch

import numpy as np

from benchmarks.measure import Report, machine
from msviz import (
    STFT,
    OctaveTransform,
    Recipe,
    Reconstruction,
    Representation,
    Signal,
    demo_tracks,
    read_audio,
    signal_to_error_db,
)
from msviz.lab import phase_reconstruction
from msviz.lab.phase_reconstruction import PhaseReconstruction
from msviz.measures import spectral_convergence_db

Transform = OctaveTransform | STFT

SHARES = (50, 20, 10, 5, 2, 1)  # per cent of the octave transform's coefficients
STEPS = (0, 8, 32)  # of the fast Griffin-Lim algorithm
BITS = ((8, 8), (6, 6), (5, 4), (4, 3))  # of magnitude and phase
TIMED = (
    ("all there is", Recipe()),
    ("strongest 10 %", Recipe(kept=10)),
    ("6 bits magnitude, 6 bits phase", Recipe(magnitude_bits=6, phase_bits=6)),
    ("strongest 10 %, 6 and 6 bits", Recipe(kept=10, magnitude_bits=6, phase_bits=6)),
    ("magnitudes, phase rebuilt", Recipe(rebuild_phase=True)),
    ("strongest 10 %, magnitudes, phase rebuilt", Recipe(kept=10, rebuild_phase=True)),
)


def octave(rate: int, bins: int, resolution: int) -> OctaveTransform:
    return OctaveTransform(rate, bins_per_octave=bins, resolution=resolution, workers=1)


def name(transform: Transform) -> str:
    if isinstance(transform, OctaveTransform):
        return f"octave {transform.scale.bins_per_octave}/{transform.scale.resolution:g}"
    return f"STFT {transform.window}/{transform.hop}"


def tracks(seconds: float) -> Iterator[tuple[str, Signal]]:
    """The beginning of every demo track."""
    for title, path in demo_tracks().items():
        track = read_audio(path)
        yield title, Signal(track.samples[:, : round(seconds * track.rate)], track.rate)


def heard(signal: Signal, transform: Transform, recipe: Recipe) -> Signal:
    return Signal(Reconstruction(signal, transform, recipe).read(0, signal.length), signal.rate)


def convergence(signal: Signal, rebuilt: Signal, transform: Transform) -> float:
    """How far the magnitudes of two signals are apart in a transform's picture, in dB."""
    pictures = [transform.coefficients(sound, 0, signal.length) for sound in (signal, rebuilt)]
    return spectral_convergence_db(*pictures, transform.energies())


def kept(report: Report, sounds: Sequence[tuple[str, Signal]]) -> None:
    """The strongest coefficients, at equal numbers of reals."""
    rows = []
    for title, signal in sounds:
        ours = octave(signal.rate, 24, 12)
        for transform in (
            ours,
            octave(signal.rate, 12, 12),
            octave(signal.rate, 24, 24),
            STFT(signal.rate, hop=341),
            STFT(signal.rate),
            STFT(signal.rate, window=2048, hop=512),
        ):
            whole = Reconstruction(signal, transform, Recipe()).reals
            row = [title, name(transform), f"{whole:.1f}"]
            for share in SHARES:
                percent = ours.redundancy * share / whole
                if percent > 99.9:
                    row.append("all")
                    continue
                rebuilt = heard(signal, transform, Recipe(kept=percent))
                row.append(f"{signal_to_error_db(signal.samples, rebuilt.samples):.1f}")
            rows.append(row)
    reals = [f"{octave(44100, 24, 12).redundancy * share / 100:.2g}" for share in SHARES]
    report.paragraph(
        "Signal-to-error ratio in dB of the strongest coefficients. The columns are the real numbers per "
        f"sample that are left: {', '.join(map(str, SHARES))} % of those of octave 24/12; the others keep "
        "as many."
    )
    report.table(["track", "transform", "reals in all", *reals], rows)


def magnitudes(report: Report, sounds: Sequence[tuple[str, Signal]]) -> None:
    """Magnitudes alone."""
    rows = []
    for title, signal in sounds:
        rate = signal.rate
        looks = octave(rate, 24, 12), STFT(rate, window=2048, hop=512)
        for transform in (
            looks[0],
            STFT(rate, hop=341),
            STFT(rate, window=2048, hop=171),
            octave(rate, 12, 12),
            octave(rate, 24, 24),
            STFT(rate, hop=683),
            STFT(rate, window=2048, hop=341),
            STFT(rate),
        ):
            rebuilt = heard(signal, transform, Recipe(rebuild_phase=True))
            reals = Reconstruction(signal, transform, Recipe(rebuild_phase=True)).reals
            errors = [convergence(signal, rebuilt, look) for look in (transform, *looks)]
            ratio = signal_to_error_db(signal.samples, rebuilt.samples)
            rows.append(
                [title, name(transform), f"{reals:.1f}", *(f"{e:.1f}" for e in errors), f"{ratio:.1f}"]
            )
    report.paragraph(
        "Magnitudes alone, phases rebuilt: spectral convergence in dB (less is better) in the picture that "
        "the magnitudes were taken from and in two that are the same for all, and the signal-to-error ratio "
        "of the samples, which says little here."
    )
    pictures = "in its own picture", "in octave 24/12", "in STFT 2048/512"
    report.table(["track", "transform", "reals per sample", *pictures, "signal to error"], rows)


def starts(report: Report, sounds: Sequence[tuple[str, Signal]]) -> None:
    """What the start wins, and what the steps."""
    random = np.random.default_rng(0)

    def anywhere(_: object, wanted: Representation, *others: object) -> list[np.ndarray]:
        return [random.random(band.coefficients.shape, np.float32) for band in wanted.bands]

    rows = []
    for title, signal in sounds:
        short = Signal(signal.samples[:, : 5 * signal.rate], signal.rate)
        for transform in octave(signal.rate, 24, 12), STFT(signal.rate, window=2048, hop=341):
            row = [title, name(transform)]
            for start in anywhere, PhaseReconstruction._start:
                for steps in STEPS:
                    with (
                        patch.object(phase_reconstruction, "ITERATIONS", steps),
                        patch.object(PhaseReconstruction, "_start", start),
                    ):
                        rebuilt = heard(short, transform, Recipe(rebuild_phase=True))
                    row.append(f"{convergence(short, rebuilt, transform):.1f}")
            rows.append(row)
    report.paragraph(
        "Spectral convergence in dB after so many steps of fast Griffin-Lim, from random phases and from "
        "those integrated along the ridges; the first 5 s."
    )
    columns = [f"{start}, {steps}" for start in ("random", "ridges") for steps in STEPS]
    report.table(["track", "transform", *columns], rows)


def coarse(report: Report, sounds: Sequence[tuple[str, Signal]]) -> None:
    """Few bits."""
    rows = []
    for title, signal in sounds:
        for transform in octave(signal.rate, 24, 12), STFT(signal.rate, hop=341), STFT(signal.rate):
            row = [title, name(transform)]
            for magnitude, phase in BITS:
                rebuilt = heard(signal, transform, Recipe(magnitude_bits=magnitude, phase_bits=phase))
                row.append(f"{signal_to_error_db(signal.samples, rebuilt.samples):.1f}")
            rows.append(row)
    report.paragraph("Signal-to-error ratio in dB with so many bits of magnitude and of phase.")
    report.table(["track", "transform", *(f"{m} + {p} bits" for m, p in BITS)], rows)


def times(report: Report, signal: Signal) -> None:
    """What it costs to hear it."""
    rows = []
    for label, recipe in TIMED:
        row = [label]
        for transform in octave(signal.rate, 24, 12), STFT(signal.rate):
            heard(signal, transform, recipe)  # plans are made once
            sound = Reconstruction(signal, transform, recipe)
            spent = []
            for stretch in ((sound.segment, sound.segment + 1), (0, signal.length)):
                begin = time.process_time()
                sound.read(*stretch)
                spent.append(time.process_time() - begin)
            row += [f"{1000 * spent[0]:.0f} ms", f"{1000 * sum(spent) * signal.rate / signal.length:.0f} ms"]
        rows.append(row)
    report.paragraph(
        "Processor time of one thread, stereo: until the first sample is there, in a segment where that "
        "takes longest, and all in all for a second of sound."
    )
    names = [name(t) for t in (octave(signal.rate, 24, 12), STFT(signal.rate))]
    report.table(["recipe", *(f"{n}, {what}" for n in names for what in ("first sample", "a second"))], rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="of every track (%(default)s)")
    parser.add_argument("--markdown", nargs="?", const="-", metavar="FILE", help="as benchmarks.transform")
    arguments = parser.parse_args()
    report = Report("lab", arguments.markdown)
    sounds = list(tracks(arguments.seconds))
    report.paragraph(f"The first {arguments.seconds:g} s of the demo tracks, stereo, float32; {machine()}.")
    kept(report, sounds)
    magnitudes(report, sounds)
    starts(report, sounds)
    coarse(report, sounds)
    times(report, sounds[0][1])
    report.finish()


if __name__ == "__main__":
    main()
