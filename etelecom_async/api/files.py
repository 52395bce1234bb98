"""The namespace `session.oa`: files for the messages of an Official Account."""

from __future__ import annotations

from attrs import field, frozen

from .. import _checks
from .._file import File, Source
from ..codec import Id
from ..endpoint import Caller, Encoding, Endpoint
from .payload import a_file, an_id, judged
from .telephony import SLOW

__all__ = ["OA", "UPLOAD_FILE", "File", "UploadFile", "UploadedFile"]


def _type(value: str) -> str:
    return _checks.line("type", value)


@frozen(kw_only=True, field_transformer=judged)
class UploadFile:
    """What `OA/UploadFile` is sent, as a form; the fields are the arguments of `upload_file`."""

    oa_id: Id = field(converter=an_id)
    type: str = field(converter=_type)
    file: File = field(converter=a_file)


@frozen(kw_only=True)
class UploadedFile:
    """What the server made of a file.

    Attributes:
        token: for `session.zalo.oa_send_file` and `oa_send_image`; it lives for 7 days.
    """

    token: str = ""


UPLOAD_FILE = Endpoint(
    name="OA/UploadFile",
    payload=UploadFile,
    result=UploadedFile,
    encoding=Encoding.MULTIPART,
    attempt_time=SLOW,
)


@frozen(eq=False)
class OA:
    """The `OA/*` methods of a session. Each raises an `EtelecomError` for every failure, as `check_consent` does."""

    _caller: Caller

    async def upload_file(self, *, oa_id: int | str, type: str, file: File | Source) -> UploadedFile:  # noqa: A002
        """Upload a file or a picture for the messages of an Official Account.

        Documented; not billed; never repeated on doubt; slow.

        Args:
            oa_id: the Official Account.
            type: `image` for a picture; the other values are not documented.
            file: its path, an open binary file, or a `File`, which takes bytes too, another name and another bound than
                10 MiB. It is read in pieces while it is sent; the server's own bounds are not documented.

        Raises:
            ConfigError: the file cannot be read, is empty, or larger than its bound: nothing was sent; or it has
                changed meanwhile: it was not sent whole.
        """
        return await self._caller.call(UPLOAD_FILE, UploadFile(oa_id=oa_id, type=type, file=file))
