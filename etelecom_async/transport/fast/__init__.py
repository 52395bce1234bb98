"""A transport on httptools, for many calls at the least CPU; needs the extra `etelecom-async[fast]`."""

from .httptools import HttptoolsTransport

__all__ = ["HttptoolsTransport"]
