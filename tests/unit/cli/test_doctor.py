"""`etelecom doctor`: the verdict of each check, what is skipped after a failure, and how it ends."""

import asyncio
import contextlib
import json
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import trustme

from etelecom_async.account import Secret
from etelecom_async.cli import doctor_checks
from etelecom_async.cli.doctor_checks import Checkup
from etelecom_async.cli.finding import Verdict
from etelecom_async.cli.network import Network
from etelecom_async.messages.translation import translator
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, SANDBOX_SHOP_KEY, World
from etelecom_async.transport.base import Response
from tests.faults.certificates import Certificates
from tests.support import KEY, invoke, served_in_a_thread, virtually
from tests.support.canned import JSON, canned, command, refusal
from tests.support.proxy_server import ProxyServer

CHECKS = ["environment", "base_url", "key_shape", "proxy", "dns", "tcp", "tls", "service", "clock", "key", "oa"]
LIST = {"consents": [], "paging": {}}
OA = {"oa_id": str(SANDBOX_OA), "name": "Cửa hàng", "status": "P"}
SECRETS = (SANDBOX_API_KEY.partition(":")[2], SANDBOX_SHOP_KEY.partition(":")[2])


def doctor(made, *options, **env):
    """The exit code, and the findings by their names."""
    code, stdout, stderr = command(made, "doctor", "--json", *options, **env)
    assert stderr == ""
    assert not any(secret in stdout for secret in SECRETS)
    found = [json.loads(line) for line in stdout.splitlines()]
    assert [it["check"] for it in found] == CHECKS
    return code, {it["check"]: it for it in found}


def answering(*, oas=(OA,), listed=LIST, **others):
    """A service that knows the key and has these Official Accounts; asked without a key it says so."""
    keyless = refusal(401, "unauthenticated", "no key")
    return canned(
        Zalo_ListRequestConsent=[keyless, listed], Zalo_ListOA=[{"accounts": list(oas), "paging": {}}], **others
    )


def verdicts(found):
    return {name: it["verdict"] for name, it in found.items()}


def test_a_sandbox_is_well_by_its_base_url_alone():
    with served_in_a_thread(World()) as served:
        origin = served.base_url.removesuffix("/v1/shop")
        code, stdout, stderr = invoke("doctor", "--base-url", origin, ETELECOM_API_KEY=SANDBOX_API_KEY)
    assert (code, stderr) == (0, "")
    assert "failed" not in stdout.lower().replace("nothing failed", "")
    assert f"{origin}/v1/shop" in stdout
    assert "api_key by Zalo/ListRequestConsent" in stdout
    assert SECRETS[0] not in stdout


def test_where_all_is_well_every_check_is_ok_or_has_nothing_to_look_at():
    code, found = doctor(answering(), ETELECOM_OA_ID=str(SANDBOX_OA))
    assert code == 0
    assert verdicts(found) == {**dict.fromkeys(CHECKS, "ok"), "tls": "skipped"}
    assert found["oa"]["found"] == f"{SANDBOX_OA} (Cửa hàng) is connected to this shop"
    assert all(it["advice"] is None for it in found.values())
    assert all(0 <= it["seconds"] < 60 for it in found.values())


def test_no_check_sends_what_may_be_billed_or_changes_something():
    made = World()
    doctor(made)
    assert {entry.path.rpartition(".")[2] for entry in made.log} == {"Zalo/ListRequestConsent", "Zalo/ListOA"}
    assert made.charges == []


def test_the_first_question_carries_no_key():
    keys = []

    class Watching(World):
        def handle(self, request):
            keys.append(request.headers.get("authorization"))
            return super().handle(request)

    doctor(Watching())
    assert keys[0] is None
    assert len(keys) > 1
    assert None not in keys[1:]


def test_a_missing_key_fails_and_the_network_is_looked_at_all_the_same():
    code, found = doctor(World(), ETELECOM_API_KEY="")
    assert code == 2
    assert found["key_shape"]["verdict"] == "failed"
    assert "Set ETELECOM_API_KEY" in found["key_shape"]["found"]
    assert found["service"]["verdict"] == found["clock"]["verdict"] == "ok"
    assert verdicts(found)["key"] == verdicts(found)["oa"] == "skipped"
    assert found["key"]["found"] == "not looked at, since shape of the key failed or was skipped"


