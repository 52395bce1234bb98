"""The soak's comparison of books finds each way in which a call can be unaccounted for."""

import pytest

from benchmarks.children.soak_server import NAMES
from benchmarks.lib.soak_books import compare
from benchmarks.lib.soak_job import ANSWERED, ENDED, FAILED, SENT, WRONG

RIGHT, FAULTY = NAMES.index("right"), NAMES.index("500")
CALLERS = [(0, 1, ANSWERED), (1, 2, ANSWERED), (2, 3, FAILED)]
SERVER = [(0, RIGHT), (1, FAULTY), (1, RIGHT), (2, FAULTY), (2, RIGHT)]


@pytest.fixture
def verdict(tmp_path):
    def read(callers=CALLERS, server=SERVER, begun=3):
        ours, theirs = tmp_path / "callers", tmp_path / "server"
        ours.write_bytes(b"".join(ENDED.pack(*line) for line in callers))
        theirs.write_bytes(b"".join(SENT.pack(*line) for line in server))
        return compare(begun, ours, theirs)

    return read


def test_books_that_agree_hold_no_fault(verdict):
    seen = verdict()
    assert seen.faults == []
    assert (seen.calls, seen.answered, seen.failed, seen.attempts, seen.requests, seen.lost) == (3, 2, 1, 6, 5, 1)


def test_the_line_that_a_killed_server_did_not_finish_is_left_out(verdict, tmp_path):
    verdict()
    with (tmp_path / "server").open("ab") as book:
        book.write(b"\x00\x00")
    assert compare(3, tmp_path / "callers", tmp_path / "server").faults == []


@pytest.mark.parametrize(
    ("callers", "server", "begun", "fault"),
    [
        (CALLERS, SERVER, 4, "1 calls that did not end exactly once"),
        ([*CALLERS, CALLERS[2]], SERVER, 3, "1 calls that did not end exactly once"),
        ([(0, 1, WRONG), *CALLERS[1:]], SERVER, 3, "1 answers that were wrong or another call's"),
        (CALLERS, SERVER[1:], 3, "1 answers that the server never gave"),
        (CALLERS, [(0, FAULTY), *SERVER[1:]], 3, "1 answers that the server never gave"),
        (CALLERS, [*SERVER, (3, RIGHT)], 3, "1 requests without a call"),
        (CALLERS, [*SERVER, (0, FAULTY)], 3, "1 calls with more requests than attempts"),
    ],
)
def test_a_call_that_is_not_accounted_for_is_found(verdict, callers, server, begun, fault):
    assert verdict(callers, server, begun).faults == [fault]
