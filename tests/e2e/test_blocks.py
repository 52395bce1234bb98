"""What the examples of queues share: a block is checked and kept once, however often it comes."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from etelecom_async import CHECK_CONSENT, Consent, InvalidArgument, Retry, Session, Shop, Unauthenticated
from etelecom_async.testing import MockTransport
from tests.support import KEY, OA

EXAMPLES = Path(__file__).parents[2] / "examples"
PHONES = ["0987654321", "no number", "0987654323"]


@pytest.fixture
def blocks(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import blocks

    yield blocks
    del sys.modules["blocks"]


@pytest.fixture
def mock():
    return MockTransport()


@pytest.fixture
def table(blocks):
    with closing(blocks.open_table(":memory:")) as table:
        yield table


@pytest.fixture
def checker(blocks, mock, table):
    session = Session(Shop(KEY), transport=mock, retry=Retry(attempts=1))
    return blocks.Checker(session, table, oa_id=OA)


def rows(table):
    return table.execute("SELECT job, row, phone, granted, state, error FROM consent ORDER BY job, row").fetchall()


async def test_each_phone_of_a_block_has_its_row_whatever_came_of_it(checker, mock, table):
    mock.on(CHECK_CONSENT).reply(Consent(error=0))
    await checker.check("spring", 500, PHONES)
    assert rows(table) == [
        ("spring", 500, "0987654321", 1, "granted", None),
        ("spring", 501, "no number", None, None, "InvalidPhone"),
        ("spring", 502, "0987654323", 1, "granted", None),
    ]


async def test_a_block_that_comes_twice_is_asked_once(checker, mock, table):
    mock.on(CHECK_CONSENT).reply(Consent(error=3))
    await checker.check("spring", 0, PHONES)
    first = rows(table)
    await checker.check("spring", 0, PHONES)
    assert len(mock.calls) == 2
    assert rows(table) == first


async def test_a_block_that_is_sent_again_asks_for_what_has_no_answer(checker, mock, table):
    mock.on(CHECK_CONSENT).fail(InvalidArgument()).reply(Consent(error=0))
    await checker.check("spring", 0, [PHONES[0]])
    assert rows(table) == [("spring", 0, PHONES[0], None, None, "InvalidArgument")]
    await checker.check("spring", 0, [PHONES[0]])
    assert rows(table) == [("spring", 0, PHONES[0], 1, "granted", None)]


async def test_an_answer_outlives_a_failure_that_comes_after_it(blocks, mock, table, checker):
    """As where a job was given to a second worker while the first was still at it."""
    mock.on(CHECK_CONSENT).reply(Consent(error=0))
    await checker.check("spring", 0, [PHONES[0]])
    failed = ("spring", 0, PHONES[0], None, None, None, "Unavailable", "2026-01-05T08:30:00+00:00")
    blocks.keep(table, [failed])
    assert rows(table) == [("spring", 0, PHONES[0], 1, "granted", None)]


async def test_jobs_do_not_know_each_others_rows(checker, mock, table):
    mock.on(CHECK_CONSENT).reply(Consent(error=0))
    await checker.check("spring", 0, [PHONES[0]])
    await checker.check("summer", 0, [PHONES[0]])
    assert len(mock.calls) == 2
    assert [row[0] for row in rows(table)] == ["spring", "summer"]


async def test_a_dead_key_ends_the_block_and_what_was_answered_is_kept(checker, mock, table):
    mock.on(CHECK_CONSENT).reply(Consent(error=0)).fail(Unauthenticated())
    phones = [f"09876543{number:02d}" for number in range(50)]
    with pytest.raises(Unauthenticated):
        await checker.check("spring", 0, phones)
    assert 1 <= len(rows(table)) < 50
    assert all(error is None for *_, error in rows(table))


def test_a_list_is_cut_into_blocks_that_know_their_first_row(blocks, monkeypatch, tmp_path):
    monkeypatch.setenv("BLOCK", "10")
    place = tmp_path / "phones.txt"
    place.write_text("".join(f"{number}\n" for number in range(25)))
    cut = list(blocks.blocks(str(place)))
    assert [(first, len(block)) for first, block in cut] == [(0, 10), (10, 10), (20, 5)]
    assert [phone for _, block in cut for phone in block] == list(map(str, range(25)))


def test_two_processes_share_a_table_file(blocks, tmp_path):
    place = str(tmp_path / "results.db")
    with closing(blocks.open_table(place)) as one, closing(blocks.open_table(place)) as other:
        row = ("spring", 0, PHONES[0], True, "granted", None, None, "2026-01-05T08:30:00+00:00")
        blocks.keep(one, [row])
        blocks.keep(other, [row])
        assert len(rows(one)) == 1
    with pytest.raises(sqlite3.ProgrammingError):
        rows(one)
