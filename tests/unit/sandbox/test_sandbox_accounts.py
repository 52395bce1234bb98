"""The sandbox's shops, users and keys: who a key is, what it may call, and shops that a partner makes."""

from datetime import UTC, datetime

import pytest

from etelecom_async import (
    BadRoute,
    ConfigError,
    InvalidArgument,
    NotFound,
    Partner,
    PermissionDenied,
    Retry,
    Role,
    Session,
    Shop,
    Unauthenticated,
)
from etelecom_async.errors import Conflict
from etelecom_async.sandbox import (
    SANDBOX_API_KEY,
    SANDBOX_OA,
    SANDBOX_PARTNER_KEY,
    SANDBOX_SHOP_KEY,
    SandboxTransport,
    World,
)
from tests.support import PHONE
from tests.support.contract import TYPED

NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
SHOP_ID = 1000000000000000002
OWNER_ID = 1000000000000000004
FORMS = {"phone": PHONE, "email": "hoa@shop.example.vn", "name": "Đỗ Thị Hoa"}


def over(world, account):
    return Session(account, transport=SandboxTransport(world), retry=Retry(attempts=1))


def as_shop(world, key=SANDBOX_API_KEY):
    return over(world, Shop(key))


def as_partner(world, shop_key=SANDBOX_SHOP_KEY):
    return over(world, Partner(api_key=SANDBOX_PARTNER_KEY, shop_key=shop_key))


@pytest.fixture
def world():
    return World(clock=lambda: NOON)


async def test_the_account_behind_each_key_is_named(world):
    assert (await as_shop(world).misc.current_account()).id == SHOP_ID
    assert (await as_partner(world).shop.current_shop()).id == SHOP_ID
    partner = await as_partner(world).misc.current_account()
    assert partner.id not in (None, SHOP_ID)
    assert partner.name


@pytest.mark.parametrize("name", [name for name, entry in TYPED.items() if entry["accounts"] == ["partner"]])
async def test_what_is_for_partners_alone_does_not_exist_under_the_shops_base(world, name):
    with pytest.raises(BadRoute):
        await as_shop(world).invoke(name, {})


@pytest.mark.parametrize("name", TYPED)
async def test_a_partners_other_key_is_refused(world, name):
    other = {"api_key": Role.SHOP, "shop_key": Role.ACCOUNT}[TYPED[name]["partner_key"]]
    with pytest.raises(PermissionDenied):
        await as_partner(world).invoke(name, {}, role=other)


@pytest.mark.parametrize("key", [SANDBOX_API_KEY, SANDBOX_PARTNER_KEY])
async def test_a_key_of_the_other_base_is_refused(world, key):
    base = "shop" if key == SANDBOX_PARTNER_KEY else "partner"
    account = Shop(key, base_url=f"https://sandbox.test/v1/{base}")
    with pytest.raises(PermissionDenied):
        await over(world, account).misc.current_account()


async def test_a_new_shop_has_keys_of_its_own_that_both_bases_know(world):
    made = await as_partner(world).shop.create_shop_account(
        fields={"name": "Quán Hoa", "phone": "0987 654 322", "email": "hoa@shop.example.vn", "is_test": False}
    )
    assert "sandbox" in made.api_key.reveal()
    assert "sandbox" in made.shop_key.reveal()
    assert (made.shop.name, made.shop.email, made.shop.is_test) == ("Quán Hoa", "hoa@shop.example.vn", False)
    assert made.shop.created_at == NOON
    assert (await as_shop(world, made.api_key).misc.current_account()).id == made.shop.id
    other = as_partner(world).for_shop(made.shop_key)
    assert await other.shop.current_shop() == await as_shop(world, made.api_key).misc.current_account()
    (owner,) = (await other.shop.get_account_users()).account_users
    assert owner.user_id == made.shop.owner_id != OWNER_ID
    assert owner.email == "hoa@shop.example.vn"


async def test_two_new_shops_have_different_ids_and_keys(world):
    session = as_partner(world)
    first, second = [await session.shop.create_shop_account(fields={}) for _ in range(2)]
    assert first.shop.id != second.shop.id
    assert len({first.api_key, first.shop_key, second.api_key, second.shop_key}) == 4
    assert first.shop.name != second.shop.name


async def test_a_new_shop_has_no_official_account_and_nothing_of_another_shops(world):
    made = await as_partner(world).shop.create_shop_account(fields={})
    shop = as_shop(world, made.api_key)
    with pytest.raises(NotFound):
        await shop.zalo.check_consent(oa_id=SANDBOX_OA, phone=PHONE)
    with pytest.raises(NotFound):
        await shop.zalo.list_request_consent()
    assert (await shop.etelecom.get_extensions()).extensions == ()
    assert (await shop.etelecom.list_call_logs()).call_logs == ()
    assert (await shop.etelecom.get_hotlines()).hotlines == ()


