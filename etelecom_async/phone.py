"""Phone numbers to and from the one form that goes on the wire, `84xxxxxxxxx`.

What CheckConsent wants is not documented; Zalo's own examples use `84` and the national number, so that is sent for
Vietnamese numbers. A foreign number keeps its plus sign: without it the operator reads nine digits as Vietnamese.

Numbers are judged by shape alone. Lists of assigned blocks lag behind the operators, and refusing a live number does
more harm than asking about a dead one; who wants the list all the same has `strict`.
"""

from __future__ import annotations

import re
import unicodedata

from .errors import ConfigError, InvalidPhone

__all__ = ["is_phone", "mask", "national", "normalize", "strict"]

# A mobile has nine national digits and begins with 3, 5, 7, 8 or 9; a landline has ten and begins with 2.
_NATIONAL = r"([35789][0-9]{8}|2[0-9]{9})"
_PLAIN = re.compile(rf"(?:0|84|840)?{_NATIONAL}")
_INTERNATIONAL = re.compile(rf"840?{_NATIONAL}")
_FOREIGN = re.compile(r"(?!84)[1-9][0-9]{6,14}")
_is_wire = re.compile(r"84[35789][0-9]{8}").fullmatch
_PREFIX = re.compile(r"(\+|00)")
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")
_SEVERAL = re.compile(r"[/,;\n\r]")
_SEPARATORS = re.compile(r"[\s.,()/'\[\]\-\u2010-\u2015\u2212\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


def normalize(phone: str) -> str:
    """The wire form of a phone number: `84987654321`, or `+` and E.164 digits for a foreign one.

    Takes every common writing: `0987 654 321`, `+84 (0)987.654.321`, `84987654321`, `987654321`, `0084...`, landlines,
    `tel:` links, full-width digits, invisible marks from copied contacts. Foreign numbers need their `+` or `00`.

    Raises:
        InvalidPhone: the text cannot be a phone number. The message masks the number.
    """
    if type(phone) is str and _is_wire(phone):
        return phone
    if not isinstance(phone, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
        raise InvalidPhone("A phone number is a str: as a number it has lost its leading zero or its plus sign.")
    # Nearly every number is typed as plain digits: one match and done.
    if plain := _PLAIN.fullmatch(phone):
        return "84" + plain[1]
    compact = _compact(phone)
    if prefix := _PREFIX.match(compact):
        digits = compact[prefix.end() :]
        if vietnamese := _INTERNATIONAL.fullmatch(digits):
            return "84" + vietnamese[1]
        # Any number of digits may be somebody's number abroad, so two numbers in one text must not become a third.
        if _FOREIGN.fullmatch(digits) and not _SEVERAL.search(phone.strip()):
            return "+" + digits
    elif plain := _PLAIN.fullmatch(compact):
        return "84" + plain[1]
    if not compact:
        raise InvalidPhone("There is no phone number: the text is empty.")
    raise InvalidPhone(
        f"{mask(compact[:20])!r} cannot be a phone number: write a Vietnamese one like 0987654321 or +84987654321,"
        " a foreign one with its + and country code."
    )


def is_phone(text: str) -> bool:
    """Can the text be a phone number? True where `normalize` takes it."""
    try:
        normalize(text)
    except InvalidPhone:
        return False
    return True


def national(phone: str) -> str:
    """The form people in Vietnam write: `0987654321`. Foreign numbers keep their E.164 form.

    Raises:
        InvalidPhone: the text cannot be a phone number.
    """
    number = normalize(phone)
    return number if number.startswith("+") else "0" + number[2:]


def mask(phone: str) -> str:
    """The number with its middle hidden, for logs: `849*****321`. Never raises."""
    shown = 3
    if len(phone) <= 2 * shown:
        return "*" * len(phone)
    return phone[:shown] + "*" * (len(phone) - 2 * shown) + phone[-shown:]


def strict(phone: str) -> str:
    """`normalize`, and refuse what Google's numbering data calls invalid. Needs the extra `[phone]`.

    The data lags behind live number blocks, so it can refuse a real customer.

    Raises:
        InvalidPhone: the text cannot be a phone number, or lies in no block that the data knows as assigned.
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
        raise InvalidPhone(f"{mask(number)!r} has the shape of a phone number but lies in no assigned block.")
    return number


def _compact(phone: str) -> str:
    text = _SEPARATORS.sub("", _TRUNK_ZERO.sub("", unicodedata.normalize("NFKC", phone)))
    return text[4:] if text[:4].lower() == "tel:" else text
