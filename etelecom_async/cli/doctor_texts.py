"""The sentences of `etelecom doctor`, all in one place: what was found, and what to do."""

from __future__ import annotations

from typing import Final

TITLES: Final = {
    "environment": "environment",
    "base_url": "base URL",
    "key_shape": "shape of the key",
    "proxy": "proxy",
    "dns": "DNS",
    "tcp": "TCP",
    "tls": "TLS",
    "service": "service",
    "clock": "clock",
    "key": "key accepted",
    "oa": "Official Account",
}
SKIPPED: Final = "not looked at, since {checks} failed or was skipped"
TIMED_OUT: Final = "no answer within {seconds:g} s"
SLOW: Final = "The network or the service is slow: look whether a firewall drops packets, or give a longer --timeout."

ENVIRONMENT: Final = "etelecom-async {version}, Python {python} on {system}; {packages}"
NOT_INSTALLED: Final = "not installed: {packages}"
INSTALL: Final = "Install the package anew: pip install 'etelecom-async[cli]'."

BASE_URL: Final = "{url}"
CORRECT_VARIABLE: Final = "Correct what the sentence names, and run this again."
KEYS: Final = "{names} of a {account}, in the usual form"
KEY_LOOKS_ODD: Final = "{names}: no key of eTelecom's usual form, which is {form}"
COMPARE_KEY: Final = "Compare it with the eTelecom console: a part may be missing."

NO_PROXY: Final = "none"
PROXY: Final = "{proxy}"

IS_ADDRESS: Final = "{host} is an address already"
ADDRESSES: Final = "{host} is {addresses}"
CHECK_NAME: Final = "Check the host in the base URL or of the proxy, and this machine's name server."

REACHED: Final = "{places}"
REACHED_SOME: Final = "{reached}, but not {failed}"
NOT_REACHED: Final = "{failed}"
CHECK_FIREWALL: Final = "Look whether something listens there, and whether a firewall or a proxy stands between."
SOME_ADDRESSES: Final = "Connections may begin slowly: look after the route to the other addresses, often IPv6."

NO_TLS: Final = "not used: the base URL is plain http to this machine"
TLS_IN_PROXY: Final = "made through the proxy: the next check has it"
TLS: Final = "{version}, certificate valid for {days} more days"
TLS_ENDS: Final = "{version}, certificate valid for {days} more days only"
TELL_OPERATOR: Final = "Tell the operator of the server to renew its certificate."
CHECK_TLS: Final = "A proxy that inspects TLS needs --ca or SSL_CERT_FILE; else compare the host in the base URL."

ANSWERS: Final = "it answers, and wants a key (status {status})"
ANSWERS_WITHOUT: Final = "it answers without a key (status {status})"
ANOTHER: Final = "Something else may be answering: check the base URL and proxies."
NO_API: Final = "Check host and path of the base URL, and whether a proxy answers in its place."
TRY_LATER: Final = "Wait, and run this again; tell eTelecom if it stays."

CLOCK: Final = "{seconds:g} s from the server's"
AHEAD: Final = "{seconds:,.0f} s ahead of the server's"
BEHIND: Final = "{seconds:,.0f} s behind the server's"
NO_DATE: Final = "the answer has no date to compare with"
SET_CLOCK: Final = "Have this machine's clock set by NTP: times of permissions and signatures of webhooks go by it."

ACCEPTED: Final = "{key} by {method}"
UNTOLD: Final = "{key}: not told, as {method} answered {error}"
REFUSED: Final = "{key} by {method}: {error}"
OTHER_KEY: Final = "Copy the key from the eTelecom console anew; a partner's keys need ETELECOM_ACCOUNT=partner."
ASK_OPERATOR: Final = "Ask eTelecom whether the key may call this method."

OA_FOUND: Final = "{oa} is connected to this shop"
OA_LIST: Final = "this shop has {oas}"
OA_MISSING: Final = "{oa} is not among those of this shop, which are {oas}"
OA_NONE: Final = "this shop has no Official Account"
OA_DISCONNECTED: Final = "{oa} is disconnected"
OA_EXPIRES: Final = "{oa}: the owner's authorisation ends {moment}"
OA_NO_KEY: Final = "not looked at: it takes a shop_key"
OA_NOT_OFFERED: Final = "not looked at: this service does not offer Zalo/ListOA"
SET_OA: Final = "Set ETELECOM_OA_ID, or give --oa-id, to look for one of them."
CONNECT_OA: Final = "Connect one in the eTelecom console."
CHECK_OA: Final = "Compare --oa-id or ETELECOM_OA_ID with the console: it may belong to another shop."
RECONNECT: Final = "Let its owner authorise it again: Zalo/RefreshToken gives the link."
NOTHING: Final = "none"

SUMMARY: Final = "Failed: {failed}. Warnings: {warnings}."
ALL_WELL: Final = "Nothing failed."
