"""The decorator for values that are made by the million: frozen to type checkers, plain at run time.

attrs writes every attribute of a frozen instance through `object.__setattr__`, which makes it twice to three times as
dear as a plain one. Values that users keep (payloads, results, outcomes) are truly frozen all the same.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import frozen as record
else:
    from attrs import define as record

__all__ = ["record"]
