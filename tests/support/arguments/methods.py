"""Arguments of the API's methods and payloads: what fits none of a name, wherever it stands."""

import inspect
import io
from pathlib import Path

import attrs

from etelecom_async import Paging, Partner
from etelecom_async.api import ENDPOINTS
from etelecom_async.api.catalog import function_of
from etelecom_async.api.files import File
from etelecom_async.codec import decode
from tests.support import KEY, SHOP_KEY
from tests.support.arguments import values as v
from tests.support.arguments.values import Row
from tests.support.contract import method_of
from tests.support.methods import CALLS

_OPTIONAL_ID = v.without(v.ID, None)
_TEXT = ["", " ", "\n", "a\0", 5, b"a", ["a"], v.THING]
_WORD = v.without(v.LINE, None)
_MEMBER = v.without(v.MEMBER, None)
_FLAG = v.without(v.FLAG, None)
_SEVERAL = [5, "a", b"a", {"a": 1}, [None], [5.5], [""], v.THING, list]
_IDS = [*_SEVERAL, [0], ["1.5"]]
_OBJECT = [5, {}, "a", v.THING]
_MODELS = [5, "a", {"a": 1}, [None], [{}], v.THING]
_SECRET = ["", " ", "a\nb", 5, b"a", v.THING]
_USER_ID = ["", " ", "a b", "a\n", "é", "9" * 65, 0, -1, 1.5, True, b"1", ["1"], v.THING]
_NUMBER = ["", " ", "a", "01", "1.0", "-1", "9" * 19, -1, 10**18, 1.5, True, b"1", ["1"], v.THING]
_CLOSED, _TEXT_FILE, _PIPE = io.BytesIO(b"a"), io.StringIO("a"), io.BytesIO(b"a")
_CLOSED.close()
_PIPE.seekable = lambda: False
_FILE = [None, 5, "", " ", "a\0", "folder/", [], {}, v.THING, File, io.BytesIO, _CLOSED, _TEXT_FILE, io.BytesIO(b"a")]
_NAMED_FILE = [it for it in _FILE if it not in ("folder/", _FILE[-1])]

