"""Inputs of each target, one a line: bytes as a JSON string of Latin-1.

`corpus/<target>.ndjson` has what leads somewhere new, the fewest inputs that do; each search may change them all.
`corpus/<target>.broke.ndjson` has what broke the target once, and stays.
"""

import json
from pathlib import Path

_FOLDER = Path(__file__).parent / "corpus"


def load(name):
    """All inputs of a target."""
    return [*_read(_path(name)), *_read(_broke(name))]


def save(name, inputs):
    """Keep these as what leads somewhere new, and no others."""
    _write(_path(name), inputs)


def add_broken(name, inputs):
    """Keep these too, as what broke the target."""
    _write(_broke(name), [*_read(_broke(name)), *inputs])


def _path(name):
    return _FOLDER / f"{name}.ndjson"


def _broke(name):
    return _FOLDER / f"{name}.broke.ndjson"


def _read(path):
    lines = path.read_text("ascii").splitlines() if path.exists() else []
    return [json.loads(line).encode("latin-1") for line in lines]


def _write(path, inputs):
    ordered = sorted(set(inputs), key=lambda data: (len(data), data))
    path.write_text("".join(f"{json.dumps(data.decode('latin-1'))}\n" for data in ordered), "ascii")
