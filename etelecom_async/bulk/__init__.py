"""Many items through one call: bounded, streaming, with one item's failure as a value."""

from .outage import Service, Waiting
from .outcomes import Done, NotDone
from .progress import Progress
from .run import Bulk

__all__ = ["Bulk", "Done", "NotDone", "Progress", "Service", "Waiting"]
