"""The sandbox's customers: made-up numbers, one for each answer that a consent check can give."""

from __future__ import annotations

import enum
import random
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from attrs import Factory, field, frozen
from attrs.converters import optional

from .. import _checks, clock
from ..errors import ConfigError
from ..phone import normalize

__all__ = ["EXPIRED", "GRANTED", "MESSAGES", "NEVER_ASKED", "Customer", "Reply", "made_up_phones", "sample", "to_reply"]

GRANTED = 0
EXPIRED = 16
NEVER_ASKED = 20

_LONGEST_WORD = 40

# How mobile numbers begin after the country code: checks against assigned blocks accept the sample too.
_MOBILE = (
    *("32", "33", "34", "35", "36", "37", "38", "39", "52", "56", "58", "70", "76", "77", "78", "79"),
    *("81", "82", "83", "84", "85", "86", "88", "89", "90", "91", "92", "93", "94", "96", "97", "98"),
)

MESSAGES = MappingProxyType(
    {
        GRANTED: "Thành công",
        1: "Khách hàng đã cho phép gọi từ trước",
        2: "Đã gửi yêu cầu cấp quyền gọi",
        3: "Khách hàng từ chối cấp quyền gọi",
        4: "Khách hàng đã chặn OA",
        5: "Quá nhiều yêu cầu, vui lòng thử lại sau",
        6: "OA không đủ quyền thực hiện",
        7: "Thiếu lý do gọi",
        8: "Đang chờ khách hàng phản hồi",
        9: "Khách hàng chưa từng tương tác với OA",
        10: "Kết nối không ổn định",
        11: "Yêu cầu không hợp lệ",
        12: "Lỗi hệ thống, vui lòng thử lại sau",
        13: "Tham số không hợp lệ",
        14: "Thất bại",
        EXPIRED: "Quyền gọi đã hết hạn",
        18: "Ngoài giờ làm việc",
        19: "Ngoài khung giờ được phép gọi",
        NEVER_ASKED: "Chưa từng yêu cầu cấp quyền gọi",
        21: "Khách hàng đã tắt nhận cuộc gọi",
        # Not in the known table: a fault of Zalo's platform, and a code without a description.
        -32: "Nền tảng Zalo gặp sự cố",
        77: "Lỗi không xác định",
    }
)
"""The message with each code. The words are made up; the codes are those of Zalo's consent check."""


class Reply(enum.Enum):
    """A customer's answer to a request for permission."""

    ALLOW = "allow"
    """Granted for 30 days."""
    DENY = "deny"
    BLOCK = "block"
    """The customer blocks the Official Account."""


def to_reply(value: Reply | str, name: str = "Customer.reply") -> Reply:
    """A reply, given as a member or as its text; any other value is a `ConfigError`."""
    try:
        return Reply(value)
    except ValueError:
        pass
    shown = _checks.shown(value)
    # With a digit in it, it may be a phone in the wrong place.
    if isinstance(value, str) and value.strip() and value.isprintable() and not any(map(str.isdigit, value)):
        shown = repr(str.__str__(value)) if len(value) <= _LONGEST_WORD else shown
    raise ConfigError(f"{name} is a Reply, or its text: allow, deny or block; got {shown}.")


def _whole(name: str, code: int) -> int:
    return _checks.whole(f"Customer.{name}", code, least=-(2**63), most=2**63 - 1)


def _code(error: int) -> int:
    return _whole("error", error)


def _request_code(error: int) -> int:
    return _whole("request_error", error)


def _zns_code(error: int) -> int:
    return _whole("zns_error", error)


def _oa_code(error: int) -> int:
    return _whole("oa_error", error)


def _usual_message(customer: Customer) -> str:
    return MESSAGES.get(customer.error, "")


@frozen(kw_only=True)
class Customer:
    """A customer, and what the sandbox answers about them.

    Attributes:
        phone: the number in any common writing; kept in the wire form `84xxxxxxxxx`.
        error: the code of the answer. With 5, 10 or 12 the answer is always "try later".
        message: the words of the answer; by default those of `MESSAGES` for the code.
        expires: when a granted permission ends, aware; None for never. After that, `error` 0 is answered as 16.
        reply: how they answer a request for permission, a `Reply` or its text; None if they do not, unless
            `World.reply` does for them.
        reply_after: seconds from a request to that answer.
        request_error: the `error_code` with which a request to them fails inside a 200; 0 if it does not.
        zns_error: the same of a ZNS and of a journey, one of Zalo's codes such as -114.
        oa_error: Zalo's code with which other messages of the Official Account to them fail, such as -230; 0 if they do
            not.
        delivery_after: seconds until a ZNS arrives on their device; None if it never does.

    Raises:
        InvalidPhone: phone cannot be a phone number.
        ConfigError: another attribute is of a wrong type or out of range.
    """

    phone: str = field(converter=normalize)
    error: int = field(default=GRANTED, converter=_code)
    message: str = field(
        default=Factory(_usual_message, takes_self=True),
        validator=_checks.checked(partial(_checks.instance, kind=str, wanted="a str")),
    )
    expires: datetime | None = field(default=None, validator=_checks.checked(_checks.aware, or_none=True))
    reply: Reply | None = field(default=None, converter=optional(to_reply))
    reply_after: float = field(
        default=0.0, validator=_checks.checked(partial(_checks.number, least=0, unit="a number of seconds"))
    )
    request_error: int = field(default=0, converter=_request_code)
    zns_error: int = field(default=0, converter=_zns_code)
    oa_error: int = field(default=0, converter=_oa_code)
    delivery_after: float | None = field(
        default=0.0,
        validator=_checks.checked(partial(_checks.number, least=0, unit="a number of seconds"), or_none=True),
    )


def sample(*, seed: int = 84, now: datetime | None = None) -> dict[str, Customer]:
    """A customer for every code, by their phones in wire form. The same seed gives the same phones.

    There are three with code 0: without an expiry, with a future one and with a past one. A negative and an unknown
    positive code are among them.

    Args:
        seed: for the made-up phone numbers.
        now: aware; the expiries are counted from it. None is the present.

    Raises:
        ConfigError: seed is not a whole number, or now has no time zone.
    """
    seed = _checks.whole("seed", seed, least=-(2**63))
    moment = clock.now() if now is None else _checks.aware("now", now)
    moment = moment.replace(microsecond=0)
    month = timedelta(days=30)
    answers: list[tuple[int, datetime | None]] = [(GRANTED, moment + month), (GRANTED, None)]
    ended = moment - timedelta(days=3)
    answers += [(code, ended if code == EXPIRED else None) for code in MESSAGES if code != GRANTED]
    answers.append((GRANTED, moment - timedelta(days=1)))
    customers = [
        Customer(phone=phone, error=code, expires=expires)
        for phone, (code, expires) in zip(made_up_phones(seed, len(answers)), answers, strict=True)
    ]
    return {customer.phone: customer for customer in customers}


def made_up_phones(seed: int, count: int) -> list[str]:
    """Different made-up mobile numbers."""
    source = random.Random(seed)  # noqa: S311 - made-up numbers, no secret
    phones: dict[str, None] = {}
    while len(phones) < count:
        phones[f"84{source.choice(_MOBILE)}{source.randrange(10**7):07d}"] = None
    return list(phones)
