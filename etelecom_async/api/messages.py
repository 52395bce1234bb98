"""Messages of an Official Account to Zalo users, by their ids on Zalo."""

from __future__ import annotations

from attrs import field, frozen

from ..codec import Id, Text
from ..endpoint import Caller, Endpoint
from ..enums import OpenEnum
from .payload import a_user_id, an_id, judged
from .updated import Updated, not_updated

__all__ = [
    "OA_SEND_FILE",
    "OA_SEND_IMAGE",
    "OA_SEND_STICKER",
    "OA_SEND_TEXT",
    "REQUEST_USER_INFO",
    "Direction",
    "FileMessage",
    "ImageMessage",
    "Methods",
    "OASendFile",
    "OASendImage",
    "OASendSticker",
    "OASendText",
    "OaMessage",
    "OaMessageType",
    "Quota",
    "QuotaOwner",
    "QuotaType",
    "Recipient",
    "RequestUserInfo",
    "StickerMessage",
    "TextMessage",
]


class Direction(OpenEnum):
    """Whether a message comes in to the Official Account or goes out."""

    IN = "in"
    OUT = "out"


class OaMessageType(OpenEnum):
    """What a message is made of."""

    NOT_SET = "unknown"
    TEXT = "text"
    AUDIO = "audio"
    VIDEO = "video"
    PHOTO = "photo"
    GIF = "GIF"
    LINK = "link"
    FILE = "file"
    STICKER = "sticker"
    LOCATION = "location"
    BUSINESS_CARD = "business_card"


class QuotaOwner(OpenEnum):
    """Whose quota a message was counted against."""

    OA = "OA"
    APP = "App"


class QuotaType(OpenEnum):
    """Which quota a message was counted against."""

    REPLY = "reply"
    """Free answers, within 48 hours."""
    SUB_QUOTA = "sub_quota"
    """The free limit of the package."""
    PURCHASE_QUOTA = "purchase_quota"
    REWARD_QUOTA = "reward_quota"


@frozen(kw_only=True)
class Quota:
    """What a message was counted against. The server writes all of it as texts; the date's format is not documented."""

    owner_id: Text = ""
    owner_type: QuotaOwner | None = None
    quota_type: QuotaType | None = None
    remain: Text = ""
    total: Text = ""
    expired_date: Text = ""


@frozen(kw_only=True)
class OaMessage:
    """A message that was sent, as the `Zalo/OASend*` methods answer it. Every field may be missing.

    Attributes:
        msg_id: of the message on Zalo.
        oa_id: the Official Account.
        shop_id, user_id, wl_partner_id: the shop, the sender, and the white label, on eTelecom.
        sender_id, recipient_id, zl_user_id: people and accounts on Zalo: texts, since their length is not documented.
        direction, type: which way it went, and what it is made of.
        quota: what it was counted against.
    """

    msg_id: str = ""
    oa_id: Id | None = None
    shop_id: Id | None = None
    user_id: Id | None = None
    wl_partner_id: Id | None = None
    sender_id: Text = ""
    recipient_id: Text = ""
    zl_user_id: Text = ""
    direction: Direction | None = None
    type: OaMessageType | None = None
    quota: Quota | None = None


@frozen(kw_only=True, field_transformer=judged)
class Recipient:
    """To whom a message goes: a person's id on Zalo."""

    user_id: Text = field(converter=a_user_id)


@frozen(kw_only=True, field_transformer=judged)
class TextMessage:
    """A text."""

    text: str


@frozen(kw_only=True, field_transformer=judged)
class StickerMessage:
    """A sticker, by its id on Zalo."""

    attachment_id: str


@frozen(kw_only=True, field_transformer=judged)
class ImageMessage:
    """A picture: one that was uploaded, or the URL of one. Which of the two is needed is not documented."""

    attachment_id: str | None = None
    image_url: str | None = None


@frozen(kw_only=True, field_transformer=judged)
class FileMessage:
    """A file, by the token that `OA/UploadFile` gave for it."""

    token: str


@frozen(kw_only=True, field_transformer=judged)
class OASendText:
    """What `Zalo/OASendText` is sent."""

    oa_id: Id = field(converter=an_id)
    message: TextMessage
    recipient: Recipient


@frozen(kw_only=True, field_transformer=judged)
class OASendSticker:
    """What `Zalo/OASendSticker` is sent."""

    oa_id: Id = field(converter=an_id)
    message: StickerMessage
    recipient: Recipient


