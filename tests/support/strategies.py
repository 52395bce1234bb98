"""Values of every kind, for properties."""

import types
import typing
from datetime import datetime, timedelta, timezone

import attrs
from hypothesis import strategies as st

from etelecom_async import Secret
from etelecom_async.codec import Digits, Id, Text, TextMap
from etelecom_async.enums import OpenEnum

offsets = st.builds(timezone, st.integers(-23 * 60, 23 * 60).map(lambda minutes: timedelta(minutes=minutes)))
# Year 1 is how the server spells "unset".
times = st.datetimes(min_value=datetime(2, 1, 1), timezones=offsets)  # noqa: DTZ001 - hypothesis adds the zone
phones = st.from_regex(r"0[35789][0-9]{8}", fullmatch=True)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)
"""Anything that is JSON, and the numbers that only Python's JSON knows."""

_codes = st.sampled_from([0, 0.0, -0.0, False, "0", "", None, [], {}, 1, -1, 5, 10, 12, "GRANTED"]) | values
_wire_times = times.map(lambda time: time.isoformat()) | st.sampled_from(["0001-01-01T00:00:00Z", "", "never", 0])
answers = st.fixed_dictionaries(
    {},
    optional={
        "error": _codes,
        "error_code": _codes,
        "message": values,
        "expired_time": _wire_times | values,
        "extra": values,
    },
)
"""Objects that look like the answer of CheckConsent."""


def instances(model):
    """Instances of a model, from the types of its fields; a type that is not known here has to be added."""
    attrs.resolve_types(model, include_extras=True)
    return st.builds(model, **{field.name: _values_of(field.name, field.type) for field in attrs.fields(model)})


_words = st.from_regex(r"[!-~]{1,64}", fullmatch=True)
_lines = st.text(st.characters(categories=["L", "N", "P"]), min_size=1)
_BY_NAME = {
    "phone": phones,
    "limit": st.none() | st.integers(1, 100),
    "after": _lines,
    "before": _lines,
    "sort": _lines,
}


_OF_PAYLOADS = {"state", "value"}


def _values_of(name, kind):
    if name in _BY_NAME:
        return _BY_NAME[name]
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return st.one_of(*(_values_of(name, part) for part in typing.get_args(kind)))
    if typing.get_origin(kind) is tuple:
        return st.lists(_values_of(name, typing.get_args(kind)[0]), max_size=3).map(tuple)
    if attrs.has(kind):
        return instances(kind)
    if isinstance(kind, type) and issubclass(kind, OpenEnum):
        return st.sampled_from(kind) | _lines.map(kind)
    known = {
        Id: st.integers(1, 2**63 - 1),
        int: st.integers(0, 2**63 - 1) if name in _OF_PAYLOADS else st.integers(-(2**63), 2**64 - 1),
        Text: _words,
        Digits: st.integers(0, 10**18 - 1).map(str),
        TextMap: st.dictionaries(st.text(), st.text(), max_size=3),
        Secret: _lines.map(Secret),
        str: _lines,
        object: st.none(),
        bool: st.booleans(),
        datetime: times,
    }
    return st.none() if kind is type(None) else known[kind]
