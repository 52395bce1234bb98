"""Phone numbers that are not plain digits: read with certainty, or refused.

A phone number is an identity: with another digit it is another person. So a text is refused if any of its digits could
belong to something else: a second number, an extension, an area code, an extra zero.
"""

from __future__ import annotations

import re
from itertools import pairwise

from ..errors import InvalidPhone, PhoneProblem
from .refusal import DOMESTIC, NATIONAL, refusal, tail_refusal, why_refused
from .text import PADDING, UNEXPECTED, Group, digits_of, grouped, groups_of, simplified

__all__ = ["read"]

_national = re.compile(NATIONAL).fullmatch
_domestic = re.compile(DOMESTIC).fullmatch
_from_abroad = re.compile(rf"840?{NATIONAL}").fullmatch
_foreign = re.compile(r"(?!84)[1-9][0-9]{6,14}").fullmatch
_has_its_plus_in_front = re.compile(r"[( ]*\+[^+]*").fullmatch
_LONGEST_TEXT = 500

# Two to four digits between single signs, as most people write: these cannot separate two numbers. A lone 8 can be the
# area code of a landline.
_ordinary = re.compile(
    r"(?=0[^0]|\+?84[ .-])(?!(?:\+?84[ .-])?0?8[ .-])(?:\+84[ .-])?[0-9]{2,4}(?:[ .-][0-9]{2,4}){1,4}"
).fullmatch
_NO_SIGNS = str.maketrans("", "", " .-+")

_whole = re.compile(r"([0-9]+)\.0+").fullmatch
# Spreadsheets write no number with a first digit of 0; "84." is the country code.
_fraction = re.compile(r"(?!84[.,])[1-9][0-9]*[.,][0-9]+|[1-9][0-9]{0,2}(?:[., '][0-9]{3})+[.,][0-9]{1,2}").fullmatch
_negative = re.compile(r"-[1-9][0-9]*(?:[.,][0-9]+)?").fullmatch

# Signs that may separate two numbers: a slash, comma, line break or bracket; a dash or full stop beside a blank.
_SEPARATORS = re.compile(r"[/,\n(]| -|- |\. ")
_WHOLE_IN_ONE = 8
"""So many digits in one group are a whole number; what follows them is something else."""
_SHORTEST_FOREIGN = 7
_WHOLE_WITH_COUNTRY = 10
_SHORT_TAIL = 3
_PAIR = 2
_LONGEST_COUNTRY_CODE = 3
_NORTH_AMERICAN_DIGITS = 11
# In these countries a national number can begin with 0, so "(0)" may be part of it.
_ZERO_KEPT = frozenset(
    {"39", "225", "227", "229", "241", "242", "267", "268", "378", "501", "676", "679", "687", "853"}
)
_AREA_CODES_BEFORE_2017 = frozenset(
    {
        *("8", "30", "31", "320", "321", "33", "34", "350", "351", "36", "37", "38", "39"),
        *("500", "501", "510", "511", "52", "53", "54", "55", "56", "57", "58", "59"),
        *("70", "710", "711", "72", "73", "74", "75", "76", "77", "780", "781", "79"),
    }
)
"""Those that begin like today's mobiles; the ministry's decision 2036/QD-BTTTT replaced them by 2xx."""


def read(text: str) -> str:
    """The wire form: `84987654321`, or `+` and E.164 digits for a foreign number.

    Raises:
        InvalidPhone: it cannot be read with certainty; `reason` and the message say why.
    """
    if _ordinary(text):
        digits = text.translate(_NO_SIGNS)
        if ordinary := _domestic(digits) if text.startswith("0") else _from_abroad(digits):
            return "84" + ordinary[1]
    text = text.strip(PADDING)
    if len(text) > _LONGEST_TEXT:
        raise InvalidPhone(f"A text of {len(text):,} characters is not a phone number.", reason=PhoneProblem.TOO_LONG)
    return _of_simplified(simplified(text))


def _of_simplified(plain: str) -> str:
    # `.0` is how a spreadsheet writes a whole number.
    if whole := _whole(plain):
        plain = whole[1]
    if UNEXPECTED.search(plain) or ("+" in plain and not _has_its_plus_in_front(plain)):
        raise why_refused(plain)
    if _fraction(plain) or _negative(plain):
        raise refusal(plain, PhoneProblem.DIGITS_LOST, "it is a negative number or has a fraction; write it as text")
    groups = groups_of(plain)
    digits = "".join(group.digits for group in groups)
    if digits.startswith("00") and "+" not in plain:
        if _national(digits[2:]):
            why = "it has an extra zero, or is a foreign number, which is written with + instead of 00"
            raise refusal(plain, PhoneProblem.AMBIGUOUS, why)
        return _international(plain, _without_zeros(groups), digits[2:])
    if "+" in plain:
        return _international(plain, groups, digits)
    found = _domestic(digits)
    if found is None:
        raise why_refused(plain)
    return _vietnamese(plain, groups, found)


