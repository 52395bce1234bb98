"""The people who follow an Official Account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import field, frozen
from attrs.converters import optional

from ..codec import Id, Text, TextMap
from ..endpoint import Caller, Endpoint, Safety
from ..enums import OpenEnum
from .paging import Listing, PageInfo, Paging, listing
from .payload import a_user_id, an_id, judged, phone_filter, several, user_ids

__all__ = [
    "LIST_FOLLOWERS",
    "Follower",
    "FollowerFilter",
    "FollowerNotes",
    "FollowerState",
    "Followers",
    "Gender",
    "ListFollowers",
    "Methods",
    "SharedInfo",
]


class Gender(OpenEnum):
    """Of a follower."""

    NOT_SET = "unknown"
    MALE = "male"
    FEMALE = "female"
    OTHER = "other"


class FollowerState(OpenEnum):
    """Does somebody follow the Official Account?"""

    FOLLOW = "follow"
    UNFOLLOW = "unfollow"


@frozen(kw_only=True, field_transformer=judged)
class FollowerFilter:
    """Which followers `Zalo/ListFollowers` is to list; what is None does not matter."""

    oa_id: Id | None = field(default=None, converter=optional(an_id))
    zl_user_id: Text | None = field(default=None, converter=optional(a_user_id))
    zl_user_ids: tuple[Text, ...] | None = field(default=None, converter=optional(user_ids))
    assigned_user_id: Id | None = field(default=None, converter=optional(an_id))
    phone: str | None = field(default=None, converter=optional(phone_filter))
    name: str | None = None
    gender: Gender | None = field(default=None, converter=optional(Gender))
    state: FollowerState | None = field(default=None, converter=optional(FollowerState))
    has_conversation: bool | None = None
    tags: tuple[str, ...] | None = field(default=None, converter=optional(several))
    date_from: datetime | None = None
    date_to: datetime | None = None


@frozen(kw_only=True, field_transformer=judged)
class ListFollowers:
    """What `Zalo/ListFollowers` is sent: which followers, and which page of them."""

    filter: FollowerFilter = field(factory=FollowerFilter)
    paging: Paging = field(factory=Paging)


@frozen(kw_only=True)
class SharedInfo:
    """What a follower has told of themselves."""

    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    ward: str = ""
    district: str = ""
    city: str = ""


@frozen(kw_only=True)
class FollowerNotes:
    """What the shop has noted of a follower."""

    notes: tuple[str, ...] = field(default=(), repr=False)
    tag_names: tuple[str, ...] = ()


@frozen(kw_only=True)
class Follower:
    """Somebody who follows an Official Account, or did. Every field may be missing in an answer.

    Attributes:
        id, shop_id, assigned_user_id: of the record, the shop, and the user who looks after it, on eTelecom.
        oa_id: the Official Account.
        zl_user_id, zl_user_id_by_app: of the person on Zalo: texts, since their length is not documented.
        avatars: links by their size in pixels.
        last_conversation: JSON of a shape that is not documented.
    """

    id: Id | None = None
    oa_id: Id | None = None
    shop_id: Id | None = None
    assigned_user_id: Id | None = None
    zl_user_id: Text = ""
    zl_user_id_by_app: Text = ""
    full_name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    gender: Gender | None = None
    state: FollowerState | None = None
    has_conversation: bool | None = None
    avatar: str = field(default="", repr=False)
    avatars: TextMap = field(factory=dict[str, str], repr=False)
    shared_info: SharedInfo | None = None
    tags_and_notes_info: FollowerNotes | None = None
    last_conversation: object = field(default=None, repr=False)
    created_at: datetime | None = None
    updated_at: datetime | None = None


@frozen(kw_only=True)
class Followers:
    """A page of followers, as `Zalo/ListFollowers` answers it."""

    followers: tuple[Follower, ...] = ()
    paging: PageInfo = field(factory=PageInfo)


LIST_FOLLOWERS = Endpoint(name="Zalo/ListFollowers", payload=ListFollowers, result=Followers, safety=Safety.READ)


@frozen(eq=False)
class Methods:
    """The method of `session.zalo` that is about followers."""

    _caller: Caller

    def list_followers(
        self,
        *,
        oa_id: int | str | None = None,
        zl_user_id: int | str | None = None,
        zl_user_ids: Iterable[int | str] | None = None,
        assigned_user_id: int | str | None = None,
        phone: str | None = None,
        name: str | None = None,
        gender: Gender | str | None = None,
        state: FollowerState | str | None = None,
        has_conversation: bool | None = None,
        tags: Iterable[str] | None = None,
        date_from: datetime | None = None,
        date_to: datetime | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: str | None = None,
    ) -> Listing[Followers, Follower]:
        """The people who follow the shop's Official Accounts, or did, page after page.

        Partly documented; not billed; repeated after any failure; personal data.

        Args:
            oa_id: of this Official Account.
            zl_user_id, zl_user_ids: these people, by their ids on Zalo.
            assigned_user_id: looked after by this user of eTelecom.
            phone: of this person; the form that the server wants is not documented, as in `list_request_consent`.
            name, gender, state, has_conversation, tags: of the people to list.
            date_from, date_to: aware; which date they are about is not documented.
            limit, after, before, sort: as those of `Paging`.
        """
        chosen = FollowerFilter(
            oa_id=oa_id,
            zl_user_id=zl_user_id,
            zl_user_ids=zl_user_ids,
            assigned_user_id=assigned_user_id,
            phone=phone,
            name=name,
            gender=gender,
            state=state,
            has_conversation=has_conversation,
            tags=tags,
            date_from=date_from,
            date_to=date_to,
        )
        return listing(
            self._caller,
            LIST_FOLLOWERS,
            lambda paging: ListFollowers(filter=chosen, paging=paging),
            items=lambda page: page.followers,
            paging=Paging(limit=limit, after=after, before=before, sort=sort),
        )
