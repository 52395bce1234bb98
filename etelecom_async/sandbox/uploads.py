"""The sandbox's answers to uploads."""

from __future__ import annotations

from itertools import count

from attrs import field, frozen

from ..endpoint import JSON
from ..errors import InvalidArgument, NotFound
from .fields import object_of, text_in
from .handlers import Asked, Handler

__all__ = ["Uploads"]


@frozen(kw_only=True)
class Uploads:
    """`OA/UploadFile`. The file itself is not kept.

    Attributes:
        oa_id: the Official Account that exists.
    """

    oa_id: int
    _numbers: count[int] = field(factory=lambda: count(1), init=False)

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {"OA/UploadFile": self._upload}

    def _upload(self, asked: Asked) -> dict[str, JSON]:
        if asked.oa_id != self.oa_id:
            raise NotFound("Không tìm thấy Zalo OA")
        if not text_in(asked.fields, "type"):
            raise InvalidArgument("Thiếu loại tệp")
        if not object_of(asked.fields, "file"):
            raise InvalidArgument("Thiếu tệp")
        return {"token": f"sandbox-token-{next(self._numbers)}"}