async def test_a_key_that_no_shop_has_is_unknown(world):
    with pytest.raises(Unauthenticated):
        await as_partner(world, "shop1100000000000000001:sandbox-shop-key-2").shop.current_shop()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("api_key", SANDBOX_API_KEY, "1000000000000000001:another"),
        ("shop_key", SANDBOX_SHOP_KEY, "shop1000000000000000002:another"),
        ("partner_key", SANDBOX_PARTNER_KEY, "1000000000000000006:another"),
    ],
)
async def test_another_key_may_be_set_and_makes_the_old_one_unknown(world, name, old, new):
    def account(key):
        if name == "api_key":
            return Shop(key)
        return Partner(shop_key=key) if name == "shop_key" else Partner(api_key=key)

    method = "Shop/CurrentShop" if name == "shop_key" else "Misc/CurrentAccount"
    role = Role.SHOP if name == "shop_key" else None
    await over(world, account(old)).invoke(method, {}, role=role)
    setattr(world, name, new)
    assert getattr(world, name).reveal() == new
    await over(world, account(new)).invoke(method, {}, role=role)
    with pytest.raises(Unauthenticated):
        await over(world, account(old)).invoke(method, {}, role=role)


async def test_a_shop_is_connected_when_its_owner_has_confirmed(world):
    session = as_partner(world)
    asked = await session.shop.authorize_shop(**FORMS, redirect_url="https://partner.example.vn/back")
    assert asked.type == "shop_request"
    assert asked.auth_url.startswith("https://")
    shop_id = world.confirm_shop(asked.auth_token)
    connected = await session.shop.authorize_shop(shop_id=shop_id)
    assert (connected.type, connected.expires_in, connected.auth_url) == ("shop_key", -1, "")
    assert (await session.for_shop(connected.auth_token).shop.current_shop()).id == shop_id
    with pytest.raises(ConfigError, match="token"):
        world.confirm_shop(asked.auth_token)


async def test_each_call_makes_a_token_of_its_own_and_no_shop(world):
    session = as_partner(world)
    first, second = [await session.shop.authorize_shop(**FORMS) for _ in range(2)]
    assert first.auth_token != second.auth_token
    assert first.auth_url == ""
    made = await session.shop.create_shop_account(fields={})
    assert world.confirm_shop(second.auth_token) == made.shop.id + 1


async def test_the_shop_of_the_world_is_connected(world):
    connected = await as_partner(world).shop.authorize_shop(shop_id=SHOP_ID)
    assert connected.auth_token.reveal() == SANDBOX_SHOP_KEY


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"shop_id": 7}, PermissionDenied),
        ({"shop_id": SHOP_ID, "email": "a@shop.example.vn"}, InvalidArgument),
        ({"shop_id": SHOP_ID, "phone": PHONE}, InvalidArgument),
        ({}, InvalidArgument),
        ({"phone": PHONE, "name": "A"}, InvalidArgument),
        ({**FORMS, "redirect_url": "http://partner.example.vn"}, InvalidArgument),
        ({**FORMS, "redirect_url": "partner"}, InvalidArgument),
    ],
)
async def test_a_connection_that_cannot_be_is_refused(world, given, error):
    with pytest.raises(error):
        await as_partner(world).shop.authorize_shop(**given)


async def test_an_unknown_shop_is_refused_with_a_reason(world):
    with pytest.raises(PermissionDenied) as caught:
        await as_partner(world).shop.authorize_shop(shop_id=7)
    assert caught.value.meta["reason"]


async def test_the_browser_may_come_back_to_this_machine(world):
    asked = await as_partner(world).shop.authorize_shop(**FORMS, redirect_url="http://localhost:8000/back")
    assert asked.auth_url


async def test_a_user_is_made_and_listed_with_the_phone_as_the_operator_writes_it(world):
    session = as_partner(world)
    made = await session.shop.create_account_user(full_name="Vũ Thị Lan", password="made-up", phone="+84 987 654 399")
    assert (made.full_name, made.short_name, made.phone, made.created_at) == ("Vũ Thị Lan", "Lan", "0987654399", NOON)
    (listed,) = (await as_shop(world).shop.get_account_users(phone="0987654399")).account_users
    assert (listed.user_id, listed.full_name, listed.account_id) == (made.id, "Vũ Thị Lan", SHOP_ID)
    with pytest.raises(Conflict):
        await session.shop.create_account_user(full_name="A", password="made-up", phone="0987654399")
    with pytest.raises(InvalidArgument):
        await session.invoke("Shop/CreateAccountUser", {"full_name": "A", "phone": "0987654398"})


async def test_users_are_filtered_by_what_else_is_known_of_them(world):
    shop = as_shop(world).shop

    async def names(**chosen):
        return [user.short_name async for user in shop.get_account_users(**chosen)]

    everyone = await names()
    assert len(everyone) == 5
    assert await names(has_extension=True) == ["Châu", "Bình", "An"]
    assert await names(has_extension=False) == [name for name in everyone if name not in ("Châu", "Bình", "An")]
    assert await names(extension_number="0103") == ["Châu"]
    assert await names(extension_number="103") == []
    assert await names(name="bình") == ["Bình"]
    assert await names(user_ids=[OWNER_ID]) == [everyone[-1]]
    assert await names(user_ids=[7]) == []
    assert await names(phone="84987654301") == ["An"]


async def test_users_come_page_after_page(world):
    shop = as_shop(world).shop
    everyone = [user async for user in shop.get_account_users()]
    first = await shop.get_account_users(limit=2)
    assert first.account_users == tuple(everyone[:2])
    assert first.paging.next
    assert [user async for user in shop.get_account_users(limit=2)] == everyone
    second = await shop.get_account_users(limit=2, after=first.paging.next)
    assert (await shop.get_account_users(limit=2, before=second.paging.prev)).account_users == first.account_users
    with pytest.raises(InvalidArgument):
        await shop.get_account_users(after="7")
