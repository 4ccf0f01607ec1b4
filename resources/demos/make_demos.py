"""Make the four demo tracks from CC0 drum samples and two scores in the public domain.

Needs the Debian package sonic-pi-samples (every sample in it is CC0, see SOURCES.md),
numpy, scipy and soundfile.  Deterministic: the same samples give the same tracks.

    python make_demos.py [SAMPLES_FOLDER] [OUTPUT_FOLDER]
"""

import sys
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy.signal import resample_poly

RATE = 44100
SAMPLES = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/sonic-pi/samples")
OUTPUT = Path(sys.argv[2] if len(sys.argv) > 2 else ".")


def sample(name, semitones=0.0, length=None):
    """One CC0 sample as (frames, 2) float64, transposed by resampling."""
    x, rate = sf.read(SAMPLES / f"{name}.flac", always_2d=True)
    if x.shape[1] == 1:
        x = np.repeat(x, 2, axis=1)
    ratio = RATE / rate * 2.0 ** (-semitones / 12)
    if abs(ratio - 1) > 1e-9:
        x = resample_poly(x, round(ratio * 10_000), 10_000, axis=0)
    if length is not None:
        x = x[: int(length * RATE)].copy()
        fade = min(len(x), RATE // 100)
        x[-fade:] *= np.linspace(1, 0, fade)[:, None]
    return x


def place(track, x, at, gain=1.0, pan=0.0):
    """Add x to the track at a time in seconds, panned from -1 (left) to 1 (right)."""
    start = round(at * RATE)
    x = x[: max(0, len(track) - start)]
    left, right = np.cos((pan + 1) * np.pi / 4), np.sin((pan + 1) * np.pi / 4)
    track[start : start + len(x)] += gain * x * np.sqrt(2) * [left, right]


def house(bpm=124, bars=6):
    beat = 60 / bpm
    track = np.zeros((round(bars * 4 * beat * RATE), 2))
    kick, hat, openhat = (
        sample("bd_haus"),
        sample("drum_cymbal_closed"),
        sample("drum_cymbal_open", length=0.2),
    )
    clap, chord = sample("perc_snap"), sample("ambi_piano", length=0.45)
    for step in range(bars * 16):
        at, bar, quarter = step * beat / 4, step // 16, step % 4
        if quarter == 0:
            place(track, kick, at, 0.9)
        if quarter == 2:
            place(track, openhat, at, 0.35, 0.2)
        place(track, hat, at, 0.18 + 0.12 * (step % 2), -0.3)
        if step % 8 == 4:
            place(track, clap, at, 0.5)
        if bar >= 2 and step % 16 in (3, 6, 11, 14):
            place(track, chord, at, 0.3, 0.4 * (-1) ** step)
    return track


def techno(bpm=132, bars=6):
    beat = 60 / bpm
    track = np.zeros((round(bars * 4 * beat * RATE), 2))
    kick, hat, tick = sample("bd_tek"), sample("drum_cymbal_pedal"), sample("elec_tick")
    snare = sample("sn_zome")
    line = [0, 0, 12, 0, 3, 0, 10, 7, 0, 0, 12, 5, 3, 15, 10, 7]
    notes = {n: sample("bass_trance_c", n - 12, beat / 4 * 1.1) for n in set(line)}
    for step in range(bars * 16):
        at, bar = step * beat / 4, step // 16
        if step % 4 == 0:
            place(track, kick, at, 0.9)
        if step % 4 == 2:
            place(track, hat, at, 0.5, 0.3)
        if step % 3 == 1:
            place(track, tick, at, 0.35, -0.5)
        if bar >= 1:
            place(track, notes[line[step % 16]], at, 0.35)
        if bar >= 3 and step % 8 == 4:
            place(track, snare, at, 0.4)
    return track


def struck(frequency, seconds, partials, decay):
    """A struck bar or string: decaying partials given as (ratio, gain)."""
    t = np.arange(round(seconds * RATE)) / RATE
    x = sum(
        g * np.sin(2 * np.pi * frequency * r * t) * np.exp(-t * decay * r**0.7)
        for r, g in partials
        if frequency * r < RATE / 2
    )
    attack = min(len(x), 60)
    x[:attack] *= np.linspace(0, 1, attack)
    return np.repeat(x[:, None], 2, axis=1)


def seven_tone():
    """A pentatonic tune on the seven equal steps of Thai court music, over hand drums and voices."""
    beat, seconds = 0.42, 14.0
    track = np.zeros((round(seconds * RATE), 2))
    bar = [(1, 1.0), (3.93, 0.5), (9.2, 0.25), (16.5, 0.1)]
    tune = [0, 1, 2, 4, 5, 4, 2, 1, 0, 2, 4, 7, 5, 4, 2, 4, 7, 8, 7, 5, 4, 2, 1, 2, 0, 1, 2, 4, 2, 1, 0, 0]
    for i, degree in enumerate(tune):
        f = 440.0 * 2 ** (degree / 7)
        place(track, struck(f, 1.0, bar, 5.0), i * beat, 0.22, -0.3)
        place(track, struck(2 * f, 0.8, bar, 7.0), i * beat + beat / 2, 0.12, 0.3)
    place(track, sample("loop_tabla"), 0, 0.6)
    place(track, sample("ambi_choir"), 2, 0.5)
    place(track, sample("ambi_choir", 5), 7, 0.5)
    return track


BWV_846 = """C4 E4 G4 C5 E5|C4 D4 A4 D5 F5|B3 D4 G4 D5 F5|C4 E4 G4 C5 E5|C4 E4 A4 E5 A5|C4 D4 F#4 A4 D5
B3 D4 G4 D5 G5|B3 C4 E4 G4 C5""".replace("\n", "|").split("|")


def bach(sixteenth=0.2):
    """The opening of the Prelude in C, BWV 846, on a plucked string."""
    order, semitone = (
        [0, 1, 2, 3, 4, 2, 3, 4],
        {name: i for i, name in enumerate("C C# D D# E F F# G G# A A# B".split())},
    )
    track = np.zeros((round((len(BWV_846) * 16 * sixteenth + 2) * RATE), 2))
    string = [(n * np.sqrt(1 + 1e-4 * n * n), 1 / n**1.1) for n in range(1, 40)]
    for bar, chord in enumerate(BWV_846):
        midi = [12 * (int(name[-1]) + 1) + semitone[name[:-1]] for name in chord.split()]
        for i in range(16):
            f = 440 * 2 ** ((midi[order[i % 8]] - 69) / 12)
            place(
                track,
                struck(f, 2.0, string, 2.0),
                (bar * 16 + i) * sixteenth,
                0.2,
                (midi[order[i % 8]] - 66) / 40,
            )
    return track


for name, make in {"house": house, "techno": techno, "seven_tone": seven_tone, "bach": bach}.items():
    track = make()
    track *= 0.89 / np.abs(track).max()
    sf.write(OUTPUT / f"{name}.flac", track, RATE, subtype="PCM_16")
    print(f"{name}.flac {len(track) / RATE:.2f} s")
