"""Zalo's own codes, believed to be what `error_code` holds inside a 200.

Which table eTelecom passes on is not documented, and the same number means different things by table: so the method
says which table is read, the raw number always stays beside what is read here, and a number that is not here means
nothing. Meanings and hints are message ids: `etelecom_async.messages` has them in other languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from ..errors import ErrorCategory

__all__ = ["CONSENT_CODES", "NO_CODE", "OA_CODES", "UNKNOWN_CODE", "ZNS_CODES", "Code", "Codes"]


class Code(NamedTuple):
    """What a code is about, what it means (a phrase) and what to do (whole sentences)."""

    category: ErrorCategory
    meaning: str
    hint: str


Codes: TypeAlias = Mapping[int, Code]

UNKNOWN_CODE: Final = Code(
    ErrorCategory.UNKNOWN,
    "",
    "No table has this code, so its meaning is not known: read the server's own words, and ask eTelecom.",
)
NO_CODE: Final = Code(
    ErrorCategory.UNKNOWN, "", "The answer names no code: read the server's own words, and look at the present state."
)

_CONFIGURATION = ErrorCategory.CONFIGURATION
_INPUT = ErrorCategory.INPUT
_RECIPIENT = ErrorCategory.RECIPIENT
_QUOTA = ErrorCategory.QUOTA
_MONEY = ErrorCategory.MONEY
_TOKEN = ErrorCategory.TOKEN
_MAY_PASS = ErrorCategory.MAY_PASS
_UNKNOWN = ErrorCategory.UNKNOWN

_APP = "Check the Zalo app in Zalo's developer pages, or ask eTelecom to do it."
_APP_RIGHT = "Have the Zalo app registered for this feature, or ask eTelecom to do it."
_OA = "Check the state of the OA in Zalo's OA manager."
_OA_ID = "Correct the id of the OA."
_OA_RIGHT = "Ask Zalo or eTelecom for the right that the OA lacks."
_PACKAGE = "Buy a larger package for the OA, then send again."
_VERIFY = "Have the OA verified by Zalo, then send again."
_CLOUD = "Link the OA to a Zalo Cloud Account, then send again."
_TOP_UP = "Top up the Zalo Cloud Account, then send again."
_BALANCE = "Top up the balance, then send again."
_CONNECT = "Connect the OA to eTelecom again, so that it gets a new token. Tell eTelecom if that does not help."
_TELL = "Tell eTelecom the code: only eTelecom can change this."
_PHONE = "Correct the phone number."
_PARAMETER = "Correct the request: the server's own words say which field."
_SHORTEN = "Shorten the content."
_CONTENT = "Change the content so that it keeps Zalo's rules."
_KIND = "Send another kind of message."
_MESSAGE_ID = "Correct the id of the message."
_TEMPLATE_ID = "Correct the id of the template: `list_templates` has those of the OA."
_DATA = "Correct `template_data`: the template says which parameters it has, and in which format and length."
_TEMPLATE = "Correct the template, and have Zalo approve it again."
_OTHER_TEMPLATE = "Use another template."
_OWN_TEMPLATE = "Use a template that belongs to this OA."
_APPROVAL = "Wait until Zalo has approved the template, or use another one."
_ADMINISTRATORS = "Send it to an administrator of the OA, or have the template approved first."
_BY_PHONE = "Use a template that can be sent by user id, or send by phone number."
_UPLOAD = "Upload the file again, and send with what the upload gives."
_FILE = "Use a smaller file, or one in another format."
_JOURNEY = "Make a new journey, and send with its token."
_MODE = "Correct `sending_mode`."
_GROUP = "Check the group, and whether the OA belongs to it."
_FOLLOW = "Ask the customer to follow the OA first."
_INTERACT = "Wait until the customer writes to the OA again, or send ZNS."
_OTHER_WAY = "Reach this customer in another way: sending again does not help."
_RESPECT = "Do not send this to the customer again."
_LATER = "Try again later, but only if it was not charged."
_DAYTIME = "Send it between 6 and 22 h, but only if it was not charged."
_SLOWER = "Send more slowly, and try again later, but only if it was not charged."
_QUOTA_DAY = "Send it tomorrow, but only if it was not charged, or ask Zalo for a larger quota."
_QUOTA_MONTH = "Send it next month, but only if it was not charged, or ask Zalo for a larger quota."
_TOMORROW = "Send it tomorrow, but only if it was not charged."
_NEXT_MONTH = "Send it next month, but only if it was not charged."
_QUOTA_MORE = "Wait until the quota is renewed, or ask Zalo for a larger one."
_AMBIGUOUS = "The code can mean several things: the server's own words say which. Ask eTelecom if they do not."

OA_CODES: Final[Codes] = MappingProxyType(
    {
        -32: Code(_QUOTA, "too many requests of the Zalo app or of the OA", _SLOWER),
        -100: Code(_INPUT, "the attachment has expired", _UPLOAD),
        -200: Code(_MAY_PASS, "Zalo could not send it", _LATER),
        -201: Code(_INPUT, "a parameter is not valid", _PARAMETER),
        -202: Code(_UNKNOWN, "the signature is not valid (an old code)", _AMBIGUOUS),
        -204: Code(_CONFIGURATION, "the OA is disabled", _OA),
        -205: Code(_CONFIGURATION, "there is no such OA", _OA_ID),
        -207: Code(_CONFIGURATION, "an old code about the set-up", _AMBIGUOUS),
        -208: Code(_CONFIGURATION, "an old code about the set-up", _AMBIGUOUS),
        -209: Code(_CONFIGURATION, "Zalo does not offer this method, or the Zalo app is not activated", _APP),
        -210: Code(_INPUT, "a parameter exceeds its limit", _PARAMETER),
        -211: Code(_QUOTA, "the quota is used up", _QUOTA_MORE),
        -212: Code(_CONFIGURATION, "the Zalo app is not registered for this method", _APP_RIGHT),
        -213: Code(_RECIPIENT, "the customer does not follow the OA", _FOLLOW),
        -214: Code(_MAY_PASS, "the article is still being processed", _LATER),
        -215: Code(_CONFIGURATION, "the id of the Zalo app is not valid (an old code)", _APP),
        -216: Code(_TOKEN, "the access token of the OA is not valid", _CONNECT),
        -217: Code(_RECIPIENT, "the customer has blocked invitations of the OA", _RESPECT),
        -218: Code(_QUOTA, "the quota for this customer is used up", _LATER),
        -219: Code(_CONFIGURATION, "the Zalo app was removed", _APP),
        -220: Code(_TOKEN, "the access token of the OA has expired", _CONNECT),
        -221: Code(_CONFIGURATION, "the OA is not verified", _VERIFY),
        -222: Code(_RECIPIENT, "the customer is banned or was away for 45 days (an old code)", _OTHER_WAY),
        -223: Code(_UNKNOWN, "the OA has not allowed this method, or the quota of articles is used up", _AMBIGUOUS),
        -224: Code(_CONFIGURATION, "the package of the OA is too small", _PACKAGE),
        -227: Code(_RECIPIENT, "the customer is banned, or was away for 45 days", _OTHER_WAY),
        -230: Code(_RECIPIENT, "the customer has not interacted with the OA for 7 days", _INTERACT),
        -232: Code(_RECIPIENT, "the customer's last interaction with the OA is too long ago", _INTERACT),
        -233: Code(_INPUT, "the kind of message is not supported", _KIND),
        -234: Code(_QUOTA, "not allowed at night", _DAYTIME),
        -235: Code(_CONFIGURATION, "not allowed for this kind of OA", _OA),
        -237: Code(_CONFIGURATION, "the group is disabled", _GROUP),
        -238: Code(_INPUT, "the attachment was used already", _UPLOAD),
        -240: Code(_CONFIGURATION, "version 2 of Zalo's API was shut down", _TELL),
        -241: Code(_INPUT, "the attachment was used already", _UPLOAD),
        -242: Code(_TOKEN, "the proof of the app's secret is not valid", _TELL),
        -244: Code(_RECIPIENT, "the customer does not accept this kind of message", _RESPECT),
        -248: Code(_INPUT, "the content is against Zalo's rules", _CONTENT),
        -249: Code(_INPUT, "the template cannot be sent by user id", _BY_PHONE),
        -305: Code(_UNKNOWN, "the time for a reply is over or the quota is used up (an old code)", _AMBIGUOUS),
        -311: Code(_UNKNOWN, "the time for a reply is over or the quota is used up (an old code)", _AMBIGUOUS),
        -320: Code(_CONFIGURATION, "the OA needs a Zalo Cloud Account", _CLOUD),
        -321: Code(_MONEY, "the Zalo Cloud Account could not be charged", _TOP_UP),
        -403: Code(_CONFIGURATION, "the OA does not belong to the group", _GROUP),
    }
)
"""Of the methods of an Official Account, by code."""

ZNS_CODES: Final[Codes] = MappingProxyType(
    {
        -100: Code(_MAY_PASS, "an unknown fault at Zalo", _LATER),
        -101: Code(_CONFIGURATION, "the Zalo app is not valid", _APP),
        -102: Code(_CONFIGURATION, "the Zalo app does not exist", _APP),
        -103: Code(_CONFIGURATION, "the Zalo app is not activated", _APP),
        -104: Code(_CONFIGURATION, "the secret of the Zalo app is not valid", _APP),
        -105: Code(_CONFIGURATION, "the Zalo app is linked to no OA", _APP),
        -106: Code(_CONFIGURATION, "Zalo does not support this method", _TELL),
        -107: Code(_INPUT, "the id of the message is not valid", _MESSAGE_ID),
        -108: Code(_INPUT, "the phone number is not valid", _PHONE),
        -109: Code(_INPUT, "the id of the template is not valid", _TEMPLATE_ID),
        -1091: Code(_CONFIGURATION, "the template cannot be changed", _OTHER_TEMPLATE),
        -110: Code(_RECIPIENT, "the customer's version of Zalo is too old, or the customer is not on Zalo", _OTHER_WAY),
        -111: Code(_INPUT, "the data of the template are empty", _DATA),
        -112: Code(_INPUT, "the data of the template are not valid", _DATA),
        -1121: Code(_INPUT, "a parameter of the template is too long", _DATA),
        -1122: Code(_INPUT, "a parameter of the template is missing", _DATA),
        -1123: Code(_MAY_PASS, "Zalo could not make the QR code", _LATER),
        -1124: Code(_INPUT, "a parameter of the template has the wrong format", _DATA),
        -113: Code(_INPUT, "a button is not valid", _TEMPLATE),
        -1131: Code(_INPUT, "the link of a button is not valid", _TEMPLATE),
        -114: Code(_RECIPIENT, "the customer is inactive, has opted out, or has an old version of Zalo", _OTHER_WAY),
        -115: Code(_MONEY, "the balance is used up", _BALANCE),
        -116: Code(_INPUT, "the text is not valid", _TEMPLATE),
        -117: Code(_CONFIGURATION, "the OA has no right to this template", _OWN_TEMPLATE),
        -118: Code(_RECIPIENT, "the customer has no Zalo account", _OTHER_WAY),
        -119: Code(_RECIPIENT, "the customer's account cannot receive it", _OTHER_WAY),
        -120: Code(_CONFIGURATION, "the OA lacks this feature", _OA_RIGHT),
        -1201: Code(_CONFIGURATION, "the OA may not make templates of tag 3", _OA_RIGHT),
        -1202: Code(_CONFIGURATION, "the OA may not use pictures in templates", _OA_RIGHT),
        -121: Code(_INPUT, "the body of the request is empty", _TELL),
        -122: Code(_INPUT, "the body of the request is no JSON", _TELL),
        -123: Code(_CONFIGURATION, "the RSA decoding failed", _TELL),
        -124: Code(_TOKEN, "the access token of the OA is not valid", _CONNECT),
        -1241: Code(_TOKEN, "the proof of the app's secret is not valid", _TELL),
        -125: Code(_INPUT, "the id of the OA is not valid", _OA_ID),
        -126: Code(_MONEY, "the wallet for development is empty", _BALANCE),
        -127: Code(_INPUT, "a template under test goes to administrators alone", _ADMINISTRATORS),
        -128: Code(_CONFIGURATION, "the key for the encryption is missing", _TELL),
        -129: Code(_MAY_PASS, "Zalo could not make the RSA key", _LATER),
        -130: Code(_INPUT, "the content is too long", _SHORTEN),
        -131: Code(_CONFIGURATION, "the template is not approved", _APPROVAL),
        -132: Code(_INPUT, "a parameter is not valid", _PARAMETER),
        -133: Code(_QUOTA, "not allowed at night (22-6 h)", _DAYTIME),
        -134: Code(_RECIPIENT, "the customer has not answered whether to receive messages (an old code)", _RESPECT),
        -135: Code(_CONFIGURATION, "the OA may not send ZNS: it is not verified, or its package is free", _VERIFY),
        -1351: Code(_CONFIGURATION, "Zalo has blocked the OA for a violation", _OA),
        -136: Code(_CONFIGURATION, "the OA needs a Zalo Cloud Account", _CLOUD),
        -137: Code(_MONEY, "the Zalo Cloud Account could not be charged", _TOP_UP),
        -138: Code(_CONFIGURATION, "the Zalo app lacks this feature", _APP_RIGHT),
        -1381: Code(_CONFIGURATION, "the OA's account has not given the extension its right", _OA_RIGHT),
        -139: Code(_RECIPIENT, "the customer refuses this kind of message", _RESPECT),
        -140: Code(_RECIPIENT, "the customer cannot get this kind of message", _OTHER_WAY),
        -141: Code(_RECIPIENT, "the customer refuses messages of this OA", _RESPECT),
        -142: Code(_CONFIGURATION, "the RSA key is missing", _TELL),
        -143: Code(_CONFIGURATION, "there is an RSA key already", _TELL),
        -144: Code(_QUOTA, "the OA's quota of the day is used up", _QUOTA_DAY),
        -1441: Code(_QUOTA, "the OA's promotion quota of the month is used up", _QUOTA_MONTH),
        -145: Code(_CONFIGURATION, "the OA may not send this kind of message", _OA_RIGHT),
        -146: Code(_CONFIGURATION, "the template was disabled for its low quality", _OTHER_TEMPLATE),
        -147: Code(_QUOTA, "the template's quota of the day is used up", _QUOTA_DAY),
        -1471: Code(_QUOTA, "this customer has got all follow-ups of the month", _NEXT_MONTH),
        -1472: Code(_QUOTA, "this customer has got all promotions of the day", _TOMORROW),
        -148: Code(_INPUT, "the token of the journey is missing", _JOURNEY),
        -149: Code(_INPUT, "the token of the journey is not valid", _JOURNEY),
        -1491: Code(_INPUT, "the journey's kind does not fit the template", _JOURNEY),
        -150: Code(_INPUT, "the token of the journey has expired", _JOURNEY),
        -151: Code(_CONFIGURATION, "the template is not one for end-to-end encryption", _OTHER_TEMPLATE),
        -152: Code(_CONFIGURATION, "the key for end-to-end encryption is missing", _TELL),
        -153: Code(_INPUT, "the data are against the rules", _DATA),
        -158: Code(_INPUT, "the file is too large", _FILE),
        -159: Code(_INPUT, "the format of the file is not accepted", _FILE),
        -160: Code(_QUOTA, "today's quota of template and upload calls is used up", _QUOTA_DAY),
        -161: Code(_INPUT, "`sending_mode` is not valid", _MODE),
        -162: Code(_INPUT, "`sending_mode` 3 is not for templates of tags 1 and 2", _MODE),
    }
)
"""Of ZNS, its templates and journeys, by code."""

CONSENT_CODES: Final[Codes] = MappingProxyType({code: it for code, it in OA_CODES.items() if code not in ZNS_CODES})
"""Of `Zalo/RequestConsent`: those of an Official Account by analogy, without those of which the tables differ."""