@frozen(kw_only=True, field_transformer=judged)
class OASendImage:
    """What `Zalo/OASendImage` is sent."""

    oa_id: Id = field(converter=an_id)
    message: ImageMessage
    recipient: Recipient


@frozen(kw_only=True, field_transformer=judged)
class OASendFile:
    """What `Zalo/OASendFile` is sent."""

    oa_id: Id = field(converter=an_id)
    message: FileMessage
    recipient: Recipient


OA_SEND_TEXT = Endpoint(name="Zalo/OASendText", payload=OASendText, result=OaMessage)
OA_SEND_STICKER = Endpoint(name="Zalo/OASendSticker", payload=OASendSticker, result=OaMessage)
OA_SEND_IMAGE = Endpoint(name="Zalo/OASendImage", payload=OASendImage, result=OaMessage)
OA_SEND_FILE = Endpoint(name="Zalo/OASendFile", payload=OASendFile, result=OaMessage)


@frozen(kw_only=True, field_transformer=judged)
class RequestUserInfo:
    """What `Zalo/RequestUserInfo` is sent; the fields are the arguments of `request_user_info`."""

    oa_id: Id = field(converter=an_id)
    zl_user_id: Text = field(converter=a_user_id)
    image_url: str | None = None
    title: str | None = None
    subtitle: str | None = None


REQUEST_USER_INFO = Endpoint(name="Zalo/RequestUserInfo", payload=RequestUserInfo, result=Updated, refusal=not_updated)


@frozen(eq=False)
class Methods:
    """Those methods of `session.zalo` that send to people who have to do with an Official Account.

    In each, `oa_id` is the Official Account, and `user_id` a person's id on Zalo, such as `Follower.zl_user_id`.
    """

    _caller: Caller

    async def oa_send_text(self, *, oa_id: int | str, user_id: int | str, text: str) -> OaMessage:
        """Send a text to a Zalo user.

        Inferred from its siblings; billed; never repeated on doubt.
        """
        payload = OASendText(oa_id=oa_id, message=TextMessage(text=text), recipient=Recipient(user_id=user_id))
        return await self._caller.call(OA_SEND_TEXT, payload)

    async def oa_send_sticker(self, *, oa_id: int | str, user_id: int | str, attachment_id: str) -> OaMessage:
        """Send a sticker to a Zalo user; `attachment_id` is the sticker's.

        Partly documented; billed; never repeated on doubt.
        """
        message = StickerMessage(attachment_id=attachment_id)
        payload = OASendSticker(oa_id=oa_id, message=message, recipient=Recipient(user_id=user_id))
        return await self._caller.call(OA_SEND_STICKER, payload)

    async def oa_send_image(
        self,
        *,
        oa_id: int | str,
        user_id: int | str,
        attachment_id: str | None = None,
        image_url: str | None = None,
    ) -> OaMessage:
        """Send a picture to a Zalo user: what `OA/UploadFile` gave for it, or its URL.

        Documented; billed; never repeated on doubt.
        """
        message = ImageMessage(attachment_id=attachment_id, image_url=image_url)
        payload = OASendImage(oa_id=oa_id, message=message, recipient=Recipient(user_id=user_id))
        return await self._caller.call(OA_SEND_IMAGE, payload)

    async def oa_send_file(self, *, oa_id: int | str, user_id: int | str, token: str) -> OaMessage:
        """Send a file to a Zalo user; `token` is what `OA/UploadFile` gave for it. It lives for 7 days.

        Documented; billed; never repeated on doubt.
        """
        payload = OASendFile(oa_id=oa_id, message=FileMessage(token=token), recipient=Recipient(user_id=user_id))
        return await self._caller.call(OA_SEND_FILE, payload)

    async def request_user_info(
        self,
        *,
        oa_id: int | str,
        zl_user_id: int | str,
        image_url: str | None = None,
        title: str | None = None,
        subtitle: str | None = None,
    ) -> Updated:
        """Ask a Zalo user for name, phone and address, with a picture, a title and a subtitle.

        Documented; billed; never repeated on doubt.

        Args:
            oa_id, zl_user_id: the Official Account, and the person.
            image_url, title, subtitle: what the person sees; at most 100 and 500 characters.

        Raises:
            SendFailed: the answer says that it was not done.
        """
        payload = RequestUserInfo(
            oa_id=oa_id, zl_user_id=zl_user_id, image_url=image_url, title=title, subtitle=subtitle
        )
        return await self._caller.call(REQUEST_USER_INFO, payload)
