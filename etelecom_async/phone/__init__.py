"""Phone numbers to and from the form that goes on the wire, `84xxxxxxxxx`.

The form that CheckConsent expects is not documented; Zalo's examples use `84` and the national number, so Vietnamese
numbers are sent that way. A foreign number keeps its plus sign: without it, nine digits are read as Vietnamese.

Numbers are checked by shape alone. Lists of assigned blocks lag behind the operators, and refusing a live number does
more harm than a call about a dead one; `strict` uses the list.
"""

from __future__ import annotations

import re

from ..errors import ConfigError, InvalidPhone, PhoneProblem
from .mask import mask

__all__ = ["is_phone", "mask", "national", "normalize", "strict"]

_plain = re.compile(r"(?:0|84|840)?([35789][0-9]{8}|2[0-9]{9})").fullmatch
_is_wire = re.compile(r"84[35789][0-9]{8}").fullmatch


def normalize(phone: str) -> str:
    """The wire form of a phone number: `84987654321`, or `+` and E.164 digits for a foreign one.

    Accepts every common form: `0987 654 321`, `+84 (0)987.654.321`, `84987654321`, `987654321`, `0084...`, landlines,
    `tel:` links, full-width digits, `="0987654321"` and `84987654321.0` from spreadsheets, quotes and invisible marks
    of copied contacts. Foreign numbers need their `+` or `00`.

    The result has the digits of the text in their order, except for the trunk zero, the country code, the international
    prefix and a final `.0`.

    Raises:
        InvalidPhone: the text cannot be read as one phone number with certainty. `reason` says why; the message masks
            the number.
    """
    if type(phone) is str and _is_wire(phone):
        return phone
    if not isinstance(phone, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
        why = f"phone is a str; got {type(phone).__name__}. A number has lost its leading zero or its plus sign."
        raise InvalidPhone(why, reason=PhoneProblem.NOT_TEXT)
    # Nearly every number is plain digits: one match is enough.
    if plain := _plain(phone):
        return "84" + plain[1]
    from .reading import read  # noqa: PLC0415 - who has only plain digits does not pay for it

    return read(phone)


def is_phone(text: str) -> bool:
    """Whether `normalize` accepts the text."""
    try:
        normalize(text)
    except InvalidPhone:
        return False
    return True


def national(phone: str) -> str:
    """The form used within Vietnam: `0987654321`. Foreign numbers keep their E.164 form.

    Raises:
        InvalidPhone: the text cannot be a phone number.
    """
    number = normalize(phone)
    return number if number.startswith("+") else "0" + number[2:]


def strict(phone: str) -> str:
    """`normalize`, but refuse what Google's numbering data calls invalid. Needs the extra `[phone]`.

    The data lags behind live number blocks, so it can refuse a real customer.

    Raises:
        InvalidPhone: the text cannot be a phone number, or the data knows no assigned block for it.
        ConfigError: the extra is not installed.
    """
    try:
        import phonenumbers  # noqa: PLC0415 - an extra, imported when used
    except ImportError:
        raise ConfigError("Strict phone validation needs an extra: pip install 'etelecom-async[phone]'.") from None
    number = normalize(phone)
    try:
        is_assigned = phonenumbers.is_valid_number(phonenumbers.parse("+" + number.removeprefix("+")))
    except phonenumbers.NumberParseException:
        is_assigned = False
    if not is_assigned:
        why = f"{mask(number)!r} has the shape of a phone number, but is in no assigned block."
        raise InvalidPhone(why, reason=PhoneProblem.UNASSIGNED)
    return number
