"""Find the files to convert: those named, and all audio files in folders."""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msviz.audio.kinds import HEAD, SUFFIXES, sound_kind
from msviz.errors import MsvizError, StorageError
from msviz.remote import file_system, is_address, located, remote_errors

_AT_ONCE = 256  # how many file heads to fetch from an address together


class Found(NamedTuple):
    """An audio file.

    Attributes
    ----------
    source : str
        Path or fsspec address.
    inside : str
        Its path relative to the folder searched, with slashes; only the name of a file given by itself.
    folder : str
        Name of that folder, or of the file's own folder.
    size : int
        In bytes; 0 if unknown.
    from_folder : bool
        Whether it was found in a folder.
    """

    source: str
    inside: str
    folder: str
    size: int
    from_folder: bool


class PassedOver(NamedTuple):
    """A file or folder that is ignored.

    Attributes
    ----------
    file : str
        Path or address.
    reason : str
        "not audio", "hidden", "cannot be read: Permission denied", …
    failed : bool
        Whether audio may be missing because of it.
    """

    file: str
    reason: str
    failed: bool = False


@dataclass
class Findings:
    """The result of `find`."""

    files: list[Found] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)


def find(inputs: Iterable[str | os.PathLike[str]]) -> Findings:
    """Find the files named, and all audio files in folders, at any depth.

    A file is recognized by its suffix, or else by its first bytes.  Links are followed; the same file or
    folder is taken once, under its own name rather than that of a link.  Hidden files and representations
    are ignored.

    Parameters
    ----------
    inputs : iterable of str or path
        Files, folders, or fsspec addresses of either.

    Raises
    ------
    MsvizError
        If they contain no audio file.
    """
    search = _Search()
    names = [located(name) for name in inputs]
    for name in names:
        if is_address(name):
            try:
                search.add_address(name)
            except StorageError as error:
                search.pass_over(name, str(error).removeprefix(name).strip(" ."), failed=True)
        elif os.path.isdir(name):
            search.add_folder(name)
        else:  # a missing file is reported when its turn comes, like all errors
            search.add_file(name)
    if not search.files:
        for passed in search.passed_over:
            if passed.failed:
                raise MsvizError(f"{passed.file} {passed.reason}.")
        raise MsvizError(f"{', '.join(names)} {'contain' if len(names) > 1 else 'contains'} no audio files.")
    return Findings(search.files, search.passed_over)


