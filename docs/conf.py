"""The documentation as a site: `make docs` builds it into build/docs."""

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
# The site builds without the gigabytes of torch; its classes stand empty in the signatures then.
autodoc_mock_imports = [] if importlib.util.find_spec("torch") else ["torch"]
napoleon_google_docstring = False
# Types are prose, "array (channels, n)", also those of attributes: no words of them are links.
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
    """Docstrings say |x| for a magnitude; to reStructuredText that would be a substitution."""
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
    """NDArray[float32] in place of what NumPy writes out for it."""
    long = re.compile(r"~?numpy\.ndarray\[tuple\[~?typing\.Any, \.\.\.\], ~?numpy\.dtype\[([^\[\]]*)\]\]")
    return signature and long.sub(r"NDArray[\1]", signature), returns and long.sub(r"NDArray[\1]", returns)


def fields_are_told(
    app: object, what: str, name: str, obj: object, skip: bool, options: object
) -> bool | None:
    """The fields of a named tuple stand in its signature."""
    return True if (inspect.getdoc(obj) or "").startswith("Alias for field number") else None


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", bars_are_bars)
    app.connect("autodoc-process-signature", arrays_are_short)
    app.connect("autodoc-skip-member", fields_are_told)
