"""One row of a job's output: the input's cells and what was found out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from attrs import frozen

from .._record import record
from .._times import utc_text
from ..api.consent import Consent, ConsentState
from ..errors import DecodeError, EtelecomError, InvalidPhone, InvalidRow
from ..phone import normalize
from .tables import Row
from .tables.cells import phone_text

__all__ = ["RESULT_COLUMNS", "Question", "Record", "Recorder"]

RESULT_COLUMNS = (
    "row",
    "phone_normalized",
    "state",
    "granted",
    "expired_time",
    "error",
    "message",
    "failure",
    "checked_at",
)
"""What a job adds behind the input's columns; an input's column of such a name gives way."""

_INT64 = 2**63


@record
class Record:
    """A finished row.

    Attributes:
        cells: for every column of the output, and behind them the further keys of an NDJSON object, if it has any.
        state: a `ConsentState`'s value; empty without an answer.
        granted: may the business call? None where it could not be found out.
        failure: why it could not: an error's class, or the state that says that the check itself failed; empty where
            an answer settles it.
    """

    cells: tuple[object, ...]
    state: str
    granted: bool | None
    failure: str


@record
class Question:
    """A row that is to be checked: its phone in wire form, or why it has none that can be used."""

    row: Row
    phone: str
    problem: InvalidRow | InvalidPhone | None

    def asked(self) -> str:
        """The phone to ask about.

        Raises:
            InvalidRow, InvalidPhone: it has none that can be used.
        """
        if self.problem is not None:
            raise self.problem
        return self.phone


@frozen(kw_only=True)
class Recorder:
    """Makes questions of rows, and records of questions and their outcomes.

    Args:
        kept: which columns of the input go to the output.
        phone_at: which column holds the phones.
        has_extra: whether the output takes the further keys of NDJSON objects.
        now: the present as an aware datetime.
    """

    kept: Sequence[int]
    phone_at: int
    has_extra: bool
    now: Callable[[], datetime]

    def question(self, row: Row) -> Question:
        """What is to be asked about a row."""
        if row.problem:
            return Question(row, "", InvalidRow(row.problem))
        try:
            return Question(row, normalize(phone_text(row.cells[self.phone_at])), None)
        except InvalidPhone as error:
            return Question(row, "", error)

    def done(self, _: int, question: Question, consent: Consent) -> Record:
        """A row with an answer. An error number beyond 64 bits, which no typed column holds, is none: see `failed`."""
        if consent.error is not None and not -_INT64 <= consent.error < _INT64:
            return self.failed(_, question, DecodeError("$.error: expected a number of at most 64 bits."))
        now = self.now()
        meaning = consent.state_at(now)
        state = meaning.value
        granted, failure = (meaning is ConsentState.GRANTED, "") if meaning.conclusive else (None, state)
        expires = None if consent.expired_time is None else _utc(consent.expired_time)
        found = (state, granted, expires, consent.error, consent.message, failure)
        return Record(self._cells(question, found, now), state, granted, failure)

    def failed(self, _: int, question: Question, error: EtelecomError) -> Record:
        """A row without an answer."""
        failure = type(error).__name__
        found = ("", None, None, None, error.message, failure)
        return Record(self._cells(question, found, self.now()), "", None, failure)

    def _cells(self, question: Question, found: tuple[object, ...], now: datetime) -> tuple[object, ...]:
        row = question.row
        cells = row.cells
        kept = [cells[at] for at in self.kept]
        whole = (*kept, row.number, question.phone, *found, _utc(now))
        return (*whole, row.extra) if self.has_extra and row.extra else whole


# Thousands of rows are checked within the same second.
_second = lru_cache(maxsize=1024)(utc_text)


def _utc(moment: datetime) -> str:
    return _second(moment.replace(microsecond=0))
