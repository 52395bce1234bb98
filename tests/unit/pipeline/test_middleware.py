"""A middleware that does not do its part is named, with what it has to do."""

import pytest

from etelecom_async import ConfigError, Phase
from tests.support import answer, ask, session_over


async def _no_return(request, call_next):
    await call_next(request)


async def _no_await(request, call_next):
    return call_next(request)


async def _body(request, call_next):
    return (await call_next(request)).body


async def _a_pair(request, call_next):
    return await call_next(request), 1


def _no_async(request, call_next):
    call_next(request).close()


async def _nothing_passed(_, call_next):
    return await call_next(None)


async def _bytes_passed(request, call_next):
    return await call_next(request.body)


FUNCTIONS = (_no_return, _no_await, _body, _a_pair, _no_async, _nothing_passed, _bytes_passed)


class Stamping:
    async def __call__(self, request, call_next):
        await call_next(request)


@pytest.mark.parametrize(
    ("middleware", "name"), [*((each, each.__qualname__) for each in FUNCTIONS), (Stamping(), "of the class Stamping")]
)
@pytest.mark.parametrize("is_first", [True, False])
async def test_a_middleware_that_is_wrong_is_named_with_what_it_has_to_return(middleware, name, is_first):
    """D16: most often it forgets `return`."""

    async def fine(request, call_next):
        return await call_next(request)

    chain = [middleware, fine] if is_first else [fine, middleware]
    words = rf"middleware {name} .*(has to return the Response|takes the Request)"
    with pytest.raises(ConfigError, match=words) as caught:
        await ask(session_over(answer({"error": 0}), middlewares=chain))
    assert caught.value.phase is Phase.UNKNOWN  # the request may have been carried out
    assert caught.value.attempts == 1


async def test_a_plain_function_that_hands_on_what_comes_next_is_a_middleware():
    assert (await ask(session_over(answer({"error": 0}), middlewares=[lambda request, go_on: go_on(request)]))).granted