def test_a_key_of_another_form_is_a_warning_and_asked_all_the_same():
    code, found = doctor(World(), ETELECOM_API_KEY="canary-without-digits")
    assert found["key_shape"]["verdict"] == "warning"
    assert "<digits>:<secret>" in found["key_shape"]["found"]
    assert "canary" not in json.dumps(found)
    assert (code, found["key"]["verdict"]) == (2, "failed")


def test_a_key_that_is_not_accepted_fails_with_the_servers_words_and_without_the_key():
    class Echoing(World):
        def handle(self, request):
            return refusal(401, "unauthenticated", f"unknown: {request.headers.get('authorization')}")

    code, found = doctor(Echoing(), ETELECOM_API_KEY=KEY)
    assert (code, found["key"]["verdict"], found["oa"]["verdict"]) == (2, "failed", "skipped")
    assert "Unauthenticated: unknown" in found["key"]["found"]
    assert "ETELECOM_ACCOUNT=partner" in found["key"]["advice"]
    assert "canary" not in json.dumps(found)


def test_a_partner_has_each_of_its_keys_looked_at():
    made = answering(Misc_CurrentAccount=[{"id": "7"}])
    code, found = doctor_of_partner(made)
    assert code == 0
    assert found["key"]["found"] == "shop_key by Zalo/ListRequestConsent; api_key by Misc/CurrentAccount"
    code, found = doctor_of_partner(answering(Misc_CurrentAccount=[refusal(404, "bad_route")]))
    assert (code, found["key"]["verdict"]) == (0, "warning")
    assert "api_key: not told" in found["key"]["found"]
    code, found = doctor_of_partner(answering(Misc_CurrentAccount=[{"id": "7"}]), ETELECOM_SHOP_KEY="")
    assert (code, found["oa"]["verdict"]) == (0, "skipped")
    assert "shop_key" in found["oa"]["found"]


def doctor_of_partner(made, **env):
    code, stdout, _ = command(made, "doctor", "--json", partner=True, **env)
    return code, {it["check"]: it for it in map(json.loads, stdout.splitlines())}


@pytest.mark.parametrize(
    ("oas", "oa_id", "verdict", "words"),
    [
        ([OA], "8", "failed", "8 is not among those of this shop"),
        ([{**OA, "status": "N"}], str(SANDBOX_OA), "failed", "is disconnected"),
        ([{**OA, "expires_at": "2020-01-01T00:00:00Z"}], str(SANDBOX_OA), "failed", "is disconnected"),
        ([], "", "warning", "no Official Account"),
        ([OA], "", "ok", f"{SANDBOX_OA} (Cửa hàng)"),
    ],
)
def test_the_official_account_is_looked_for(oas, oa_id, verdict, words):
    code, found = doctor(answering(oas=oas), ETELECOM_OA_ID=oa_id)
    assert found["oa"]["verdict"] == verdict
    assert words in found["oa"]["found"]
    assert code == (2 if verdict == "failed" else 0)
    assert found["oa"]["advice"]


def test_an_authorisation_that_ends_soon_is_a_warning():
    soon = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    code, found = doctor(answering(oas=[{**OA, "expires_at": soon}]), ETELECOM_OA_ID=str(SANDBOX_OA))
    assert (code, found["oa"]["verdict"]) == (0, "warning")
    assert "Zalo/RefreshToken" in found["oa"]["advice"]


@pytest.mark.parametrize(
    ("seconds", "verdict", "code", "words"),
    [(0, "ok", 0, ""), (60, "warning", 0, "behind"), (-60, "warning", 0, "ahead of"), (7200, "failed", 2, "behind")],
)
def test_the_clock_is_held_against_the_date_of_an_answer(seconds, verdict, code, words):
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    made = canned(Zalo_ListRequestConsent=[refusal(401, "unauthenticated", Date=date), LIST])
    ended, found = doctor(made)
    assert (ended, found["clock"]["verdict"]) == (code, verdict)
    assert words in found["clock"]["found"]


def test_an_answer_without_a_usable_date_leaves_the_clock_out():
    made = canned(Zalo_ListRequestConsent=[refusal(401, "unauthenticated", Date="soon"), LIST])
    code, found = doctor(made)
    assert (code, found["clock"]["verdict"], found["key"]["verdict"]) == (0, "skipped", "ok")


