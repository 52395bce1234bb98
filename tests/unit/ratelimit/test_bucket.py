"""What a server's bucket tells from outside, in numbers computed by hand."""

import pytest

from etelecom_async.ratelimit.bucket import Bucket, Measured


def taken(bucket, count):
    bucket.accepted += count


def test_a_bucket_of_which_nothing_is_known_tells_nothing():
    bucket = Bucket()
    assert (bucket.accepted, bucket.next_note) == (0, 0.0)
    assert bucket.measure(100.0, enough=1) == Measured(limit=0.0, requests=0, dry=0.0)


def test_a_note_is_made_twenty_times_a_second():
    bucket = Bucket()
    bucket.note(10.0)
    assert bucket.next_note == pytest.approx(10.05)


def test_from_full_to_dry_it_took_what_it_held_too():
    bucket = Bucket()
    bucket.note(10.0)
    taken(bucket, 20)
    told = bucket.measure(11.0, enough=16)
    assert told.limit == pytest.approx(20.5 / 1.1)  # a tenth of a second is held, and half a request to spare
    assert (told.requests, told.dry) == (20, 0.0)


def test_from_dry_to_dry_it_took_what_its_limit_is():
    bucket = Bucket()
    bucket.note(10.0, held=0.0)
    taken(bucket, 20)
    assert bucket.measure(11.0, enough=20) == Measured(limit=20.0, requests=20, dry=20.0)
    assert bucket.measure(11.0, enough=21) == Measured(limit=20.0, requests=20, dry=0.0)


@pytest.mark.parametrize(("held", "few", "limit"), [(0.0, 5, 5.0), (0.0, 6, 6.0), (1.0, 0, 0.0), (1.0, 1, 1.5 / 1.1)])
def test_a_span_is_counted_by_six_from_dry_and_by_one_from_full(held, few, limit):
    bucket = Bucket()
    bucket.note(10.0, held=held)
    taken(bucket, few)
    expected = 0.0 if few in (0, 5) else limit
    assert bucket.measure(11.0, enough=1).limit == pytest.approx(expected)


def test_a_span_lasts_twenty_milliseconds_at_least():
    bucket = Bucket()
    bucket.note(10.0, held=0.0)
    taken(bucket, 6)
    assert bucket.measure(10.001, enough=1).limit == pytest.approx(300.0)


def test_the_greatest_quotient_of_the_long_spans_is_the_limit():
    bucket = Bucket()
    bucket.note(10.0, held=0.0)
    taken(bucket, 10)
    bucket.note(12.0, held=0.0)
    taken(bucket, 20)
    bucket.note(13.0, held=0.0)
    taken(bucket, 10)
    # 40 in 4 s, 30 in 2 s, 10 in 1/4 s
    assert bucket.measure(13.25, enough=16) == Measured(limit=24.0, requests=30, dry=24.0)
    assert bucket.measure(13.25, enough=10) == Measured(limit=40.0, requests=10, dry=40.0)
    assert bucket.measure(13.25, enough=50) == Measured(limit=40.0, requests=10, dry=0.0)


def test_a_hundred_notes_are_kept():
    bucket = Bucket()
    bucket.note(0.0, held=0.0)
    taken(bucket, 1000)
    for _ in range(99):
        bucket.note(10.0, held=0.0)
    assert bucket.measure(10.0, enough=1).limit == 100.0
    bucket.note(10.0, held=0.0)
    assert bucket.measure(10.0, enough=1).limit == 0.0


def test_what_is_forgotten_tells_nothing():
    bucket = Bucket()
    bucket.note(10.0)
    taken(bucket, 20)
    bucket.forget()
    assert bucket.measure(11.0, enough=1).limit == 0.0
    assert bucket.accepted == 20


def held(bucket):
    """Seconds of its limit that it is thought to hold, by what it tells of ten and a half requests in no time."""
    bucket.forget()
    bucket.note(50.0)
    taken(bucket, 10)
    return 10.5 / bucket.measure(50.0, enough=1).limit


def test_what_it_holds_is_what_it_took_above_its_limit():
    bucket = Bucket()
    assert held(bucket) == pytest.approx(0.1)
    bucket.forget()
    bucket.note(10.0)
    taken(bucket, 5)
    bucket.note(10.5)  # as the limit has it
    taken(bucket, 13)
    bucket.note(11.0)  # eight above
    taken(bucket, 24)
    bucket.note(13.0)  # four more
    taken(bucket, 1)
    bucket.note(14.0)  # nine below
    bucket.learn(10.0)
    assert held(bucket) == pytest.approx(1.25)  # 12.5 requests at ten a second


def test_what_it_took_below_its_limit_is_not_made_up_for_later():
    bucket = Bucket()
    bucket.note(10.0)
    bucket.note(15.0)
    taken(bucket, 17)
    bucket.note(16.0)
    bucket.learn(10.0)
    assert held(bucket) == pytest.approx(0.75)


def test_two_seconds_of_the_limit_are_the_most_that_is_believed():
    bucket = Bucket()
    bucket.note(10.0)
    taken(bucket, 1000)
    bucket.note(11.0)
    bucket.learn(10.0)
    assert held(bucket) == pytest.approx(2.0)
    bucket.holds_more()
    assert held(bucket) == pytest.approx(2.0)
    bucket.holds_less()
    assert held(bucket) == pytest.approx(1.0)


def test_more_is_twice_as_much_and_less_is_half_as_much_down_to_a_tenth_of_a_second():
    bucket = Bucket()
    bucket.holds_more()
    assert held(bucket) == pytest.approx(0.2)
    bucket.holds_less()
    assert held(bucket) == pytest.approx(0.1)
    bucket.holds_less()
    assert held(bucket) == pytest.approx(0.1)
