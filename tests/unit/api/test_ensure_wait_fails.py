"""What fails while `ensure_consent(wait=...)` waits is in the outcome, with the request that was paid for."""

import asyncio

import pytest

from etelecom_async import (
    AccountClosed,
    ConsentStep,
    DeadlineExceeded,
    NotFound,
    PermissionDenied,
    Retry,
    ServerFault,
    Unauthenticated,
    Unavailable,
)
from tests.support import virtually
from tests.support.ensure import GRANTED, NEVER, PENDING, Scene


@pytest.mark.parametrize("kind", [Unauthenticated, PermissionDenied, NotFound, AccountClosed])
@virtually
async def test_a_check_that_can_never_succeed_after_a_request_ends_the_wait_with_the_request(kind):
    scene = Scene()
    scene.checks.reply(NEVER).reply(NEVER).fail(kind("revoked"))
    outcome = await scene.ensure(wait=1000)
    assert (outcome.did, outcome.is_charged, outcome.request.id) == (ConsentStep.REQUESTED, True, 7)
    assert isinstance(outcome.error, kind)
    assert outcome.granted is False
    assert asyncio.get_running_loop().time() < 10


@virtually
async def test_a_check_that_can_never_succeed_leaves_a_doubt_its_error():
    scene = Scene().failing(ServerFault("lost"))
    scene.checks.reply(NEVER).reply(NEVER).fail(Unauthenticated())
    outcome = await scene.ensure(wait=1000)
    assert (outcome.did, outcome.is_charged) == (ConsentStep.IN_DOUBT, None)
    assert isinstance(outcome.error, ServerFault)


class Broken:
    async def wait(self, phone, seconds, /):
        raise ValueError("boom")


@virtually
async def test_a_waiter_that_raises_after_a_request_ends_the_wait_with_the_request():
    outcome = await Scene(NEVER).ensure(wait=1000, waiter=Broken())
    assert (outcome.did, outcome.is_charged, outcome.request.id) == (ConsentStep.REQUESTED, True, 7)
    assert isinstance(outcome.error, ValueError)


@virtually
async def test_a_waiter_that_raises_where_nothing_was_spent_is_an_error():
    with pytest.raises(ValueError, match="boom"):
        await Scene(PENDING).ensure(wait=1000, waiter=Broken())


@pytest.mark.parametrize("charged", [True, False])
@virtually
async def test_checks_that_fail_until_the_wait_is_over_are_an_error_in_the_outcome(charged):
    scene = Scene()
    first = scene.checks.reply(NEVER).reply(NEVER) if charged else scene.checks.reply(PENDING)
    first.fail(Unavailable("down"))
    outcome = await scene.ensure(wait=600)
    assert (outcome.granted, outcome.is_charged) == (False, charged)
    assert isinstance(outcome.error, Unavailable)
    assert asyncio.get_running_loop().time() <= 600


@virtually
async def test_a_check_that_succeeds_after_one_that_failed_leaves_no_error():
    scene = Scene()
    scene.checks.reply(NEVER).reply(NEVER).fail(Unavailable()).reply(GRANTED)
    outcome = await scene.ensure(wait=600)
    assert (outcome.granted, outcome.error) == (True, None)


@virtually
async def test_the_last_check_with_all_its_attempts_ends_within_the_wait():
    scene = Scene(retry=Retry(attempts=50))
    scene.checks.reply(NEVER).reply(NEVER).fail(Unavailable("down"))
    outcome = await scene.ensure(wait=600)
    assert (outcome.did, outcome.is_charged) == (ConsentStep.REQUESTED, True)
    assert isinstance(outcome.error, Unavailable | DeadlineExceeded)
    assert asyncio.get_running_loop().time() == pytest.approx(600, abs=2.1)
    assert asyncio.get_running_loop().time() <= 600.001
