"""The sandbox's call logs: what they say, filters, pages, and calls that a test adds."""

from datetime import UTC, datetime, timedelta

import pytest

from etelecom_async import ConfigError, InvalidArgument, InvalidPhone, Partner, Retry, Session, Shop
from etelecom_async.api.call_logs import Comparison, Duration
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_PARTNER_KEY, SANDBOX_SHOP_KEY, SandboxTransport, World

NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)


def over(world, account=None):
    return Session(account or Shop(SANDBOX_API_KEY), transport=SandboxTransport(world), retry=Retry(attempts=1))


@pytest.fixture
def world():
    return World(clock=lambda: NOON)


async def listed(world, **chosen):
    return [it async for it in over(world).etelecom.list_call_logs(**chosen)]


async def test_the_worlds_shop_has_calls_of_the_last_days_the_newest_first_over_two_pages(world):
    first = await over(world).etelecom.list_call_logs()
    calls = await listed(world)
    assert len(first.call_logs) == 100 < len(calls)
    assert calls[:100] == [*first.call_logs]
    times = [it.started_at for it in calls]
    assert times == sorted(times, reverse=True)
    assert NOON - timedelta(days=31) < times[-1] < times[0] < NOON
    assert {it.direction.value for it in calls} == {"in", "out"}
    assert {it.call_state.value for it in calls} == {"answered", "not_answered"}
    assert len({it.id for it in calls}) == len(calls)


async def test_a_calls_fields_fit_each_other(world):
    extensions = {it.id: it async for it in over(world).etelecom.get_extensions()}
    for call in await listed(world):
        extension = extensions[call.extension_id]
        assert call.user_id == extension.user_id
        assert call.ended_at - call.started_at == timedelta(seconds=call.duration)
        assert (call.duration > 0) == (call.call_state == "answered") == bool(call.recording_urls)
        assert call.call_status == ("P" if call.duration else "NS")
        if call.direction == "out":
            assert (call.caller, call.call_targets) == (extension.extension_number, ())
        else:
            assert call.callee.startswith("028")
            assert [it.target_number for it in call.call_targets] == [extension.extension_number]


async def test_a_call_that_is_added_is_the_newest(world):
    before = len(await listed(world))
    call_id = world.call("0987 654 321", extension_number="0103", duration=42)
    call = (await listed(world))[0]
    assert (call.id, call.caller, call.callee, call.direction) == (call_id, "0103", "0987654321", "out")
    assert (call.started_at, call.ended_at, call.duration) == (NOON - timedelta(seconds=42), NOON, 42)
    world.call("0987654321", direction="in", duration=0)
    call = (await listed(world))[0]
    assert (call.caller, call.call_state, call.duration, call.recording_urls) == ("0987654321", "not_answered", 0, ())
    assert len(await listed(world)) == before + 2


async def test_a_call_keeps_what_it_had_when_its_extension_changes(world):
    partner = over(world, Partner(api_key=SANDBOX_PARTNER_KEY, shop_key=SANDBOX_SHOP_KEY))
    extension = [it async for it in partner.etelecom.get_extensions() if it.user_id][-1]
    call_id = world.call("0987654321", extension_number=extension.extension_number)
    await partner.etelecom.remove_user_of_extension(extension_id=extension.id, user_id=extension.user_id)
    (newest, *_) = await listed(world, user_id=extension.user_id)
    assert newest.id == call_id


async def test_a_shop_sees_its_own_calls_alone(world):
    partner = over(world, Partner(api_key=SANDBOX_PARTNER_KEY, shop_key=SANDBOX_SHOP_KEY))
    made = await partner.shop.create_shop_account(fields={})
    telecom = partner.for_shop(made.shop_key).etelecom
    with pytest.raises(ConfigError, match="extension_number"):
        world.call("0987654321", shop_id=made.shop.id)
    await telecom.create_tenant()
    hotline = await telecom.partner_add_hotline(hotline="02876543099", name="Mới", owner_id=made.shop.id)
    await telecom.partner_activate_tenant(hotline_id=hotline.id)
    # Another shop's extension may have the same number.
    await telecom.create_extension(hotline_id=hotline.id, extension_number=101)
    before = len(await listed(world))
    call_id = world.call("0987654321", shop_id=made.shop.id, extension_number="101")
    assert [it.id async for it in telecom.list_call_logs()] == [call_id]
    assert len(await listed(world)) == before


