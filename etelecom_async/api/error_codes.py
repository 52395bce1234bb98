"""Zalo's own codes, believed to be what `error_code` holds inside a 200.

Which table eTelecom passes on is not documented, and the same number means different things by table: so the raw number
always stays beside what is read here, and a number that is not here means nothing.
"""

from __future__ import annotations

from types import MappingProxyType

from ..errors import ErrorCategory

__all__ = ["OA_CODES", "ZNS_CODES"]

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

ZNS_CODES = MappingProxyType(
    {
        -100: (_MAY_PASS, "unknown, retry later"),
        -101: (_CONFIGURATION, "app invalid"),
        -102: (_CONFIGURATION, "app does not exist"),
        -103: (_CONFIGURATION, "app not activated"),
        -104: (_CONFIGURATION, "app secret invalid"),
        -105: (_CONFIGURATION, "app linked to no OA"),
        -106: (_CONFIGURATION, "method unsupported"),
        -107: (_INPUT, "message id invalid"),
        -108: (_INPUT, "phone invalid"),
        -109: (_INPUT, "template id invalid"),
        -1091: (_CONFIGURATION, "template cannot be edited"),
        -110: (_RECIPIENT, "Zalo version unsupported (in practice also: not on Zalo)"),
        -111: (_INPUT, "template data empty"),
        -112: (_INPUT, "template data invalid"),
        -1121: (_INPUT, "parameter too long"),
        -1122: (_INPUT, "parameter missing"),
        -1123: (_MAY_PASS, "QR code not generated"),
        -1124: (_INPUT, "parameter's format"),
        -113: (_INPUT, "button invalid"),
        -1131: (_INPUT, "button link invalid"),
        -114: (_RECIPIENT, "user inactive, opted out, old app"),
        -115: (_MONEY, "out of balance"),
        -116: (_INPUT, "text invalid"),
        -117: (_CONFIGURATION, "no right to the template"),
        -118: (_RECIPIENT, "Zalo account does not exist"),
        -119: (_RECIPIENT, "account cannot receive"),
        -120: (_CONFIGURATION, "OA lacks the feature"),
        -1201: (_CONFIGURATION, "OA may not create tag 3"),
        -1202: (_CONFIGURATION, "OA may not use media"),
        -121: (_INPUT, "body empty"),
        -122: (_INPUT, "body not JSON"),
        -123: (_CONFIGURATION, "RSA decoding"),
        -124: (_TOKEN, "access token invalid"),
        -1241: (_TOKEN, "appsecret_proof invalid"),
        -125: (_INPUT, "OA id invalid"),
        -126: (_MONEY, "development wallet empty"),
        -127: (_INPUT, "test template only to administrators"),
        -128: (_CONFIGURATION, "encoding key missing"),
        -129: (_MAY_PASS, "RSA key not made"),
        -130: (_INPUT, "content over the character limit"),
        -131: (_CONFIGURATION, "template not approved"),
        -132: (_INPUT, "parameter invalid"),
        -133: (_QUOTA, "not at night (22-6 h)"),
        -134: (_RECIPIENT, "user has not answered the opt-in (old)"),
        -135: (_CONFIGURATION, "OA may not send ZNS (unverified, free plan)"),
        -1351: (_CONFIGURATION, "OA blocked for a violation"),
        -136: (_CONFIGURATION, "Zalo Cloud Account needed"),
        -137: (_MONEY, "Zalo Cloud Account could not be charged"),
        -138: (_CONFIGURATION, "app lacks the feature"),
        -1381: (_CONFIGURATION, "extension lacks the OA's account right"),
        -139: (_RECIPIENT, "user refuses this kind"),
        -140: (_RECIPIENT, "user not eligible for this kind"),
        -141: (_RECIPIENT, "user refuses this OA"),
        -142: (_CONFIGURATION, "RSA key missing"),
        -143: (_CONFIGURATION, "RSA key exists"),
        -144: (_QUOTA, "OA's daily quota"),
        -1441: (_QUOTA, "OA's monthly promotion quota"),
        -145: (_CONFIGURATION, "OA may not send this kind"),
        -146: (_CONFIGURATION, "template disabled, low quality"),
        -147: (_QUOTA, "template's daily quota"),
        -1471: (_QUOTA, "follow-up limit for this user this month"),
        -1472: (_QUOTA, "promotion limit for this user today"),
        -148: (_INPUT, "journey token missing"),
        -149: (_INPUT, "journey token invalid"),
        -1491: (_INPUT, "journey token type does not fit the template"),
        -150: (_INPUT, "journey token expired"),
        -151: (_CONFIGURATION, "no E2EE template"),
        -152: (_CONFIGURATION, "no E2EE key"),
        -153: (_INPUT, "data against the rules"),
        -158: (_INPUT, "file too big"),
        -159: (_INPUT, "format refused"),
        -160: (_QUOTA, "daily quota of template and upload calls"),
        -161: (_INPUT, "sending_mode invalid"),
        -162: (_INPUT, "sending_mode 3 not for tags 1, 2"),
    }
)
"""Of ZNS, its templates and journeys."""
