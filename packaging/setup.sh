#!/bin/sh
# Set up everything to run or test msviz: system packages, .venv, and msviz itself in it; or, in build/lowest, to
# test it with the lowest versions that pyproject.toml allows. Fast when nothing is missing.
#
#   packaging/setup.sh run|test|lowest
set -eu
cd "$(dirname "$0")/.."

venv=.venv extras=all,dev lists="packaging/debian-run.txt packaging/debian-test.txt"
case "${1:-}" in
    run) extras=all lists="packaging/debian-run.txt" ;;
    test) ;;
    lowest) venv=build/lowest PYTHON=${PYTHON:-python3.11} ;;  # old packages have wheels only for old Pythons
    *) echo "usage: packaging/setup.sh run|test|lowest" >&2; exit 2 ;;
esac
stamp=$venv/.ready-$1

say() { echo "setup: $*" >&2; }

listed() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' $lists; }

missing() {
    # A package also counts as there when an installed one provides its name (libglib2.0-0t64).
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package} ${Provides}\n' | sed -n 's/^installed //p' |
        tr ', ' '\n\n')
    listed | while read -r package; do
        echo "$installed" | grep -qxF -- "$package" || printf '%s ' "$package"
    done
}

install_system_packages() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        [ -e "$stamp" ] && return
        say "this is not a Debian system: please install the equivalents of these Debian packages yourself:" \
            $(listed)
        return
    fi
    packages=$(missing)
    [ -n "$packages" ] || return 0
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null; then
        as_root="sudo"
        [ -t 0 ] || as_root="sudo -n"  # nobody can type a password
    else
        say "installing system packages needs root or sudo; please ask an administrator to install: $packages"
        return
    fi
    say "installing $packages"
    if ! { $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends $packages; } >&2; then
        say "some packages could not be installed; please install them yourself: $packages"
    fi
}

find_python() {
    for python in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    say "msviz needs Python 3.11 or newer with its venv module, but none was found (set PYTHON=/path/to/python)"
    exit 1
}

install_system_packages
[ -e "$stamp" ] && [ "$stamp" -nt pyproject.toml ] && $venv/bin/python -c '' 2>/dev/null && exit 0

if ! $venv/bin/python -c '' 2>/dev/null; then
    python=$(find_python)
    say "creating $venv with $python"
    "$python" -m venv --clear $venv
fi
say "installing msviz into $venv"
constraints=
if [ "$1" = lowest ]; then
    constraints="-c $venv/constraints.txt"
    $venv/bin/python packaging/lowest.py >$venv/constraints.txt
fi
$venv/bin/python -m pip install -q $constraints -e ".[$extras]"
touch "$stamp"
