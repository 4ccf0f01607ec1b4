"""The transforms that are measured side by side, each set up as its authors would for 24 bins an octave.

A peer is built for a rate, a length and a number of threads, and returns two functions: from samples (n,) to
coefficients, and back (None if the library has no inverse).  All cover about ten octaves up from 20 Hz, with
the fastest settings that were found for each.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import fft

from msviz import OctaveTransform, Signal
from msviz.transform.fft import planner

Samples = Any
Coefficients = Any
Analyze = Callable[[Samples], Coefficients]
Synthesize = Callable[[Coefficients], Samples]
Build = Callable[[int, int, int], tuple[Analyze, Synthesize | None]]


class Peer(NamedTuple):
    """A transform by the name that the tables show, and the package that it comes from."""

    name: str
    distribution: str
    build: Build
    parallel: bool = False  # whether it can use more than one core


def _msviz(
    bins: int, resolution: int, dtype: str, rate: int, length: int, threads: int
) -> tuple[Analyze, Synthesize]:
    transform = OctaveTransform(
        rate, bins_per_octave=bins, resolution=resolution, dtype=dtype, workers=threads
    )
    # As after some minutes of use: plans of FFTs are measured, and not while they are timed.
    transform.synthesize(transform.analyze(np.zeros(min(length, 2**20), np.float32)))
    planner.measure()
    return lambda x: transform.analyze(Signal(x, rate)), lambda c: transform.synthesize(c).samples[0]


def _numpy_1_clip() -> None:
    """Let libraries of NumPy 1's time clip integers by floats, which NumPy 2 refuses."""
    np.clip = functools.partial(np.clip, casting="unsafe")


def _nsgt(rate: int, length: int, threads: int) -> tuple[Analyze, Synthesize]:
    from nsgt import NSGT, OctScale

    _numpy_1_clip()
    transform = NSGT(OctScale(20, 20480, 24), rate, length, real=True)
    return transform.forward, transform.backward


def _nsgt_sliced(rate: int, length: int, threads: int) -> tuple[Analyze, Synthesize]:
    from nsgt import NSGT_sliced, OctScale

    _numpy_1_clip()
    transform = NSGT_sliced(OctScale(20, 20480, 24), 2**18, 2**15, rate, real=True)
    return (
        lambda x: list(transform.forward((x,))),
        lambda c: np.concatenate(list(transform.backward(c)))[:length],
    )


def _cqt_nsgt_pytorch(
    mode: str, block: int, at_once: int, rate: int, length: int, threads: int
) -> tuple[Analyze, Synthesize]:
    import torch
    from cqt_nsgt_pytorch import CQT_nsgt

    _numpy_1_clip()
    torch.set_num_threads(threads)
    transform = CQT_nsgt(10, 24, mode=mode, fs=rate, audio_len=block, dtype=torch.float32)

    @torch.inference_mode()
    def analyze(x: Samples) -> Coefficients:
        blocks = torch.nn.functional.pad(torch.from_numpy(x), (0, -length % block)).view(-1, 1, block)
        return [transform.fwd(part) for part in blocks.split(at_once)]

    @torch.inference_mode()
    def synthesize(coefficients: Coefficients) -> Samples:
        parts = [transform.bwd(part) for part in coefficients]
        return torch.cat(parts).flatten()[:length].numpy()

    return analyze, synthesize


def _essentia(rate: int, length: int, threads: int) -> tuple[Analyze, Synthesize]:
    import essentia

    essentia.log.infoActive = False
    from essentia.standard import NSGConstantQ, NSGIConstantQ

    parameters = {
        "sampleRate": rate,
        "inputSize": length,
        "minFrequency": 20,
        "maxFrequency": 20480,
        "binsPerOctave": 24,
        "rasterize": "piecewise",
    }
    analyze, synthesize = NSGConstantQ(**parameters), NSGIConstantQ(**parameters)
    return analyze, lambda c: synthesize(*c)[:length]


def _librosa(name: str, rate: int, length: int, threads: int) -> tuple[Analyze, Synthesize | None]:
    import librosa

    # 236 bins: the top one must end below the Nyquist frequency.
    parameters = {"sr": rate, "fmin": 22.0, "bins_per_octave": 24, "hop_length": 64}
    analyze = functools.partial(getattr(librosa, name), n_bins=236, **parameters)
    # Only the constant-Q transform (gamma = 0) has an inverse.
    return analyze, functools.partial(librosa.icqt, length=length, **parameters) if name == "cqt" else None


def _spectrorama(rate: int, length: int, threads: int) -> tuple[Analyze, Synthesize]:
    from spectrorama import LogFrequencyFrame, Transform

    frame = LogFrequencyFrame.for_range(20, 20480, bands_per_octave=24)
    transform = Transform(frame, rate)
    return transform.analyze, transform.synthesize


