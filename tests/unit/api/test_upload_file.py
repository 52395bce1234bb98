"""Uploads: what arrives of a file on every transport, when it is read, and what is refused before anything is sent."""

import asyncio
import contextlib
import io
import threading
import tracemalloc
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import (
    AttemptTimeout,
    ConfigError,
    DecodeError,
    Disconnected,
    InvalidArgument,
    NotFound,
    Phase,
    Retry,
    Session,
    Shop,
    Timeout,
)
from etelecom_async.api.files import UPLOAD_FILE, File, UploadedFile, UploadFile
from etelecom_async.pipeline.multipart import parsed
from etelecom_async.sandbox import SANDBOX_API_KEY, SandboxRequest, SandboxTransport, World, serve
from etelecom_async.testing import Answer, HangUp, MockTransport, Peer
from tests.support import HANG, KEY, OA, answer, close, each_carrier, settled

DONE = Answer(200, b'{"token":"t"}')
AGAIN = Answer(429, b"", {"Retry-After": "0"})
OK = b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"token":"t"}'
LARGE = bytes(range(256)) * 8000 + b"\r\n--"


@asynccontextmanager
async def session_to(origin, carry, **options):
    carrier = carry()
    session = Session(Shop(KEY, base_url=origin), transport=carrier, **options)
    try:
        yield session
    finally:
        await close(session, carrier)


async def upload(session, file):
    return await session.oa.upload_file(oa_id=OA, type="image", file=file)


def arrived(received):
    """The fields of a form as the server got it, with the bytes of the file."""
    assert int(received.headers["content-length"]) == len(received.body)
    assert "transfer-encoding" not in received.headers
    fields = parsed(received.headers["content-type"], received.body)
    return {**fields, "file": (fields["file"].filename, fields["file"].file)}


@each_carrier
@pytest.mark.parametrize("source", ["path", "text", "bytes", "open file", "file in memory"])
async def test_a_file_arrives_whole_and_again_where_the_attempt_is_repeated(carry, source, tmp_path):
    path = tmp_path / 'ảnh "số 1" \\ {}.jpg'
    path.write_bytes(LARGE)
    peer = Peer(AGAIN, DONE)
    with path.open("rb") as opened:
        opened.seek(5)
        file, begin = {
            "path": (path, 0),
            "text": (str(path), 0),
            "bytes": (File(LARGE, filename=path.name), 0),
            "open file": (opened, 5),
            "file in memory": (File(io.BytesIO(LARGE), filename=path.name), 0),
        }[source]
        async with peer.serve() as origin, session_to(origin, carry) as session:
            name = opened.name if source == "open file" else path.name
            assert await upload(session, file) == UploadedFile(token="t")
    whole = {"oa_id": str(OA), "type": "image", "file": (Path(name).name, LARGE[begin:])}
    assert [arrived(received) for received in peer.received] == [whole, whole]
    first, second = (received.headers["content-type"] for received in peer.received)
    assert first == second


@each_carrier
async def test_an_upload_of_unknown_outcome_is_not_repeated(carry, tmp_path):
    peer = Peer(HangUp(), DONE)
    async with peer.serve() as origin, session_to(origin, carry) as session:
        with pytest.raises(Disconnected) as caught:
            await upload(session, File(b"a", filename="a"))
        assert caught.value.phase is Phase.UNKNOWN
        assert len(peer.received) == 1


@asynccontextmanager
async def raw_server(handle):
    """A server that does with a connection what the test says; yields its origin."""
    writers = []

    async def connected(reader, writer):
        writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await handle(reader, writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)


async def head_of(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    return int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])


@each_carrier
async def test_a_long_file_is_never_in_memory(carry, tmp_path):
    size = 48 * 2**20
    path = tmp_path / "long.bin"
    with path.open("wb") as opened:
        opened.truncate(size)

    async def handle(reader, writer):
        left = await head_of(reader)
        while left:
            left -= len(await reader.read(2**16))
        writer.write(OK)
        await reader.read()

    async with raw_server(handle) as origin, session_to(origin, carry) as session:
        tracemalloc.start()
        try:
            assert (await upload(session, File(path, max_size=size))).token == "t"
            assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
        finally:
            tracemalloc.stop()


@each_carrier
async def test_reading_a_slow_disk_does_not_hold_up_the_event_loop(carry):
    class Slow(io.BytesIO):
        """Its reading goes on only when the event loop has gone on."""

        name = "slow.bin"

        def read(self, count=-1):
            loop.call_soon_threadsafe(gone_on.set)
            assert gone_on.wait(HANG), "the event loop waits for the file"
            return super().read(count)

    loop, gone_on, peer = asyncio.get_running_loop(), threading.Event(), Peer(DONE)
    async with peer.serve() as origin, session_to(origin, carry) as session:
        await upload(session, Slow(b"a" * 10))
    assert arrived(peer.received[0])["file"] == ("slow.bin", b"a" * 10)