async def test_each_filter_keeps_what_it_names(world):
    calls = await listed(world)
    some = calls[3]
    extensions = {it.id: it async for it in over(world).etelecom.get_extensions()}
    theirs = some.caller if some.direction == "in" else some.callee

    async def ids(**chosen):
        return [it.id for it in await listed(world, **chosen)]

    def where(keep):
        return [it.id for it in calls if keep(it)]

    for number in (theirs, "84" + theirs[1:], "+84" + theirs[1:]):
        assert await ids(call_number=number) == where(lambda it: theirs in (it.caller, it.callee))
    for name in ("direction", "call_state", "user_id", "external_id", "external_session_id"):
        value = getattr(some, name)
        expected = where(lambda it, name=name, value=value: getattr(it, name) == value)
        assert await ids(**{name: value}) == expected
        assert 0 < len(expected) < len(calls)
    assert await ids(extension_ids=[some.extension_id]) == where(lambda it: it.extension_id == some.extension_id)
    hotline_id = extensions[some.extension_id].hotline_id
    on_hotline = where(lambda it: extensions[it.extension_id].hotline_id == hotline_id)
    assert await ids(hotline_ids=[hotline_id]) == on_hotline
    assert await ids(extension_ids=[*extensions]) == where(lambda _: True)
    assert await ids(department_id=7) == []
    short = Duration(comparison=Comparison.AT_MOST, value=some.duration)
    assert await ids(duration=short) == where(lambda it: it.duration <= some.duration)
    assert await ids(duration=Duration(comparison=Comparison.NOT_SET, value=0)) == where(lambda _: True)
    assert await ids(call_state="unknown", direction="unknown") == where(lambda _: True)
    last = calls[50].started_at
    in_time = where(lambda it: last <= it.started_at <= some.started_at)
    assert await ids(date_from=last, date_to=some.started_at) == in_time


@pytest.mark.parametrize("limit", [1, 37, 100])
async def test_every_page_size_gives_every_call_once(world, limit):
    chosen = {"direction": "in"}
    assert await listed(world, limit=limit, **chosen) == await listed(world, **chosen)


async def test_a_page_in_front_is_that_in_front_and_an_order_by_length_is_one_of_numbers(world):
    telecom = over(world).etelecom
    first = await telecom.list_call_logs(limit=5)
    second = await telecom.list_call_logs(limit=5, after=first.paging.next)
    assert (await telecom.list_call_logs(limit=5, before=second.paging.prev)).call_logs == first.call_logs
    durations = [it.duration for it in await listed(world, sort="-duration", limit=7)]
    assert durations == sorted(durations, reverse=True)


@pytest.mark.parametrize(
    "body",
    [
        {"filter": {"direction": "sideways"}},
        {"filter": {"call_state": 1}},
        {"filter": {"duration": {"comparison": "more", "value": 1}}},
        {"filter": {"duration": {"comparison": "less_than_or_equal_to"}}},
        {"filter": {"duration": {"comparison": "less_than_or_equal_to", "value": "1"}}},
        {"filter": {"extension_ids": "7"}},
        {"filter": {"extension_ids": ["x"]}},
        {"filter": {"user_id": ""}},
        {"filter": {"date_from": "yesterday"}},
        {"filter": []},
        {"paging": {"sort": "id"}},
        {"paging": {"sort": "duration,id"}},
        {"paging": {"after": "7"}},
        {"paging": {"before": "7"}},
    ],
)
async def test_what_the_server_cannot_read_is_an_invalid_argument(world, body):
    with pytest.raises(InvalidArgument):
        await over(world).invoke("Etelecom/ListCallLogs", body)


async def test_a_call_that_cannot_be_is_refused(world):
    with pytest.raises(InvalidPhone):
        world.call("no number")
    with pytest.raises(ConfigError, match="extension_number"):
        world.call("0987654321", extension_number="103")
    with pytest.raises(ConfigError, match="direction"):
        world.call("0987654321", direction="ext")
