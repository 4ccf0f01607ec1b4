"""The documentation is true: its examples run, its site builds, and nothing public goes undescribed."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import zlib
from functools import cached_property
from pathlib import Path
from types import FunctionType

import pytest

import msviz

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))
ROOMS = ["audio", "convert", "demos", "errors", "lab", "picture", "playback", "signal", "storage", "torch"]
ROOMS += ["measures", "tracks", "transform"]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(msviz.__path__, "msviz.", onerror=lambda name: None)
    if not module.name.startswith("msviz.gui")
]


def public(room):
    """The public names of a room and what they are."""
    module = importlib.import_module(f"msviz.{room}")
    names = getattr(module, "__all__", None) or [
        name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__
    ]
    return {name: getattr(module, name) for name in names if not name.startswith("_")}


def run_examples(examples):
    """Run a doctest and fail with what it says."""
    said = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    if runner.run(examples, out=said.append).failed:
        pytest.fail("".join(said), pytrace=False)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for examples in doctest.DocTestFinder().find(importlib.import_module(name)):
        run_examples(examples)


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_tutorials_run(page, tmp_path, monkeypatch):
    """The blocks of a page, one after the other, put out what the page says."""
    monkeypatch.chdir(tmp_path)
    code, lines = False, []
    for line in page.read_text("utf-8").splitlines():
        code = (code or line == "```pycon") and line != "```"
        lines.append(line if code and line != "```pycon" else "")  # so that failures name the page's lines
    examples = doctest.DocTestParser().get_doctest("\n".join(lines), {}, page.name, str(page), 0)
    assert len(examples.examples) > 5
    run_examples(examples)


def test_site_builds_and_describes_every_public_name(tmp_path):
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-W",
            "--keep-going",
            "-q",
            "-d",
            tmp_path / "trees",
            DOCS,
            tmp_path,
        ],
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    described = zlib.decompress((tmp_path / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode()
    described = {line.split()[0] for line in described.splitlines()}
    missing = {
        f"msviz.{room}.{name}"
        for room in ROOMS
        for name, value in public(room).items()
        if inspect.isclass(value) or inspect.isfunction(value)
    } - described
    assert not missing


def test_reference_lists_the_top_level():
    listed = set(re.findall(r"`(\w+)`", (DOCS / "api" / "index.md").read_text("utf-8")))
    assert set(msviz.__all__) <= listed


@pytest.mark.parametrize("room", ROOMS)
def test_everything_public_is_described(room):
    """A docstring for each class, function, method and property."""
    lacking = []
    for name, value in public(room).items():
        if inspect.isclass(value) or inspect.isfunction(value):
            kinds = inspect.getmro(value) if inspect.isclass(value) else ()
            ours = (kind for kind in kinds if kind.__module__.startswith("msviz."))
            owned = {key: member for kind in ours for key, member in vars(kind).items()}
            members = {f"{name}.{key}": member for key, member in owned.items() if not key.startswith("_")}
            lacking += [label for label, member in {name: value, **members}.items() if undescribed(member)]
    assert not lacking


def undescribed(member):
    """Whether this is a class, function or property without a docstring."""
    kinds = type, FunctionType, classmethod, staticmethod, property, cached_property
    return isinstance(member, kinds) and not inspect.getdoc(member)


def test_examples_use_the_whole_top_level():
    """But for errors, and for what is handed out and not made."""
    texts = [page.read_text("utf-8") for page in TUTORIALS]
    for name in MODULES:
        texts += [found.docstring for found in doctest.DocTestFinder().find(importlib.import_module(name))]
    code = "\n".join(line for text in texts for line in re.findall(r"^ *(?:>>>|\.\.\.) .*", text, re.M))
    made = {name for name in msviz.__all__ if not name.endswith("Error")} - {
        "AudioSource",
        "Representation",
        "Source",
        "Transform",
    }
    assert not {name for name in made if not re.search(rf"\b{name}\(", code)}


def test_whatever_the_window_computes_can_be_called():
    """What the window takes from the core is public there."""
    hidden = []
    for path in sorted((ROOT / "msviz" / "gui").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("msviz."):
                continue
            room = node.module.split(".")[1]
            if room != "gui":
                for name in {name.name for name in node.names} - set(public(room)):
                    value = getattr(importlib.import_module(node.module), name)
                    if inspect.isclass(value) or inspect.isfunction(value):
                        hidden.append(f"{node.module}.{name}")
    assert not hidden


def test_types_come_along():
    assert (ROOT / "msviz" / "py.typed").is_file()


def test_rooms_are_there_when_asked_for():
    script = (
        "import msviz; print(msviz.picture.levels, msviz.lab.Recipe, set(msviz.__all__) <= set(dir(msviz)))"
    )
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert said.strip().endswith("True")
