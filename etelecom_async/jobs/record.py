"""One row of a job's output: the input's cells and the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter

from attrs import Factory, field, frozen

from .._record import record
from .._times import utc_text
from ..api.consent import Consent, ConsentState
from ..errors import ConfigError, DecodeError, EtelecomError, InternalError, InvalidPhone, InvalidRow
from ..phone import normalize
from ..tables import Row
from ..tables.cells import phone_text
from .bugs import Bugs

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
"""The columns that a job adds behind the input's; they replace columns of the input with these names."""

_INT64 = 2**63


@record
class Record:
    """A finished row.

    Attributes:
        cells: for every column of the output, then the further keys of an NDJSON object, if it has any.
        state: a `ConsentState`'s value; empty without an answer.
        granted: whether the business may call; None if that is unknown.
        failure: why it is unknown: an error's class, or the state that says that the check failed; empty after a
            conclusive answer.
    """

    cells: tuple[object, ...]
    state: str
    granted: bool | None
    failure: str


@record
class Question:
    """A row to check: its phone in wire form, or why it has no usable one."""

    row: Row
    phone: str
    problem: InvalidRow | InvalidPhone | InternalError | None

    def usable_phone(self) -> str:
        """The phone to ask about.

        Raises:
            InvalidRow, InvalidPhone: it has no usable one.
            InternalError: it could not be read, because of a bug.
        """
        if self.problem is not None:
            raise self.problem
        return self.phone


@frozen(kw_only=True)
class Recorder:
    """Turns rows into questions, and questions with their outcomes into records.

    Args:
        kept: which columns of the input go to the output.
        phone_at: which column holds the phones.
        has_extra: whether the output takes the further keys of NDJSON objects.
        now: the present as an aware datetime.
        bugs: keeps exceptions that are bugs.
    """

    kept: Sequence[int]
    phone_at: int
    has_extra: bool
    now: Callable[[], datetime]
    bugs: Bugs = field(factory=Bugs)
    _pick: Callable[[Sequence[object]], tuple[object, ...]] = field(
        init=False, default=Factory(lambda self: _picker(self.kept), takes_self=True)
    )

    def question(self, row: Row) -> Question:
        """The question about a row."""
        if row.problem:
            return Question(row, "", InvalidRow(row.problem))
        try:
            return Question(row, normalize(phone_text(row.cells[self.phone_at])), None)
        except InvalidPhone as error:
            return Question(row, "", error)
        except Exception as error:  # noqa: BLE001 - a bug that a row triggers is that row's failure
            return Question(row, "", self.bugs.failure(error))

    async def answer(self, call: Callable[[str], Awaitable[Consent]], phone: str) -> Consent:
        """The answer of a call.

        Raises:
            EtelecomError: as the call; `InternalError` for an exception that is a bug.
        """
        try:
            return await call(phone)
        except EtelecomError as error:
            if isinstance(error, InternalError):  # a bug in a worker elsewhere
                self.bugs.first = self.bugs.first or error
            raise
        except Exception as error:
            raise self.bugs.failure(error) from error

    def done(self, index: int, question: Question, consent: Consent) -> Record:
        """A row with an answer, or with the failure to record it."""
        try:
            return self._answered(index, question, consent)
        except Exception as error:  # noqa: BLE001 - a bug that a row triggers is that row's failure
            return self.failed(index, question, self.bugs.failure(error))

    def _answered(self, _: int, question: Question, consent: Consent) -> Record:
        """A row with an answer. An `error` beyond 64 bits, which no typed column holds, makes it a failure."""
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

    def unwritable(self, record: Record, error: Exception) -> Record:
        """The failure of a row that the output's format cannot hold, without the input's cells: one is the cause."""
        why = InvalidRow(error.message) if isinstance(error, ConfigError) else self.bugs.failure(error)
        own = record.cells[len(self.kept) : len(self.kept) + len(RESULT_COLUMNS)]
        row, phone, checked_at = own[0], own[1], own[-1]
        failure = type(why).__name__
        found = ("", None, None, None, why.message, failure)
        return Record((*[None] * len(self.kept), row, phone, *found, checked_at), "", None, failure)

    def _cells(self, question: Question, found: tuple[object, ...], now: datetime) -> tuple[object, ...]:
        row = question.row
        whole = (*self._pick(row.cells), row.number, question.phone, *found, _utc(now))
        return (*whole, row.extra) if self.has_extra and row.extra else whole


def _picker(places: Sequence[int]) -> Callable[[Sequence[object]], tuple[object, ...]]:
    """A function from a row's cells to those at these places. Rows may have thousands, and the event loop waits."""
    if not places:
        return lambda _: ()
    if len(places) == 1:
        return lambda cells: (cells[places[0]],)
    return itemgetter(*places)


# Thousands of rows are checked within one second.
_second = lru_cache(maxsize=1024)(utc_text)


def _utc(moment: datetime) -> str:
    return _second(moment.replace(microsecond=0))
