"""Methods that wait for the provider of the telephone system: longer attempts, unless a time limit is given."""

import pytest

from etelecom_async import Partner, Session, Timeout
from etelecom_async.api import ENDPOINTS
from etelecom_async.api.telephony import SLOW
from tests.support import KEY, SHOP_KEY, FakeTransport, answer
from tests.support.contract import TYPED, method_of
from tests.support.methods import CALLS

SLOW_ONES = [name for name, entry in TYPED.items() if entry.get("slow")]


async def limit_of(name, **options):
    """Seconds that an attempt has, and all attempts."""
    transport = FakeTransport(answer({}))
    session = Session(Partner(api_key=KEY, shop_key=SHOP_KEY), transport=transport, **options)
    if name in CALLS:
        await method_of(session, name)(**CALLS[name][0][0])
    else:
        await session.invoke(name)
    return transport.requests[0].timeout.attempt


@pytest.mark.parametrize("name", SLOW_ONES)
async def test_an_attempt_of_a_slow_method_has_longer_unless_a_timeout_is_given(name):
    assert ENDPOINTS[name].attempt_time == SLOW
    assert await limit_of(name) == SLOW
    assert await limit_of(name, timeout=Timeout(attempt=3)) == 3
    assert await limit_of(name, timeout=Timeout()) == 10
    assert await limit_of(name, timeout=20) == 10
    assert await limit_of(name, timeout=Timeout(attempt=None)) == 60


async def test_other_methods_have_the_usual_time():
    assert await limit_of("Etelecom/GetTenant") == 10
    assert await limit_of("Etelecom/GetDriverConfig") == 10


async def test_a_derived_session_keeps_the_limits_that_were_given_and_the_longer_ones_where_none_were():
    transport = FakeTransport(answer({}))
    session = Session(Partner(api_key=KEY, shop_key=SHOP_KEY), transport=transport)
    for derived in (session.with_options(middlewares=[]), session.with_options(timeout=7)):
        await derived.etelecom.create_tenant()
    assert [sent.timeout.attempt for sent in transport.requests] == [SLOW, 7]


async def test_a_slow_method_that_is_invoked_by_name_has_the_same_time():
    transport = FakeTransport(answer({}))
    await Session(Partner(api_key=KEY, shop_key=SHOP_KEY), transport=transport).invoke("Etelecom/CreateTenant")
    assert transport.requests[0].timeout.attempt == SLOW
