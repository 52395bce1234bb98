"""Every fault, by the part of a call that it hits; each chapter is one of the table's."""

from tests.faults.cases.body import BODY
from tests.faults.cases.connecting import CONNECTING
from tests.faults.cases.head import HEAD
from tests.faults.cases.redirects import REDIRECTS
from tests.faults.cases.request import REQUEST
from tests.faults.cases.reuse import REUSE
from tests.faults.cases.statuses import STATUSES
from tests.faults.cases.words import WORDS

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
