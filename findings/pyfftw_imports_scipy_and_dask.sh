#!/usr/bin/env bash
# Importing pyFFTW imports SciPy's FFTs and, where Dask is installed, all of dask.array (and with it whatever that
# finds, such as pandas): half a second for a wrapper that itself takes a hundredth.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 pyfftw==0.15.1 scipy==1.17.1 'dask[array]==2025.12.0'
env/bin/python - <<'PYTHON'
import subprocess
import sys

COUNT = """
import sys, time
import numpy
begin = time.perf_counter()
{before}
import pyfftw
took = time.perf_counter() - begin
import importlib.metadata
print(importlib.metadata.version("pyfftw"), f"{{1000 * took:.0f}} ms,", "scipy.fft" in sys.modules, "dask.array" in sys.modules)
"""
STUB = "import types; sys.modules['pyfftw.interfaces'] = types.ModuleType('pyfftw.interfaces')"


def run(before):
    code = COUNT.format(before=before)
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


print("guess: it loads FFTW, and its drop-in interfaces for SciPy and Dask when they are asked for")
run("")  # compiles what is imported
seen, without = run(""), run(STUB)
print("seen: version, time, SciPy loaded, Dask loaded:", seen)
print("seen: the same with an empty module in the place of pyfftw.interfaces:", without)
assert seen.endswith("True True")
assert without.endswith("False False")
PYTHON
