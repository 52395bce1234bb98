"""Every page of documentation leads somewhere, an index leads to it, and ARCHITECTURE is true to the code."""

import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    *ROOT.glob("*.md"),
    *DOCS.rglob("*.md"),
    *(page for page in (ROOT / "examples").rglob("*.md") if "node_modules" not in page.parts),
]
_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(<?([^)\s>]+)")
_HEADING = re.compile(r"^#+ +(.*?) *#*$", re.MULTILINE)


def links(page):
    """Its relative links, each as a path and an anchor."""
    for target in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


def anchors(page):
    """The anchors of its headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = []
    for heading in _HEADING.findall(text):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_of_a_page_and_its_anchor_resolve(page):
    broken = [
        f"{path}#{anchor}"
        for path, anchor in links(page)
        if not path.exists() or (anchor and (path.suffix != ".md" or anchor not in anchors(path)))
    ]
    assert broken == []


@pytest.mark.parametrize("part", ["guide", "internals"])
def test_the_index_of_a_part_leads_to_each_of_its_pages(part):
    index = DOCS / part / "README.md"
    listed = {path for path, _ in links(index)}
    assert {*DOCS.joinpath(part).glob("*.md")} - {index} <= listed


def test_readme_leads_to_the_indexes_of_docs():
    assert DOCS / "README.md" in {path for path, _ in links(ROOT / "README.md")}
    assert {DOCS / "guide" / "README.md", DOCS / "internals" / "README.md"} <= {
        path for path, _ in links(DOCS / "README.md")
    }


ARCHITECTURE = DOCS / "internals" / "architecture.md"
PACKAGE = ROOT / "etelecom_async"


def fenced(text):
    return re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def resolves(name):
    """Whether this is a name of the package, or of a module of it."""
    try:
        pkgutil.resolve_name(f"etelecom_async.{name}")
    except (ImportError, AttributeError):
        return False
    return True


def test_every_path_and_name_of_the_architecture_page_exists():
    text = ARCHITECTURE.read_text(encoding="utf-8")
    words = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    words += re.findall(r"\b[\w/]+(?:\.py\b|/(?=\s))", "".join(block for _, block in fenced(text)))
    paths = {word for word in words if re.fullmatch(r"[\w./-]+(?:/|\.(?:pyi?|md|toml))", word)}
    assert {path for path in paths if not (ROOT / path).exists() and not (PACKAGE / path).exists()} == set()
    names = {word for word in words if re.fullmatch(r"(?:[a-z_]+\.)*[A-Z]\w*(?:\.\w+)?|\w+(?:\.\w+)+", word)} - paths
    assert {"Session", "api.journeys.CREATE_JOURNEY", "transport.Request", "api.ENDPOINTS"} <= names
    assert {name for name in names if not resolves(name)} == set()


def test_the_architecture_page_has_every_folder_of_the_package():
    text = ARCHITECTURE.read_text(encoding="utf-8")
    folders = {file.parent.relative_to(PACKAGE).as_posix() for file in PACKAGE.glob("*/__init__.py")}
    assert {folder for folder in folders if f"| `{folder}/` |" not in text} == set()


def test_the_order_of_imports_on_the_architecture_page_is_the_one_that_is_checked():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = (it["layers"] for it in settings["tool"]["importlinter"]["contracts"] if it["type"] == "layers")
    (shown,) = (block for kind, block in fenced(ARCHITECTURE.read_text(encoding="utf-8")) if kind == "layers")
    assert shown.splitlines() == layers
