"""Why a text is not a phone number: the reason, and a message for the person who corrects it."""

from __future__ import annotations

import re
import unicodedata

from ..errors import InvalidPhone, PhoneProblem
from .mask import mask
from .text import UNEXPECTED, digits_of, groups_of, name_of

__all__ = ["DOMESTIC", "NATIONAL", "refusal", "tail_refusal", "why_refused"]

NATIONAL = r"([35789][0-9]{8}|2[0-9]{9})"
"""A mobile has nine national digits and begins with 3, 5, 7, 8 or 9; a landline has ten and begins with 2."""
DOMESTIC = rf"(?:0|84|840)?{NATIONAL}"

_MOBILES_OF_BEFORE_2018 = {
    **dict(zip(("120", "121", "122", "126", "128"), ("070", "079", "077", "076", "078"), strict=True)),
    **dict(zip(("123", "124", "125", "127", "129"), ("083", "084", "085", "081", "082"), strict=True)),
    **{f"16{last}": f"03{last}" for last in range(2, 10)},
    **dict(zip(("186", "188", "199"), ("056", "058", "059"), strict=True)),
}
"""New prefixes of 11-digit mobiles since 2018, from the plan that the ministry published on 29 May 2018."""

_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+")
_EXTENSION_WORDS = "ext|extension|extn|x|#|máy lẻ|may le|số lẻ|so le|lẻ|nội bộ|noi bo|nb|ml"
_EXTENSION = re.compile(rf"[ .,;/(\-]*(?:{_EXTENSION_WORDS})[ .:=]*[0-9]{{1,6}}[ )]*")
_NUMBER_LIKE = 7
"""The fewest digits that can be a whole number."""
_NATIONAL_DIGITS, _LANDLINE_DIGITS = 9, 10
_MOST_FOREIGN = 15


def refusal(plain: str, problem: PhoneProblem, why: str) -> InvalidPhone:
    """The error for a simplified text, with the number masked."""
    return InvalidPhone(f"{mask(plain[:20])!r} cannot be a phone number: {why}.", reason=problem)


def why_refused(plain: str) -> InvalidPhone:
    """The error for a simplified text that does not have the form of a number."""
    if not plain.strip(" '\n.,-/()+"):
        return InvalidPhone("There is no phone number: the text is empty.", reason=PhoneProblem.EMPTY)
    if _SCIENTIFIC.fullmatch(plain):
        why = "a spreadsheet wrote it in scientific notation, which drops digits; format the column as text"
        return refusal(plain, PhoneProblem.SCIENTIFIC, why)
    return _more_than_one(plain) or _unexpected(plain) or _wrong_digits(plain)


def tail_refusal(plain: str, *, before: str, digits: int) -> InvalidPhone:
    """The error for a whole number that `digits` further ones follow, after the signs `before`."""
    if digits >= _NUMBER_LIKE - 1 or re.search(r"[/,\n]", before):
        return refusal(plain, PhoneProblem.TWO_NUMBERS, "it holds two numbers, or the end of a second one; leave one")
    return refusal(plain, PhoneProblem.EXTENSION, "further digits follow the number; leave an extension out")


def _more_than_one(plain: str) -> InvalidPhone | None:
    parts = re.split(r"[^0-9 \-.'()]+", plain)
    if sum(len(digits_of(part)) >= _NUMBER_LIKE for part in parts) > 1:
        return tail_refusal(plain, before="/", digits=_NUMBER_LIKE)
    words = unicodedata.normalize("NFC", plain).lower()
    if any(len(digits_of(words[: found.start()])) >= _NUMBER_LIKE for found in _EXTENSION.finditer(words)):
        return tail_refusal(plain, before="", digits=1)
    if UNEXPECTED.search(plain):
        return None
    groups = groups_of(plain)
    digits = "".join(group.digits for group in groups)
    for group in groups[1:]:
        if re.fullmatch(rf"(?:00)?{DOMESTIC}", digits[: group.at]):
            return tail_refusal(plain, before=group.before, digits=len(digits) - group.at)
    if re.fullmatch(rf"{DOMESTIC}{DOMESTIC}", digits):
        return tail_refusal(plain, before="", digits=_NUMBER_LIKE)
    return None


def _unexpected(plain: str) -> InvalidPhone | None:
    found = UNEXPECTED.search(plain)
    if found is None:
        return None
    return refusal(plain, PhoneProblem.LETTERS, f"{name_of(found[0])} is in it; write only digits")


def _wrong_digits(plain: str) -> InvalidPhone:
    digits = digits_of(plain)
    if "+" in plain and not digits.startswith("84"):
        return _wrong_foreign(plain, digits)
    # Nine digits that begin with 84 are a number without its zero, unless a plus sign makes 84 the country code.
    country = "84" if "+" in plain or digits.startswith("00") else "84(?=[0-9]{8})"
    national = re.sub(rf"^(?:00)?(?:{country})?0?", "", digits)
    became = _MOBILES_OF_BEFORE_2018.get(national[:3])
    if became and len(national) == _LANDLINE_DIGITS:
        why = f"it is an 11-digit mobile from before 2018, when 0{national[:3]} became {became}; write the new number"
        return refusal(plain, PhoneProblem.OLD_MOBILE, why)
    if national.startswith(("4", "6")) and len(national) == _NATIONAL_DIGITS:
        return refusal(plain, PhoneProblem.AREA_CODE, "its area code is from before 2017; write the new number")
    wanted = _LANDLINE_DIGITS if national.startswith("2") else _NATIONAL_DIGITS
    if len(national) < wanted and not national.startswith(("1800", "1900")):
        return _length(plain, PhoneProblem.TOO_SHORT, national)
    if len(national) > wanted and national[0] in "235789":
        return _length(plain, PhoneProblem.TOO_LONG, national)
    why = "write a Vietnamese one like 0987654321 or +84987654321, a foreign one with its + and country code"
    return refusal(plain, PhoneProblem.NOT_A_NUMBER, why)


def _length(plain: str, problem: PhoneProblem, national: str) -> InvalidPhone:
    kind, wanted = ("landline", 11) if national.startswith("2") else ("mobile", 10)
    why = f"it is {problem.value}; a Vietnamese {kind} has {wanted} digits with its zero, a foreign number its +"
    return refusal(plain, problem, why)


def _wrong_foreign(plain: str, digits: str) -> InvalidPhone:
    if plain.count("+") > 1 or not plain.lstrip(" (").startswith("+") or digits.startswith("0"):
        return refusal(plain, PhoneProblem.NOT_A_NUMBER, "a plus sign comes once, before the country code")
    problem = PhoneProblem.TOO_LONG if len(digits) > _MOST_FOREIGN else PhoneProblem.TOO_SHORT
    return refusal(plain, problem, f"it is {problem.value}; a foreign number has 7 to 15 digits, country code included")
