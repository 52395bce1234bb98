"""`etelecom call`: what is sent, what is printed, and what is refused before anything is sent."""

import asyncio
import json
import os
import pty
import signal
import sys

import pytest

from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, World, serve
from tests.support import HANG, environment, invoke, settled, spawn
from tests.support.canned import Canned, canned, command, refusal
from tests.support.methods import CALLS

AN = "84987654321"
CHECK = {"oa_id": SANDBOX_OA, "phone": "0987 654 321"}
REQUEST = {**CHECK, "call_type": "audio", "reason_code": "update_order"}
NEWER_VALUES = {"Zalo/ListTemplates": "filter.type is one of", "Webhook/CreateWebhook": "entities[1] is one of"}
"""What is said of a value of an enum that is newer than the package: it takes --raw."""
ZNS = {"oa_id": "7", "phone": "0987654321", "template_id": 5, "template_data": {"code": "A-1"}}


def fields(value):
    return ("--data", json.dumps(value))


def test_a_typed_method_is_sent_as_the_package_writes_it_and_answered_as_the_server_wrote():
    made = canned(Zalo_CheckConsent=[{"error": 0, "message": "Thành công", "newer": [1]}])
    code, stdout, stderr = command(made, "call", "Zalo/CheckConsent", *fields(CHECK))
    assert (code, stderr) == (0, "")
    assert stdout == '{"error": 0, "message": "Thành công", "newer": [1]}\n'
    assert made.bodies == [{"oa_id": str(SANDBOX_OA), "phone": AN}]


@pytest.mark.parametrize("name", sorted(CALLS.keys() - {"OA/UploadFile"}))  # that one is a form, with a file
def test_what_the_package_itself_would_send_is_taken_and_sent_as_it_is(name):
    made = Canned(answers={name: [{}]})
    bodies = [wire for _, wire in CALLS[name]]
    for body in bodies:
        code, _, stderr = command(made, "call", name, *fields(body), "--yes", partner=True)
        if name in NEWER_VALUES and NEWER_VALUES[name] in stderr:
            assert code == 2
            command(made, "call", name, *fields(body), "--yes", "--raw", partner=True)
    assert made.bodies == bodies


def test_the_sandbox_answers_a_method_without_fields():
    code, stdout, _ = command(World(), "call", "Zalo/ListRequestConsent")
    assert code == 0
    assert json.loads(stdout)["consents"] == []


def test_the_fields_come_from_a_file_or_from_standard_input(tmp_path):
    file = tmp_path / "request.json"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        file.write_text(json.dumps(CHECK), encoding=encoding)
        assert command(World(), "call", "Zalo/CheckConsent", "--data", f"@{file}")[0] == 0
    assert command(World(), "call", "Zalo/CheckConsent", "--data", "-", stdin=json.dumps(CHECK))[0] == 0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("Zalo/CheckConsent", {"oaid": 7}, "Zalo/CheckConsent has no field oaid: did you mean oa_id?"),
        ("Zalo/CheckConsent", {"zzz": 7}, "Zalo/CheckConsent has no field zzz: it has oa_id, phone."),
        ("Misc/CurrentAccount", {"id": 7}, "Misc/CurrentAccount has no field id: it has none."),
        ("Zalo/ListOA", {"limit": 5}, "Zalo/ListOA has no field limit: did you mean paging.limit?"),
        ("Zalo/ListOA", {"filter": {"oaId": 5}}, "Zalo/ListOA has no field filter.oaId: did you mean filter.oa_id?"),
        ("Zalo/CheckConsent", {"oa_id": 7}, "Zalo/CheckConsent needs the field phone: text."),
        ("Zalo/CheckConsent", {**CHECK, "phone": None}, "Zalo/CheckConsent needs the field phone: text."),
        ("Zalo/CheckConsent", {**CHECK, "phone": 987654321}, "phone is text; got a whole number."),
        ("Zalo/CheckConsent", {**CHECK, "oa_id": True}, "oa_id is id; got true or false."),
        ("Zalo/ListOA", {"filter": []}, "filter is object; got a list."),
        ("Zalo/ListOA", {"paging": {"limit": 500}}, "paging.limit is a whole number from 1 to 100; got 500."),
        ("Zalo/ListOA", {"filter": {"date_from": "2030-01-31"}}, "filter.date_from is time such as 2030-01-31T08:00"),
        ("Zalo/ListFollowers", {"filter": {"tags": "a"}}, "filter.tags is list of text; got a text in quotes."),
        ("Zalo/ListFollowers", {"filter": {"tags": [1]}}, "filter.tags[0] is text; got a whole number."),
        ("Zalo/SendZNS", {**ZNS, "template_data": {"a": 1}}, "template_data.a is text; got a whole number."),
        ("Zalo/SendZNS", {**ZNS, "mode": "developement"}, "mode is one of unknown, development; perhaps development."),
        ("Etelecom/ListCallLogs", {"filter": {"duration": {}}}, "needs the field filter.duration.comparison: one of"),
    ],
)
def test_a_field_that_does_not_fit_is_one_sentence_that_names_it_and_nothing_is_sent(name, value, sentence):
    made = World()
    code, stdout, stderr = command(made, "call", name, *fields(value), "--yes")
    assert (code, stdout, made.log) == (2, "", [])
    assert stderr.startswith("Error: ")
    assert sentence in stderr
    assert stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("value", "path"),
    [({"oa_id": "x7", "phone": "0987654321"}, "oa_id"), ({"oa_id": 7, "phone": "0912 canary"}, "phone")],
)
def test_a_value_that_does_not_fit_is_not_repeated(value, path):
    _, _, stderr = command(World(), "call", "Zalo/CheckConsent", *fields(value))
    assert stderr.startswith(f"Error: {path}")
    assert "canary" not in stderr
    assert "x7" not in stderr


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ('{"oa_id": }', "Expecting value in line 1, column 11"),
        ('{"a": 1, "a": 2}', "a name stands twice"),
        ("[1]", "got a list"),
        ("@/missing/request.json", "No such file"),
    ],
)
def test_data_that_is_no_object_says_what_is_wrong(data, reason):
    code, _, stderr = command(World(), "call", "Zalo/ListOA", "--data", data)
    assert code == 2
    assert reason in stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Zalo/ListOa", "perhaps Zalo/ListOA"),
        ("Zalo/SomethingElse", "There is no method Zalo/SomethingElse in this package; --raw"),
        ("list_oa", "NAME looks like 'Zalo/CheckConsent'"),
    ],
)
@pytest.mark.parametrize("option", ["--yes", "--help"])
def test_a_name_that_is_not_known_is_told_with_the_one_that_is_near(name, words, option):
    code, stdout, stderr = command(World(), "call", name, option)
    assert (code, stdout) == (2, "")
    assert words in stderr


