"""`etelecom call`: the secrets of answers, pages, and what the help says of a method."""

import asyncio
import json
import os
import pty
import re
import sys

import pytest

from etelecom_async.api import catalog
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, World, serve
from tests.support import HANG, environment, invoke
from tests.support.canned import canned, command, refusal
from tests.support.contract import TYPED

EXTENSION = {
    "extension_number": 101,
    "extension_password": "canary-1",
    "tenant_domain": "t.example",
    "sip_token": "canary-2",
}
PAGE = {"paging": {"next": "n1"}}


def test_secrets_are_hidden_unless_they_are_asked_for():
    made = canned(Etelecom_GetExtensionInfo=[EXTENSION])
    code, stdout, stderr = command(made, "call", "Etelecom/GetExtensionInfo", "--data", '{"extension_number": 101}')
    assert code == 0
    shown = {**EXTENSION, "extension_password": "***", "sip_token": "***"}
    assert json.loads(stdout) == shown
    assert stderr == "Note: secrets are hidden; --show-secrets prints them.\n"
    code, stdout, stderr = command(made, "call", "Etelecom/GetExtensionInfo", "--show-secrets")
    assert (code, json.loads(stdout), stderr) == (0, EXTENSION, "")


@pytest.mark.parametrize("options", [(), ("--raw",)])
def test_secrets_in_lists_and_in_answers_of_no_known_type_are_hidden(options):
    made = canned(
        Etelecom_GetExtensions=[{"extensions": [EXTENSION], "paging": {}}],
        Shop_GetShops=[{"shops": [{"shop_key": "canary-3", "token": {"value": "canary-4"}, "echo": SANDBOX_API_KEY}]}],
    )
    for name in ("Etelecom/GetExtensions", "Shop/GetShops"):
        code, stdout, stderr = command(made, "call", name, "--yes", *options)
        assert code == 0
        assert "***" in stdout
        assert "canary" not in stdout + stderr
        assert SANDBOX_API_KEY not in stdout + stderr


def test_a_number_or_an_empty_text_of_a_secrets_name_is_shown():
    made = canned(Shop_GetShops=[{"fee_token": 5, "shop_key": "", "next_token": None}])
    _, stdout, stderr = command(made, "call", "Shop/GetShops", "--yes")
    assert json.loads(stdout) == {"fee_token": 5, "shop_key": "", "next_token": None}
    assert "secrets" not in stderr


def test_the_secrets_of_a_request_that_does_not_fit_are_not_shown():
    data = {"app_id": "x", "app_secret": "canary-5", "redirect_uri": "https://shop.example/"}
    code, stdout, stderr = command(World(), "call", "Zalo/AuthorizeOA", "--data", json.dumps(data))
    assert code == 2
    assert "canary" not in stdout + stderr
    code, stdout, stderr = command(World(), "call", "Zalo/AuthorizeOA", "--data", '{"app_secret": ["canary-6"]}')
    assert code == 2
    assert "canary" not in stdout + stderr


@pytest.mark.parametrize("options", [(), ("--raw",)])
def test_all_follows_the_pages_and_prints_one_item_a_line(options):
    pages = [{"accounts": [{"oa_id": "1"}, {"oa_id": "2"}], **PAGE}, {"accounts": [{"oa_id": "3"}], "paging": {}}]
    made = canned(Zalo_ListOA=pages)
    data = ("--data", '{"filter": {"name": "A"}, "paging": {"limit": 2}}')
    code, stdout, stderr = command(made, "call", "Zalo/ListOA", "--all", *data, *options)
    assert (code, stderr) == (0, "")
    assert [json.loads(line) for line in stdout.splitlines()] == [{"oa_id": "1"}, {"oa_id": "2"}, {"oa_id": "3"}]
    assert [body["paging"] for body in made.bodies] == [{"limit": 2}, {"limit": 2, "after": "n1"}]
    assert all(body["filter"] == {"name": "A"} for body in made.bodies)


def test_all_begins_at_the_page_that_is_given():
    made = canned(Zalo_ListOA=[{"accounts": [], "paging": {}}])
    command(made, "call", "Zalo/ListOA", "--all", "--data", '{"paging": {"after": "n5"}}')
    assert made.bodies[0]["paging"] == {"after": "n5"}


def test_a_page_that_fails_keeps_the_items_before_it_and_has_its_own_exit_code():
    made = canned(Zalo_ListOA=[{"accounts": [{"oa_id": "1"}], **PAGE}, refusal(404, "not_found", "gone")])
    code, stdout, stderr = command(made, "call", "Zalo/ListOA", "--all")
    assert (code, stdout) == (2, '{"oa_id": "1"}\n')
    assert "gone" in stderr


