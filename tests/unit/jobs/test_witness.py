"""F4: a resume never stops at the same place twice: a phone that was answered before tells whose the fault is."""

import csv
import json

import pytest

from etelecom_async import (
    CHECK_CONSENT,
    Consent,
    InternalError,
    NotFound,
    PermissionDenied,
    Retry,
    Session,
    Shop,
    Throttle,
    Unauthenticated,
)
from etelecom_async.jobs import ConsentJob
from etelecom_async.testing import MockTransport
from tests.support import KEY, OA

OK = Consent(error=0)


def session(answer):
    mock = MockTransport()
    mock.on(CHECK_CONSENT).answer(answer)
    return mock, Session(Shop(KEY), transport=mock, retry=Retry(attempts=1), throttle=Throttle(concurrency=4))


def failing(error, *, but):
    """Meets the error for every phone but the first so many."""

    def answer(payload):
        if int(payload.phone[3:]) < but:
            return OK
        raise error

    return answer


def write(folder, count, *, kind="csv"):
    place = folder / f"in.{kind}"
    phones = [f"09{number:08d}" for number in range(count)]
    lines = ["phone", *phones] if kind == "csv" else [json.dumps({"phone": phone}) for phone in phones]
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


def rows(output):
    with output.open(encoding="utf-8", newline="") as file:
        return sorted((int(row["row"]), row["failure"]) for row in csv.DictReader(file))


async def begun(folder, *, answered):
    """An output of which so many rows are answered: the input has grown since."""
    source, output = write(folder, answered), folder / "out.csv"
    _, client = session(failing(NotFound(), but=answered))
    await ConsentJob(client, source=source, output=output, oa_id=OA).run()
    return output


@pytest.mark.parametrize("left", [1, 3, 20, 60])
@pytest.mark.parametrize(
    "error", [NotFound(), PermissionDenied(), ZeroDivisionError()], ids=lambda it: type(it).__name__
)
async def test_rows_that_fail_alone_in_a_resume_are_failures_of_their_own(tmp_path, left, error):
    output = await begun(tmp_path, answered=3)
    mock, client = session(failing(error, but=3))
    summary = await ConsentJob(
        client, source=write(tmp_path, 3 + left), output=output, oa_id=OA, resume=True, concurrency=4
    ).run()
    name = "InternalError" if isinstance(error, ZeroDivisionError) else type(error).__name__
    assert (summary.is_complete, dict(summary.failures)) == (True, {name: left})
    assert rows(output) == [*((n, "") for n in (1, 2, 3)), *((n, name) for n in range(4, 4 + left))]
    # An answered phone is asked when three have failed, and when twenty have.
    assert len(mock.calls) <= left + 1 + left // 16


@pytest.mark.parametrize("left", [1, 2, 3, 30])
async def test_a_key_that_died_since_ends_a_resume_and_leaves_its_rows(tmp_path, left):
    output = await begun(tmp_path, answered=3)
    mock, client = session(failing(Unauthenticated(), but=0))
    with pytest.raises(Unauthenticated):
        await ConsentJob(
            client, source=write(tmp_path, 3 + left), output=output, oa_id=OA, resume=True, concurrency=4
        ).run()
    assert rows(output) == [(1, ""), (2, ""), (3, "")]
    assert len(mock.calls) <= min(left, 3 + 4) + 1


async def test_failed_rows_that_are_retried_and_fail_again_stay_failures(tmp_path):
    source, output = write(tmp_path, 50), tmp_path / "out.csv"
    for option in ({}, {"retry_failed": True}, {"retry_failed": True}):
        _, client = session(failing(NotFound(), but=45))
        summary = await ConsentJob(client, source=source, output=output, oa_id=OA, concurrency=4, **option).run()
        assert (summary.is_complete, dict(summary.failures)) == (True, {"NotFound": 5})
        assert [failure for _, failure in rows(output)] == [*[""] * 45, *["NotFound"] * 5]


async def test_a_first_run_has_no_witness(tmp_path):
    mock, client = session(failing(ZeroDivisionError(), but=0))
    with pytest.raises(InternalError):
        await ConsentJob(client, source=write(tmp_path, 2), output=tmp_path / "out.csv", oa_id=OA).run()
    assert len(mock.calls) == 2
