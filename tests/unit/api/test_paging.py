"""A list walks its pages once each, as far as they are asked for, and never for ever."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from etelecom_async import (
    LIST_REQUEST_CONSENT,
    Blocking,
    ConsentRequest,
    ConsentRequestFilter,
    ConsentRequests,
    DecodeError,
    ListRequestConsent,
    PageInfo,
    Paging,
    Retry,
    Safety,
    Session,
    Shop,
    Unavailable,
)
from etelecom_async.testing import MockTransport
from tests.support import KEY, OA, PHONE, FakeTransport, answer


def page(*ids, following="", **paging):
    return answer({"consents": [{"id": str(it)} for it in ids], "paging": {"next": following, **paging}})


def over(*pages, retry=None):
    transport = FakeTransport(*pages)
    return Session(Shop(KEY), transport=transport, retry=retry or Retry(attempts=1)), transport


def bodies(transport):
    return [json.loads(request.body) for request in transport.requests]


async def ids_of(listing):
    return [item.id async for item in listing]


async def test_a_walk_gives_the_items_of_all_pages_and_feeds_next_into_after():
    session, transport = over(page(1, 2, following="a"), page(3, following="b"), page(4))
    assert await ids_of(session.zalo.list_request_consent(limit=2)) == [1, 2, 3, 4]
    assert [body["paging"] for body in bodies(transport)] == [
        {"limit": 2},
        {"limit": 2, "after": "a"},
        {"limit": 2, "after": "b"},
    ]


@pytest.mark.parametrize("paging", [None, {}, {"next": None}, {"next": ""}], ids=repr)
async def test_a_page_without_next_is_the_last(paging):
    session, transport = over(answer({"consents": [{"id": "1"}], "paging": paging}))
    assert await ids_of(session.zalo.list_request_consent()) == [1]
    assert len(transport.requests) == 1


@pytest.mark.parametrize("body", [{}, {"consents": None}, {"consents": []}], ids=repr)
async def test_a_list_without_items_is_empty(body):
    session, _ = over(answer(body))
    assert await ids_of(session.zalo.list_request_consent()) == []


async def test_an_empty_page_in_the_middle_does_not_end_the_walk():
    session, _ = over(page(1, following="a"), page(following="b"), page(2))
    assert await ids_of(session.zalo.list_request_consent()) == [1, 2]


async def test_awaiting_a_list_gives_the_first_page_alone():
    session, transport = over(page(1, 2, following="a", prev="z", limit=2))
    first = await session.zalo.list_request_consent(limit=2)
    assert first == ConsentRequests(
        consents=(ConsentRequest(id=1), ConsentRequest(id=2)), paging=PageInfo(next="a", prev="z", limit=2)
    )
    assert len(transport.requests) == 1


async def test_each_use_asks_anew_and_none_asks_before():
    session, transport = over(page(1), page(2), page(3))
    listing = session.zalo.list_request_consent()
    assert transport.requests == []
    assert [await ids_of(listing), await ids_of(listing), (await listing).consents[0].id] == [[1], [2], 3]


async def test_a_walk_that_is_left_early_asks_for_no_further_page():
    session, transport = over(page(1, 2, following="a"), page(3))
    async for item in session.zalo.list_request_consent():
        if item.id == 2:
            break
    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    "cursors", [["a", "a"], ["a", "b", "a"], ["a", "b", "c", "b"]], ids=lambda cursors: "".join(cursors)
)
async def test_a_cursor_that_comes_again_is_an_error_after_the_items_before_it(cursors):
    session, transport = over(*(page(at, following=cursor) for at, cursor in enumerate(cursors)))
    seen = []
    with pytest.raises(DecodeError, match="cursor of a page twice") as caught:
        async for item in session.zalo.list_request_consent():
            seen.append(item.id)
    assert seen == list(range(len(cursors)))
    assert len(transport.requests) == len(cursors)
    assert caught.value.endpoint == "Zalo/ListRequestConsent"


async def test_a_page_that_leads_back_to_where_the_walk_began_is_an_error():
    session, _ = over(page(1, following="a"))
    with pytest.raises(DecodeError, match="cursor"):
        await ids_of(session.zalo.list_request_consent(after="a"))


async def test_items_of_earlier_pages_are_given_before_a_page_that_fails():
    session, _ = over(page(1, following="a"), answer({"code": "unavailable"}, 503))
    seen = []
    with pytest.raises(Unavailable):
        async for item in session.zalo.list_request_consent():
            seen.append(item.id)
    assert seen == [1]


async def test_a_page_that_fails_for_a_moment_is_asked_for_again():
    pages = (page(1, following="a"), answer({"code": "unavailable"}, 503), page(2))
    session, _ = over(*pages, retry=Retry(attempts=2, base=0))
    assert await ids_of(session.zalo.list_request_consent()) == [1, 2]


async def test_an_item_that_does_not_fit_is_named_with_its_place():
    session, _ = over(answer({"consents": [{"id": "1"}, {"id": "x"}]}))
    with pytest.raises(DecodeError, match=r"\$\.consents\[1\]\.id"):
        await ids_of(session.zalo.list_request_consent())


async def test_only_what_was_given_stands_in_the_filter():
    session, transport = over(page())
    await session.zalo.list_request_consent()
    moment = datetime(2030, 1, 1, 7, tzinfo=timezone(timedelta(hours=7)))
    await session.zalo.list_request_consent(
        oa_id=OA,
        phone=PHONE,
        call_type="audio",
        reason_code="update_order",
        status="P",
        reply_status="NS",
        is_charged=False,
        user_id="7",
        date_from=moment,
        date_to=datetime(2030, 1, 2, tzinfo=UTC),
        limit=100,
        before="b",
        sort="-created_at",
    )
    assert bodies(transport) == [
        {"filter": {}, "paging": {}},
        {
            "filter": {
                "oa_id": str(OA),
                "phone": "0987654321",
                "call_type": "audio",
                "reason_code": "update_order",
                "status": "P",
                "reply_status": "NS",
                "is_charged": False,
                "user_id": "7",
                "date_from": "2030-01-01T07:00:00+07:00",
                "date_to": "2030-01-02T00:00:00Z",
            },
            "paging": {"limit": 100, "before": "b", "sort": "-created_at"},
        },
    ]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("0987654321", "0987654321"),
        ("84987654321", "84987654321"),
        ("+84 987 654 321", "84987654321"),
        ("0987 654 321", "84987654321"),
        ("+12025550143", "+12025550143"),
    ],
)
def test_a_phone_of_a_filter_is_sent_in_the_form_in_which_it_is_given_or_in_the_usual_one(given, sent):
    assert ConsentRequestFilter(phone=given).phone == sent


async def test_a_walk_in_the_other_direction_goes_on_forwards_from_its_first_page():
    session, transport = over(page(1, following="a"), page(2))
    assert await ids_of(session.zalo.list_request_consent(before="z")) == [1, 2]
    assert [body["paging"] for body in bodies(transport)] == [{"before": "z"}, {"after": "a"}]


async def test_a_mock_answers_pages_by_their_cursor():
    mock = MockTransport()
    mock.on(LIST_REQUEST_CONSENT).reply(ConsentRequests(consents=(ConsentRequest(id=1),), paging=PageInfo(next="a")))
    mock.on(LIST_REQUEST_CONSENT, where=lambda payload: payload.paging.after == "a").reply(
        ConsentRequests(consents=(ConsentRequest(id=2),))
    )
    async with Session(Shop(KEY), transport=mock) as session:
        assert await ids_of(session.zalo.list_request_consent()) == [1, 2]
        asked = ListRequestConsent(paging=Paging(after="a"))
        assert (await session.call(LIST_REQUEST_CONSENT, asked)).consents[0].id == 2
    assert LIST_REQUEST_CONSENT.safety is Safety.READ


def test_a_thread_can_wait_for_the_first_page():
    session, _ = over(page(1))
    with Blocking(session) as blocking:
        assert blocking.run(session.zalo.list_request_consent()).consents[0].id == 1
