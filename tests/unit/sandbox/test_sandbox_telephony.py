"""The sandbox's tenants, hotlines and extensions: what their states allow, and what one method shows of another."""

from datetime import UTC, datetime, timedelta

import pytest

from etelecom_async import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    Partner,
    Retry,
    SendFailed,
    Session,
    Shop,
)
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_PARTNER_KEY, SANDBOX_SHOP_KEY, SandboxTransport, World

NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
SHOP_ID = 1000000000000000002
UNKNOWN = 7


class Hands:
    """A clock that the test moves."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
def world(clock):
    return World(clock=clock)


@pytest.fixture
def telecom(world):
    """The methods as the partner calls them for the world's own shop."""
    return _partner(world).etelecom


def _partner(world):
    account = Partner(api_key=SANDBOX_PARTNER_KEY, shop_key=SANDBOX_SHOP_KEY)
    return Session(account, transport=SandboxTransport(world), retry=Retry(attempts=1))


def _shop(world):
    return Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world), retry=Retry(attempts=1))


async def _new_shop(world):
    """A session for a shop that was just made, and the shop's id."""
    partner = _partner(world)
    made = await partner.shop.create_shop_account(fields={"name": "Quán mới"})
    return partner.for_shop(made.shop_key), made.shop.id


async def _hotline(telecom, hotline_id):
    (hotline,) = [it async for it in telecom.get_partner_hotline_list() if it.id == hotline_id]
    return hotline


# Tenants and hotlines


async def test_the_worlds_shop_has_a_tenant_and_two_hotlines_that_work(world, telecom):
    tenant = await telecom.get_tenant()
    assert (tenant.status, tenant.owner_id, tenant.connection_method) == ("P", SHOP_ID, "direct")
    hotlines = (await _shop(world).etelecom.get_hotlines()).hotlines
    assert [it.status for it in hotlines] == ["P", "P"]
    assert all(it.hotline.startswith("0") for it in hotlines)
    assert (await telecom.get_hotlines(tenant_id=tenant.id)).hotlines == hotlines
    assert (await telecom.get_hotlines(tenant_id=UNKNOWN)).hotlines == ()
    assert (await telecom.get_hotlines(owner_id=SHOP_ID)).hotlines == hotlines
    assert (await telecom.get_hotlines(owner_id=UNKNOWN)).hotlines == ()


async def test_a_shop_has_one_tenant_and_a_new_one_has_none(world):
    session, shop_id = await _new_shop(world)
    with pytest.raises(NotFound):
        await session.etelecom.get_tenant()
    made = await session.etelecom.create_tenant()
    assert (made.status, made.owner_id, made.created_at) == ("Z", shop_id, NOON)
    assert await session.etelecom.get_tenant() == made
    with pytest.raises(FailedPrecondition):
        await session.etelecom.create_tenant()


async def test_a_new_tenant_is_switched_on_with_a_hotline(world, clock):
    session, shop_id = await _new_shop(world)
    telecom = session.etelecom
    tenant = await telecom.create_tenant()
    hotline = await telecom.partner_add_hotline(
        hotline="02876543099", name="Mới", network="viettel", description="d", is_free_charge=True, owner_id=shop_id
    )
    assert (hotline.status, hotline.hotline, hotline.network) == ("Z", "02876543099", "viettel")
    assert (hotline.description, hotline.is_free_charge, hotline.owner_id) == ("d", True, shop_id)
    with pytest.raises(FailedPrecondition):
        await telecom.partner_add_hotline_to_tenant(hotline_id=hotline.id, tenant_id=tenant.id)
    clock.now += timedelta(hours=1)
    assert (await telecom.partner_activate_tenant(hotline_id=hotline.id)).updated == 1
    assert (await telecom.get_tenant()).status == "P"
    (listed,) = (await telecom.get_hotlines()).hotlines
    assert (listed.status, listed.created_at, listed.updated_at) == ("P", NOON, clock.now)
    with pytest.raises(FailedPrecondition):
        await telecom.partner_activate_tenant(hotline_id=hotline.id)


