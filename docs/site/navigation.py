"""The navigation is read from the index pages, which a reader of the repository has too: one list, and not two.

A page of docs/guide/ that its index does not name is in no list, and with that the build fails and names it.
"""

import re
import shutil
from pathlib import Path

GUIDES = "docs/guide/README"
INTERNALS = "docs/internals/README"
_SECTION = re.compile(r"^(?:#{2,} +(.*?)|\| *\*\*(.*?)\*\* *\|.*)$")
_LINK = re.compile(r"\[([^]]+)\]\(([^)#:]+)\.md(?:#[^)]*)?\)")


def setup(app):
    app.connect("source-read", add_contents)
    app.connect("build-finished", make_first_page)
    return {"parallel_read_safe": True}


def add_contents(app, name, source):
    """Lists that the sidebar shows and the page does not."""
    root = Path(app.srcdir)
    if name == app.config.root_doc:
        lists = [("", ["/docs/README", f"Guides by job </{GUIDES}>", "/docs/reference/index"])]
        lists += sections(root / f"{GUIDES}.md")
        beside = [f"/{page.stem}" for page in others(root, name)]
        lists.append(("For maintainers", [f"Internals </{INTERNALS}>", *beside]))
        lists.append(("Examples", [f"/examples/{it.parent.name}/README" for it in examples(root)]))
    elif name == INTERNALS:
        lists = [("", [page for _, pages in sections(root / f"{name}.md") for page in pages])]
    else:
        return
    source[0] += "".join(contents(caption, pages) for caption, pages in lists if pages)


def others(root, name):
    """CHANGELOG and what else lies in the root, the files for contributors first."""
    pages = [page for page in root.glob("*.md") if page.stem != name]
    return sorted(pages, key=lambda page: (page.stem != "CONTRIBUTING", page.stem))


def examples(root):
    return sorted(root.glob("examples/*/README.md"))


def sections(index):
    """Captions of an index page, each with the pages beside it that the tables name, under the texts of their links."""
    found, seen = [("", [])], set()
    for line in index.read_text(encoding="utf-8").splitlines():
        if section := _SECTION.match(line):
            found.append((section[1] or section[2], []))
        for title, target in _LINK.findall(line) if line.startswith("|") else ():
            if "/" not in target and target not in seen:
                seen.add(target)
                found[-1][1].append(f"{title} </{index.parent.relative_to(index.parents[2])}/{target}>")
    return found


def contents(caption, pages):
    named = f":caption: {caption}\n" if caption else ""
    listed = "\n".join(pages)
    return f"\n\n```{{toctree}}\n:hidden:\n{named}\n{listed}\n```\n"


def make_first_page(app, failure):
    """A browser that is given the folder finds the README."""
    if failure is None and app.builder.format == "html":
        out = Path(app.outdir)
        shutil.copyfile(out / f"{app.config.root_doc}.html", out / "index.html")
