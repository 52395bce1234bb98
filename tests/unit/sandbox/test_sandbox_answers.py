"""Every typed method is answered by the sandbox with the fields of the contract, in their types.

Those of `Zalo/*` are walked through in another file, and so is the one that takes a form with a file.
"""

import contextlib
import json
import re

import pytest

from etelecom_async import EtelecomError, Partner, Retry, Session, Shop
from etelecom_async.api import ENDPOINTS
from etelecom_async.codec import decode
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_PARTNER_KEY, SANDBOX_SHOP_KEY, SandboxTransport, World
from tests.support import PHONE
from tests.support.contract import TYPED
from tests.unit.sandbox.test_sandbox_methods import odd_bodies

ANSWERED = [name for name in TYPED if not name.startswith(("Zalo/", "OA/"))]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def misfits(value, kind, path="$"):
    """Where an answer is not what the contract says."""
    may_be_null = kind["type"] == "object" or kind.get("format") == "date-time" or "may be null" in kind.get("desc", "")
    if value is None and may_be_null:
        return
    match kind["type"], kind.get("format"):
        case "string", "int64":
            fits = isinstance(value, str) and re.fullmatch(r"\d{1,19}", value)
        case "string", "date-time":
            fits = isinstance(value, str) and TIME.fullmatch(value)
        case "object", _:
            fits = isinstance(value, dict)
            for name, inner in kind["properties"].items() if fits else ():
                yield from misfits(value.get(name, "absent"), inner, f"{path}.{name}")
        case "array", _:
            fits = isinstance(value, list)
            for at, item in enumerate(value if fits else ()):
                yield from misfits(item, kind["items"], f"{path}[{at}]")
        case plain, _:
            fits = type(value) is {"string": str, "integer": int, "boolean": bool}[plain]
    if not fits or ("enum" in kind and value not in kind["enum"]):
        yield f"{path}: {value!r}"


def bodies(hotline, extension, user, tenant, shop_id):
    """What a call of each method needs, in an order in which each can be carried out."""
    owner = {"owner_id": tenant["owner_id"]}
    of_hotline = {"hotline_id": hotline["id"]}
    of_extension = {"extension_id": extension["id"], "user_id": user["user_id"]}
    return {
        "Misc/CurrentAccount": {},
        "Shop/CurrentShop": {},
        "Shop/GetAccountUsers": {},
        "Shop/CreateAccountUser": {"full_name": "Lê A", "password": "made-up", "phone": PHONE},
        "Shop/AuthorizeShop": {"shop_id": shop_id},
        "Etelecom/GetTenant": {},
        "Etelecom/GetHotlines": {},
        "Etelecom/GetPartnerTenantList": {},
        "Etelecom/GetPartnerHotlineList": {},
        "Etelecom/GetExtensions": {},
        "Etelecom/GetExtensionInfo": {"extension_number": "101"},
        "Etelecom/ListCallLogs": {},
        "Etelecom/CreateExtension": {**of_hotline, "extension_number": 205},
        "Etelecom/AssignUserToExtension": of_extension,
        "Etelecom/RemoveUserOfExtension": of_extension,
        "Etelecom/UpdateHotlineForExtension": {"extension_id": extension["id"], **of_hotline},
        "Etelecom/PartnerRemoveHotlineFromTenant": {**of_hotline, **owner},
        "Etelecom/PartnerActivateTenant": {**of_hotline, "tenant_id": tenant["id"]},
        "Etelecom/PartnerAddHotline": {"hotline": "02876543099", "name": "Mới"},
        "Webhook/CreateWebhook": {"url": "http://127.0.0.1/hook", "entities": ["call_log"]},
        "Webhook/GetWebhooks": {},
    }


