"""Configuration of the documentation site, which `make docs` builds into build/docs."""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sphinx.application import Sphinx

import msviz

project = "msviz"
author = "The authors of msviz"
copyright = "The authors of msviz, GNU GPL 3 or later"
version = release = msviz.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",  # public docstrings are numpydoc
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
autodoc_preserve_defaults = True
autodoc_type_aliases = {"ArrayLike": "ArrayLike"}
# The site can be built without the gigabytes of torch; its classes are then mocked.
autodoc_mock_imports = [] if importlib.util.find_spec("torch") else ["torch"]
napoleon_google_docstring = False
# Types are prose, such as "array (channels, n)", without links; also those of attributes.
napoleon_custom_sections = [("Attributes", "params_style")]
napoleon_use_param = False
napoleon_use_rtype = False
python_use_unqualified_type_names = True
add_module_names = False

html_theme = "furo"
html_title = "msviz"
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#b5471b", "color-brand-content": "#b5471b"},
    "dark_css_variables": {"color-brand-primary": "#ff9a5c", "color-brand-content": "#ff9a5c"},
}


def bars_are_bars(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Escape |x|, a magnitude in docstrings but a substitution in reStructuredText."""
    lines[:] = [
        line if line.lstrip().startswith((">>>", "...")) else line.replace("|", r"\|") for line in lines
    ]


def arrays_are_short(
    app: object,
    what: str,
    name: str,
    obj: object,
    options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None]:
    """Write NDArray[float32] instead of its long form."""
    long = re.compile(r"~?numpy\.ndarray\[tuple\[~?typing\.Any, \.\.\.\], ~?numpy\.dtype\[([^\[\]]*)\]\]")
    return signature and long.sub(r"NDArray[\1]", signature), returns and long.sub(r"NDArray[\1]", returns)


def fields_are_told(
    app: object, what: str, name: str, obj: object, skip: bool, options: object
) -> bool | None:
    """Skip the fields of named tuples, which are in their signatures."""
    return True if (inspect.getdoc(obj) or "").startswith("Alias for field number") else None


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", bars_are_bars)
    app.connect("autodoc-process-signature", arrays_are_short)
    app.connect("autodoc-skip-member", fields_are_told)
