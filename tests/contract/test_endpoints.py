"""Every typed method against the contract: its name, key, safety, and each field with its type, at any depth."""

import inspect
import typing
from collections import defaultdict
from datetime import datetime
from types import NoneType

import attrs
import pytest
from attrs import frozen

from etelecom_async import CHECK_CONSENT, Role, Safety, Secret, Session
from etelecom_async.api import ENDPOINTS, catalog
from etelecom_async.api.catalog import function_of
from etelecom_async.api.files import File
from etelecom_async.codec import Digits, Id, Text, TextMap
from etelecom_async.endpoint import Encoding
from etelecom_async.enums import OpenEnum
from tests.support.contract import ENTRIES, EVIDENCE, TYPED, UNTYPED, facts, is_for_partners

EVERY = pytest.mark.parametrize("name", TYPED)

USER_ID = dict.fromkeys(("zl_user_id", "zl_user_id_by_app", "zl_user_ids", "recipient_id", "sender_id"), Text)
LOOSE = {
    **USER_ID,
    **dict.fromkeys(("journey_id", "extension_number", "recipient.user_id"), Text),
    **dict.fromkeys(("quota.remain", "quota.total", "quota.owner_id", "quota.expired_date"), Text),
    "template_id": Digits,
    "assigned_user_id": Id,
}
"""Types that differ from place to place on the wire, by the end of their path: one type here, which reads them all."""
OF_ANSWERS = {"hotline": Text}
SENT_AS_NUMBERS = {"Etelecom/CreateExtension": {"extension_number": Digits}}
NOT_LISTED = {"avatars": TextMap, "last_conversation": object, "meta": TextMap, "template_data": TextMap}
"""Objects whose names are open."""
PLAIN = {
    ("string", "int64"): Id,
    ("string", "date-time"): datetime,
    ("string", "binary"): File,
    ("string", None): str,
    ("integer", None): int,
    ("boolean", None): bool,
    ("object", None): None,
}


@frozen(kw_only=True)
class Side:
    """The request or the answer of a method, held against the class for it."""

    is_request: bool
    secrets: tuple[str, ...]
    loose: dict[str, object]

    def type_of(self, path, kind):
        """The type that a field is to have; None for an object with a class of its own."""
        name = path.rpartition(".")[2]
        if name in self.secrets:
            return Secret
        for end, known in {**self.loose, **NOT_LISTED}.items():
            if path == end or path.endswith(f".{end}"):
                return known
        return OpenEnum if "enum" in kind else PLAIN[kind["type"], kind.get("format")]

    def misfits(self, model, fields, path=""):
        """What a class and the fields of the contract do not have in common, in words."""
        own = {it.name: it for it in attrs.fields(model)}
        also = {it.metadata.get("also") for it in own.values()}
        hints = typing.get_type_hints(model, include_extras=True)
        for name, kind in fields.items():
            here = f"{path}.{name}".lstrip(".")
            if name in own:
                yield from self._of_field(here, kind, own[name], hints[name])
            elif name not in also or self.is_request:
                yield f"{here} is missing"

    def _of_field(self, here, kind, own, hint):
        is_required = own.default is attrs.NOTHING
        if self.is_request and kind.get("optional", not is_required) is is_required:
            yield f"{here} is {'optional' if is_required else 'required'}"
        if not self.is_request and is_required:
            yield f"{here} has no default"
        if NoneType in typing.get_args(hint):
            (hint,) = (part for part in typing.get_args(hint) if part is not NoneType)
        if kind["type"] == "array":
            if typing.get_args(hint)[1:] != (...,):
                yield f"{here} is no tuple"
                return
            hint, kind = typing.get_args(hint)[0], kind["items"]
        right = self.type_of(here, kind)
        if right is None:
            yield from self.misfits(hint, kind["properties"], here)
        elif right is OpenEnum:
            if set(kind["enum"]) != {member.value for member in hint}:
                yield f"{here} has other values"
        elif hint != right:
            yield f"{here} is {hint} and not {right}"


def check(name, model, side):
    is_request = side == "request"
    loose = {**LOOSE, **(SENT_AS_NUMBERS.get(name, {}) if is_request else OF_ANSWERS)}
    if model is object:  # no field is documented
        return [*ENTRIES[name][side]]
    secrets = tuple(ENTRIES[name].get("secrets", ()))
    return [*Side(is_request=is_request, secrets=secrets, loose=loose).misfits(model, ENTRIES[name][side])]


