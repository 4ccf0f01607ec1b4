#!/usr/bin/env bash
# The Linux wheels of pyFFTW hold FFTW 3.3.5 of 2016, built for SSE2 and AVX: no AVX2, no AVX-512, and its files
# of measured plans (wisdom) cannot be exchanged with a system's FFTW 3.3.10.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.2.6 pyfftw==0.15.1
env/bin/python - <<'PYTHON'
import platform
import re

import pyfftw

print("pyFFTW", pyfftw.__version__, "on", platform.system(), platform.machine())
print("guess: a wheel of 2025 has the FFTW of 2020, 3.3.10, with all the instructions that it knows")
source, target = (pyfftw.empty_aligned((24, 1024), "complex64") for _ in range(2))
pyfftw.FFTW(source, target, flags=("FFTW_MEASURE",))
wisdom = pyfftw.export_wisdom()[1].decode()
codelets = sorted({name.rpartition("_")[2] for name in re.findall(r"codelet_\w+v_\d+_\w+", wisdom)})
print("seen: FFTW", pyfftw.fftw_version, "built as", pyfftw._fftw_version_dict["32"])
print("seen: its wisdom begins", wisdom.partition("#")[0].strip(), "and names codelets for", codelets)
assert pyfftw.fftw_version == "3.3.5"
assert pyfftw._fftw_version_dict["32"].endswith("sse2-avx")
assert wisdom.startswith("(fftw-3.3.5 ")
assert not {"avx2", "avx512"} & set(codelets)
PYTHON