def test_pages_without_an_end_are_exit_code_3():
    made = canned(Zalo_ListOA=[{"accounts": [{"oa_id": "1"}], **PAGE}])
    code, stdout, stderr = command(made, "call", "Zalo/ListOA", "--all")
    assert (code, len(stdout.splitlines())) == (3, 2)
    assert "the cursor of a page twice" in stderr


def test_secrets_in_items_are_hidden():
    made = canned(Etelecom_GetExtensions=[{"extensions": [EXTENSION, EXTENSION], "paging": {}}])
    code, stdout, _ = command(made, "call", "Etelecom/GetExtensions", "--all")
    assert (code, len(stdout.splitlines())) == (0, 2)
    assert "canary" not in stdout


@pytest.mark.parametrize("name", ["Zalo/CheckConsent", "Shop/GetShops"])
def test_all_of_a_method_without_pages_is_refused(name):
    made = World()
    code, _, stderr = command(made, "call", name, "--all", "--yes")
    assert (code, made.log) == (2, [])
    assert f"{name} has no pages: leave --all out." in stderr


async def test_on_a_terminal_the_answer_has_many_lines():
    controller, terminal = pty.openpty()
    async with serve(World()) as served:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "etelecom_async.cli", "call", "Zalo/ListRequestConsent"),
            stdout=terminal,
            env=environment(served),
        )
        os.close(terminal)
        async with asyncio.timeout(HANG):
            await process.communicate()
    shown = os.read(controller, 1000).decode()
    os.close(controller)
    assert shown.splitlines()[:2] == ["{", '  "consents": [],']


def test_the_list_has_every_method_with_safety_price_and_evidence():
    code, stdout, _ = invoke("call", "--list")
    rows = {cells[0]: cells for line in stdout.splitlines() if len(cells := re.split(r" *│ *", line.strip("│ "))) == 7}
    assert code == 0
    assert set(rows) == {*TYPED, *catalog.UNTYPED}
    assert rows["Zalo/SendZNS"][1:6] == [
        "SEND",
        "yes",
        "",
        "Documented",
        "oa_id, phone, template_id, template_data, [tracking_id], [mode], [sending_mode]",
    ]
    assert rows["Etelecom/GetExtensions"][1:4] == ["READ", "no", "yes"]
    assert rows["Etelecom/GetDriverConfig"][1:5] == ["SEND", "perhaps", "", "not known"]


@pytest.mark.parametrize("name", TYPED)
def test_the_help_of_a_method_has_every_field_with_its_values(name):
    code, stdout, _ = invoke("call", name, "--help")
    assert (code, stdout.startswith(f"{name}: ")) == (0, True)
    assert f"Evidence: {catalog.facts(name).evidence}\n" in stdout
    request, answer = stdout.split("Fields of the answer:")
    for field, kind in TYPED[name]["request"].items():
        assert f" {field}" in request
        for value in kind.get("enum", ()):
            assert value in request
    for secret in TYPED[name].get("secrets", ()):
        assert re.search(rf"Secrets: .*{secret}", request)
    assert all(field in answer for field in TYPED[name]["response"])


def test_the_help_says_what_is_required_and_where_it_is_known_what_it_is():
    _, stdout, _ = invoke("call", "Zalo/SendZNS", "-h")
    lines = {
        cells[0]: cells[1:] for line in stdout.splitlines() if len(cells := re.split(r" *│ *", line.strip("│ "))) == 4
    }
    assert lines["phone"] == ["text", "yes", "the recipient, in any common writing"]
    assert lines["tracking_id"][1] == ""
    assert "Billed:   yes" in stdout
    assert "SEND: asks before it is sent" in stdout
    _, stdout, _ = invoke("call", "Zalo/ListOA", "--help")
    assert "--all prints all items of `accounts`" in stdout
    assert "items of a page, from 1 to 100" in stdout


def test_the_help_of_a_method_without_fields_says_so():
    assert "It has no fields" in invoke("call", "Misc/CurrentAccount", "--help")[1]
    assert "No field is documented" in invoke("call", "Shop/CreateShopAccount", "--help")[1]
    assert "neither request nor answer is documented" in invoke("call", "Shop/GetShops", "--help")[1]


def test_a_call_needs_a_key_and_says_which():
    code, _, stderr = invoke("call", "Zalo/GetShopOA", "--data", json.dumps({"oa_id": SANDBOX_OA}))
    assert code == 2
    assert "ETELECOM_API_KEY" in stderr
