"""Calls of every typed method: the arguments, and the body that they are on the wire."""

from datetime import UTC, datetime, timedelta, timezone

from etelecom_async.api.call_logs import Comparison, Duration
from etelecom_async.api.files import File
from etelecom_async.api.transactions import Banner, Button, ButtonPayload, Paragraph, TableRow
from tests.support import OA, PHONE

WHEN = "2030-05-17T12:00:00Z"
ID = 9007199254740993
BIG = "123456789012345678901234567890"
WIRE = str(ID)
OA_WIRE = str(OA)
WIRE_PHONE = "84987654321"
PAGE = {"limit": 2, "after": ".", "before": "b", "sort": "-created_at"}
NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
EVENING = datetime(2030, 5, 17, 19, tzinfo=timezone(timedelta(hours=7)))
FROM_TO = {"date_from": NOON, "date_to": EVENING}
FROM_TO_WIRE = {"date_from": "2030-05-17T12:00:00Z", "date_to": "2030-05-17T19:00:00+07:00"}


PICTURE = File(b"\xff\xd8 canary \r\n--", filename='ảnh "1" \\.jpg')


def same(**given):
    """Arguments that are the body as they stand."""
    return given, given


def listed(given, wire=None):
    """A call of a list without arguments, and one with a filter and a page."""
    empty = {"paging": {}} if wire is None else {"filter": {}, "paging": {}}
    full = {"paging": PAGE} if wire is None else {"filter": wire, "paging": PAGE}
    return [({}, empty), ({**given, **PAGE}, full)]


def sent_to(user_id, message, **given):
    return (
        {"oa_id": OA, "user_id": user_id, **given},
        {"oa_id": OA_WIRE, "message": message, "recipient": {"user_id": str(user_id)}},
    )


_TXN = {
    "content_banner": {"image_url": "https://x.example.vn/a.png"},
    "content_header": {"content": "Đơn hàng", "align": "left"},
    "content_text": {"content": "dòng 1\ndòng 2"},
    "content_table": [{"key": "Mã", "value": "0123"}],
    "buttons": [{"title": "Xem", "type": "oa.open.url", "payload": {"url": "https://x.example.vn"}}],
}

