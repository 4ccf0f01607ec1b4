"""Print the lowest versions that pyproject.toml allows, as constraints for pip."""

import re
import tomllib
from itertools import chain
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
asked = chain(project["dependencies"], *(extras[extra] for extra in ("cluster", "xarray", "docs", "dev")))
for requirement in asked:
    if lowest := re.fullmatch(r"([\w.-]+)>=([\w.]+)", requirement):
        print("{}=={}".format(*lowest.groups()))