@pytest.mark.parametrize("which", ["tenant_id", "owner_id", "both"])
async def test_the_tenant_is_named_by_its_id_or_its_owner(world, which):
    session, shop_id = await _new_shop(world)
    tenant = await session.etelecom.create_tenant()
    hotline = await session.etelecom.partner_add_hotline(hotline="02876543099", name="Mới")
    named = {"tenant_id": tenant.id, "owner_id": shop_id}
    await session.etelecom.partner_activate_tenant(
        hotline_id=hotline.id,
        connection_id=tenant.connection_id,
        **{name: value for name, value in named.items() if which in (name, "both")},
    )
    assert (await session.etelecom.get_tenant()).status == "P"
    assert (await _hotline(session.etelecom, hotline.id)).owner_id == shop_id


async def test_a_hotline_that_is_new_is_added_to_a_tenant_that_works(telecom):
    tenant = await telecom.get_tenant()
    added = await telecom.partner_add_hotline(hotline="02876543099", name="Mới")
    assert (await telecom.partner_add_hotline_to_tenant(hotline_id=added.id, tenant_id=tenant.id)).updated == 1
    assert (await telecom.get_hotlines()).hotlines[0].id == added.id
    with pytest.raises(FailedPrecondition):
        await telecom.partner_add_hotline_to_tenant(hotline_id=added.id, tenant_id=tenant.id)


async def test_removing_a_hotline_from_its_tenant_switches_both_off(telecom):
    first, other = (await telecom.get_hotlines()).hotlines
    with pytest.raises(FailedPrecondition):
        await telecom.partner_remove_hotline(id=first.id)
    assert (await telecom.partner_remove_hotline_from_tenant(hotline_id=first.id, owner_id=SHOP_ID)).removed == 1
    assert (await telecom.get_tenant()).status == "N"
    assert (await _hotline(telecom, first.id)).status == "N"
    with pytest.raises(FailedPrecondition):
        await telecom.create_extension(hotline_id=other.id, extension_number=105)
    assert (await telecom.partner_remove_hotline_from_tenant(hotline_id=first.id, owner_id=SHOP_ID)).removed == 0
    assert (await telecom.partner_activate_tenant(hotline_id=first.id)).updated == 1
    assert (await telecom.get_tenant()).status == "P"
    assert (await telecom.create_extension(hotline_id=other.id, extension_number=105)).hotline_id == other.id


async def test_a_hotline_that_is_forgotten_is_gone_everywhere(telecom):
    hotline = (await telecom.get_hotlines()).hotlines[0]
    on_it = [it.id async for it in telecom.get_extensions(hotline_id=hotline.id)]
    assert on_it
    await telecom.partner_remove_hotline_from_tenant(hotline_id=hotline.id, owner_id=SHOP_ID)
    assert (await telecom.partner_remove_hotline(id=hotline.id)).deleted == 1
    assert hotline.id not in [it.id async for it in telecom.get_partner_hotline_list()]
    assert hotline.id not in [it.id for it in (await telecom.get_hotlines()).hotlines]
    left = {it.id: it.hotline_id async for it in telecom.get_extensions()}
    assert {left[extension_id] for extension_id in on_it} == {0}
    with pytest.raises(NotFound):
        await telecom.partner_remove_hotline(id=hotline.id)
    # The number is free again.
    assert (await telecom.partner_add_hotline(hotline=hotline.hotline, name="Lại")).id != hotline.id


async def test_a_hotline_of_one_shop_is_not_for_another(world, telecom):
    session, shop_id = await _new_shop(world)
    await session.etelecom.create_tenant()
    taken = await telecom.partner_add_hotline(hotline="02876543099", name="Mới", owner_id=SHOP_ID)
    with pytest.raises(FailedPrecondition):
        await telecom.partner_activate_tenant(hotline_id=taken.id, owner_id=shop_id)
    with pytest.raises(NotFound):
        await telecom.partner_remove_hotline_from_tenant(hotline_id=taken.id, owner_id=shop_id)


