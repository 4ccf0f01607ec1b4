"""Which files are meant: those that were named, and all that are sound in folders."""

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

_AT_ONCE = 256  # beginnings of files that are fetched from an address together


class Found(NamedTuple):
    """A file of sound.

    Attributes
    ----------
    source : str
        Path or fsspec address.
    inside : str
        Where it lies in the folder that was given, with slashes; the name alone of a file that was given.
    folder : str
        Name of that folder, or of the one that the file lies in.
    size : int
        In bytes; 0 where it is not known.
    from_folder : bool
        Whether a folder was given.
    """

    source: str
    inside: str
    folder: str
    size: int
    from_folder: bool


class PassedOver(NamedTuple):
    """What was not taken.

    Attributes
    ----------
    file : str
        A file or a folder.
    reason : str
        "not audio", "hidden", "cannot be read: Permission denied", …
    failed : bool
        Whether sound may be missing for it.
    """

    file: str
    reason: str
    failed: bool = False


@dataclass
class Findings:
    """What `find` has found."""

    files: list[Found] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)


def find(inputs: Iterable[str | os.PathLike[str]]) -> Findings:
    """The files that were named, and all that are sound in folders, at any depth.

    What the end of its name does not tell, the first bytes of a file do.  Links are followed; the same file
    or folder is taken once, whatever leads to it, and under its own name rather than a link's.  What is
    hidden, and representations that msviz made, are passed over.

    Parameters
    ----------
    inputs : iterable of str or path
        Files, folders, or fsspec addresses of either.

    Raises
    ------
    MsvizError
        If there is no sound in all of them.
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
        else:  # what is missing is told when its turn comes, like all that goes wrong
            search.add_file(name)
    if not search.files:
        for passed in search.passed_over:
            if passed.failed:
                raise MsvizError(f"{passed.file} {passed.reason}.")
        raise MsvizError(f"{', '.join(names)} {'hold' if len(names) > 1 else 'holds'} no audio file.")
    return Findings(search.files, search.passed_over)


class _Search:
    def __init__(self) -> None:
        self.files: list[Found] = []
        self.passed_over: list[PassedOver] = []
        self._seen: dict[Any, str] = {}  # what each file and folder was taken as
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
        """All in a folder, in the order of their names."""
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
        """Take a file, or put off a folder, unless there is a reason not to."""
        sounds = posixpath.splitext(inside)[1].lower() in SUFFIXES
        try:
            status = os.stat(path)
        except OSError as error:
            if sounds:  # what is missing is told when its turn comes
                found.append(Found(path, inside, folder, 0, from_folder=True))
            elif error.errno in (errno.ENOENT, errno.ELOOP):
                self.pass_over(path, "a link to nowhere")
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
            self.pass_over(path, "not a file")
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
        """The file at an address, or all in the folder there."""
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
        """Where the files in a folder at an address lie in it, and their sizes."""
        folders = deque([root])
        while folders:
            place = folders.popleft()
            try:
                # Its own `walk` leaves folders out that it cannot read, and does not say so.
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
        """Take what was found in a folder, or say that there is nothing."""
        self.files += sorted(found, key=lambda file: file.inside.split("/"))
        if not found and self._met_again == met_again:
            self.pass_over(top, "without an audio file")

    def pass_over(self, path: str, reason: str, *, failed: bool = False) -> None:
        self.passed_over.append(PassedOver(path, reason, failed))

    def _is_new(self, path: str, status: os.stat_result | None) -> bool:
        """Whether a file or folder is met for the first time; said where it was met by another name."""
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
            self.pass_over(path, f"the same as {other}")
        return False


def _head(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(HEAD)


def _why_not(name: str, head: bytes) -> str:
    """Why a file is not taken whose name does not tell that it is sound; nothing if its beginning does."""
    if name.lower().endswith(".zarr.zip"):
        return "a representation"
    if not head:
        return "empty"
    return "" if sound_kind(head) else "not audio"


def joined(folder: str, inside: str) -> str:
    """What lies in a folder or at an address, by where it lies there."""
    return (
        f"{folder.rstrip('/')}/{inside}" if is_address(folder) else os.path.join(folder, *inside.split("/"))
    )