@EVERY
def test_a_payload_has_every_field_of_the_contract_in_its_type(name):
    assert check(name, ENDPOINTS[name].payload, "request") == []


@EVERY
def test_a_result_has_every_field_of_the_contract_in_its_type(name):
    assert check(name, ENDPOINTS[name].result, "response") == []


def _known(side):
    """The names that the contract has for each class, over all methods that use it."""
    found = defaultdict(set)

    def walk(model, fields):
        if not attrs.has(model):
            return
        found[model] |= set(fields)
        hints = typing.get_type_hints(model, include_extras=True)
        for field, kind in fields.items():
            parts = [hints[field], *typing.get_args(hints[field])] if field in hints else []
            for part in parts:
                if attrs.has(part):
                    walk(part, kind.get("items", kind).get("properties", {}))

    for name, entry in TYPED.items():
        walk(getattr(ENDPOINTS[name], "payload" if side == "request" else "result"), entry[side])
    return found


@pytest.mark.parametrize("side", ["request", "response"])
def test_no_class_has_a_field_that_the_contract_does_not_have(side):
    extra = {
        f"{model.__name__}.{it.name}"
        for model, names in _known(side).items()
        for it in attrs.fields(model)
        if it.name not in names and it.metadata.get("also") not in names
    }
    assert extra == set()


@EVERY
def test_key_safety_and_limits_are_those_of_the_contract(name):
    endpoint, entry = ENDPOINTS[name], TYPED[name]
    assert endpoint.role is {"shop_key": Role.SHOP, "api_key": Role.ACCOUNT}[entry["partner_key"]]
    assert endpoint.safety is (Safety.READ if entry["read_only"] else Safety.SEND)
    assert endpoint.partner_only is is_for_partners(entry)
    assert (endpoint.attempt_time is not None) is entry.get("slow", False)
    assert endpoint.encoding is Encoding(entry.get("body", "application/json"))


@EVERY
def test_a_method_pages_where_the_contract_does(name):
    items = TYPED[name].get("paging_list")
    returned = typing.get_type_hints(function_of(name), localns=vars(inspect.getmodule(function_of(name))))["return"]
    assert (getattr(returned, "__name__", "") == "Listing") is (items is not None)
    if items:
        assert typing.get_args(typing.get_type_hints(ENDPOINTS[name].result)[items])[1:] == (...,)
        assert typing.get_args(returned)[0] is ENDPOINTS[name].result
        assert {"limit", "after", "before", "sort"} <= set(inspect.signature(function_of(name)).parameters)


@EVERY
def test_a_methods_docstring_says_how_certain_it_is_and_what_it_costs(name):
    lines = [line.strip() for line in inspect.getdoc(function_of(name)).splitlines()]
    assert facts(TYPED[name]) in lines


@EVERY
def test_the_catalog_reads_certainty_price_and_personal_data_from_the_docstring(name):
    read, entry = catalog.facts(name), TYPED[name]
    assert read.evidence == EVIDENCE[entry["evidence"]]
    assert read.is_billed is entry["charged"]
    assert read.is_personal is bool(entry.get("personal"))
    assert 10 < len(read.summary) < 200
    assert "\n" not in read.summary


def test_the_catalog_has_the_endpoint_constants_themselves():
    assert catalog.endpoints()["Zalo/CheckConsent"] is CHECK_CONSENT
    assert set(catalog.endpoints()) == set(TYPED)
    assert not set(catalog.UNTYPED) & set(TYPED)


def test_the_function_of_a_name_is_the_method_of_the_sessions_namespace():
    assert catalog.function_of("Zalo/OASendText") is Session.zalo.oa_send_text
    assert catalog.function_of("Misc/CurrentAccount") is Session.misc.current_account
    with pytest.raises(KeyError):
        catalog.function_of("Shop/GetShops")


def test_every_method_of_the_contract_is_typed_or_has_a_reason():
    assert set(UNTYPED) | set(TYPED) == set(ENTRIES)
    assert not set(UNTYPED) & set(TYPED)
    assert {name for name, entry in ENTRIES.items() if entry["evidence"] == "title-only"} <= set(UNTYPED)
    assert {name for name, entry in ENTRIES.items() if "host" in entry} <= set(UNTYPED)