IDS = {
    *("shop_id", "oa_id", "app_id", "tenant_id", "hotline_id", "extension_id", "owner_id", "connection_id", "id"),
    *("campaign_id", "department_id", "assigned_user_id"),
}
USER_IDS = {"zl_user_id", "journey_id", "extension_number"}
NUMBERS = {"template_id"}
_PAGING = {"limit": [101, 1000, *v.WHOLE], "after": _WORD, "before": _WORD, "sort": _WORD}
_TEXTS = (
    *("email", "name", "redirect_url", "redirect_uri", "shop_name", "external_shop_id", "external_user_id"),
    *("extra_token", "full_name", "code", "attachment_id", "image_url", "token", "text", "title", "subtitle", "url"),
    *("content", "phone_code", "image_icon", "key", "value", "style", "template_name", "tracking_id", "msg_id"),
    *("call_number", "external_id", "external_session_id", "hotline", "description", "metadata"),
)
_ENUMS = (
    *("gender", "state", "type", "template_type", "language", "align", "msg_type", "status", "delivery_status"),
    *("time_type", "mode", "sending_mode", "token_type", "call_state", "direction", "comparison", "network"),
)
_OBJECTS = (
    *("filter", "paging", "message", "recipient", "payload", "content_banner", "content_header", "content_text"),
    "duration",
)
BAD = {
    **dict.fromkeys(IDS | {"user_id"}, _OPTIONAL_ID),
    **dict.fromkeys(USER_IDS, _USER_ID),
    **dict.fromkeys(NUMBERS, _NUMBER),
    **dict.fromkeys(_TEXTS, _TEXT),
    **dict.fromkeys(_ENUMS, _MEMBER),
    **dict.fromkeys(_OBJECTS, _OBJECT),
    **dict.fromkeys(("has_extension", "has_conversation", "is_charged", "is_development", "is_free_charge"), _FLAG),
    **dict.fromkeys(("date_from", "date_to"), v.MOMENTS),
    **dict.fromkeys(("config", "tags", "fields"), _SEVERAL),
    "entities": [*_SEVERAL, [v.OwnText.NEW]],
    **dict.fromkeys(("content_table", "buttons"), _MODELS),
    **dict.fromkeys(("user_ids", "extension_ids", "hotline_ids"), _IDS),
    "zl_user_ids": [*_SEVERAL, [0], ["a b"]],
    "phone": v.without(v.PHONES, None),
    "file": [*_FILE, b"", b"a", b"canary"],
    "webhook_url": [5, " ", "a\nb", None, b"a", v.THING],
    **dict.fromkeys(("password", "app_secret"), _SECRET),
    "template_data": [5, "{}", [], {"a": 1}, {1: "a"}, {"a": None}, v.THING],
    **_PAGING,
}
"""By the argument's name, which nearly always means one thing."""
_NOT_NEGATIVE = [-1, 2**63, 1.5, True, "5", b"5", [], {}, v.THING]
_STATE, _EXTENSION, _TO_USER = {"state": _NOT_NEGATIVE}, {"extension_number": _NUMBER}, {"user_id": _USER_ID}
SPECIAL = {
    **dict.fromkeys((f"Zalo/OASend{it}" for it in ("Text", "Sticker", "Image", "File")), _TO_USER),
    "Zalo/SendZNSTxn": {"user_id": _USER_ID},
    "Recipient": {"user_id": _USER_ID},
    "Shop/CreateShopAccount": {"fields": [None, 5, "{}", [], v.THING]},
    **dict.fromkeys(("Zalo/ConnectOA", "ConnectOA"), _STATE),
    **dict.fromkeys(("Etelecom/CreateExtension", "CreateExtension"), _EXTENSION),
    "Duration": {"value": _NOT_NEGATIVE},
    "OA/UploadFile": {"type": v.LINE},
    "UploadFile": {"type": v.LINE},
}
"""Of a method or a payload where it means another."""


def _method_row(name):
    names = [it for it in inspect.signature(function_of(name)).parameters if it != "self"]
    session = v.mocked(Partner(api_key=KEY, shop_key=SHOP_KEY))
    return Row(_bad(names, name), CALLS[name][0][0], call=lambda **given: method_of(session, name)(**given))


def _bad(names, owner):
    special = SPECIAL.get(owner, {})
    return {name: special.get(name, BAD[name]) for name in names}


def _payload_rows():
    """Of each payload, and of each class within one; what fits is what the whole of a call makes."""
    rows = {}

    def walk(payload):
        model = type(payload)
        if not attrs.has(model) or model in rows or model is Paging:
            return
        good = {it.name: getattr(payload, it.name) for it in attrs.fields(model)}
        rows[model] = Row(
            _bad(good, model.__name__), {name: value for name, value in good.items() if value is not None}
        )
        for value in good.values():
            for item in value if isinstance(value, tuple) else [value]:
                walk(item)

    for name, calls in CALLS.items():
        walk(decode(calls[-1][1], ENDPOINTS[name].payload))
    return rows


ROWS = {function_of(name): _method_row(name) for name in CALLS} | _payload_rows()
ROWS[File] = Row(
    {
        "file": [*_NAMED_FILE, b"", b"a" * 11],
        "filename": ["", " ", "a/b", "a\nb", "a\r", "a\0", "\x7f", "\ud800", "9" * 256, 5, b"a", ["a"], v.THING],
        "max_size": v.WHOLE,
    },
    {"file": b"a" * 10, "filename": "a.txt", "max_size": 10},
    fits={
        "file": ["/x/y.jpg", Path("y.jpg"), io.BytesIO(b"a")],
        "filename": ['ảnh "1".jpg'],
        "max_size": [v.Whole(10)],
    },
)
