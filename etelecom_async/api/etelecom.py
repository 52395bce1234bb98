"""The namespace `session.etelecom`: telephony, whose methods are in the files of their subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from ..endpoint import Caller
from .lazy import Lazy

if TYPE_CHECKING:
    from .call_logs import Methods as CallLogMethods
    from .extensions import Methods as ExtensionMethods
    from .partner import Methods as PartnerMethods
    from .telephony import Methods as TelephonyMethods

    class _Subjects(TelephonyMethods, ExtensionMethods, CallLogMethods, PartnerMethods): ...
else:
    _Subjects = object

__all__ = ["Etelecom"]


@frozen(eq=False)
class Etelecom(_Subjects):
    """The `Etelecom/*` methods of a session.

    Each raises an `EtelecomError` for every failure, as `check_consent` does, and before anything is sent a
    `ConfigError`, `InvalidId` or `InvalidPhone` where an argument cannot be what it is for.
    """

    _caller: Caller

    if not TYPE_CHECKING:
        create_tenant = Lazy("telephony")
        get_tenant = Lazy("telephony")
        get_hotlines = Lazy("telephony")
        create_extension = Lazy("extensions")
        get_extensions = Lazy("extensions")
        get_extension_info = Lazy("extensions")
        assign_user_to_extension = Lazy("extensions")
        remove_user_of_extension = Lazy("extensions")
        update_hotline_for_extension = Lazy("extensions")
        list_call_logs = Lazy("call_logs")
        get_partner_tenant_list = Lazy("partner")
        get_partner_hotline_list = Lazy("partner")
        partner_add_hotline = Lazy("partner")
        partner_activate_tenant = Lazy("partner")
        partner_add_hotline_to_tenant = Lazy("partner")
        partner_remove_hotline_from_tenant = Lazy("partner")
        partner_remove_hotline = Lazy("partner")
