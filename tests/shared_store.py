"""A store that several processes share, as fsspec sees it: shared:///folder/name; Dask's workers load it too.

Like an object store it makes folders by itself and renames nothing.
"""

from __future__ import annotations

import fsspec
from fsspec.implementations.local import LocalFileSystem


class SharedStore(LocalFileSystem):
    protocol = "shared"

    def __init__(self, **options):
        super().__init__(auto_mkdir=True, **options)

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(str(path).removeprefix("shared://"))

    def mv(self, *_args, **_options):
        raise NotImplementedError


fsspec.register_implementation("shared", SharedStore, clobber=True)
