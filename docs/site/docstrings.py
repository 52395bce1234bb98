"""Docstrings are written to be read in an editor: code is indented, and names stand in single backticks.

Here they become reStructuredText: indented lines a block of code, and a name a link where the reference has it.
"""

import re

from docutils import nodes
from reference import said_of
from sphinx.addnodes import pending_xref
from sphinx.domains.python import PyXRefRole
from sphinx.util.nodes import make_refnode

from etelecom_async import Endpoint

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_TEXT_ALONE = {"attribute", "data", "property"}
_RAISES = re.compile(r"^:raises (?P<names>\w+(?:, *\w+)+):(?P<text>.*)$")


def setup(app):
    app.add_role("name", name_role)
    app.connect("config-inited", lambda _app, config: config.__setattr__("default_role", "name"))
    app.connect("autodoc-process-docstring", mark_code, priority=100)
    kept = {}
    app.connect("autodoc-process-docstring", lambda _app, *it: keep(kept, *it), priority=400)
    app.connect("autodoc-process-docstring", lambda _app, *it: restore(kept, *it), priority=600)
    app.connect("autodoc-process-docstring", link_errors, priority=900)
    app.connect("missing-reference", find_by_last_name)
    return {"parallel_read_safe": True}


def keep(kept, what, name, _object, _options, lines):
    """Napoleon takes the words before a colon for the type of an attribute: so its text goes past napoleon."""
    if what in _TEXT_ALONE:
        kept[name] = lines[:]


def restore(kept, what, name, _object, _options, lines):
    if what in _TEXT_ALONE:
        lines[:] = kept.pop(name)


def mark_code(_app, _what, _name, its, _options, lines):
    """Lines that are indented after a blank one, below a line that is not, are code."""
    if isinstance(its, Endpoint):
        lines[:] = [said_of(its)]
    marked, above = [], ""
    for number, line in enumerate(lines):
        begins = line.startswith("    ") and number and not lines[number - 1].strip()
        if begins and above and not above.startswith((" ", "- ")) and not above.endswith("::"):
            marked += [".. code-block:: python", ""]
        if line.strip():
            above = line
        marked.append(line)
    lines[:] = marked


def link_errors(_app, _what, _name, _object, _options, lines):
    """`Raises:` may name several errors in one line; napoleon takes them for one name."""
    for number, line in enumerate(lines):
        if several := _RAISES.match(line):
            names = ", ".join(f":py:exc:`{name.strip()}`" for name in several["names"].split(","))
            lines[number] = f":raises: {names} --{several['text']}"


def name_role(_role, rawtext, text, lineno, inliner, options=None, content=()):  # noqa: PLR0917 - docutils calls it
    """Text in single backticks: code, and a link if it is a name that the reference has."""
    if not _NAME.fullmatch(text):
        return [nodes.literal(rawtext, text)], []
    return PyXRefRole()("py:obj", rawtext, text, lineno, inliner, options or {}, content)


def find_by_last_name(app, env, node, contnode):
    """A name without its module, or with that which has its source; only if one object has it."""
    if node.get("refdomain") != "py" or not isinstance(node, pending_xref):
        return None
    target = node["reftarget"].removeprefix("etelecom_async.")
    *_, last = target.rpartition(".")
    wanted = last if node["reftarget"].startswith("etelecom_async.") else target
    if not re.match(r"[A-Z]|\w+\.", wanted):
        return None  # `phone` is a word, or an argument
    objects = env.get_domain("py").objects
    found = {
        (it.docname, it.node_id): name
        for name, it in objects.items()
        if not it.aliased and (name == wanted or name.endswith(f".{wanted}"))
    }
    if len(found) != 1:
        return None
    ((docname, anchor), name) = found.popitem()
    return make_refnode(app.builder, node["refdoc"], docname, anchor, [contnode], name)
