"""What `etelecom doctor` asks the service with the keys: calls that only look, and that cost nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from datetime import UTC, datetime, timedelta

from .._times import utc_text
from ..account import Account, Partner
from ..api.consent_requests import LIST_REQUEST_CONSENT, ListRequestConsent
from ..api.misc import CURRENT_ACCOUNT, CurrentAccount
from ..api.oa import OaStatus, OfficialAccount
from ..api.paging import Paging
from ..errors import BadRoute, DecodeError, EtelecomError, PermissionDenied, RateLimited, Unauthenticated, Unimplemented
from ..session import Session
from . import doctor_texts as texts
from .finding import Finding, Verdict

__all__ = ["look_at_keys", "look_for_oa"]

_NOT_OFFERED = (BadRoute, Unimplemented)
_BY_WEIGHT = (Verdict.OK, Verdict.WARNING, Verdict.FAILED)
_SOON = timedelta(days=14)


async def look_at_keys(session: Session, check: str) -> Finding:
    """Whether the service accepts the keys that there are: one call that only looks for each."""
    findings = await asyncio.gather(*_questions(session, check))
    worst = max(findings, key=lambda it: _BY_WEIGHT.index(it.verdict))
    return Finding(
        check=check,
        verdict=worst.verdict,
        found="; ".join(it.found for it in findings),
        advice=worst.advice,
        is_passing=worst.is_passing,
    )


async def look_for_oa(session: Session, check: str, oa_id: int | None, *, now: float) -> Finding:
    """Whether the Official Account is one of the shop's, and connected.

    Raises:
        EtelecomError: the list was not answered.
    """
    if not _has_shop_key(session.account):
        return Finding(check=check, verdict=Verdict.SKIPPED, found=texts.OA_NO_KEY)
    try:
        accounts = [oa async for oa in session.zalo.list_oa(limit=100)]
    except _NOT_OFFERED:
        return Finding(check=check, verdict=Verdict.SKIPPED, found=texts.OA_NOT_OFFERED)
    known = ", ".join(_named(it) for it in accounts) or texts.NOTHING
    if oa_id is None:
        if not accounts:
            return Finding(check=check, verdict=Verdict.WARNING, found=texts.OA_NONE, advice=texts.CONNECT_OA)
        return Finding(check=check, verdict=Verdict.OK, found=texts.OA_LIST.format(oas=known), advice=texts.SET_OA)
    found = next((it for it in accounts if it.oa_id == oa_id), None)
    if found is None:
        missing = texts.OA_MISSING.format(oa=oa_id, oas=known)
        return Finding(check=check, verdict=Verdict.FAILED, found=missing, advice=texts.CHECK_OA)
    return _judged(found, check, datetime.fromtimestamp(now, UTC))


def _judged(oa: OfficialAccount, check: str, now: datetime) -> Finding:
    name, ends = _named(oa), oa.expires_at
    if oa.status == OaStatus.DISCONNECTED or (ends is not None and ends <= now):
        gone = texts.OA_DISCONNECTED.format(oa=name)
        return Finding(check=check, verdict=Verdict.FAILED, found=gone, advice=texts.RECONNECT)
    if ends is not None and ends - now < _SOON:
        soon = texts.OA_EXPIRES.format(oa=name, moment=utc_text(ends))
        return Finding(check=check, verdict=Verdict.WARNING, found=soon, advice=texts.RECONNECT)
    return Finding(check=check, verdict=Verdict.OK, found=texts.OA_FOUND.format(oa=name))


def _named(oa: OfficialAccount) -> str:
    return f"{oa.oa_id} ({oa.name})" if oa.name else str(oa.oa_id)


def _questions(session: Session, check: str) -> list[Coroutine[object, object, Finding]]:
    account = session.account
    is_partner = isinstance(account, Partner)
    questions: list[Coroutine[object, object, Finding]] = []
    if _has_shop_key(account):
        asked = session.call(LIST_REQUEST_CONSENT, ListRequestConsent(paging=Paging(limit=1)))
        questions.append(_ask(check, "shop_key" if is_partner else "api_key", LIST_REQUEST_CONSENT.name, asked))
    if is_partner and account.api_key is not None:
        own = session.call(CURRENT_ACCOUNT, CurrentAccount())
        questions.append(_ask(check, "api_key", CURRENT_ACCOUNT.name, own))
    return questions


async def _ask(check: str, key: str, method: str, asked: Awaitable[object]) -> Finding:
    try:
        await asked
    except EtelecomError as error:
        return _refused(check, key, method, error)
    return Finding(check=check, verdict=Verdict.OK, found=texts.ACCEPTED.format(key=key, method=method))


def _refused(check: str, key: str, method: str, error: EtelecomError) -> Finding:
    said = f"{type(error).__name__}: {error.message}".removesuffix(": ")
    if isinstance(error, (*_NOT_OFFERED, DecodeError, RateLimited)):
        untold = texts.UNTOLD.format(key=key, method=method, error=said)
        return Finding(check=check, verdict=Verdict.WARNING, found=untold, advice=texts.ASK_OPERATOR)
    return Finding(
        check=check,
        verdict=Verdict.FAILED,
        found=texts.REFUSED.format(key=key, method=method, error=said),
        advice=texts.OTHER_KEY if isinstance(error, Unauthenticated | PermissionDenied) else texts.TRY_LATER,
        is_passing=error.transient,
    )


def _has_shop_key(account: Account) -> bool:
    return not isinstance(account, Partner) or account.shop_key is not None
