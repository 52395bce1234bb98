"""The sentences of `etelecom call`, all in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

ID: Final = "id"
TEXT: Final = "text"
TEXT_OR_NUMBER: Final = "text or whole number"
WHOLE_NUMBER: Final = "whole number"
NUMBER: Final = "number"
TRUE_OR_FALSE: Final = "true or false"
TIME: Final = "time such as 2030-01-31T08:00:00+07:00"
MILLISECONDS: Final = "milliseconds"
SECONDS: Final = "seconds"
FILE: Final = "path of a file"
OBJECT: Final = "object"
OBJECT_OF_TEXTS: Final = "object of texts"
ANYTHING: Final = "any JSON"
LIST_OF: Final = "list of {kind}"

JSON_KINDS: Final = {
    dict: "an object",
    list: "a list",
    str: "a text in quotes",
    int: "a whole number",
    float: "a number with a fraction",
    bool: "true or false",
}

NO_NAME: Final = "Name a method, such as Zalo/ListOA: `etelecom call --list` has all of them."
NO_METHOD: Final = "There is no method {name} in this package{near}; --raw calls it all the same."
NO_FIELD: Final = "{method} has no field {path}{near}."
IT_HAS: Final = ": it has {names}"
IT_HAS_NONE: Final = ": it has none"
MEANT: Final = ": did you mean {near}?"
MISSING: Final = "{method} needs the field {path}: {kind}."
WRONG_KIND: Final = "{path} is {kind}; got {got}."
NONE_OF: Final = "{path} is {kind}{near}."
PERHAPS: Final = "; perhaps {near}"
NOT_SAID: Final = "{path}: {reason}"

DATA_NOT_JSON: Final = '--data is no JSON: {reason} Write it like \'{{"oa_id": "1000000000000000003"}}\'.'
DATA_NO_OBJECT: Final = '--data is a JSON object, such as \'{{"oa_id": "1000000000000000003"}}\'; got {got}.'
DATA_NOT_READ: Final = "--data names {source}, which cannot be read: {reason}."
STDIN: Final = "standard input"
NO_FILE: Final = "--data @ names no file: write --data @request.json."
NO_PAGES: Final = "{method} has no pages: leave --all out."

NOT_TYPED: Final = "Note: {method} is called as it is, nothing of it is checked: {reason}."
HIDDEN: Final = "Note: secrets are hidden; --show-secrets prints them."

ASK: Final = "Call {method}? {price}"
PRICE: Final = {
    True: "It is billed.",
    False: "It is not billed, and changes something.",
    None: "It may be billed, and may change something.",
}
NO_TERMINAL: Final = "{method} changes something or costs money, and there is no terminal to ask on: give --yes."
NOTHING_SENT: Final = "Nothing was sent."

INTERRUPTED: Final = "Interrupted. Whether {method} was carried out is not known{look}."
UNREADABLE: Final = "{error} --raw prints the answer as it is."
NOT_PRINTED: Final = "The answer stands above: {method} was carried out, so look before you repeat it."

EVIDENCE_UNKNOWN: Final = "not known"
BILLED: Final = {True: "yes", False: "no", None: "perhaps"}
REPEATED: Final = "READ: asks nothing, and is repeated after any failure"
NOT_REPEATED: Final = "SEND: asks before it is sent, and is never repeated on doubt"
SECRETS_IN: Final = "{paths} in the {side}"
NO_SECRETS: Final = "none"
KEY: Final = {True: "a shop's api_key; a partner's shop_key", False: "the api_key"}
PAGES: Final = "--all prints all items of `{items}`"
OR: Final = "{path} (or {name})"
REQUIRED: Final = "yes"
NOT_DOCUMENTED: Final = "No field is documented: any JSON object is sent."
NO_FIELDS: Final = "It has no fields: leave --data out."


def one_of(values: Sequence[str]) -> str:
    return f"one of {', '.join(values)}"