def open_as_text(_):
    return io.StringIO("a")


def closed_after(path):
    """A file that is closed when it is to be read."""
    opened = io.BytesIO(b"a")
    file = File(opened, filename="a")
    opened.close()
    return file


def empty(path):
    path.touch()
    return path


def too_long(path):
    path.write_bytes(b"a" * 11)
    return File(path, max_size=10)


REFUSED = [
    (lambda path: path, "cannot be read: No such file"),
    (lambda path: path.parent, "a folder or a device"),
    (lambda _: "/dev/zero", "a folder or a device"),
    (empty, "is empty"),
    (too_long, "has 11 bytes, and its max_size is 10"),
    (lambda _: File(io.BytesIO(b"a" * 11), filename="a", max_size=10), "has 11 bytes, and its max_size is 10"),
    (lambda _: File(io.BytesIO(), filename="a"), "is empty"),
    (closed_after, "is closed"),
    (open_as_text, "open it with mode 'rb'"),
    (lambda _: b"canary", "bytes, which have no name"),
]


@pytest.mark.parametrize(("make", "words"), REFUSED)
async def test_what_cannot_be_uploaded_is_one_sentence_before_anything_is_sent(make, words, tmp_path):
    mock = MockTransport()
    mock.on(UPLOAD_FILE).reply(UploadedFile())
    with pytest.raises(ConfigError, match=words) as caught:
        await upload(Session(Shop(KEY), transport=mock), make(tmp_path / "a.jpg"))
    assert caught.value.phase is Phase.NOT_SENT
    assert caught.value.__context__ is None
    assert str(tmp_path) not in str(caught.value)
    assert mock.calls == []


@pytest.mark.parametrize("filename", ["a\nb", "a\r\nContent-Type: text/html\r\n\r\n", "../a", "", "a\0", "\udcff"])
def test_a_name_that_could_end_its_header_is_refused(filename):
    with pytest.raises(ConfigError, match=r"File\.filename is a name"):
        File(b"a", filename=filename)


class Spoilt(io.BytesIO):
    """A file that fails after its first piece."""

    name = "spoilt.bin"

    def __init__(self, end):
        super().__init__(LARGE)
        self.end = end

    def read(self, count=-1):
        return super().read(count) if self.tell() == 0 else self.end()


def broken_disk():
    raise OSError(5, "Input/output error", "/home/canary/a")


@each_carrier
@pytest.mark.parametrize(
    ("end", "words"), [(broken_disk, "cannot be read: Input/output error"), (lambda: b"", "has changed")]
)
async def test_a_file_that_fails_while_it_is_sent_ends_the_call_with_the_reason(carry, end, words):
    peer = Peer(DONE)
    async with peer.serve() as origin, session_to(origin, carry) as session:
        with pytest.raises(ConfigError, match=words) as caught:
            await upload(session, Spoilt(end))
        assert caught.value.phase is Phase.NOT_SENT
        assert "canary" not in str(caught.value)
        assert (await upload(session, File(b"a", filename="a"))).token == "t"
    assert [arrived(received)["file"] for received in peer.received] == [("a", b"a")]


async def test_a_path_that_is_another_file_at_the_next_attempt_is_not_sent(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"first")

    def replaced(_):
        other = tmp_path / "other"
        other.write_bytes(b"other")
        other.replace(path)
        return answer("", status=429, retry_after="0")

    mock = MockTransport()
    route = mock.on(UPLOAD_FILE).respond(replaced).reply(UploadedFile())
    with pytest.raises(ConfigError, match="has changed while it was sent"):
        await upload(Session(Shop(KEY), transport=mock, retry=Retry(attempts=3, base=0)), path)
    assert len(route.payloads) == 1


@each_carrier
async def test_an_answer_before_the_body_is_sent_is_the_answer_and_no_later_request_is_spoilt(carry):
    async def handle(reader, writer):
        while True:
            size = await head_of(reader)
            if size > 2**20:
                body = b'{"code":"invalid_argument","msg":"too large"}'
                writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await reader.readexactly(size)
            if size <= 2**20:
                writer.write(OK)

    async with raw_server(handle) as origin, session_to(origin, carry) as session:
        for _ in range(3):
            with pytest.raises(InvalidArgument, match="too large"):
                await upload(session, File(b"a" * 8 * 2**20, filename="a"))
            assert (await upload(session, File(b"a", filename="a"))).token == "t"


