"""Reads the sandbox's customers from a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ..api.consent import Consent, ConsentState
from ..errors import ConfigError, InvalidPhone
from ..sandbox import Customer
from ..tables import Row, find_phone_column, open_source
from ..tables.cells import phone_text

__all__ = ["read_customers"]

_SAMPLE = 100


def read_customers(path: Path) -> dict[str, Customer]:
    """The customers of a table, by their phones in wire form; of a phone that occurs twice, the last.

    The column of the phones is found as in a bulk job. Other columns go by their names: `state` (a `ConsentState`'s
    value) or `error` (the code), `expired_time` (ISO 8601, UTC without an offset) and `message`. Without a state and a
    code the customer has granted permission. The output of a bulk job has all of these columns.

    Raises:
        ConfigError: the file cannot be read, or a row cannot be used; the message names the row.
    """
    source = open_source(path)
    rows = list(source.rows())
    phone_at, _ = find_phone_column(source.columns, rows[:_SAMPLE])
    columns = {name.strip().lower(): index for index, name in enumerate(source.columns)}
    customers: dict[str, Customer] = {}
    for row in rows:
        try:
            customer = _customer(row, phone_at=phone_at, columns=columns)
        except (ConfigError, InvalidPhone) as error:
            raise ConfigError(f"{path}, row {row.number}: {error.message}") from None
        customers[customer.phone] = customer
    return customers


def _text(row: Row, columns: Mapping[str, int], *names: str) -> str:
    """The cell of the first of these columns that exists; empty if none does."""
    cell = next((row.cells[columns[name]] for name in names if name in columns), None)
    return "" if cell is None else str(cell).strip()


def _customer(row: Row, *, phone_at: int, columns: Mapping[str, int]) -> Customer:
    if row.problem:
        raise ConfigError(f"{row.problem}.")
    phone = phone_text(row.cells[phone_at])
    error = _error(state=_text(row, columns, "state"), code=_text(row, columns, "error", "code"))
    expires = _moment(_text(row, columns, "expired_time", "expires"))
    message = _text(row, columns, "message")
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
