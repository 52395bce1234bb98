"""The answer `{"updated": 1}`, and `{"updated": 0}`, which is a failure in a 200."""

from __future__ import annotations

from attrs import frozen

from ..endpoint import JSON
from ..errors import SendFailed
from .error_codes import NO_CODE

__all__ = ["Updated", "not_updated"]


@frozen(kw_only=True)
class Updated:
    """That something was done: 1; None where the server did not say. A 0 is a `SendFailed`."""

    updated: int | None = None


def not_updated(body: JSON) -> SendFailed | None:
    """The error in an answer that says that nothing was done."""
    done = body.get("updated") if type(body) is dict else None
    if type(done) is not int or done != 0:
        return None
    return SendFailed(
        "the answer says that it was not done", record=Updated(updated=0), code="updated 0", hint=NO_CODE.hint
    )