@each_carrier
@pytest.mark.parametrize("is_cancelled", [True, False])
async def test_an_upload_that_the_server_does_not_read_ends_in_time_and_leaves_no_task(carry, is_cancelled):
    async def handle(reader, writer):
        connected.set()
        await ended.wait()

    connected, ended = asyncio.Event(), asyncio.Event()
    async with raw_server(handle) as origin, session_to(origin, carry) as session:
        before = asyncio.all_tasks()
        hurried = session.with_options(timeout=Timeout(attempt=None if is_cancelled else 0.3), retry=Retry(attempts=1))
        call = asyncio.create_task(upload(hurried, File(b"a" * 10**7, filename="a")))
        await connected.wait()
        if is_cancelled:
            call.cancel()
        with pytest.raises(asyncio.CancelledError if is_cancelled else AttemptTimeout):
            await call
        ended.set()
        await settled(lambda: asyncio.all_tasks() <= before)


@pytest.mark.parametrize("untyped", [False, True])
async def test_a_mock_gets_the_form_with_the_bytes_of_the_file(untyped, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(LARGE)
    mock = MockTransport()
    if untyped:
        mock.on("OA/UploadFile").reply({"token": "t"})
        form = {"oa_id": str(OA), "type": "image", "file": File(path)}
        assert await Session(Shop(KEY), transport=mock).invoke("OA/UploadFile", form) == {"token": "t"}
        expected = {**form, "file": File(LARGE, filename="a.jpg")}
    else:
        mock.on(UPLOAD_FILE).reply(UploadedFile(token="t"))
        assert (await upload(Session(Shop(KEY), transport=mock), path)).token == "t"
        expected = UploadFile(oa_id=OA, type="image", file=File(LARGE, filename="a.jpg"))
    assert mock.calls[0].payload == expected


@pytest.mark.parametrize("form", [{"a": [1]}, {"a": {"b": 1}}, {"a": 1.5}, {'a"b': "c"}, {"a\r\nb": "c"}])
async def test_what_no_form_can_hold_is_refused(form):
    mock = MockTransport()
    with pytest.raises(ConfigError, match="a form"):
        await Session(Shop(KEY), transport=mock).invoke("OA/UploadFile", form)
    assert mock.calls == []


def sandbox_session(**options):
    return Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(World()), **options)


async def test_the_sandbox_takes_a_file_in_memory_and_on_a_socket(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(LARGE)
    async with serve(World()) as served, Session(Shop(SANDBOX_API_KEY, base_url=served.base_url)) as session:
        tokens = [(await upload(each, path)).token for each in (session, session, sandbox_session())]
    assert tokens == ["sandbox-token-1", "sandbox-token-2", "sandbox-token-1"]


async def test_the_sandbox_refuses_an_upload_that_the_server_would_refuse():
    file = File(b"a", filename="a")
    with pytest.raises(NotFound):
        await sandbox_session().oa.upload_file(oa_id=7, type="image", file=file)
    for form in [{"oa_id": str(OA), "type": "image"}, {"oa_id": str(OA), "file": file}]:
        with pytest.raises(InvalidArgument):
            await sandbox_session().invoke("OA/UploadFile", form)


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 404),
        ("multipart/form-data", b"", 400),
        ("multipart/form-data; boundary=a", b"--b--\r\n", 400),
        ("multipart/form-data; boundary=a", b"--a\r\n\r\nx\r\n--a--\r\n", 400),
        (
            'multipart/form-data; boundary="a"',
            b'--a\r\nContent-Disposition: form-data; name="t"\r\n\r\n\xff\r\n--a--',
            400,
        ),
    ],
)
def test_the_sandbox_answers_a_body_that_is_no_form_as_malformed(content_type, body, status):
    headers = {"content-type": content_type, "authorization": f"Bearer {SANDBOX_API_KEY}"}
    request = SandboxRequest(method="POST", path="/v1/shop.OA/UploadFile", headers=headers, body=body)
    assert World().handle(request).status == status


FORM = st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.text(), max_size=3)


@given(
    fields=FORM,
    data=st.binary(min_size=1, max_size=300) | st.just(b"\r\n--\r\n\r\n--"),
    filename=st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="/"), min_size=1),
)
def test_a_form_is_read_as_it_was_written(fields, data, filename):
    filename = "a" + filename[:200]
    mock = MockTransport()
    mock.on("OA/UploadFile").reply({})
    payload = {**fields, "The_file": File(data, filename=filename)}
    asyncio.run(Session(Shop(KEY), transport=mock).invoke("OA/UploadFile", payload))
    assert mock.calls[0].payload == payload


@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_a_decode_error(body):
    with contextlib.suppress(DecodeError):
        parsed("multipart/form-data; boundary=a", b"--a\r\n" + body + b"\r\n--a--\r\n")
