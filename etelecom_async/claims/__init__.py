"""The right to send one billed request to a customer: held while it is sent, and for a while after.

`ensure_consent` takes a claim before it asks a customer for permission, and sends nothing where another holds it. A
process that dies, or a request of unknown outcome, leaves its claim behind, and that runs out by itself. Where claims
are kept decides for whom they count: in the session unless something is given, in a file (`claims.file.FileClaims`) for
the processes of one machine, in Redis (`claims.redis.RedisClaims`) for those of many.
"""

from .base import Claims

__all__ = ["Claims"]