def test_without_a_name_it_says_where_the_names_are():
    code, _, stderr = command(World(), "call")
    assert code == 2
    assert "--list" in stderr


def test_raw_sends_what_is_given_and_reads_no_answer():
    made = canned(Zalo_CheckConsent=[["not", "an", "object"]])
    code, stdout, _ = command(made, "call", "Zalo/CheckConsent", "--raw", *fields({"oaid": 7}))
    assert (code, made.bodies) == (0, [{"oaid": 7}])
    assert json.loads(stdout) == ["not", "an", "object"]


def test_raw_calls_a_name_that_is_not_known_and_asks_before():
    made = canned(Zalo_Brand_New=[{"ok": True}], Zalo_BrandNew=[{"ok": True}])
    assert command(made, "call", "Zalo/BrandNew", "--raw")[0] == 2
    assert made.bodies == []
    code, stdout, _ = command(made, "call", "Zalo/BrandNew", "--raw", "--yes")
    assert (code, json.loads(stdout)) == (0, {"ok": True})


def test_a_method_that_is_not_typed_is_called_with_a_note():
    made = canned(Shop_GetShops=[{"shops": []}])
    code, stdout, stderr = command(made, "call", "Shop/GetShops", "--yes", *fields({"any": 1}))
    assert (code, stdout, made.bodies) == (0, '{"shops": []}\n', [{"any": 1}])
    assert stderr.startswith("Note: Shop/GetShops is called as it is")


def test_an_answer_that_does_not_fit_is_exit_code_3_and_names_raw():
    made = canned(Zalo_CheckConsent=[{"error": "canary"}])
    code, stdout, stderr = command(made, "call", "Zalo/CheckConsent", *fields(CHECK))
    assert (code, stdout) == (3, "")
    assert "--raw" in stderr
    assert "canary" not in stderr


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal(400, "invalid_argument", "wrong"), 2),
        (refusal(401, "unauthenticated", "wrong"), 2),
        (refusal(404, "not_found", "wrong"), 2),
        (refusal(501, "unimplemented", "wrong"), 2),
        (refusal(503, "account_closed", "wrong"), 2),
    ],
)
def test_a_refusal_is_its_exit_code_and_the_servers_words(answer, code):
    ended, stdout, stderr = command(canned(Zalo_GetShopOA=[answer]), "call", "Zalo/GetShopOA", *fields({"oa_id": 7}))
    assert (ended, stdout) == (code, "")
    assert "wrong" in stderr


def test_a_key_that_the_server_repeats_is_not_shown():
    made = canned(Zalo_ListOA=[refusal(401, "unauthenticated", f"unknown: Bearer {SANDBOX_API_KEY}")])
    code, _, stderr = command(made, "call", "Zalo/ListOA")
    assert code == 2
    assert "unknown: Bearer ***" in stderr
    assert SANDBOX_API_KEY.partition(":")[2] not in stderr


def test_no_server_is_exit_code_4_and_a_partners_method_exit_code_2():
    env = {"ETELECOM_API_KEY": SANDBOX_API_KEY, "ETELECOM_BASE_URL": "http://127.0.0.1:1"}
    assert invoke("call", "Zalo/ListOA", **env)[0] == 4
    code, _, stderr = command(World(), "call", "Etelecom/GetTenant")
    assert code == 2
    assert "is for partners" in stderr


