"""Tables from standard input and from named pipes."""

import codecs
import io
import os
import threading

import pytest

from etelecom_async import ConfigError
from etelecom_async.tables import open_source
from tests.support.tables import cells


class Pipe(io.RawIOBase):
    """A stream that cannot seek and gives only a little at a time."""

    def __init__(self, data, step=7):
        self._left = data
        self._step = step

    def readable(self):
        return True

    def readinto(self, buffer):
        piece = self._left[: min(self._step, len(buffer))]
        self._left = self._left[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize(("step", "rows"), [(1, 40), (7, 20_000), (1 << 20, 20_000)])
@pytest.mark.parametrize("wrap", [lambda pipe: pipe, io.BufferedReader], ids=["raw", "buffered"])
def test_a_stream_that_cannot_seek_is_read_whole_and_once(step, rows, wrap):
    pipe = Pipe(b"phone,name\n" + "0987654321,Tèo\n".encode() * rows, step)
    stream = wrap(pipe)
    table = open_source(stream)
    assert cells(table) == [("0987654321", "Tèo")] * rows
    with pytest.raises(ConfigError, match="standard input can be read only once"):
        list(table.rows())
    assert not pipe.closed


@pytest.mark.parametrize(
    ("data", "description"),
    [
        (b' \n{"phone": "1"}\n', "NDJSON, UTF-8, certain"),
        (codecs.BOM_UTF8 + b'{"phone": "1"}\n', "NDJSON, UTF-8 with BOM, certain"),
        ('{"phone": "1"}\n'.encode("utf-16"), "NDJSON, UTF-16, certain"),
        (b"phone\n1\n", "CSV, delimiter ',', UTF-8, certain, header in line 1"),
    ],
)
def test_a_stream_is_ndjson_if_it_begins_with_a_brace(data, description):
    table = open_source(Pipe(data))
    assert (table.description, table.columns) == (description, ("phone",))
    assert cells(table) == [("1",)]


def test_parquet_from_a_stream_is_refused():
    with pytest.raises(ConfigError, match="Parquet cannot be read from standard input: save it"):
        open_source(Pipe(b"PAR1"), kind="parquet")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_with_a_name_is_a_stream(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"phone,name\n" + b"0987654321,x\n" * 50_000,))
    writer.start()
    assert sum(1 for _ in open_source(path).rows()) == 50_000
    writer.join()
