"""Reads the sandbox's customers from a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..api.consent import Consent, ConsentState
from ..errors import ConfigError, InvalidPhone
from ..sandbox import Customer
from ..tables import Row, find_phone_column, open_source
from ..tables.cells import phone_text

__all__ = ["read_customers"]

_SAMPLE = 100
_STATES = ("state",)
_CODES = ("error", "code")
_EXPIRIES = ("expired_time", "expires")
_MESSAGES = ("message",)


def read_customers(path: Path) -> dict[str, Customer]:
    """The customers of a table, by their phones in wire form; if a phone occurs twice, the last.

    The phones' column is found as in a bulk job. These columns are read by name, if they exist: `state` (a
    `ConsentState`'s value) or `error` (the code), `expired_time` (ISO 8601, UTC unless it says otherwise) and
    `message`. Without a state and a code the customer has granted permission. The output of a bulk job has them all.

    Raises:
        ConfigError: the file cannot be read, or a row cannot be used; the message names the row.
    """
    source = open_source(path)
    rows = list(source.rows())
    phone_at, _ = find_phone_column(source.columns, rows[:_SAMPLE])
    columns = _Columns(source.columns)
    customers: dict[str, Customer] = {}
    for row in rows:
        try:
            customer = _customer(row, phone_at=phone_at, columns=columns)
        except (ConfigError, InvalidPhone) as error:
            raise ConfigError(f"{path}, row {row.number}: {error.message}") from None
        customers[customer.phone] = customer
    return customers


class _Columns:
    """The columns that describe a customer, by name."""

    def __init__(self, names: Sequence[str]) -> None:
        self._indexes = {name.strip().lower(): index for index, name in enumerate(names)}

    def text(self, row: Row, names: Iterable[str]) -> str:
        """The cell of the first of these columns that exists; empty if none does."""
        index = next((self._indexes[name] for name in names if name in self._indexes), None)
        cell = None if index is None else row.cells[index]
        return "" if cell is None else str(cell).strip()


def _customer(row: Row, *, phone_at: int, columns: _Columns) -> Customer:
    if row.problem:
        raise ConfigError(f"{row.problem}.")
    phone = phone_text(row.cells[phone_at])
    error = _error(state=columns.text(row, _STATES), code=columns.text(row, _CODES))
    expires = _moment(columns.text(row, _EXPIRIES))
    message = columns.text(row, _MESSAGES)
    if message:
        return Customer(phone=phone, error=error, expires=expires, message=message)
    return Customer(phone=phone, error=error, expires=expires)


def _error(*, state: str, code: str) -> int:
    if code:
        try:
            return int(code)
        except ValueError:
            raise ConfigError(f"error is a whole number such as 0 or 20, not {code!r}.") from None
    try:
        consent = Consent.of(ConsentState(state.lower())) if state else Consent(error=0)
    except ValueError:
        known = ", ".join(state.value for state in ConsentState)
        raise ConfigError(f"state is one of {known}; not {state!r}.") from None
    return consent.error or 0


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"expired_time is a time such as 2027-01-31T00:00:00Z, not {text!r}.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
