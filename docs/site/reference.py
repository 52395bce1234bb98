"""Writes docs/reference/: a page for each public module, and an index with every public name."""

import inspect
import pkgutil
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

import etelecom_async
from etelecom_async import Endpoint, api, errors

TOP = {
    "Consent": ("api.consent", "api.consent_outcome", "api.consent_requests", "api.paging"),
    "Session": ("session", "blocking", "account", "timeout", "pipeline.retry", "ratelimit.throttle"),
    "Calls and observers": ("endpoint", "pipeline.telemetry", "_version"),
}
"""The pages of the package's own names, and the modules that these come from. Errors have a page of their own."""

MODULES = {
    "testing": "Tests of your code",
    "sandbox": "The sandbox",
    "webhooks": "Webhooks",
    "claims": "Claims",
    "claims.file": "Claims",
    "claims.redis": "Claims",
    "bulk": "Bulk and files",
    "jobs": "Bulk and files",
    "workers.batches": "Workers on many machines",
    "workers.ray_workers": "Workers on many machines",
    "workers.worker": "Workers on many machines",
    "ratelimit.throttle": "Rates",
    "ratelimit.redis_rate": "Rates",
    "pipeline": "Middleware",
    "transport": "Transports",
    "transport.aiohttp": "Transports",
    "transport.fast": "Transports",
    "transport.httpx": "Transports",
    "contrib.opentelemetry": "Metrics and traces",
    "contrib.prometheus": "Metrics and traces",
    "phone": "Phone numbers",
}
"""Public modules, and the pages that they stand on."""

API_HELPERS = {"asking", "ensure", "lazy", "payload"}
"""Files of `api/` without a name for users."""


_OPTIONS = {"exception": "   :show-inheritance:\n", "data": "   :no-value:\n"}


def setup(app):
    app.connect("builder-inited", write)
    app.connect("env-check-consistency", check)
    return {"parallel_read_safe": True}


def write(app):
    folder = Path(app.srcdir, "docs", "reference")
    folder.mkdir(exist_ok=True)
    written = {folder / "index.rst"}
    index = [heading("Every public name", "="), ".. toctree::\n   :hidden:\n"]
    pages = list(all_pages())
    index += [f"   {slug(title)}" for title, _ in pages]
    for title, modules in pages:
        page = folder / f"{slug(title)}.rst"
        written.add(page)
        keep(page, "\n".join([heading(title, "="), *(text for names in modules.items() for text in chapter(*names))]))
        index += [f"\n{heading(f':doc:`{title} <{slug(title)}>`', '-')}", *(table(*names) for names in modules.items())]
    keep(folder / "index.rst", "\n".join(index) + "\n")
    for page in folder.glob("*.rst"):
        if page not in written:
            page.unlink()


def check(_app, env):
    """Each name is where links and objects.inv look for it."""
    known = env.get_domain("py").objects
    missing = [
        f"{module}.{name}"
        for _, modules in all_pages()
        for module, names in modules.items()
        for name in names
        if f"{module}.{name}" not in known and name != "__version__"
    ]
    if missing:
        raise SystemExit(f"The reference does not have {', '.join(missing)}")


def keep(page, text):
    """Written only if it is another text, so that Sphinx reads again what has changed."""
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def all_pages():
    """Titles, each with its modules and their names."""
    for title, homes in TOP.items():
        names = [name for home in homes for name, its in etelecom_async._HOME.items() if its == home]
        yield title, {"etelecom_async": names}
    rest = {name for name, home in etelecom_async._HOME.items() if not any(home in homes for homes in TOP.values())}
    if rest:
        raise SystemExit(f"docs/site/reference.py: TOP has no page for {', '.join(sorted(rest))}")
    yield "Errors", {"etelecom_async": list(errors.__all__)}
    for title in dict.fromkeys(MODULES.values()):
        modules = [f"etelecom_async.{module}" for module, its in MODULES.items() if its == title]
        yield title, {module: own_names(module) for module in modules}
    for info in sorted(pkgutil.iter_modules(api.__path__), key=lambda info: info.name):
        if info.name not in API_HELPERS and (names := own_names(f"etelecom_async.api.{info.name}")):
            yield f"api.{info.name}", {f"etelecom_async.api.{info.name}": names}


def own_names(module):
    """What the module exports and the package itself does not."""
    found = import_module(module)
    top = set(etelecom_async.__all__)
    return [
        name
        for name in found.__all__
        if name != "Methods" and not (name in top and getattr(etelecom_async, name) is getattr(found, name))
    ]


def chapter(module, names):
    """A module's docstring, and its names in full."""
    found = import_module(module)
    if module != "etelecom_async":
        yield f"{heading(f'``{module}``', '-')}\n.. automodule:: {module}\n   :no-members:\n"
    else:
        yield f".. currentmodule:: {module}\n"
    yield " · ".join(f":py:obj:`~{module}.{name}`" for name in names) + "\n"
    for name in names:
        value = getattr(found, name)
        if isinstance(value, ModuleType):
            continue
        if inspect.isclass(value):
            kind = "exception" if issubclass(value, BaseException) else "class"
        else:
            kind = "function" if inspect.isroutine(value) else "data"
        option = _OPTIONS.get(kind, "")
        yield f".. auto{kind}:: {module}.{name}\n{option}"


def table(module, names):
    """Written here and not by autosummary, which reads each object a second time."""
    found = import_module(module)
    rows = "".join(
        f"   * - :py:obj:`~{module}.{name}`\n     - {first_sentence(getattr(found, name))}\n" for name in names
    )
    return f"\nIn ``{module}``:\n\n.. list-table::\n   :widths: auto\n\n{rows}"


def first_sentence(value):
    if isinstance(value, Endpoint):
        return said_of(value)
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        return "a constant" if isinstance(value, str | bytes | int | float | Mapping) else "a type"
    paragraph = (inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " ")
    return re.split(r"(?<=\.) ", paragraph)[0]


def said_of(endpoint):
    """An endpoint's own sentence: its docstring is that of its class."""
    kinds = (endpoint.payload, endpoint.result)
    sent, answered = (kind.__name__ if isinstance(kind, type) else "JSON" for kind in kinds)
    return f"``{endpoint.name}``: sends `{sent}`, answers `{answered}`; {endpoint.safety.name}."


def heading(text, line):
    return f"{text}\n{line * len(text)}\n"


def slug(title):
    return title.lower().replace(" ", "-").replace(".", "-")