@pytest.mark.parametrize(
    ("answer", "verdict", "code"),
    [
        (Response(404, {"Content-Type": "text/html"}, b"<h1>canary</h1>"), "failed", 2),
        (Response(302, {"Location": "https://login.example/?k=canary"}, b""), "failed", 2),
        (refusal(503, "unavailable", "down"), "failed", 4),
        (refusal(404, "bad_route", "no method"), "failed", 2),
        (Response(403, {"Content-Type": "text/html"}, b"<h1>blocked</h1>"), "warning", 2),
        (refusal(403, "resource_exhausted", "slow down"), "warning", 0),
        (Response(200, JSON, b"{}"), "warning", 0),
    ],
)
def test_who_answers_is_told_from_the_answer(answer, verdict, code):
    following = answer if code == 2 and verdict == "warning" else LIST
    ended, found = doctor(canned(Zalo_ListRequestConsent=[answer, following]))
    assert (ended, found["service"]["verdict"]) == (code, verdict)
    assert found["service"]["advice"]
    assert (found["key"]["verdict"] == "skipped") is (verdict == "failed")


def test_nothing_that_listens_is_a_passing_failure_with_exit_code_4():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        code, stdout, _ = invoke("doctor", "--base-url", url, ETELECOM_API_KEY=KEY)
    assert code == 4
    assert "Connection refused" in stdout
    assert "not looked at, since TCP failed or was skipped" in stdout
    assert "Failed: 1. Warnings: 0." in stdout


def test_a_wrong_base_url_skips_what_needs_it():
    code, stdout, _ = invoke("doctor", "--json", "--base-url", "http://shop.example", ETELECOM_API_KEY=KEY)
    found = {it["check"]: it for it in map(json.loads, stdout.splitlines())}
    assert (code, found["base_url"]["verdict"]) == (2, "failed")
    assert "--base-url" in found["base_url"]["found"]
    assert found["key_shape"]["verdict"] == "ok"
    assert {found[name]["verdict"] for name in CHECKS[3:]} == {"skipped"}


def checkup(monkeypatch, url, **options):
    monkeypatch.setenv("ETELECOM_API_KEY", KEY)
    for name in ("ETELECOM_ACCOUNT", "ETELECOM_BASE_URL", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return Checkup(**{"network": Network(), "language": translator("en"), "base_url": url, **options})


async def findings(made):
    return {it.check: it async for it in made.run()}


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), False),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), True),
        (UnicodeError("label too long"), False),
    ],
)
async def test_a_name_without_an_address_is_told_with_its_reason(monkeypatch, error, passes):
    async def resolve(_host, _port):
        raise error

    found = (await findings(checkup(monkeypatch, "https://shop.example", resolve=resolve)))["dns"]
    assert (found.verdict, found.is_passing) == (Verdict.FAILED, passes)
    assert "shop.example" in found.found


def test_a_name_server_that_never_answers_ends_with_the_checks_time(monkeypatch):
    @virtually
    async def test():
        async def resolve(_host, _port):
            await asyncio.Event().wait()

        loop = asyncio.get_running_loop()
        started = loop.time()
        found = await findings(checkup(monkeypatch, "https://shop.example", resolve=resolve, seconds=3.0))
        assert loop.time() - started == pytest.approx(3.0)
        assert found["dns"].found == "no answer within 3 s"
        assert found["tcp"].verdict is Verdict.SKIPPED

    test()


async def test_the_systems_resolver_knows_this_machine():
    assert set(await doctor_checks.resolve("localhost", 80)) & {"127.0.0.1", "::1"}
    with pytest.raises(UnicodeError):
        await doctor_checks.resolve(f"{'a' * 64}.example", 80)  # no name, so that no name server is asked


async def keyless(reader, writer):
    """Answers one request, wanting a key."""
    try:
        await reader.read(2**16)
        body = b'{"code": "unauthenticated", "msg": "no key"}'
        head = f"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
    except ConnectionError:
        pass


