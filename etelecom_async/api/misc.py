"""The namespace `session.misc`: who a key belongs to."""

from __future__ import annotations

from attrs import frozen

from ..codec import Id
from ..endpoint import Caller, Endpoint, Role, Safety

__all__ = ["CURRENT_ACCOUNT", "AccountInfo", "CurrentAccount", "Misc"]


@frozen(kw_only=True)
class AccountInfo:
    """What is public of an account. A partner's own has other fields, which are not documented.

    Attributes:
        id: of the account on eTelecom.
        name: as the account's owner wrote it.
        type: its kind; the values are not documented.
        image_url, website: its links.
    """

    id: Id | None = None
    name: str = ""
    type: str = ""
    image_url: str = ""
    website: str = ""


@frozen(kw_only=True)
class CurrentAccount:
    """What `Misc/CurrentAccount` is sent: nothing."""


CURRENT_ACCOUNT = Endpoint(
    name="Misc/CurrentAccount", payload=CurrentAccount, result=AccountInfo, safety=Safety.READ, role=Role.ACCOUNT
)


@frozen(eq=False)
class Misc:
    """The `Misc/*` methods of a session. Each raises an `EtelecomError` for every failure, as `check_consent` does."""

    _caller: Caller

    async def current_account(self) -> AccountInfo:
        """The account that the api_key belongs to: a call that harms nothing, to see whether a key is accepted.

        Partly documented; not billed; repeated after any failure.
        """
        return await self._caller.call(CURRENT_ACCOUNT, CurrentAccount())
