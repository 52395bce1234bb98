"""Zalo's own codes, believed to be what `error_code` holds inside a 200.

Which table eTelecom passes on is not documented, and the same number means different things by table: so the raw number
always stays beside what is read here, and a number that is not here means nothing.
"""

from __future__ import annotations

from types import MappingProxyType

from ..errors import ErrorCategory

__all__ = ["OA_CODES"]

_CONFIGURATION = ErrorCategory.CONFIGURATION
_INPUT = ErrorCategory.INPUT
_RECIPIENT = ErrorCategory.RECIPIENT
_QUOTA = ErrorCategory.QUOTA
_MONEY = ErrorCategory.MONEY
_TOKEN = ErrorCategory.TOKEN
_MAY_PASS = ErrorCategory.MAY_PASS
_UNKNOWN = ErrorCategory.UNKNOWN

OA_CODES = MappingProxyType(
    {
        -32: (_QUOTA, "rate limit of the app or of the OA (two messages)"),
        -100: (_INPUT, "attachment_id expired (not 'unknown' as in zns)"),
        -200: (_MAY_PASS, "send failed"),
        -201: (_INPUT, "parameter invalid"),
        -202: (_UNKNOWN, "MAC invalid (old)"),
        -204: (_CONFIGURATION, "OA disabled"),
        -205: (_CONFIGURATION, "no such OA"),
        -207: (_CONFIGURATION, "old"),
        -208: (_CONFIGURATION, "old"),
        -209: (_CONFIGURATION, "API unsupported, or app not activated"),
        -210: (_INPUT, "parameter exceeds a limit"),
        -211: (_QUOTA, "out of quota"),
        -212: (_CONFIGURATION, "app has not registered this API"),
        -213: (_RECIPIENT, "user does not follow"),
        -214: (_MAY_PASS, "article in work"),
        -215: (_CONFIGURATION, "app id (old)"),
        -216: (_TOKEN, "access token invalid"),
        -217: (_RECIPIENT, "user blocked invitations"),
        -218: (_QUOTA, "recipient's quota"),
        -219: (_CONFIGURATION, "app removed"),
        -220: (_TOKEN, "token expired"),
        -221: (_CONFIGURATION, "OA unverified"),
        -222: (_RECIPIENT, "as -227 (old)"),
        -223: (_UNKNOWN, "overloaded: OA has not authorised this API (configuration), or article quota (quota)"),
        -224: (_CONFIGURATION, "OA package too small"),
        -227: (_RECIPIENT, "user banned, or away 45 days"),
        -230: (_RECIPIENT, "no interaction for 7 days"),
        -232: (_RECIPIENT, "interaction expired"),
        -233: (_INPUT, "message type"),
        -234: (_QUOTA, "not at night"),
        -235: (_CONFIGURATION, "kind of OA"),
        -237: (_CONFIGURATION, "group disabled"),
        -238: (_INPUT, "asset used"),
        -240: (_CONFIGURATION, "V2 shut down"),
        -241: (_INPUT, "asset used"),
        -242: (_TOKEN, "appsecret_proof"),
        -244: (_RECIPIENT, "user restricts this kind"),
        -248: (_INPUT, "content policy"),
        -249: (_INPUT, "template not by UID"),
        -305: (_UNKNOWN, "reply window or quota (recipient or quota; old)"),
        -311: (_UNKNOWN, "reply window or quota (recipient or quota; old)"),
        -320: (_CONFIGURATION, "Zalo Cloud Account needed"),
        -321: (_MONEY, "Zalo Cloud Account cannot be charged"),
        -403: (_CONFIGURATION, "OA not in group"),
    }
)
"""Of the methods of an Official Account: category and meaning by code. Of `Zalo/RequestConsent` by analogy."""