REFUSED = {
    "a hotline that exists": ("PartnerAddHotline", {"hotline": "02876543001", "name": "A"}, FailedPrecondition),
    "a hotline without a number": ("PartnerAddHotline", {"name": "A"}, InvalidArgument),
    "a hotline without a name": ("PartnerAddHotline", {"hotline": "0287"}, InvalidArgument),
    "a hotline as a number": ("PartnerAddHotline", {"hotline": 287, "name": "A"}, InvalidArgument),
    "an unknown network": ("PartnerAddHotline", {"hotline": "0287", "name": "A", "network": "x"}, InvalidArgument),
    "an unknown owner": ("PartnerAddHotline", {"hotline": "0287", "name": "A", "owner_id": "7"}, NotFound),
    "a tenant with no hotline": ("PartnerActivateTenant", {}, InvalidArgument),
    "a tenant with an unknown hotline": ("PartnerActivateTenant", {"hotline_id": "7"}, NotFound),
    "no tenant": ("PartnerAddHotlineToTenant", {"hotline_id": "SPARE"}, InvalidArgument),
    "an unknown tenant": ("PartnerAddHotlineToTenant", {"hotline_id": "SPARE", "tenant_id": "7"}, NotFound),
    "a hotline without an owner or a tenant": ("PartnerActivateTenant", {"hotline_id": "SPARE"}, NotFound),
    "a tenant by a wrong id": ("PartnerActivateTenant", {"hotline_id": "SPARE", "tenant_id": "7"}, NotFound),
    "a tenant by a wrong owner": ("PartnerActivateTenant", {"hotline_id": "SPARE", "owner_id": "7"}, NotFound),
    "another connection": (
        "PartnerActivateTenant",
        {"hotline_id": "SPARE", "owner_id": str(SHOP_ID), "connection_id": "7"},
        NotFound,
    ),
    "no owner": ("PartnerRemoveHotlineFromTenant", {"hotline_id": "SPARE"}, InvalidArgument),
    "an unknown hotline": ("PartnerRemoveHotlineFromTenant", {"hotline_id": "7", "owner_id": "7"}, NotFound),
    "nothing to forget": ("PartnerRemoveHotline", {}, InvalidArgument),
    "a sort by id": ("GetPartnerHotlineList", {"paging": {"sort": "id"}}, InvalidArgument),
    "a sort by an unknown field": ("GetPartnerTenantList", {"paging": {"sort": "colour"}}, InvalidArgument),
    "an unknown cursor": ("GetPartnerHotlineList", {"paging": {"after": "7"}}, InvalidArgument),
    "an id of letters": ("GetPartnerTenantList", {"filter": {"owner_id": "abc"}}, InvalidArgument),
}


