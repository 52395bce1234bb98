"""What a server does in the course of one connection, as values; `Answer` and `Silence` are the SDK's own."""

from attrs import frozen


@frozen
class Refused:
    """Nobody listens, until the server recovers. Stands alone."""


@frozen
class Lost:
    """The host is there and no packet is answered, until the server recovers. Stands alone."""


@frozen
class Hear:
    """Read so many bytes of a request; the whole of it unless told how many."""

    size: int | None = None


@frozen
class Good:
    """The right answer to the request that was heard: granted, and the phone that was asked about as its message.

    With a `pause` it comes a byte at a time, with so many seconds between.
    """

    headers: str = ""
    pause: float | None = None


@frozen
class GoodBody:
    """The body of the right answer, without a head."""


@frozen
class GoodChunks:
    """The body of the right answer, each byte a chunk, without the last chunk."""


@frozen
class Say:
    """Write these bytes."""

    data: bytes


@frozen
class Echo:
    """Write these bytes, then all that was heard, as a debugging server would."""

    before: bytes


@frozen
class Stream:
    """Write this piece so many times, or for ever, until the client hangs up."""

    piece: bytes
    times: int | None = None


@frozen
class Drip:
    """Write these bytes one at a time with so many seconds between."""

    data: bytes
    pause: float


@frozen
class Redirect:
    """Redirect there; `{elsewhere}` is the origin of another server and `{origin}` that of this one."""

    status: int
    to: str


@frozen
class Drain:
    """Read and throw away until the client hangs up."""


@frozen
class Close:
    """Close the connection in the usual way."""


@frozen
class Reset:
    """Drop the connection at once, so that the client is told that it was reset."""


@frozen
class WhileIdle:
    """Do this when the earlier calls are over and the connection lies unused in the client's pool."""

    steps: tuple
