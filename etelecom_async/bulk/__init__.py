"""Many items through one call: bounded, streaming, with one item's failure as a value."""

from .progress import Progress
from .run import Bulk, Done, NotDone

__all__ = ["Bulk", "Done", "NotDone", "Progress"]