@pytest.mark.parametrize("name", ["Zalo/RequestConsent", "Shop/GetShops"])
def test_without_a_terminal_and_yes_a_send_is_refused_in_one_sentence(name):
    made = World()
    data = REQUEST if name == "Zalo/RequestConsent" else {}
    code, stdout, stderr = command(made, "call", name, *fields(data))
    assert (code, stdout, made.log) == (2, "", [])
    assert stderr.endswith(
        f"{name} changes something or costs money, and there is no terminal to ask on: give --yes.\n"
    )


def test_a_field_that_is_a_file_takes_its_path(tmp_path):
    path = tmp_path / "a.jpg"
    given = {"oa_id": SANDBOX_OA, "type": "image", "file": str(path)}
    code, _, stderr = command(World(), "call", "OA/UploadFile", *fields(given), "--yes")
    assert code == 2
    assert "The file cannot be read: No such file" in stderr
    path.write_bytes(b"\xff\xd8")
    code, stdout, _ = command(World(), "call", "OA/UploadFile", *fields(given), "--yes")
    assert code == 0
    assert json.loads(stdout) == {"token": "sandbox-token-1"}
    code, _, stderr = command(World(), "call", "OA/UploadFile", *fields({**given, "file": 5}), "--yes")
    assert code == 2
    assert "path of a file" in stderr


def test_with_yes_a_send_is_sent_once():
    made = World()
    code, stdout, _ = command(made, "call", "Zalo/RequestConsent", *fields(REQUEST), "--yes")
    assert code == 0
    assert len(made.charges) == 1
    assert json.loads(stdout)["is_charged"] is True


@pytest.mark.parametrize(("typed", "code", "charges"), [(b"y\n", 0, 1), (b"n\n", 130, 0)])
async def test_on_a_terminal_a_send_asks_and_says_that_it_is_billed(typed, code, charges):
    made = World()
    controller, terminal = pty.openpty()
    async with serve(made) as served:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "etelecom_async.cli", "call", "Zalo/RequestConsent", *fields(REQUEST)),
            stdin=terminal,
            stderr=terminal,
            stdout=asyncio.subprocess.PIPE,
            env=environment(served),
        )
        os.close(terminal)
        os.write(controller, typed)
        async with asyncio.timeout(HANG):
            await process.communicate()
    shown = os.read(controller, 1000)
    os.close(controller)
    assert b"Call Zalo/RequestConsent? It is billed. [y/N]" in shown
    assert (b"Nothing was sent." in shown) is (charges == 0)
    assert (process.returncode, len(made.charges)) == (code, charges)


def test_an_answer_that_says_that_it_was_not_done_is_exit_code_3():
    failed = {"id": "7", "status": "N", "error_code": -213, "error_message": "no follower", "is_charged": False}
    code, stdout, stderr = command(
        canned(Zalo_RequestConsent=[failed]), "call", "Zalo/RequestConsent", *fields(REQUEST), "--yes"
    )
    assert (code, stdout) == (3, "")
    assert "no follower" in stderr


def test_a_send_of_unknown_outcome_is_exit_code_5_and_says_where_to_look():
    made = canned(Zalo_RequestConsent=[refusal(500, "internal", "panic")])
    code, _, stderr = command(made, "call", "Zalo/RequestConsent", *fields(REQUEST), "--yes")
    assert (code, len(made.bodies)) == (5, 1)
    assert "panic" in stderr
    assert "It may have been carried out. Look before you send it again" in stderr


async def test_ctrl_c_in_the_middle_of_a_send_is_exit_code_5_and_of_a_read_130():
    made = World()
    for name, data, code in (("Zalo/RequestConsent", REQUEST, 5), ("Zalo/CheckConsent", CHECK, 130)):
        async with serve(made, latency=30) as served:
            process = await spawn("call", name, *fields(data), "--yes", env=environment(served))
            await settled(lambda name=name: any(entry.path.endswith(name) for entry in made.log))
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(HANG):
                _, stderr = await process.communicate()
        assert process.returncode == code, stderr.decode()
        assert ("Whether Zalo/RequestConsent was carried out is not known" in stderr.decode()) is (code == 5)


async def test_an_answer_that_cannot_be_printed_after_a_send_is_on_stderr_with_exit_code_5():
    made = World()
    reader, writer = os.pipe()
    os.close(reader)
    async with serve(made) as served:
        process = await spawn(
            "call", "Zalo/RequestConsent", *fields(REQUEST), "--yes", env=environment(served), stdout=writer
        )
        os.close(writer)
        async with asyncio.timeout(HANG):
            _, stderr = await process.communicate()
    assert process.returncode == 5
    assert json.loads(stderr.decode().splitlines()[0])["is_charged"] is True
    assert "was carried out, so look before you repeat it" in stderr.decode()
