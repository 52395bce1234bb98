"""Every fault, by the part of a call that it hits; each chapter is one of the table's."""

from faults.cases.body import BODY
from faults.cases.connecting import CONNECTING
from faults.cases.head import HEAD
from faults.cases.redirects import REDIRECTS
from faults.cases.request import REQUEST
from faults.cases.reuse import REUSE
from faults.cases.statuses import STATUSES
from faults.cases.words import WORDS

__all__ = ["CHAPTERS", "STATUSES"]

CHAPTERS = {
    "While connecting": CONNECTING,
    "During the request": REQUEST,
    "The head of the answer": HEAD,
    "The body of the answer": BODY,
    "What the body says": WORDS,
    "A connection that is used again": REUSE,
    "Redirects": REDIRECTS,
}
