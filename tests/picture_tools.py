"""Pictures compared, and kept where they differ."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from PyQt6.QtGui import QImage

KEPT = Path(__file__).parent.parent / "build" / "pictures"  # of the tests that failed


def assert_same_picture(picture: QImage, expected: QImage) -> None:
    """Fail if two pictures differ in a pixel, and save both to be looked at."""
    if picture == expected:
        return
    test = re.sub(r"\W+", "-", os.environ["PYTEST_CURRENT_TEST"].split("::", 1)[1].removesuffix(" (call)"))
    KEPT.mkdir(parents=True, exist_ok=True)
    paths = [KEPT / f"{test}.{what}.png" for what in ("picture", "expected")]
    for image, path in zip((picture, expected), paths, strict=True):
        image.save(str(path))
    pytest.fail("the pictures differ: {} and {}".format(*paths))
