"""What `make docs` takes into the site: each public name has a page, and the navigation is that of the indexes."""

import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import etelecom_async
from etelecom_async import api

ROOT = Path(__file__).parents[2]
PACKAGES = ["testing", "sandbox", "webhooks", "claims", "transport", "pipeline", "jobs", "bulk"]
"""Packages that export their public names themselves."""


@pytest.fixture
def reference(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs" / "site")
    return import_module("reference")


@pytest.fixture
def navigation(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs" / "site")
    return import_module("navigation")


def documented(reference):
    """Every object of the reference, by its identity: a name may be exported in two places."""
    return {
        id(getattr(import_module(module), name))
        for _, modules in reference.all_pages()
        for module, names in modules.items()
        for name in names
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_of_a_public_package_is_in_the_reference(reference, package):
    module = import_module(f"etelecom_async.{package}")
    found = documented(reference)
    assert [name for name in module.__all__ if id(getattr(module, name)) not in found] == []


def test_every_name_of_the_package_itself_is_in_the_reference(reference):
    found = documented(reference)
    assert [name for name in etelecom_async.__all__ if id(getattr(etelecom_async, name)) not in found] == []


@pytest.mark.parametrize("package", ["contrib", "workers", "claims"])
def test_every_class_that_users_import_from_a_module_is_in_the_reference(reference, package):
    pages = (ROOT / "docs" / "guide").glob("*.md")
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    modules = {module for _, its in reference.all_pages() for module in its}
    folder = import_module(f"etelecom_async.{package}").__path__
    used = {f"etelecom_async.{package}.{info.name}" for info in pkgutil.iter_modules(folder)}
    used = {module for module in used if f"from {module} import" in text}
    assert used
    assert used <= modules


def test_every_typed_method_and_its_classes_are_in_the_reference(reference):
    found = documented(reference)
    for endpoint in api.ENDPOINTS.values():
        for its in (endpoint, endpoint.payload, endpoint.result):
            if isinstance(its, type) and its.__module__.startswith("etelecom_async"):
                assert id(its) in found, its
        assert id(endpoint) in found, endpoint.name


def test_the_navigation_has_the_sections_of_the_guides_and_a_title_is_a_links_text(navigation):
    sections = dict(navigation.sections(ROOT / "docs" / "guide" / "README.md"))
    assert "Five-minute tour </docs/guide/tour>" in sections["Start"]
    assert "Troubleshooting </docs/guide/troubleshooting>" in sections["In production"]
    listed = [page.rpartition("/")[2].rstrip(">") for pages in sections.values() for page in pages]
    assert sorted(listed) == sorted(page.stem for page in ROOT.glob("docs/guide/*.md") if page.stem != "README")
