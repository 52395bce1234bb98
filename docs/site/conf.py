"""The site: README.md is its first page, the folders of docs/ its chapters, and the docstrings its reference.

`make docs` builds it from the root of the repository, so that every relative link of a page means on the site what it
means in a checkout. docs/internals/site.md says why so.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from pygments.lexers.special import TextLexer  # noqa: E402
from sphinx.highlighting import lexers  # noqa: E402

from etelecom_async import __version__  # noqa: E402

lexers["layers"] = TextLexer()  # the order of imports in docs/internals/architecture.md

project = "etelecom_async"
author = "The etelecom_async authors"
release = version = __version__
copyright = author  # noqa: A001 - the setting's name

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "navigation",
    "reference",
    "docstrings",
]
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "docs/reference/*.rst", "examples/*/README.md"]
exclude_patterns = [".*", "build", "dist", "**/node_modules", "benchmarks", "tests", "etelecom_async"]

myst_heading_anchors = 4
suppress_warnings = ["ref.python"]  # a short name in a docstring may have several homes: the first is taken

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "undoc-members": True}
add_module_names = False
napoleon_numpy_docstring = False
napoleon_use_ivar = True
toc_object_entries = False  # a copy of the whole tree is made for every page: with every field in it that is a minute
maximum_signature_line_length = 88
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"etelecom_async {__version__}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
copybutton_exclude = ".linenos, .gp, .go"
