"""The namespace `session.zalo`: thin methods, each over an `Endpoint` of its subject."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Iterable
from typing import TYPE_CHECKING

from attrs import field, frozen

from .. import _checks
from ..claims.base import Claims, MemoryClaims, Turns
from ..endpoint import Caller
from ..ids import to_oa_id
from ..phone import normalize
from .consent import CHECK_CONSENT, CheckConsent, Checked, Consent, Failed
from .lazy import Lazy

if TYPE_CHECKING:
    from ..bulk.run import Bulk
    from .asking import Methods as AskingMethods
    from .followers import Methods as FollowerMethods
    from .journeys import Methods as JourneyMethods
    from .messages import Methods as MessageMethods
    from .oa import Methods as OaMethods
    from .templates import Methods as TemplateMethods
    from .transactions import Methods as TransactionMethods
    from .zns import Methods as ZnMethods

    class _Subjects(
        AskingMethods,
        OaMethods,
        FollowerMethods,
        MessageMethods,
        TransactionMethods,
        TemplateMethods,
        ZnMethods,
        JourneyMethods,
    ): ...
else:
    _Subjects = object

__all__ = ["Zalo"]


@frozen(eq=False)
class Zalo(_Subjects):
    """The `Zalo/*` methods of a session."""

    _caller: Caller
    _background: Caller
    _turns: Turns = field(factory=Turns)
    _claims: Claims = field(factory=MemoryClaims)

    if not TYPE_CHECKING:
        request_consent = Lazy("asking")
        ensure_consent = Lazy("asking")
        list_request_consent = Lazy("asking")
        authorize_oa = Lazy("oa")
        connect_oa = Lazy("oa")
        refresh_token = Lazy("oa")
        list_oa = Lazy("oa")
        get_shop_oa = Lazy("oa")
        update_shop_oa = Lazy("oa")
        list_followers = Lazy("followers")
        oa_send_text = Lazy("messages")
        oa_send_sticker = Lazy("messages")
        oa_send_image = Lazy("messages")
        oa_send_file = Lazy("messages")
        request_user_info = Lazy("messages")
        send_zns_txn = Lazy("transactions")
        create_template = Lazy("templates")
        get_template = Lazy("templates")
        list_templates = Lazy("templates")
        send_zns = Lazy("zns")
        get_message = Lazy("zns")
        list_messages = Lazy("zns")
        create_journey = Lazy("journeys")
        send_zns_journey = Lazy("journeys")
        get_journey = Lazy("journeys")
        list_journeys = Lazy("journeys")

    async def check_consent(self, *, oa_id: int | str, phone: str) -> Consent:
        """Ask whether a customer has granted calling permission.

        Documented; perhaps billed; repeated after any failure.

        Args:
            oa_id: the Zalo Official Account, 1..2**63-1, as int or decimal digits.
            phone: the customer's number in any common writing.

        Raises:
            InvalidId, InvalidPhone: before anything is sent.
            RateLimited, Unavailable: the server said "try later" to the last attempt, also inside a 200.
            ApiError: the server refused otherwise.
            DecodeError: it said 200 and the body does not fit.
            TransportError, DeadlineExceeded, QueueTimeout: no answer.
        """
        return await self._caller.call(CHECK_CONSENT, CheckConsent(oa_id=oa_id, phone=phone))

    def check_consents(
        self,
        *,
        oa_id: int | str,
        phones: Iterable[str] | AsyncIterable[str],
        concurrency: int = 100,
        ordered: bool = False,
        total: int | None = None,
        give_up_after: float = 1800.0,
    ) -> Bulk[str, Consent, Checked, Failed]:
        """Check any number of phones in constant memory; each one's outcome comes as it completes.

            async with session.zalo.check_consents(oa_id=oa_id, phones=phones) as run:
                async for outcome in run:
                    match outcome:
                        case Checked(phone=phone, consent=consent): ...
                        case Failed(phone=phone, error=error): ...

        It is background work: other calls of the account go first, and leave it a twentieth at least.

        A phone that cannot be checked is a `Failed` in its place. The same number given twice, in whatever writing, is
        asked once while the first is under way or among the last thousand answered.

        As long as the service accepts no request, the run waits and fails no phone: `run.waiting` says since when. A
        phone that met a transient fault meanwhile is asked again.

        Args:
            oa_id: the Zalo Official Account, 1..2**63-1, as int or decimal digits.
            phones: a sync or async iterable, pulled lazily.
            concurrency: checks under way at once, from 1 to 10,000. The session's throttle has the last word.
            ordered: outcomes in the order of the phones. A slow one holds up the outcomes behind it; checks go on until
                16 times `concurrency` phones are ahead of what has been taken.
            total: how many phones there are, for the ETA; taken from `len(phones)` where that exists.
            give_up_after: seconds that the run waits while the service accepts no request, above 0.

        Raises:
            InvalidId, ConfigError: before anything is sent.
            Unauthenticated, PermissionDenied, NotFound, AccountClosed, TlsError: out of the run, where each of up to
                three first, different phones meets it, or later twenty in a row. Those phones have no outcome.
            Unavailable: out of the run, which has waited for `give_up_after` seconds. Phones that have no answer then
                have no outcome.
        """
        from ..bulk.run import Bulk  # noqa: PLC0415
        from ..bulk.single_flight import SingleFlight  # noqa: PLC0415 - a run needs asyncio, and a Consent does not

        oa_id = to_oa_id(oa_id)
        phones = _checks.items("phones", phones, example="[phone]")

        def check(phone: str) -> Awaitable[Consent]:
            return self._background.call(CHECK_CONSENT, CheckConsent(oa_id=oa_id, phone=phone))

        return Bulk(
            SingleFlight(check, question=normalize).ask,
            phones,
            done=Checked,
            failed=Failed,
            concurrency=concurrency,
            ordered=ordered,
            key=normalize,
            total=total,
            service=self._background,
            give_up_after=give_up_after,
            give_up=self._background.give_up,
            repeat=lambda phone: check(normalize(phone)),
        )