def _international(plain: str, groups: list[Group], digits: str) -> str:
    if found := _from_abroad(digits):
        return _vietnamese(plain, groups, found)
    groups = _without_trunk_zero(plain, groups)
    digits = "".join(group.digits for group in groups)
    if not _foreign(digits):
        raise why_refused(plain)
    if digits.startswith("1"):
        if len(digits) != _NORTH_AMERICAN_DIGITS:
            raise _wrong_north_american(plain, groups, len(digits))
        _refuse_a_tail(plain, groups, ahead=1, enough=_WHOLE_IN_ONE)
    else:
        _refuse_a_tail(plain, groups, ahead=0, enough=_SHORTEST_FOREIGN)
        _refuse_a_short_tail(plain, groups)
    return "+" + digits


def _vietnamese(plain: str, groups: list[Group], found: re.Match[str]) -> str:
    national = found[1]
    ahead = found.start(1)
    # The length of such a number is known, so a dash between blanks in its middle separates nothing.
    _refuse_a_tail(plain, groups, ahead=ahead, enough=_WHOLE_IN_ONE)
    if not national.startswith("2") and _has_area_code(plain, groups, national, ahead):
        why = "its old area code looks like the start of a mobile; write the number used since 2017"
        raise refusal(plain, PhoneProblem.AREA_CODE, why)
    return "84" + national


def _wrong_north_american(plain: str, groups: list[Group], digits: int) -> InvalidPhone:
    if any(group.at == _NORTH_AMERICAN_DIGITS for group in groups):
        return tail_refusal(plain, before=groups[-1].before, digits=digits - _NORTH_AMERICAN_DIGITS)
    problem = PhoneProblem.TOO_SHORT if digits < _NORTH_AMERICAN_DIGITS else PhoneProblem.TOO_LONG
    return refusal(plain, problem, f"it is {problem.value}; ten digits follow +1")


def _refuse_a_tail(plain: str, groups: list[Group], *, ahead: int, enough: int) -> None:
    """Refuse digits that follow, set apart, what is already a number.

    Args:
        plain: the simplified text.
        groups: its digits.
        ahead: how many digits are country code or trunk zero.
        enough: the fewest national digits that can be a number.
    """
    whole = sum(len(group.digits) for group in groups)
    for former, group in pairwise(groups):
        is_apart = _SEPARATORS.search(group.before) and group.at - ahead >= enough
        if is_apart or group.at - max(former.at, ahead) >= _WHOLE_IN_ONE:
            raise tail_refusal(plain, before=group.before, digits=whole - group.at)


def _refuse_a_short_tail(plain: str, groups: list[Group]) -> None:
    """Refuse the last digits of a foreign number, whose length is unknown, if another sign separates them."""
    last = groups[-1]
    inner = groups[1:-1]
    enough = _SHORTEST_FOREIGN if len(last.digits) < _SHORT_TAIL else _WHOLE_WITH_COUNTRY
    if last.at < enough or len(last.digits) > _SHORT_TAIL:
        return
    is_single = len(last.digits) == 1 and any(len(group.digits) > 1 for group in inner)
    if is_single or _joint(last) not in map(_joint, inner):
        raise tail_refusal(plain, before=last.before, digits=len(last.digits))


def _joint(group: Group) -> str:
    return next((sign for sign in "-./'," if sign in group.before), " ")


def _without_zeros(groups: list[Group]) -> list[Group]:
    """The groups without the two leading zeros that stand for a plus sign."""
    parts = [(group.before, group.digits[max(0, 2 - group.at) :]) for group in groups]
    return grouped([part for part in parts if part[1]])


def _without_trunk_zero(plain: str, groups: list[Group]) -> list[Group]:
    """The groups without the `(0)` that is dialled only within the country: `+44 (0)20 ...`."""
    after = [group.before for group in groups[1:]] + [plain.rpartition(groups[-1].digits)[2]] if groups else []
    for place, (group, behind) in enumerate(zip(groups, after, strict=True)):
        if group.digits == "0" and group.before.rstrip().endswith("(") and behind.lstrip().startswith(")"):
            country = "".join(each.digits for each in groups[:place])
            if not 1 <= len(country) <= _LONGEST_COUNTRY_CODE or country in _ZERO_KEPT:
                why = "(0) may or may not be part of the number; write the digits dialled from abroad"
                raise refusal(plain, PhoneProblem.AMBIGUOUS, why)
            return grouped([(each.before, each.digits) for each in groups if each is not group])
    return groups


def _has_area_code(plain: str, groups: list[Group], national: str, ahead: int) -> bool:
    """Are the digits of a mobile grouped like a landline from before 2017: `(08) 3812 3456`, `08 38123456`?"""
    for bracket in re.finditer(r"\([^()]*", plain):
        if _code(plain[: bracket.start()]):
            break
        front = plain[: bracket.end()]
        # "(84) 381 2345" has the country code in brackets, and then too few digits.
        if _code(front) in _AREA_CODES_BEFORE_2017 or (ahead == 0 and digits_of(front) == "84"):
            return True
    # 8 alone was the code of Ho Chi Minh City. Pairs and single digits are only spelled out.
    is_alone = any(group.at == ahead + 1 and len(group.digits) > _PAIR for group in groups)
    return is_alone and national.startswith("8")


def _code(front: str) -> str:
    """The digits of `front` without the country code and the trunk zero."""
    return re.sub(r"^(?:00)?(?:84)?0?", "", digits_of(front))
