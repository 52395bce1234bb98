"""Which certificates are trusted, and what is said of those that are not, over real sockets and both transports."""

import asyncio
import hashlib
import socket
import ssl

import pytest
import trustme
from cryptography import x509
from yarl import URL

from etelecom_async import ConfigError, ConnectError, Phase, Retry, Session, Shop, Timeout, TlsError
from etelecom_async.cli.network import Network, TransportChoice
from etelecom_async.messages.translation import translator
from etelecom_async.sandbox import World, serve
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.connecting import not_connected
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.httpx import HttpxTransport
from etelecom_async.transport.trust import Trust
from tests.faults.certificates import Certificates
from tests.faults.server import FaultServer
from tests.faults.steps import Drain, Say
from tests.support import KEY, ask, run
from tests.support import environment as shop_environment

HTTPS = "https://api.etelecom.test/v1/shop"
VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")

each_transport = pytest.mark.parametrize("carry", [AiohttpTransport, HttptoolsTransport, HttpxTransport])
each_variable = pytest.mark.parametrize("variable", VARIABLES)


@pytest.fixture(scope="module")
def certificates():
    return Certificates()


@pytest.fixture(autouse=True)
def no_authority(monkeypatch):
    """The environment names none."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


async def check(origin, transport, *, attempts=1):
    account = Shop(KEY, base_url=origin)
    async with Session(
        account, transport=transport, retry=Retry(attempts=attempts, base=0), timeout=Timeout(attempt=20)
    ) as session:
        try:
            return await ask(session)
        finally:
            await transport.aclose()


def as_file(folder, pem):
    (folder / "ca.pem").write_bytes(b"Our own authority, b\xfccher\n" + pem)
    return folder / "ca.pem"


def as_der(folder, pem):
    (folder / "ca.cer").write_bytes(ssl.PEM_cert_to_DER_cert(pem.decode()))
    return folder / "ca.cer"


def as_folder(folder, pem):
    (folder / "notes.txt").write_text("nothing to see")
    (folder / "ours.crt").write_bytes(pem)
    (folder / "more").mkdir()
    return folder


def as_hashed_folder(folder, pem):
    (folder / f"{_hash_of(pem)}.0").write_bytes(pem)
    return folder


def _hash_of(pem):
    """The name that OpenSSL looks for: the first bytes of the SHA-1 of the subject in its canonical form."""
    subject = x509.load_pem_x509_certificate(pem).subject
    canonical = b""
    for part in subject:
        text = " ".join(part.value.lower().split()).encode()
        oid = part.oid.dotted_string.split(".")
        raw = bytes([int(oid[0]) * 40 + int(oid[1]), *map(int, oid[2:])])
        pair = b"\x06" + bytes([len(raw)]) + raw + b"\x0c" + bytes([len(text)]) + text
        pair = b"\x30" + bytes([len(pair)]) + pair
        canonical += b"\x31" + bytes([len(pair)]) + pair
    return hashlib.sha1(canonical).digest()[3::-1].hex()


# --- What is trusted


@each_transport
@each_variable
@pytest.mark.parametrize("lay", [as_file, as_der, as_folder, as_hashed_folder])
async def test_an_authority_of_the_environment_is_trusted(monkeypatch, certificates, tmp_path, *, carry, variable, lay):
    monkeypatch.setenv(variable, str(lay(tmp_path, certificates.pem)))
    async with FaultServer(tls=certificates.server("right")).serve() as origin:
        assert (await check(origin, carry())).granted
        monkeypatch.delenv(variable)
        with pytest.raises(TlsError):
            await check(origin, carry())


@each_transport
async def test_all_authorities_that_the_environment_names_are_trusted(monkeypatch, certificates, tmp_path, carry):
    other = trustme.CA().cert_pem.bytes()
    monkeypatch.setenv("SSL_CERT_FILE", str(as_file(tmp_path, other)))
    (tmp_path / "b").mkdir()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(as_file(tmp_path / "b", certificates.pem)))
    monkeypatch.setenv("SSL_CERT_DIR", "")
    async with FaultServer(tls=certificates.server("right")).serve() as origin:
        assert (await check(origin, carry())).granted


@each_transport
async def test_a_given_context_goes_before_the_environment(monkeypatch, certificates, tmp_path, carry):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing-there"))
    async with FaultServer(tls=certificates.server("right")).serve() as origin:
        assert (await check(origin, carry(ssl_context=certificates.trust))).granted


async def test_the_authority_that_signs_is_enough(tmp_path):
    root = trustme.CA()
    signer = root.create_child_ca()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    signer.issue_cert("127.0.0.1").configure_cert(server)
    context = Trust.given(as_file(tmp_path, signer.cert_pem.bytes()), source="--ca").context()
    async with FaultServer(tls=server).serve() as origin:
        assert (await check(origin, AiohttpTransport(ssl_context=context))).granted


# --- Names that lead nowhere


@each_transport
@each_variable
@pytest.mark.parametrize("what", ["missing", "no certificate", "an empty file", "an empty folder", "not ours to read"])
def test_an_authority_of_the_environment_that_is_none_is_refused(monkeypatch, tmp_path, carry, variable, what):
    path = tmp_path / "named"
    match what:
        case "no certificate":
            path.write_text("127.0.0.1 localhost\n")
        case "an empty file":
            path.touch()
        case "an empty folder":
            path.mkdir()
        case "not ours to read":
            path.symlink_to(path)
    monkeypatch.setenv(variable, str(path))
    with pytest.raises(ConfigError, match=f"^{variable} names {path}"):
        Session(Shop(KEY, base_url=HTTPS), transport=carry())
    with pytest.raises(ConfigError, match=f"^{variable} names {path}"):
        Session(Shop(KEY, base_url=HTTPS))
    Session(Shop(KEY, base_url="http://127.0.0.1:8084"), transport=carry())


@pytest.mark.parametrize(
    "text",
    [b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", b"0 is how DER begins", b"-----BEGIN "],
)
@pytest.mark.parametrize("is_folder", [False, True])
def test_what_only_looks_like_a_certificate_is_refused_before_the_first_call(tmp_path, text, is_folder):
    (tmp_path / "ca.pem").write_bytes(text)
    path = tmp_path if is_folder else tmp_path / "ca.pem"
    with pytest.raises(ConfigError, match=f"^--ca names {path}, which holds no certificate"):
        Network(ca=path).runtime(TransportChoice.AUTO, URL(HTTPS), texts=translator("en"))


@each_transport
async def test_what_only_looks_like_a_certificate_is_an_error_of_the_call(monkeypatch, tmp_path, carry):
    (tmp_path / "ca.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(ConfigError, match=r"SSL_CERT_FILE names .* holds no certificate") as caught:
        await check("https://127.0.0.1:1", carry())
    assert (caught.value.phase, caught.value.attempts) == (Phase.NOT_SENT, 1)


@each_transport
@pytest.mark.parametrize("value", [False, True, "ca.pem", ssl.CERT_NONE, 0])
def test_a_context_that_is_none_is_refused(carry, value):
    """D8"""
    with pytest.raises(ConfigError, match=r"^ssl_context is an ssl\.SSLContext"):
        carry(ssl_context=value)


# --- What is said of a certificate that is not accepted


@each_transport
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("of an unknown authority", "To trust a private authority.*SSL_CERT_FILE.*--ca"),
        ("self-signed", "To trust a private authority.*SSL_CERT_FILE.*--ca"),
        ("expired", "It has expired: check this machine's clock"),
        ("not yet valid", "from a later day on: check this machine's clock"),
        ("for another name", "It is for another (name|address): check the host in the base URL"),
    ],
)
async def test_a_certificate_that_is_not_accepted_is_tried_once_and_says_what_to_do(certificates, carry, kind, words):
    server = FaultServer(tls=certificates.server(kind))
    async with server.serve() as origin:
        with pytest.raises(TlsError, match=words) as caught:
            await check(origin, carry(ssl_context=certificates.trust), attempts=3)
    error = caught.value
    assert (error.phase, error.transient, error.attempts) == (Phase.NOT_SENT, False, 1)
    assert origin.removeprefix("https://") in error.message
    assert server.connections <= 1
    assert server.requests == []


@each_transport
@pytest.mark.parametrize("speech", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 mail.example ESMTP\r\n", b"\x00" * 20])
async def test_plain_speech_where_tls_is_expected_is_tried_once_and_says_what_to_write(carry, speech):
    """D9: the base URL `127.0.0.1:8084` means https."""
    server = FaultServer(Say(speech), Drain(), repeats=True, scheme="https")
    async with server.serve() as origin:
        place = origin.removeprefix("https://")
        with pytest.raises(TlsError, match=f"write http://{place} for a sandbox") as caught:
            await check(place, carry(), attempts=3)
    assert (caught.value.phase, caught.value.attempts, server.connections) == (Phase.NOT_SENT, 1, 1)


async def test_check_says_what_to_write_where_a_sandbox_is_spoken_to_over_tls():
    """D9"""
    async with serve(World()) as sandbox:
        place = URL(sandbox.base_url).authority
        code, stdout, stderr = await run("check", "0987654321", env=shop_environment(ETELECOM_BASE_URL=place))
    assert code != 0
    assert f"http://{place}" in "".join((stdout + stderr).split("\n")).replace(" ", "").replace("│", "")


def _ssl_error(kind, reason):
    error = kind(1, f"[SSL: {reason}]")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "host", "kind", "words"),
    [
        (_ssl_error(ssl.SSLError, "WRONG_VERSION_NUMBER"), "api.vn", TlsError, "check host and port of the base URL"),
        (_ssl_error(ssl.SSLError, "WRONG_VERSION_NUMBER"), "::1", TlsError, r"write http://\[::1\]:8084"),
        (_ssl_error(ssl.SSLError, "RECORD_LAYER_FAILURE"), "10.0.0.1", TlsError, "does not speak TLS"),
        (_ssl_error(ssl.SSLError, "TLSV1_ALERT_PROTOCOL_VERSION"), "api.vn", TlsError, "tlsv1 alert protocol version"),
        (_ssl_error(ssl.SSLError, "TLSV1_ALERT_INTERNAL_ERROR"), "api.vn", ConnectError, "broke during the TLS"),
        (_ssl_error(ssl.SSLEOFError, "UNEXPECTED_EOF_WHILE_READING"), "api.vn", ConnectError, "broke during the TLS"),
        (ssl.SSLError(), "api.vn", TlsError, "no reason given"),
    ],
)
def test_a_handshake_that_failed_stays_wrong_or_may_pass(error, host, kind, words):
    found = not_connected(error, host, 8084, has_connected=True)
    assert type(found) is kind
    assert found.phase is Phase.NOT_SENT
    with pytest.raises(kind, match=words):
        raise found


# --- IPv6


def _has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


@each_transport
@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("is_tls", [True, False])
async def test_an_ipv6_address_is_a_base_url(carry, is_tls):
    certificates = Certificates("::1")
    heads = []

    async def converse(reader, writer):
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        body = b'{"error":0,"message":"84987654321","expired_time":null}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    tls = certificates.server("right") if is_tls else None
    async with await asyncio.start_server(converse, "::1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        base_url = f"http{'s' * is_tls}://[::1]:{port}/v1/shop"
        assert (await check(base_url, carry(ssl_context=certificates.trust))).granted
    assert f"\r\nHost: [::1]:{port}\r\n".encode() in heads[0]