def _cicuetea(rate: int, length: int, threads: int) -> tuple[Analyze, Synthesize]:
    from cicuetea import NsgfCQT

    # The shortest block in which the filters at 20 Hz still have enough points; longer ones are not faster.
    block = 2**16
    transform = NsgfCQT("sparse", rate, block, 1 / 24, 20, 20480)

    def analyze(x: Samples) -> Coefficients:
        blocks = np.pad(x, (0, -length % block)).reshape(-1, block)
        return [transform.forward(part) for part in blocks]

    return analyze, lambda c: np.concatenate([transform.inverse(part) for part in c])[:length]


def _auvux(rate: int, length: int, threads: int) -> tuple[Analyze, None]:
    from auvux import dsp

    dsp.set_num_threads(threads)
    # 512 is the shortest hop that all ten octaves share.
    transform = dsp.CQT(
        sr=rate, hop_length=512, n_bins=236, bins_per_octave=24, fmin=22.0, output="complex", backend="cpu"
    )
    return transform, None


def _nnaudio(rate: int, length: int, threads: int) -> tuple[Analyze, None]:
    import torch
    from nnAudio2.features import CQT2010v2

    torch.set_num_threads(threads)
    # 512 is the shortest hop that can be halved for each of the ten octaves.  The inverse, iCQT, is for
    # CQT1992v2, whose filters at 20 Hz are too long for a whole track.
    transform = CQT2010v2(
        sr=rate,
        hop_length=512,
        fmin=22.0,
        n_bins=236,
        bins_per_octave=24,
        output_format="Complex",
        verbose=False,
    )
    return torch.inference_mode()(lambda x: transform(torch.from_numpy(x))), None


def _scipy_stft(rate: int, length: int, threads: int) -> tuple[Analyze, Synthesize]:
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    transform = ShortTimeFFT(hann(4096, sym=False), 1024, rate)
    return (
        fft.set_workers(threads)(transform.stft),
        fft.set_workers(threads)(lambda c: transform.istft(c, k1=length)),
    )


OURS = ("msviz 24/12", "msviz 24/24")  # compared with each of the others

PEERS = (
    *(
        Peer(
            f"msviz {bins}/{resolution}{', float64' if dtype == 'float64' else ''}",
            "msviz",
            functools.partial(_msviz, bins, resolution, dtype),
            parallel=True,
        )
        for bins, resolution, dtype in (
            (24, 12, "float32"),
            (24, 24, "float32"),
            (48, 12, "float32"),
            (48, 24, "float32"),
            (24, 6, "float32"),
            (24, 12, "float64"),
        )
    ),
    Peer("nsgt", "nsgt", _nsgt),
    Peer("nsgt, sliced", "nsgt", _nsgt_sliced),
    Peer(
        "cqt-nsgt-pytorch, critical",
        "cqt-nsgt-pytorch",
        functools.partial(_cqt_nsgt_pytorch, "critical", 2**18, 4),
        parallel=True,
    ),
    Peer(
        "cqt-nsgt-pytorch, octaves",
        "cqt-nsgt-pytorch",
        functools.partial(_cqt_nsgt_pytorch, "oct_complete", 2**16, 1),
        parallel=True,
    ),
    Peer("essentia NSGConstantQ", "essentia", _essentia),
    Peer("spectrorama", "spectrorama", _spectrorama),
    Peer("cicuetea, sparse", "cicuetea", _cicuetea),
    Peer("librosa cqt/icqt, hop 64", "librosa", functools.partial(_librosa, "cqt")),
    Peer("librosa vqt, hop 64", "librosa", functools.partial(_librosa, "vqt")),
    Peer("auvux-dsp CQT, hop 512", "auvux-dsp", _auvux),
    Peer("nnAudio2 CQT2010v2, hop 512", "nnaudio2", _nnaudio, parallel=True),
    Peer("scipy ShortTimeFFT 4096/1024", "scipy", _scipy_stft, parallel=True),
)


def reals(coefficients: Coefficients) -> int:
    """How many real numbers coefficients are; a complex one counts two."""
    if hasattr(coefficients, "data") and isinstance(coefficients.data, list):  # spectrorama's
        return reals(coefficients.data)
    if hasattr(coefficients, "residual"):
        bands = (*coefficients.bands, coefficients.residual)
        return sum(reals(band.coefficients) for band in bands)
    if isinstance(coefficients, (list, tuple)):
        return sum(map(reals, coefficients))
    values = np.asarray(coefficients)
    return values.size * (2 if np.iscomplexobj(values) else 1)
