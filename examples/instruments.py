"""Recognize the instrument of a note: training on one octave of pitches, testing on others.

    python examples/instruments.py          # two minutes on one processor core
    python examples/instruments.py --help

In the octave picture, a higher note is the same picture shifted up, and a convolutional network that
pools over frequency ignores the shift.  In an STFT the higher note is stretched: its overtones are further
apart.  So a network trained on one octave of pitches should recognize other octaves in the octave picture
but not in the STFT.  This script tests it: six synthetic instruments play melodies, the melodies are
converted to both kinds of pictures, and the same network is trained on each.

Needs the extra `torch`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import msviz
from msviz.torch import OctaveDataset

Array = NDArray[np.float64]
Random = np.random.Generator

RATE = 16000
SECONDS = 0.512  # of a picture
SEMITONES = np.arange(12.0)
PITCHES = {  # MIDI note numbers; the first are for training
    "trained octave": 57 + SEMITONES,  # A3, 220 Hz, to G#4
    "an octave down": 45 + SEMITONES,
    "an octave up": 69 + SEMITONES,
    "two octaves up": 81 + SEMITONES,
}


# ---------------------------------------------------------------------- instruments
# They differ in which partials they have; envelopes, brightness, vibrato and level are random for every
# note.  Three sustain a note, three fade away.


def partials(hz: Array, numbers: Array, amplitudes: Array, rng: Random) -> Array:
    """The sum of partials at multiples `numbers` of a frequency over time, none above Nyquist.

    Amplitudes are (partials,), or (partials, n) if they change over time.
    """
    phase = np.cumsum(hz) * (2 * np.pi / RATE)
    audible = numbers * hz.max() < RATE / 2
    starts = rng.uniform(0, 2 * np.pi, len(numbers))
    tones = np.sin(np.multiply.outer(numbers[audible], phase) + starts[audible, None])
    return np.asarray((amplitudes.reshape(len(numbers), -1)[audible] * tones).sum(axis=0))


def tilted(numbers: Array, rng: Random, *, low: float = 3.0, high: float = 9.0) -> Array:
    """Amplitudes that fall by a random slope in dB per octave, each varied by up to 4 dB."""
    slope = rng.uniform(low, high)
    decibels = -slope * np.log2(numbers) + rng.uniform(-4, 4, len(numbers))
    return np.asarray(10 ** (decibels / 20))


def held(n: int, rng: Random) -> Array:
    """The envelope of a sustained note: attack and release of some hundredths of a second."""
    t = np.arange(n) / RATE
    return np.minimum(np.minimum(t / rng.uniform(0.01, 0.08), (n / RATE - t) / rng.uniform(0.02, 0.08)), 1)


def fading(n: int, rng: Random) -> Array:
    """The envelope of a struck note, which fades within some tenths of a second."""
    t = np.arange(n) / RATE
    ends = np.minimum((n / RATE - t) / 0.01, 1)
    return np.minimum(t / 0.003, 1) * np.exp(-t / rng.uniform(0.1, 0.6)) * ends


def organ(hz: Array, rng: Random) -> Array:
    """Pipes at octaves and a twelfth."""
    numbers = np.array([1.0, 2, 3, 4, 6, 8, 12, 16])
    return partials(hz, numbers, tilted(numbers, rng), rng) * held(len(hz), rng)


def reed(hz: Array, rng: Random) -> Array:
    """Odd harmonics, as in a clarinet."""
    numbers = np.arange(1.0, 40, 2)
    return partials(hz, numbers, tilted(numbers, rng), rng) * held(len(hz), rng)


def brass(hz: Array, rng: Random) -> Array:
    """All harmonics; the louder, the more high ones."""
    numbers, loud = np.arange(1.0, 40), held(len(hz), rng)
    brighter = loud ** np.minimum(numbers[:, None] / 4, 4)
    return partials(hz, numbers, tilted(numbers, rng)[:, None] * brighter, rng)


def string(hz: Array, rng: Random) -> Array:
    """A plucked string: all harmonics without a node at the plucking point; high ones fade first."""
    numbers, t = np.arange(1.0, 40), np.arange(len(hz)) / RATE
    plucked = np.abs(np.sin(np.pi * numbers * rng.uniform(0.1, 0.4))) / numbers
    fade = np.exp(-np.multiply.outer(numbers, t) * rng.uniform(0.5, 3))
    return partials(hz, numbers, plucked[:, None] * fade, rng) * fading(len(hz), rng)


def bell(hz: Array, rng: Random) -> Array:
    """Frequency modulation at √2 times the pitch: no harmonics at all."""
    return modulated(hz, np.sqrt(2), rng)


def piano(hz: Array, rng: Random) -> Array:
    """Frequency modulation at three times the pitch: every third harmonic is missing."""
    return modulated(hz, 3.0, rng)


def modulated(hz: Array, ratio: float, rng: Random) -> Array:
    """Two sines, one modulating the other less and less (Chowning, J. Audio Eng. Soc. 21(7), 1973)."""
    phase, loud = np.cumsum(hz) * (2 * np.pi / RATE), fading(len(hz), rng)
    index = rng.uniform(1, 2.5) * np.sqrt(loud)
    return np.sin(phase + index * np.sin(ratio * phase + rng.uniform(0, 2 * np.pi))) * loud


INSTRUMENTS: tuple[Callable[[Array, Random], Array], ...] = (organ, reed, brass, string, bell, piano)


def melody(
    instrument: Callable[[Array, Random], Array], pitches: Array, seconds: float, rng: Random
) -> Array:
    """A sequence of notes at random levels, with some noise."""
    samples = np.zeros(round(seconds * RATE))
    begin = 0
    while begin < len(samples):
        n = min(int(rng.uniform(0.25, 0.6) * RATE), len(samples) - begin)
        t = np.arange(n) / RATE
        cents = rng.uniform(-30, 30) + rng.uniform(0, 20) * np.sin(2 * np.pi * rng.uniform(4, 7) * t)
        hz = 440 * 2 ** ((rng.choice(pitches) - 69) / 12 + cents / 1200)
        note = instrument(hz, rng)
        samples[begin : begin + n] = note * (10 ** (rng.uniform(-30, -6) / 20) / np.abs(note).max())
        begin += n
    return samples + 10 ** (rng.uniform(-70, -50) / 20) * rng.standard_normal(len(samples))


def play(folder: Path, seconds: float, rng: Random, transforms: dict[str, Transform]) -> None:
    """Convert melodies of every instrument: folder / picture / pitches / instrument / number.zarr."""
    parts = {"learn": (PITCHES["trained octave"], 2)}
    parts |= {name: (pitches, 1) for name, pitches in PITCHES.items()}
    for part, (pitches, takes) in parts.items():
        for instrument in INSTRUMENTS:
            for take in range(takes):
                signal = msviz.Signal(melody(instrument, pitches, seconds, rng), RATE)
                for name, transform in transforms.items():
                    target = folder / name / part / instrument.__name__
                    target.mkdir(parents=True, exist_ok=True)
                    msviz.save(transform.analyze(signal), target / f"{take}.zarr", content="levels")


# ---------------------------------------------------------------------- pictures
# All have 256 bins up to 8 kHz and 32 columns.

Transform = msviz.OctaveTransform | msviz.STFT
OCTAVES = msviz.OctaveTransform(RATE, bins_per_octave=32, resolution=16, fmin=31)
SHORT = msviz.STFT(RATE, window=512, hop=256)
LONG = msviz.STFT(RATE, window=2048, hop=256)
HZ = np.concatenate([octave.frequencies for octave in OCTAVES.octaves])
PICTURES: dict[str, tuple[Transform, Array | slice]] = {  # the transform, and which of its bins to use
    "octaves": (OCTAVES, slice(None)),
    "STFT": (SHORT, slice(1, None)),
    # To see the effect of the logarithmic axis alone: an STFT sampled at the frequencies of the octaves.
    "STFT, log axis": (LONG, np.rint(HZ / (RATE / LONG.window)).astype(int)),
}


Set = tuple[torch.Tensor, torch.Tensor]


def read(folder: Path, bins: Array | slice, crops: int) -> Set:
    """Random crops of every melody: pictures (n, 1, 256, 32), 1 at the peak, 0 at 80 dB below it; labels."""
    dataset = OctaveDataset(folder, seconds=SECONDS, frame_rate=RATE / SHORT.hop, crops_per_file=crops)
    pictures, labels = next(iter(DataLoader(dataset, batch_size=len(dataset))))
    pictures = pictures[:, :, bins]
    return (1 + (pictures - pictures.amax((2, 3), keepdim=True)) / 80).clamp(0), labels


# ---------------------------------------------------------------------- the network


def network() -> nn.Sequential:
    """Four convolutions of 5 bins × 3 columns, pooled over all bins, then over time."""
    layers: list[nn.Module] = []
    for before, after in pairwise([1, 8, 16, 24, 32]):
        layers += [nn.Conv2d(before, after, (5, 3), padding=(2, 1)), nn.MaxPool2d(2)]
        layers += [nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, Pooled(), nn.Linear(32, len(INSTRUMENTS)))


class Pooled(nn.Module):
    """The maximum over all bins, then the mean over columns."""

    def forward(self, found: torch.Tensor) -> torch.Tensor:
        """From (batch, channels, bins, columns) to (batch, channels)."""
        return found.amax(2).mean(2)


def train(learned: Set, epochs: int, seed: int) -> nn.Sequential:
    """Train a network on a set."""
    torch.manual_seed(seed)
    model = network()
    optimizer = torch.optim.AdamW(model.parameters())
    loader = DataLoader(TensorDataset(*learned), batch_size=32, shuffle=True)
    steps = epochs * len(loader)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=steps)
    for _ in range(epochs):
        for pictures, labels in loader:
            loss = nn.functional.cross_entropy(model(pictures), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


@torch.no_grad()
def accuracy(model: nn.Sequential, tested: Set) -> float:
    """The fraction of a set whose instrument is recognized."""
    pictures, labels = tested
    named = torch.cat([model(batch).argmax(1) for batch in pictures.split(64)])
    return float((named == labels).float().mean())


def main(arguments: list[str] | None = None) -> None:
    """Play, convert, train, and print the accuracy for each kind of picture."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3, help="networks trained for each picture")
    parser.add_argument("--seconds", type=float, default=20, help="length of a melody")
    parser.add_argument("--crops", type=int, default=50, help="training pictures from each melody")
    parser.add_argument("--epochs", type=int, default=8)
    options = parser.parse_args(arguments)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        play(
            folder,
            options.seconds,
            np.random.default_rng(0),
            {key: made for key, (made, _) in PICTURES.items()},
        )
        chance = 100 / len(INSTRUMENTS)
        print(f"Accuracy in per cent, mean ± spread of {options.seeds} networks; chance is {chance:.0f}.")
        print(" " * 16 + "".join(f"{pitches:>18}" for pitches in PITCHES), flush=True)
        for key, (_, bins) in PICTURES.items():
            learned = read(folder / key / "learn", bins, options.crops)
            tested = [read(folder / key / part, bins, max(1, options.crops // 2)) for part in PITCHES]
            scores = []
            for seed in range(options.seeds):
                model = train(learned, options.epochs, seed)
                scores.append([100 * accuracy(model, one) for one in tested])
            columns = zip(np.mean(scores, axis=0), np.std(scores, axis=0), strict=True)
            print(f"{key:16}" + "".join(f"{f'{m:.0f} ± {s:.0f}':>18}" for m, s in columns), flush=True)


if __name__ == "__main__":
    main()
