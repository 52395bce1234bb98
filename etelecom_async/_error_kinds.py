"""What errors are told apart by, and how received text gets into them. Public are the enums, in `errors`."""

from __future__ import annotations

import enum
from typing import Self

__all__ = ["ErrorCategory", "Phase", "PhoneProblem", "SignatureProblem", "one_line"]


class Phase(enum.Enum):
    """How far a failed call came. It decides whether a SEND may be repeated."""

    NOT_SENT = "not sent"
    """The server has not seen the request."""
    REJECTED = "rejected"
    """The server saw the request and refused it: nothing was done."""
    UNKNOWN = "unknown"
    """The request may have been carried out."""


class ErrorCategory(enum.Enum):
    """What an `error_code` inside a 200 is about. For other codes, and where it is not certain, it is UNKNOWN.

    The codes are believed to be Zalo's own; eTelecom prints no table of them. The raw number always stands beside it.
    `etelecom_async.messages.explain` sorts every other error into the same categories.
    """

    CONFIGURATION = "configuration"
    """App, OA, template or rights, or the key, an option or the network: permanent until it is changed."""
    INPUT = "input"
    """The data of the request."""
    RECIPIENT = "recipient"
    """This customer cannot be reached, or refuses."""
    QUOTA = "quota"
    """A quota, a limit or the hour: possible later."""
    MONEY = "money"
    """The balance or the wallet."""
    TOKEN = "token"  # noqa: S105 - a word and no password
    """The token or the login of the OA."""
    MAY_PASS = "may pass"  # noqa: S105
    """May pass by itself. It does not make the error `transient`: the SDK sends nothing again because of it."""
    UNKNOWN = "unknown"
    """Not in the table."""


class PhoneProblem(enum.Enum):
    """Why a text is not read as a phone number. The value is a stable short name; `sentence` is for people."""

    sentence: str

    def __new__(cls, name: str, sentence: str) -> Self:
        member = object.__new__(cls)
        member._value_ = name
        member.sentence = sentence
        return member

    EMPTY = "empty", "No phone number is there."
    """Nothing, or only blanks and punctuation."""
    NOT_TEXT = "not text", "The value is not text, so it cannot be read as a phone number."
    """True or false, a date, a list, bytes that are not UTF-8."""
    NOT_A_NUMBER = "not a number", "No customer's phone number looks like that."
    """Digits that no mobile, landline or foreign number has: `1900 1234`, `+0987654321`."""
    TOO_SHORT = "too short", "Digits are missing."
    """`098765432`."""
    TOO_LONG = "too long", "There are too many digits."
    """`09876543210`."""
    TWO_NUMBERS = "two numbers", "There is more than one phone number: leave one."
    """`0987654321 / 0912345678`, and a number with the last digits of a second: `0987654321/22`."""
    EXTENSION = "extension", "An extension stands behind the phone number: leave it out."
    """`0987654321 ext 5`, `+1 202 555 0123 - 5`."""
    OLD_MOBILE = "old mobile", "It is an 11-digit mobile of before 2018: write the number that it became."
    """`0120 123 4567`. The message says what its first digits became."""
    AREA_CODE = "area code", "It is a landline of before 2017, and its area code reads like a mobile now."
    """`(08) 3812 3456`."""
    AMBIGUOUS = "ambiguous", "It can be read as two different phone numbers."
    """`00987654321` is a zero too many or a foreign number; in `+39 (0)6 ...` the zero is part of the number."""
    SCIENTIFIC = "scientific notation", "A spreadsheet dropped digits: format the column as text."
    """`8.49877E+10`."""
    DIGITS_LOST = "digits lost", "The value is a number with a fraction, or one so large that digits were lost."
    """`987654.5`, a float beyond 2**53."""
    LETTERS = "letters", "Something else than digits is in it."
    """`0987a54321`; the message names the character."""
    UNASSIGNED = "unassigned", "It has the form of a phone number and lies in no assigned block."
    """Only `phone.strict` raises it."""


class SignatureProblem(enum.Enum):
    """Why the signature of a webhook's body is not accepted."""

    ABSENT = "absent"
    """The sender has not signed: no header `X-ZEvent-Signature`. A relayed event may come so."""
    MALFORMED = "malformed"
    """The header is not `mac=` and 64 hex digits, or there are two different ones."""
    UNDATED = "undated"
    """The body has no `timestamp` in epoch milliseconds, which is part of what is signed."""
    WRONG = "wrong"
    """Signed with another key or for another app, or changed on its way."""
    OUT_OF_DATE = "out of date"
    """Signed as it should be, but too long ago, or more than five minutes ahead of this machine's clock."""


def one_line(words: str) -> str:
    """Received text, safe for a log: no line breaks, no terminal controls, at most 500 characters."""
    printable = "".join(c if c.isprintable() else " " * c.isspace() for c in words[:2000])
    return " ".join(printable.split())[:500].rstrip()
