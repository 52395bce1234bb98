"""The check as a function from Arrow to Arrow, for engines that distribute batches of a table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from .. import _checks
from ..api.consent import CHECK_CONSENT, CheckConsent, Consent
from ..bulk.outage import GIVE_UP_AFTER, patience
from ..bulk.run import MOST_AT_ONCE, Bulk
from ..bulk.single_flight import SingleFlight
from ..clock import now
from ..ids import to_oa_id
from ..jobs.record import RESULT_COLUMNS, Question, Recorder
from ..session import Session
from ..tables import Row, named_column
from ..tables.arrow import ArrowBatch, arrow
from ..tables.arrow_values import values_of
from ..tables.cells import refuse_lossy
from ..tables.typed import typed_columns

__all__ = ["ConsentBatches"]

_BATCH = "a pyarrow.Table or pyarrow.RecordBatch"
_SESSION = "a function whose result is a Session, such as Session.from_env"

_PHONE = RESULT_COLUMNS.index("phone_normalized")

Table = TypeVar("Table", bound=ArrowBatch)


class ConsentBatches:
    """Checks the phone of every row of an Arrow table, and returns the table with the answers.

        check = ConsentBatches(oa_id=oa_id, column="phone")
        table = await check(table)

    The columns after the input's are those of a file job, with the same rules: `row`, `phone_normalized`, `state`,
    `granted`, `expired_time`, `error`, `message`, `failure`, `checked_at`. They replace columns of the input with these
    names. If a phone could not be checked, `failure` says why. Within a batch each number is checked once. While the
    service accepts no request, the batch waits and fails no row.

    It pickles, to be sent to workers, and holds no key. Each worker opens a session with its first batch and keeps it.
    `aclose()` closes it; otherwise its connections are closed with their event loop. A worker with a new loop for each
    batch (`asyncio.run(check(batch))`) works too, and opens its connections each time.

    Args:
        oa_id: the Zalo Official Account, 1..2**63-1.
        column: the phones' column, by name or by number from 1.
        open_session: makes the session in the worker; by default for the account in the worker's environment. It must
            pickle, as functions of a module do, and so must not hold an account: keys do not pickle.
        give_up_after: seconds that a batch waits while the service accepts no request, above 0.
        now: the present as an aware datetime; for tests.

    Raises:
        InvalidId: oa_id cannot be an id.
        ConfigError: pyarrow is not installed, or an argument has the wrong type or value.
    """

    def __init__(
        self,
        *,
        oa_id: int | str,
        column: str = "phone",
        open_session: Callable[[], Session] = Session.from_env,
        give_up_after: float = GIVE_UP_AFTER,
        now: Callable[[], datetime] = now,
    ) -> None:
        arrow()
        self._oa_id = to_oa_id(oa_id)
        self._column = _checks.line("ConsentBatches.column", column)
        self._open_session = _checks.function("ConsentBatches.open_session", open_session, wanted=_SESSION)
        self._give_up_after = patience("ConsentBatches.give_up_after", give_up_after)
        self._now = _checks.function("ConsentBatches.now", now)
        self._session: Session | None = None
        self._answered = ""

    async def __call__(self, batch: Table, *, first_row: int = 1) -> Table:
        """The batch with its answers, its rows in the same order.

        Args:
            batch: a `pyarrow.Table` or `pyarrow.RecordBatch`.
            first_row: the number of its first row, for the column `row`.

        Raises:
            ConfigError: the column is missing or of a type that rounds phone numbers (float of 16 or 32 bits), or the
                environment describes no account.
            Unauthenticated, PermissionDenied, NotFound, AccountClosed, ProxyError, TlsError, UnknownHost: the first
                rows met it, up to three with different phones, or later twenty in a row.
            Unavailable: the service accepted no request for `give_up_after` seconds. Give the batch again later.
        """
        _checks.methods("batch", batch, "column", "select", "append_column", wanted=_BATCH)
        first_row = _checks.whole("first_row", first_row, least=0)
        session = self._opened().with_options(background=True)
        fields = list(batch.schema)
        names = [field.name for field in fields]
        phone_at = named_column(names, self._column)
        refuse_lossy(str(fields[phone_at].type), names[phone_at])
        phones = values_of(batch.column(phone_at))
        recorder = Recorder(kept=(), phone_at=0, has_extra=False, now=self._now)
        questions = [recorder.question(Row(number, (phone,))) for number, phone in enumerate(phones, first_row)]

        def check(phone: str) -> Awaitable[Consent]:
            return session.call(CHECK_CONSENT, CheckConsent(oa_id=self._oa_id, phone=phone))

        run = Bulk(
            SingleFlight(check, question=Question.usable_phone).ask,
            questions,
            done=recorder.done,
            failed=recorder.failed,
            key=Question.usable_phone,
            concurrency=min(session.throttle.concurrency, MOST_AT_ONCE),
            service=session.throttle,
            give_up_after=self._give_up_after,
            give_up=session.give_up,
            repeat=lambda question: check(question.usable_phone()),
            witness=partial(check, self._answered) if self._answered else None,
        )
        records = await run.collect()
        # A later batch may have no phone of its own that shows whose a fault is.
        self._answered = next((str(record.cells[_PHONE]) for record in records if not record.failure), self._answered)
        result = batch.select([at for at, name in enumerate(names) if name not in RESULT_COLUMNS])
        for at, column in enumerate(typed_columns(arrow()[0], RESULT_COLUMNS)):
            result = result.append_column(column.field, column.array(record.cells[at] for record in records))
        return result

    async def aclose(self) -> None:
        """Close the session. Another batch opens a new one."""
        session, self._session = self._session, None
        if session is not None:
            await session.aclose()

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_session": None, "_answered": ""}

    def _opened(self) -> Session:
        if self._session is None:
            self._session = _checks.instance("ConsentBatches.open_session", self._open_session(), Session, _SESSION)
        return self._session
