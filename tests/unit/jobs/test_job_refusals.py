"""What a job refuses, before its first call and without a change to any file."""

import gzip

import pytest

from etelecom_async import ConfigError, InvalidId
from tests.support.job_files import Service, files, people


@pytest.mark.parametrize("existing", ["out.csv", "out.ndjson", "out.parquet", "out.parquet.ndjson"])
async def test_an_output_or_journal_that_exists_is_not_touched(tmp_path, existing):
    source, output = people(tmp_path / "in.csv"), tmp_path / existing.replace("parquet.ndjson", "parquet")
    (tmp_path / existing).write_bytes(b"mine")
    before = files(tmp_path)
    service = Service()
    with pytest.raises(ConfigError, match=rf"{existing} exists: add --resume to go on with it, or choose another name"):
        await service.run(source, output)
    assert (files(tmp_path), service.asked) == (before, [])


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.csv", None, r"none\.csv does not exist"),
        ("empty.csv", b"", "is empty"),
        ("names.csv", b"name\nx\n", "No column holds phone numbers"),
        ("in.xlsx", b"PK", r"in\.xlsx is not an Excel workbook, whatever its name says"),
        ("book.csv", b"PK\x03\x04\x14\x00", r"book\.csv is an Excel workbook or an archive"),
        ("old.csv", b"\xd0\xcf\x11\xe0\xa1\xb1", r"old\.csv is an old Excel workbook"),
        ("packed.csv", gzip.compress(b"", mtime=0), "is empty"),
        ("parquet.csv", b"PAR1", r"parquet\.csv is Parquet: save it as a \.parquet file"),
        ("in.pdf", b"%PDF", "no suffix of a known kind"),
        ("quote.csv", b'phone\n84900000001\n"84900000002\n', "line 3: a quote is opened and never closed"),
    ],
)
async def test_an_input_that_cannot_be_used_leaves_nothing_behind(tmp_path, name, content, sentence):
    if content == b"PAR1":
        people(tmp_path / "in.parquet").replace(tmp_path / name)
    elif content is not None:
        (tmp_path / name).write_bytes(content)
    before = files(tmp_path)
    with pytest.raises(ConfigError, match=sentence):
        await Service().run(tmp_path / name, tmp_path / "out.csv")
    assert files(tmp_path) == before


async def test_options_that_cannot_work_are_refused(tmp_path):
    source, output = people(tmp_path / "in.csv"), tmp_path / "out.csv"
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InvalidId):
        Service().job(source, output, oa_id=0)
    with pytest.raises(ConfigError, match="from 1 to 10000"):
        Service().job(source, output, concurrency=0)
    for name, words in [("out", "no suffix"), ("none/out.csv", "Cannot write"), ("folder.csv", "is a directory")]:
        with pytest.raises(ConfigError, match=words):
            await Service().run(source, tmp_path / name)