@pytest.mark.parametrize(("method", "body", "error"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_cannot_be_is_refused(world, telecom, method, body, error):
    (spare,) = [it async for it in telecom.get_partner_hotline_list() if it.status == "Z"]
    sent = {name: str(spare.id) if value == "SPARE" else value for name, value in body.items()}
    with pytest.raises(error):
        await _partner(world).invoke(f"Etelecom/{method}", sent)


async def test_tenants_and_hotlines_come_page_after_page_the_newest_first(world, clock):
    for _ in range(3):
        clock.now += timedelta(minutes=1)
        session, _ = await _new_shop(world)
        await session.etelecom.create_tenant()
    telecom = _partner(world).etelecom
    tenants = [it async for it in telecom.get_partner_tenant_list(limit=2)]
    assert len(tenants) == 4
    assert [it.created_at for it in tenants] == sorted((it.created_at for it in tenants), reverse=True)
    first = await telecom.get_partner_tenant_list(limit=3)
    assert (len(first.tenants), bool(first.paging.next)) == (3, True)
    assert [it async for it in telecom.get_partner_tenant_list(name="QUÁN", limit=2)] == tenants[:3]
    assert [it async for it in telecom.get_partner_tenant_list(owner_id=SHOP_ID)] == tenants[3:]
    hotlines = [it async for it in telecom.get_partner_hotline_list(limit=1)]
    assert len({it.id for it in hotlines}) == 3
    by_number = [it.hotline async for it in telecom.get_partner_hotline_list(limit=2, sort="-hotline")]
    assert by_number == sorted(by_number, reverse=True)


# Extensions


async def test_an_extension_is_made_with_a_number_and_answered_with_its_text(telecom, clock):
    hotline = (await telecom.get_hotlines()).hotlines[0]
    made = await telecom.create_extension(hotline_id=hotline.id, extension_number="205")
    assert (made.extension_number, made.user_id, made.hotline_id, made.account_id) == ("205", 0, hotline.id, SHOP_ID)
    assert (made.state, made.expires_at, made.created_at) == ("P", None, clock.now)
    assert "sandbox" in made.extension_password.reveal()
    tenant = await telecom.get_tenant()
    assert (made.tenant_id, made.tenant_domain) == (tenant.id, tenant.domain)
    assert await anext(aiter(telecom.get_extensions())) == made
    info = await telecom.get_extension_info(extension_number="205")
    assert (info.extension_password, info.tenant_domain) == (made.extension_password, tenant.domain)


async def test_an_extensions_number_is_a_text_with_all_its_zeros(telecom):
    assert (await telecom.get_extension_info(extension_number="0103")).extension_number == "0103"
    with pytest.raises(NotFound):
        await telecom.get_extension_info(extension_number="103")
    hotline = (await telecom.get_hotlines()).hotlines[0]
    assert (await telecom.create_extension(hotline_id=hotline.id, extension_number=103)).extension_number == "103"


async def test_a_phone_logs_in_by_its_users_email_or_phone(telecom):
    by_number = await telecom.get_extension_info(extension_number="101")
    assert await telecom.get_extension_info(email="an@shop.example.vn") == by_number
    assert await telecom.get_extension_info(phone="0987 654 301") == by_number
    with pytest.raises(NotFound):
        await telecom.get_extension_info(email="another@shop.example.vn")
    with pytest.raises(NotFound):
        await telecom.get_extension_info(phone="0987654304")
    with pytest.raises(InvalidArgument):
        await telecom.get_extension_info()


async def test_an_expired_extension_says_so(world, clock):
    telecom = _shop(world).etelecom
    (expired,) = [it async for it in telecom.get_extensions() if it.state == "N"]
    assert expired.expires_at < clock.now
    info = await telecom.get_extension_info(extension_number=expired.extension_number)
    assert info.expires_at == expired.expires_at


async def test_a_user_has_one_extension_and_an_extension_one_user(world, telecom):
    shop = _partner(world).shop
    made = await shop.create_account_user(full_name="Vũ Thị Lan", password="made-up", phone="0987654399")
    hotline = (await telecom.get_hotlines()).hotlines[0]
    mine = await telecom.create_extension(hotline_id=hotline.id, extension_number=205, user_id=made.id)
    assert mine.user_id == made.id
    assert [it.user_id async for it in shop.get_account_users(extension_number="205")] == [made.id]
    with pytest.raises(FailedPrecondition):
        await telecom.create_extension(hotline_id=hotline.id, extension_number=206, user_id=made.id)
    assert [it async for it in telecom.get_extensions() if it.extension_number == "206"] == []
    spare = await telecom.create_extension(hotline_id=hotline.id, extension_number=206)
    with pytest.raises(FailedPrecondition):
        await telecom.assign_user_to_extension(extension_id=spare.id, user_id=made.id)
    assert (await telecom.assign_user_to_extension(extension_id=mine.id, user_id=made.id)).updated == 1
    assert (await telecom.remove_user_of_extension(extension_id=mine.id, user_id=made.id)).updated == 1
    assert (await telecom.remove_user_of_extension(extension_id=mine.id, user_id=made.id)).updated == 1
    assert (await telecom.assign_user_to_extension(extension_id=spare.id, user_id=made.id)).updated == 1
    assert [it.user_id async for it in shop.get_account_users(extension_number="206")] == [made.id]
    assert [it.user_id async for it in shop.get_account_users(extension_number="205")] == []
    assert (await telecom.get_extension_info(phone="0987654399")).extension_number == "206"


async def test_a_user_is_not_taken_from_an_extension_that_another_has(telecom):
    first, second = [it async for it in telecom.get_extensions() if it.user_id][:2]
    with pytest.raises(SendFailed):
        await telecom.remove_user_of_extension(extension_id=first.id, user_id=second.user_id)
    with pytest.raises(FailedPrecondition):
        await telecom.assign_user_to_extension(extension_id=first.id, user_id=second.user_id)
    assert {it.id: it.user_id async for it in telecom.get_extensions()}[first.id] == first.user_id


async def test_an_extension_calls_by_another_hotline(telecom, clock):
    extension = [it async for it in telecom.get_extensions() if it.user_id][-1]
    other = next(it for it in (await telecom.get_hotlines()).hotlines if it.id != extension.hotline_id)
    clock.now += timedelta(hours=1)
    done = await telecom.update_hotline_for_extension(
        extension_id=extension.id, hotline_id=other.id, user_id=extension.user_id
    )
    assert done.updated == 1
    (moved,) = [it async for it in telecom.get_extensions(hotline_id=other.id) if it.id == extension.id]
    assert moved.updated_at == clock.now
    users = {it.user_id async for it in telecom.get_extensions()}
    another = min(users - {0, extension.user_id})
    with pytest.raises(SendFailed):
        await telecom.update_hotline_for_extension(
            extension_id=extension.id, hotline_id=extension.hotline_id, user_id=another
        )


async def test_what_an_extension_cannot_be_is_refused(world, telecom):
    hotline, extension = (await telecom.get_hotlines()).hotlines[0], await anext(aiter(telecom.get_extensions()))
    (spare,) = [it async for it in telecom.get_partner_hotline_list() if it.status == "Z"]
    with pytest.raises(FailedPrecondition):
        await telecom.create_extension(hotline_id=hotline.id, extension_number=101)
    for hotline_id in (UNKNOWN, spare.id):
        with pytest.raises(NotFound):
            await telecom.create_extension(hotline_id=hotline_id, extension_number=205)
        with pytest.raises(NotFound):
            await telecom.update_hotline_for_extension(extension_id=extension.id, hotline_id=hotline_id)
    with pytest.raises(NotFound):
        await telecom.create_extension(hotline_id=hotline.id, extension_number=205, user_id=UNKNOWN)
    for method in (telecom.assign_user_to_extension, telecom.remove_user_of_extension):
        with pytest.raises(NotFound):
            await method(extension_id=UNKNOWN, user_id=extension.user_id or SHOP_ID)
        with pytest.raises(NotFound):
            await method(extension_id=extension.id, user_id=UNKNOWN)
    for number in ("205", 0, -1, 1.5, True, None):
        with pytest.raises(InvalidArgument):
            await _shop(world).invoke(
                "Etelecom/CreateExtension", {"hotline_id": str(hotline.id), "extension_number": number}
            )


async def test_another_shops_extensions_are_not_there(world, telecom):
    extension = await anext(aiter(telecom.get_extensions()))
    session, _ = await _new_shop(world)
    for method in (session.etelecom.assign_user_to_extension, session.etelecom.remove_user_of_extension):
        with pytest.raises(NotFound):
            await method(extension_id=extension.id, user_id=extension.user_id or SHOP_ID)
    with pytest.raises(NotFound):
        await session.etelecom.get_extension_info(extension_number="101")


async def test_extensions_come_page_after_page(world, telecom):
    hotline = (await telecom.get_hotlines()).hotlines[0]
    made = [
        (await telecom.create_extension(hotline_id=hotline.id, extension_number=number)).extension_number
        for number in range(1000, 1110)
    ]
    first = await telecom.get_extensions()
    assert (len(first.extensions), first.paging.limit, bool(first.paging.next)) == (100, 100, True)
    walked = [it.extension_number async for it in _shop(world).etelecom.get_extensions()]
    assert walked[: len(made)] == made[::-1]
    assert len(walked) == len(set(walked)) == len(made) + 4
    second = await telecom.get_extensions(after=first.paging.next)
    assert second.paging.next == ""
    again = await telecom.get_extensions(before=second.paging.prev)
    assert [it.id for it in again.extensions] == [it.id for it in first.extensions]


async def test_the_same_seed_gives_the_same_telephony_and_another_other_calls():
    async def told(seed):
        shop = _shop(World(seed=seed, clock=Hands()))
        calls = [it async for it in shop.etelecom.list_call_logs()]
        users = [it async for it in shop.shop.get_account_users()]
        return calls, [it async for it in shop.etelecom.get_extensions()], users

    assert await told(1) == await told(1)
    assert (await told(1))[0] != (await told(2))[0]