@contextlib.asynccontextmanager
async def listening(handler, *, tls=None):
    """A server on a loopback socket; yields its port, and leaves no connection behind."""
    tasks = set()

    async def converse(reader, writer):
        tasks.add(asyncio.current_task())
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    async with await asyncio.start_server(converse, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("kind", "verdict", "words"),
    [
        ("right", Verdict.OK, "certificate valid for"),
        ("expired", Verdict.FAILED, "It has expired"),
        ("for another name", Verdict.FAILED, "It is for another"),
        ("of an unknown authority", Verdict.FAILED, "--ca"),
        (None, Verdict.FAILED, "does not speak TLS"),
    ],
)
async def test_the_certificate_is_looked_at(kind, verdict, words, monkeypatch, tmp_path):
    certificates = Certificates()
    found = await over_tls(certificates.server(kind), certificates.pem, monkeypatch, tmp_path)
    assert found["tls"].verdict is verdict
    assert words in found["tls"].found + found["tls"].advice
    assert (found["service"].verdict is Verdict.SKIPPED) is (verdict is Verdict.FAILED)


async def test_a_certificate_that_ends_soon_is_a_warning(monkeypatch, tmp_path):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) + timedelta(days=9.5)).configure_cert(context)
    found = await over_tls(context, authority.cert_pem.bytes(), monkeypatch, tmp_path)
    assert found["tls"].verdict is Verdict.WARNING
    assert "certificate valid for 9 more days only" in found["tls"].found
    assert found["service"].verdict is Verdict.OK


async def over_tls(context, authority, monkeypatch, tmp_path):
    """What is found where a server speaks TLS so, and this authority is trusted."""
    (tmp_path / "ca.pem").write_bytes(authority)
    async with listening(keyless, tls=context) as port:
        url = f"https://127.0.0.1:{port}"
        return await findings(checkup(monkeypatch, url, network=Network(ca=tmp_path / "ca.pem")))


async def test_behind_a_proxy_it_is_the_proxy_that_is_reached_and_no_password_is_shown(monkeypatch):
    async with ProxyServer(status=407).serve() as url:
        proxy = Secret(url.replace("http://", "http://user:canary-word@"))
        found = await findings(checkup(monkeypatch, "https://shop.example", network=Network(proxy=proxy)))
    assert url in found["proxy"].found
    assert found["dns"].found == "127.0.0.1 is an address already"
    assert found["tls"].verdict is Verdict.SKIPPED
    assert (found["service"].verdict, found["service"].is_passing) == (Verdict.FAILED, False)
    assert "407" in found["service"].found
    assert "canary" not in repr(found)


async def test_a_proxy_that_cannot_be_one_fails_its_check(monkeypatch):
    network = Network(proxy=Secret("socks5://user:canary@127.0.0.1:1"))
    found = await findings(checkup(monkeypatch, "https://shop.example", network=network))
    assert found["proxy"].verdict is Verdict.FAILED
    assert "SOCKS" in found["proxy"].found
    assert "canary" not in repr(found)
    assert found["dns"].verdict is Verdict.SKIPPED


async def test_one_of_several_addresses_that_is_not_reached_is_a_warning(monkeypatch):
    async def resolve(_host, _port):
        return ["127.0.0.1", "127.255.255.254"]

    async with listening(keyless) as port:
        url = f"https://shop.example:{port}"
        found = await findings(checkup(monkeypatch, url, resolve=resolve))
    assert found["tcp"].verdict is Verdict.WARNING
    assert "127.255.255.254" in found["tcp"].found
    assert found["tls"].verdict is Verdict.FAILED


async def test_a_server_that_never_answers_ends_with_the_checks_time(monkeypatch):
    async def silent(reader, _writer):
        await reader.read()

    async with listening(silent) as port:
        url = f"http://127.0.0.1:{port}"
        found = await findings(checkup(monkeypatch, url, seconds=0.3))
    assert (found["service"].verdict, found["service"].is_passing) == (Verdict.FAILED, True)
    assert found["service"].seconds < 30
    assert found["key"].verdict is Verdict.SKIPPED


def test_a_package_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(doctor_checks, "_PACKAGES", ("aiohttp", "no-such-package-of-ours"))
    code, found = doctor(World())
    assert (code, found["environment"]["verdict"]) == (2, "failed")
    assert "not installed: no-such-package-of-ours" in found["environment"]["found"]
    assert found["service"]["verdict"] == "ok"