CALLS = {
    "Misc/CurrentAccount": [({}, {})],
    "Shop/AuthorizeShop": [
        ({"shop_id": WIRE}, {"shop_id": WIRE}),
        (
            {"phone": PHONE, "email": "a@example.vn", "name": "Quán", "config": ["a"]},
            {"phone": WIRE_PHONE, "email": "a@example.vn", "name": "Quán", "config": ["a"]},
        ),
        same(
            redirect_url="https://x.example.vn",
            shop_name="Quán",
            external_shop_id="a1",
            external_user_id="u1",
            extra_token="t",
        ),
    ],
    "Shop/CreateShopAccount": [({"fields": {"name": "Quán", "is_test": True}}, {"name": "Quán", "is_test": True})],
    "Shop/CurrentShop": [({}, {})],
    "Shop/CreateAccountUser": [
        (
            {"full_name": "Lê Văn A", "password": "canary-p4ss", "phone": PHONE},
            {"full_name": "Lê Văn A", "password": "canary-p4ss", "phone": WIRE_PHONE},
        )
    ],
    "Shop/GetAccountUsers": listed(
        {"has_extension": False, "extension_number": "0101", "name": "A", "phone": PHONE, "user_ids": [ID, "7"]},
        {"has_extension": False, "extension_number": "0101", "name": "A", "phone": PHONE, "user_ids": [WIRE, "7"]},
    ),
    "Zalo/AuthorizeOA": [
        (
            {"app_id": ID, "app_secret": "canary-p4ss", "redirect_uri": "https://x.example.vn"},
            {"app_id": WIRE, "app_secret": "canary-p4ss", "redirect_uri": "https://x.example.vn"},
        )
    ],
    "Zalo/ConnectOA": [({"code": "c", "oa_id": OA_WIRE, "state": 7}, {"code": "c", "oa_id": OA_WIRE, "state": 7})],
    "Zalo/RefreshToken": [({"oa_id": OA}, {"oa_id": OA_WIRE})],
    "Zalo/ListOA": listed(
        {"app_id": ID, "oa_id": OA, "name": "Quán", **FROM_TO},
        {"app_id": WIRE, "oa_id": OA_WIRE, "name": "Quán", **FROM_TO_WIRE},
    ),
    "Zalo/GetShopOA": [({"oa_id": OA}, {"oa_id": OA_WIRE})],
    "Zalo/UpdateShopOA": [
        (
            {"oa_id": OA, "webhook_url": "https://x.example.vn"},
            {"oa_id": OA_WIRE, "webhook_url": "https://x.example.vn"},
        ),
        ({"oa_id": OA, "webhook_url": ""}, {"oa_id": OA_WIRE, "webhook_url": ""}),
    ],
    "Zalo/ListFollowers": listed(
        {
            "oa_id": OA,
            "zl_user_id": int(BIG),
            "zl_user_ids": [ID, BIG],
            "assigned_user_id": ID,
            "phone": "0987 654 321",
            "name": "A",
            "gender": "female",
            "state": "follow",
            "has_conversation": True,
            "tags": ["vip"],
            **FROM_TO,
        },
        {
            "oa_id": OA_WIRE,
            "zl_user_id": BIG,
            "zl_user_ids": [WIRE, BIG],
            "assigned_user_id": WIRE,
            "phone": WIRE_PHONE,
            "name": "A",
            "gender": "female",
            "state": "follow",
            "has_conversation": True,
            "tags": ["vip"],
            **FROM_TO_WIRE,
        },
    ),
    "OA/UploadFile": [
        ({"oa_id": OA, "type": "image", "file": PICTURE}, {"oa_id": OA_WIRE, "type": "image", "file": PICTURE})
    ],
    "Zalo/OASendText": [sent_to(ID, {"text": "Xin chào\nA"}, text="Xin chào\nA")],
    "Zalo/OASendSticker": [sent_to(BIG, {"attachment_id": "s1"}, attachment_id="s1")],
    "Zalo/OASendImage": [
        sent_to(ID, {"attachment_id": "a1"}, attachment_id="a1"),
        sent_to(ID, {"image_url": "https://x.example.vn"}, image_url="https://x.example.vn"),
    ],
    "Zalo/OASendFile": [sent_to("7", {"token": "t1"}, token="t1")],
    "Zalo/RequestUserInfo": [
        ({"oa_id": OA, "zl_user_id": ID}, {"oa_id": OA_WIRE, "zl_user_id": WIRE}),
        (
            {"oa_id": OA, "zl_user_id": ID, "image_url": "https://x.example.vn", "title": "a", "subtitle": "b"},
            {"oa_id": OA_WIRE, "zl_user_id": WIRE, "image_url": "https://x.example.vn", "title": "a", "subtitle": "b"},
        ),
    ],
    "Zalo/SendZNSTxn": [
        sent_to(ID, {}),
        (
            {
                "oa_id": OA,
                "user_id": ID,
                "content_banner": Banner(image_url="https://x.example.vn/a.png"),
                "content_header": Paragraph(content="Đơn hàng", align="left"),
                "content_text": Paragraph(content="dòng 1\ndòng 2"),
                "content_table": [TableRow(key="Mã", value="0123")],
                "buttons": [Button(title="Xem", type="oa.open.url", payload=ButtonPayload(url="https://x.example.vn"))],
                "template_type": "transaction_order",
                "language": "VI",
            },
            {
                "oa_id": OA_WIRE,
                "recipient": {"user_id": WIRE},
                "message": _TXN,
                "template_type": "transaction_order",
                "language": "VI",
            },
        ),
    ],
    "Zalo/CreateTemplate": [
        ({"oa_id": OA, "template_id": "123", "type": "otp"}, {"oa_id": OA_WIRE, "template_id": 123, "type": "otp"})
    ],
    "Zalo/GetTemplate": [({"oa_id": OA, "template_id": 123}, {"oa_id": OA_WIRE, "template_id": 123})],
    "Zalo/ListTemplates": listed(
        {"oa_id": OA, "template_id": 0, "template_name": "a", "type": "7", **FROM_TO},
        {"oa_id": OA_WIRE, "template_id": 0, "template_name": "a", "type": "7", **FROM_TO_WIRE},
    ),
    "Zalo/SendZNS": [
        (
            {"oa_id": OA, "phone": PHONE, "template_id": 123, "template_data": {"tên": "A"}},
            {"oa_id": OA_WIRE, "phone": WIRE_PHONE, "template_id": 123, "template_data": {"tên": "A"}},
        ),
        (
            {
                "oa_id": OA,
                "phone": PHONE,
                "template_id": "123",
                "template_data": {},
                "tracking_id": "t",
                "mode": "development",
                "sending_mode": "tag3",
            },
            {
                "oa_id": OA_WIRE,
                "phone": WIRE_PHONE,
                "template_id": 123,
                "template_data": {},
                "tracking_id": "t",
                "mode": "development",
                "sending_mode": "tag3",
            },
        ),
    ],
    "Zalo/SendZNSJourney": [
        (
            {"oa_id": OA, "journey_id": ID, "template_id": 123, "phone": PHONE, "template_data": {"a": "b"}},
            {
                "oa_id": OA_WIRE,
                "journey_id": WIRE,
                "template_id": 123,
                "phone": WIRE_PHONE,
                "template_data": {"a": "b"},
            },
        ),
        (
            {
                "oa_id": OA,
                "journey_id": "007",
                "template_id": 1,
                "phone": PHONE,
                "template_data": {},
                "tracking_id": "t",
            },
            {
                "oa_id": OA_WIRE,
                "journey_id": "007",
                "template_id": 1,
                "phone": WIRE_PHONE,
                "template_data": {},
                "tracking_id": "t",
            },
        ),
    ],
    "Zalo/GetMessage": [({"oa_id": OA, "msg_id": "m1"}, {"oa_id": OA_WIRE, "msg_id": "m1"})],
    "Zalo/ListMessages": listed(
        {
            "oa_id": OA,
            "phone": PHONE,
            "msg_id": "m1",
            "msg_type": "journey",
            "template_id": "123",
            "tracking_id": "t",
            "journey_id": "007",
            "campaign_id": ID,
            "user_id": ID,
            "status": "P",
            "delivery_status": "seen",
            "is_charged": True,
            "is_development": False,
            "time_type": "request_time",
            **FROM_TO,
        },
        {
            "oa_id": OA_WIRE,
            "phone": PHONE,
            "msg_id": "m1",
            "msg_type": "journey",
            "template_id": 123,
            "tracking_id": "t",
            "journey_id": "007",
            "campaign_id": WIRE,
            "user_id": WIRE,
            "status": "P",
            "delivery_status": "seen",
            "is_charged": True,
            "is_development": False,
            "time_type": "request_time",
            **FROM_TO_WIRE,
        },
    ),
    "Zalo/CreateJourney": [
        ({"oa_id": OA, "phone": PHONE}, {"oa_id": OA_WIRE, "phone": WIRE_PHONE}),
        (
            {"oa_id": OA, "phone": PHONE, "token_type": "token_coach_bus_7"},
            {"oa_id": OA_WIRE, "phone": WIRE_PHONE, "token_type": "token_coach_bus_7"},
        ),
    ],
    "Zalo/GetJourney": [
        ({"journey_id": "j-1"}, {"journey_id": "j-1"}),
        ({"journey_id": ID, "oa_id": OA}, {"journey_id": WIRE, "oa_id": OA_WIRE}),
    ],
    "Zalo/ListJourneys": listed(
        {"oa_id": OA, "journey_id": ID, "phone": PHONE, "status": "N", "is_charged": False, **FROM_TO},
        {
            "oa_id": OA_WIRE,
            "journey_id": WIRE,
            "phone": PHONE,
            "status": "N",
            "is_charged": False,
            **FROM_TO_WIRE,
        },
    ),
    "Etelecom/CreateTenant": [({}, {})],
    "Etelecom/GetTenant": [({}, {})],
    "Etelecom/GetHotlines": [
        ({}, {"filter": {}}),
        ({"owner_id": ID, "tenant_id": "7"}, {"filter": {"owner_id": WIRE, "tenant_id": "7"}}),
    ],
    "Etelecom/CreateExtension": [
        ({"hotline_id": ID, "extension_number": "101"}, {"hotline_id": WIRE, "extension_number": 101}),
        (
            {"hotline_id": ID, "extension_number": 101, "user_id": "7"},
            {"hotline_id": WIRE, "extension_number": 101, "user_id": "7"},
        ),
    ],
    "Etelecom/GetExtensions": listed({"hotline_id": ID}, {"hotline_id": WIRE}),
    "Etelecom/GetExtensionInfo": [
        ({"extension_number": "0101"}, {"extension_number": "0101"}),
        ({"email": "a@example.vn", "phone": PHONE}, {"email": "a@example.vn", "phone": WIRE_PHONE}),
    ],
    "Etelecom/AssignUserToExtension": [
        ({"extension_id": ID, "user_id": 7}, {"extension_id": WIRE, "user_id": "7"}),
    ],
    "Etelecom/RemoveUserOfExtension": [
        ({"extension_id": ID, "user_id": 7}, {"extension_id": WIRE, "user_id": "7"}),
    ],
    "Etelecom/UpdateHotlineForExtension": [
        ({"extension_id": ID, "hotline_id": 7}, {"extension_id": WIRE, "hotline_id": "7"}),
        (
            {"extension_id": ID, "hotline_id": 7, "user_id": 8},
            {"extension_id": WIRE, "hotline_id": "7", "user_id": "8"},
        ),
    ],
    "Etelecom/ListCallLogs": listed(
        {
            "call_number": "0987654321",
            "call_state": "answered",
            "direction": "ext_in",
            "duration": Duration(comparison=Comparison.AT_MOST, value=60),
            "extension_ids": [ID],
            "hotline_ids": ["7", 8],
            "user_id": ID,
            "department_id": 9,
            "external_id": "e",
            "external_session_id": "s",
            **FROM_TO,
        },
        {
            "call_number": "0987654321",
            "call_state": "answered",
            "direction": "ext_in",
            "duration": {"comparison": "less_than_or_equal_to", "value": 60},
            "extension_ids": [WIRE],
            "hotline_ids": ["7", "8"],
            "user_id": WIRE,
            "department_id": "9",
            "external_id": "e",
            "external_session_id": "s",
            **FROM_TO_WIRE,
        },
    ),
    "Etelecom/GetPartnerTenantList": listed({"name": "a", "owner_id": ID}, {"name": "a", "owner_id": WIRE}),
    "Etelecom/GetPartnerHotlineList": listed({}),
    "Etelecom/PartnerAddHotline": [
        same(hotline="0287654321", name="Quán"),
        (
            {
                "hotline": "0287654321",
                "name": "Quán",
                "description": "d",
                "is_free_charge": False,
                "network": "viettel",
                "owner_id": ID,
            },
            {
                "hotline": "0287654321",
                "name": "Quán",
                "description": "d",
                "is_free_charge": False,
                "network": "viettel",
                "owner_id": WIRE,
            },
        ),
    ],
    "Etelecom/PartnerActivateTenant": [
        ({"hotline_id": ID}, {"hotline_id": WIRE}),
        (
            {"hotline_id": ID, "connection_id": 1, "owner_id": 2, "tenant_id": 3},
            {"hotline_id": WIRE, "connection_id": "1", "owner_id": "2", "tenant_id": "3"},
        ),
    ],
    "Etelecom/PartnerAddHotlineToTenant": [
        ({"hotline_id": ID, "tenant_id": 3}, {"hotline_id": WIRE, "tenant_id": "3"}),
    ],
    "Etelecom/PartnerRemoveHotlineFromTenant": [
        ({"hotline_id": ID, "owner_id": 3}, {"hotline_id": WIRE, "owner_id": "3"}),
    ],
    "Etelecom/PartnerRemoveHotline": [({"id": ID}, {"id": WIRE})],
    "Webhook/CreateWebhook": [
        (
            {"url": "https://x.example.vn", "entities": ["call_log"]},
            {"url": "https://x.example.vn", "entities": ["call_log"]},
        ),
        (
            {"url": "https://x.example.vn", "entities": ["call_log", "new"], "fields": ["a"], "metadata": "m"},
            {"url": "https://x.example.vn", "entities": ["call_log", "new"], "fields": ["a"], "metadata": "m"},
        ),
    ],
    "Webhook/GetWebhooks": [({}, {})],
    "Webhook/DeleteWebhook": [({"id": ID}, {"id": WIRE})],
}
"""By wire name: keyword arguments and the object that is sent, as JSON or as a form."""