class _Search:
    def __init__(self) -> None:
        self.files: list[Found] = []
        self.passed_over: list[PassedOver] = []
        self._seen: dict[Any, str] = {}  # the name under which each file and folder was taken
        self._met_again = 0

    def add_file(self, path: str) -> None:
        """A file that was named."""
        try:
            status = os.stat(path)
        except OSError:
            status = None
        if self._is_new(path, status):
            folder = os.path.basename(os.path.dirname(os.path.abspath(path)))
            size = status.st_size if status else 0
            self.files.append(Found(path, os.path.basename(path), folder, size, from_folder=False))

    def add_folder(self, top: str) -> None:
        """Everything in a folder, in order of names."""
        if not self._is_new(top, os.stat(top)):
            return
        folder, found = os.path.basename(os.path.abspath(top)), list[Found]()
        before = self._met_again
        folders, links = deque([(top, "")]), deque[tuple[str, str]]()
        while folders or links:
            if not folders:  # links come last: a file is taken by its own name
                self._look(*links.popleft(), folder, folders, found)
                continue
            place, inside = folders.popleft()
            try:
                names = sorted(os.listdir(place))
            except OSError as error:
                self.pass_over(place, f"cannot be read: {error.strerror}", failed=True)
                continue
            for name in names:
                path, within = os.path.join(place, name), posixpath.join(inside, name)
                if name.startswith("."):
                    self.pass_over(path, "hidden")
                elif os.path.islink(path):
                    links.append((path, within))
                else:
                    self._look(path, within, folder, folders, found)
        self._add(top, found, before)

    def _look(
        self, path: str, inside: str, folder: str, folders: deque[tuple[str, str]], found: list[Found]
    ) -> None:
        """Take a file or queue a folder, unless there is a reason not to."""
        sounds = posixpath.splitext(inside)[1].lower() in SUFFIXES
        try:
            status = os.stat(path)
        except OSError as error:
            if sounds:  # a missing file is reported when its turn comes
                found.append(Found(path, inside, folder, 0, from_folder=True))
            elif error.errno in (errno.ENOENT, errno.ELOOP):
                self.pass_over(path, "a broken link")
            else:
                self.pass_over(path, f"cannot be read: {error.strerror}", failed=True)
            return
        if stat.S_ISDIR(status.st_mode):
            if inside.lower().endswith(".zarr"):
                self.pass_over(path, "a representation")
            elif self._is_new(path, status):
                folders.append((path, inside))
            return
        if not stat.S_ISREG(status.st_mode):
            self.pass_over(path, "not a regular file")
            return
        try:
            reason = "" if sounds else _why_not(inside, _head(path))
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
        if reason:
            self.pass_over(path, reason)
        elif self._is_new(path, status):
            found.append(Found(path, inside, folder, status.st_size, from_folder=True))

    def add_address(self, address: str) -> None:
        """The file at an address, or everything in the folder there."""
        system, root = file_system(address)
        with remote_errors(address):
            is_folder = system.isdir(root)
        folder, at = posixpath.split(root)
        if not self._is_new(address, None):
            return
        if not is_folder:
            self.files.append(Found(address, at, posixpath.basename(folder), 0, from_folder=False))
            return
        found, unknown = list[Found](), list[Found]()
        before = self._met_again
        with remote_errors(address):
            for inside, size in self._files_at(address, system, root):
                one = Found(joined(address, inside), inside, at, size, from_folder=True)
                (found if posixpath.splitext(inside)[1].lower() in SUFFIXES else unknown).append(one)
            for first in range(0, len(unknown), _AT_ONCE):
                some = unknown[first : first + _AT_ONCE]
                paths = [posixpath.join(root, one.inside) for one in some]
                heads = system.cat_ranges(paths, [0] * len(paths), [HEAD] * len(paths), on_error="return")
                for one, head in zip(some, heads, strict=True):
                    reason = _why_not(one.inside, head) if isinstance(head, bytes) else "cannot be read"
                    if reason:
                        self.pass_over(one.source, reason)
                    else:
                        found.append(one)
        self._add(address, [one for one in found if self._is_new(one.source, None)], before)

    def _files_at(self, address: str, system: Any, root: str) -> Iterator[tuple[str, int]]:
        """The relative paths of the files in a folder at an address, and their sizes."""
        folders = deque([root])
        while folders:
            place = folders.popleft()
            try:
                # fsspec's own `walk` silently omits folders that it cannot read.
                listing = system.ls(place, detail=True)
            except OSError as error:
                where = address if place == root else joined(address, posixpath.relpath(place, root))
                self.pass_over(where, f"cannot be read: {error.strerror or error}", failed=True)
                continue
            for info in listing:
                path = info["name"].rstrip("/")
                inside, name = posixpath.relpath(path, root), posixpath.basename(path)
                is_folder = info["type"] == "directory"
                if path == place:  # object stores have such entries
                    continue
                if name.startswith("."):
                    self.pass_over(joined(address, inside), "hidden")
                elif is_folder and name.lower().endswith(".zarr"):
                    self.pass_over(joined(address, inside), "a representation")
                elif is_folder:
                    folders.append(path)
                else:
                    yield inside, info.get("size") or 0

    def _add(self, top: str, found: list[Found], met_again: int) -> None:
        """Take the files found in a folder, or record that there are none."""
        self.files += sorted(found, key=lambda file: file.inside.split("/"))
        if not found and self._met_again == met_again:
            self.pass_over(top, "without audio files")

    def pass_over(self, path: str, reason: str, *, failed: bool = False) -> None:
        self.passed_over.append(PassedOver(path, reason, failed))

    def _is_new(self, path: str, status: os.stat_result | None) -> bool:
        """Whether a file or folder is new; one met before under another name is recorded as ignored."""
        if status and status.st_ino:
            key: Any = status.st_dev, status.st_ino
        else:
            key = path if is_address(path) else os.path.realpath(path)
        if key not in self._seen:
            self._seen[key] = path
            return True
        self._met_again += 1
        other = self._seen[key]
        if not is_address(path) and os.path.abspath(other) != os.path.abspath(path):
            self.pass_over(path, f"the same file as {other}")
        return False


def _head(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(HEAD)


def _why_not(name: str, head: bytes) -> str:
    """Why to ignore a file without an audio suffix; empty if its first bytes are those of audio."""
    if name.lower().endswith(".zarr.zip"):
        return "a representation"
    if not head:
        return "empty"
    return "" if sound_kind(head) else "not audio"


def joined(folder: str, inside: str) -> str:
    """The path or address of something in a folder, by its relative path."""
    return (
        f"{folder.rstrip('/')}/{inside}" if is_address(folder) else os.path.join(folder, *inside.split("/"))
    )