async def told(session):
    """The answers to every method but those of `Zalo/*`, by their names."""

    async def ask(name, body, by=session):
        return await by.invoke(name, body)

    (hotline, *_) = (await ask("Etelecom/GetHotlines", {}))["hotlines"]
    extension = (await ask("Etelecom/GetExtensions", {}))["extensions"][-1]
    (user, *_) = (await ask("Shop/GetAccountUsers", {"filter": {"extension_number": "101"}}))["account_users"]
    tenant = await ask("Etelecom/GetTenant", {})
    needed = bodies(hotline, extension, user, tenant, tenant["owner_id"])
    answers = {name: await ask(name, body) for name, body in needed.items()}

    answers["Shop/CreateShopAccount"] = made = await ask("Shop/CreateShopAccount", {"name": "Quán"})
    other = session.for_shop(made["shop_key"])
    answers["Etelecom/CreateTenant"] = await ask("Etelecom/CreateTenant", {}, other)
    added = answers["Etelecom/PartnerAddHotline"]["id"]
    joining = {"hotline_id": added, "tenant_id": tenant["id"]}
    answers["Etelecom/PartnerAddHotlineToTenant"] = await ask("Etelecom/PartnerAddHotlineToTenant", joining)
    spare = (await ask("Etelecom/PartnerAddHotline", {"hotline": "02876543098", "name": "Thừa"}))["id"]
    answers["Etelecom/PartnerRemoveHotline"] = await ask("Etelecom/PartnerRemoveHotline", {"id": spare})
    webhook = answers["Webhook/CreateWebhook"]["id"]
    second = {"url": "http://127.0.0.1/other", "entities": ["zl_oa_message"]}
    await ask("Webhook/CreateWebhook", second)
    answers["Webhook/DeleteWebhook"] = await ask("Webhook/DeleteWebhook", {"id": webhook})
    return answers


async def test_every_method_is_answered_as_the_contract_has_it_and_as_the_sdk_reads_it():
    account = Partner(api_key=SANDBOX_PARTNER_KEY, shop_key=SANDBOX_SHOP_KEY)
    session = Session(account, transport=SandboxTransport(World()), retry=Retry(attempts=1))
    answers = await told(session)
    assert sorted(answers) == ANSWERED
    # A partner's own account has other fields than the contract prints.
    as_shop = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(World()))
    answers["Misc/CurrentAccount"] = await as_shop.invoke("Misc/CurrentAccount", {})
    for name, body in answers.items():
        assert list(misfits(body, {"type": "object", "properties": TYPED[name]["response"]})) == [], name
        assert decode(body, ENDPOINTS[name].result) != ENDPOINTS[name].result()


@pytest.mark.parametrize("name", ANSWERED)
async def test_a_field_that_is_not_what_it_is_for_is_an_argument_or_not_found_and_breaks_nothing(name):
    transport = Recorder(World())
    account = Partner(api_key=SANDBOX_PARTNER_KEY, shop_key=SANDBOX_SHOP_KEY)
    session = Session(account, transport=transport, retry=Retry(attempts=1))
    await told(session)
    usual = transport.sent[name]
    for odd in odd_bodies(TYPED[name]["request"]):
        with contextlib.suppress(EtelecomError):
            await session.invoke(name, {**usual, **odd})
        assert transport.last.status in {200, 400, 403, 404, 409, 412}, odd


class Recorder:
    """A transport to a sandbox that keeps the first body of each method, and the last answer."""

    def __init__(self, world):
        self._transport = SandboxTransport(world)
        self.sent = {}
        self.last = None

    async def send(self, request, /):
        self.sent.setdefault(request.url.path.partition(".")[2], json.loads(request.body))
        self.last = await self._transport.send(request)
        return self.last

    async def aclose(self):
        pass


@pytest.mark.parametrize("name", [name for name in ANSWERED if "paging_list" in TYPED[name]])
async def test_every_list_has_something_in_it_and_pages(name):
    account = Partner(api_key=SANDBOX_PARTNER_KEY, shop_key=SANDBOX_SHOP_KEY)
    session = Session(account, transport=SandboxTransport(World()), retry=Retry(attempts=1))
    if name == "Etelecom/GetPartnerTenantList":
        made = await session.shop.create_shop_account(fields={})
        await session.for_shop(made.shop_key).etelecom.create_tenant()
    items = TYPED[name]["paging_list"]
    whole = (await session.invoke(name, {}))[items]
    seen, after = [], ""
    while True:
        page = await session.invoke(name, {"paging": {"limit": 1, "after": after}})
        seen += page[items]
        after = page["paging"]["next"]
        if not after or len(seen) == len(whole):
            break
    assert seen == whole
    assert len(seen) > 1
