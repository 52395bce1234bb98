"""What a job found out, and the page that tells it."""

from __future__ import annotations

import re
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async.errors import ConfigError
from etelecom_async.reports import page as report
from etelecom_async.reports.statistics import OTHER, Statistics
from etelecom_async.tables import OwnFile

VIETNAM = timezone(timedelta(hours=7))
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOSTILE = """<script>alert(1)</script>"'&</svg></style>\x00\x1b[31m\ud800 Đã từ chối"""


def yes(statistics, *, ends=None, at=START, times=1):
    for _ in range(times):
        statistics.add(state="granted", granted=True, expired_time=ends, failure="", checked_at=at)


def no(statistics, state="refused", *, at=START, times=1):
    for _ in range(times):
        statistics.add(state=state, granted=False, expired_time=None, failure="", checked_at=at)


def failed(statistics, failure="InvalidPhone", *, at=START, times=1):
    for _ in range(times):
        statistics.add(state="", granted=False, expired_time=None, failure=failure, checked_at=at)


def after(seconds):
    return START + timedelta(seconds=seconds)


def job(*, state="refused", failure="RateLimited"):
    """Ten minutes of a job that met everything."""
    statistics = Statistics(zone=VIETNAM)
    for second in range(600):
        yes(statistics, ends=after(86400 * (second % 45)) + timedelta(hours=1), at=after(second))
        no(statistics, state, at=after(second))
    for second in range(0, 600, 60):
        failed(statistics, failure, at=after(second))
        failed(statistics, "InvalidPhone", at=after(second))
    return statistics


def page(statistics, *, title="Consents", source="phones.csv", now=START):
    return report.render(statistics, title=title, source=source, now=now)


def write(path, statistics=None, *, title=""):
    report.write(path, statistics or Statistics(), title=title, source="phones.csv", now=START)


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def count(self, tag):
        return sum(name == tag for name, _ in self.tags)


# Statistics


@pytest.fixture
def statistics():
    return Statistics(zone=VIETNAM)


def test_yes_no_and_could_not_check_are_counted_apart(statistics):
    yes(statistics, times=2)
    no(statistics, "refused")
    failed(statistics, "RateLimited")
    assert (statistics.rows, statistics.checked, statistics.granted, statistics.failed) == (4, 3, 2, 1)
    assert statistics.states == {"granted": 2, "refused": 1}
    assert statistics.failures == {"RateLimited": 1}
    assert statistics.granting == {"granted"}


def test_a_row_that_failed_is_neither_a_state_nor_a_yes(statistics):
    statistics.add(state="granted", granted=True, expired_time=after(9), failure="DecodeError", checked_at=START)
    assert (statistics.checked, statistics.granted, statistics.states, statistics.expiries) == (0, 0, {}, {})


def test_days_begin_where_the_reader_lives(statistics):
    yes(statistics, ends=datetime(2026, 11, 23, 16, 59, tzinfo=UTC))
    yes(statistics, ends=datetime(2026, 11, 23, 17, 0, tzinfo=UTC))
    yes(statistics, ends=datetime.max.replace(tzinfo=UTC))
    days = {day.isoformat(): count for day, count in statistics.expiries.items()}
    assert days == {"2026-11-23": 1, "2026-11-24": 1, "9999-12-31": 1}


def test_an_end_is_counted_of_a_permission_alone_and_one_without_an_end_apart(statistics):
    statistics.add(state="expired", granted=False, expired_time=START, failure="", checked_at=START)
    assert (statistics.expiries, statistics.endless) == ({}, 0)
    yes(statistics, ends=None)
    assert (statistics.expiries, statistics.endless) == ({}, 1)


def test_of_too_many_days_the_earliest_stay_and_the_rest_is_later(statistics):
    days = statistics.MAX_DAYS + 50
    for day in reversed(range(days)):
        yes(statistics, ends=START + timedelta(days=day))
    assert len(statistics.expiries) == statistics.MAX_DAYS
    assert min(statistics.expiries) == START.date()
    assert max(statistics.expiries) == START.date() + timedelta(days=statistics.MAX_DAYS - 1)
    assert statistics.later == 50


def test_names_are_bounded_in_number_and_length(statistics):
    for number in range(1000):
        failed(statistics, f"{number}" + "x" * 1000)
        no(statistics, f"{number}" + "x" * 1000)
    for counts in (statistics.failures, statistics.states):
        assert len(counts) == statistics.MAX_NAMES + 1
        assert max(map(len, counts)) == statistics.MAX_NAME
        assert counts[OTHER] == 1000 - statistics.MAX_NAMES
        assert sum(counts.values()) == 1000


def test_bins_double_until_they_are_few_enough_and_lose_no_row(statistics):
    for second in range(3600):
        no(statistics, at=after(second))
    assert statistics.bin_width == timedelta(seconds=16)
    assert len(statistics.bins) == 225
    assert {part.checked for part in statistics.bins} == {16}


def test_a_pause_and_failures_alone_show_as_idle_bins(statistics):
    no(statistics, at=START)
    failed(statistics, at=after(2))
    assert [part.checked for part in statistics.bins] == [1, 0, 0]
    no(statistics, at=after(5))
    assert [part.checked for part in statistics.bins] == [1, 0, 0, 0, 0, 1]


def test_a_naive_time_is_an_error_at_once():
    with pytest.raises(TypeError, match="naive"):
        no(Statistics(), at=datetime(2026, 11, 23))  # noqa: DTZ001


MOMENTS = st.integers(-(10**15), 10**15).map(lambda microseconds: START + timedelta(microseconds=microseconds))


@given(st.lists(st.tuples(MOMENTS, st.booleans()), min_size=1, max_size=60))
def test_whenever_rows_come_bins_are_bounded_and_hold_every_checked_row(rows):
    statistics = Statistics(zone=VIETNAM)
    for moment, is_checked in rows:
        (no if is_checked else failed)(statistics, at=moment)
    bins, width = statistics.bins, statistics.bin_width
    assert len(bins) <= statistics.MAX_BINS
    assert width == timedelta(seconds=1) or len(bins) > statistics.MAX_BINS // 2
    held = Counter(next(b.start for b in reversed(bins) if b.start <= at) for at, is_checked in rows if is_checked)
    assert {b.start: b.checked for b in bins if b.checked} == held
    assert bins[0].start <= statistics.first == min(at for at, _ in rows)
    assert bins[-1].start <= statistics.last == max(at for at, _ in rows) < bins[-1].start + width


@given(st.lists(MOMENTS, max_size=40), st.randoms())
def test_the_order_of_rows_does_not_matter(moments, random):
    shuffled = random.sample(moments, len(moments))
    one, other = Statistics(), Statistics()
    for at, at_other in zip(moments, shuffled, strict=True):
        yes(one, ends=at, at=at)
        yes(other, ends=at_other, at=at_other)
    assert (one.bins, one.expiries) == (other.bins, other.expiries)


def test_rows_of_any_number_of_kinds_take_the_place_of_a_few(statistics, monkeypatch):
    monkeypatch.setattr(Statistics, "MAX_DAYS", 10)

    def size():
        parts = (statistics.states, statistics.failures, statistics.expiries, statistics._histogram._counts)
        return sum(len(part) for part in parts)

    for number in range(20_000):
        yes(statistics, ends=START + timedelta(days=number), at=after(number * 1000))
        no(statistics, str(number), at=after(-number * 1000))
        failed(statistics, str(number))
    assert size() <= 2 * (statistics.MAX_NAMES + 1) + statistics.MAX_DAYS + statistics.MAX_BINS


# The page


def test_the_headline_tells_could_not_check_from_no(statistics):
    yes(statistics, times=6), no(statistics, times=2), failed(statistics, times=2)
    numbers = re.findall(r"<dt>(.+?)</dt><dd><strong>(.+?)</strong><span>(.+?)</span>", page(statistics))
    assert [(name, number, words.replace("\N{NO-BREAK SPACE}", " ")) for name, number, words in numbers] == [
        ("Checked", "8", "80.0 % of 10 rows"),
        ("May be called", "6", "75.0 % of checked"),
        ("May not be called", "2", "25.0 % of checked"),
        ("Could not be checked", "2", "20.0 % of rows"),
    ]


@pytest.mark.parametrize(("granted", "words"), [(1, "&lt; 0.1 %"), (2999, "&gt; 99.9 %"), (3000, "100 %"), (0, "0 %")])
def test_a_share_is_never_rounded_to_nothing_or_to_all(statistics, granted, words):
    yes(statistics, times=granted), no(statistics, times=3000 - granted)
    html = page(statistics).replace("\N{NO-BREAK SPACE}", " ")
    assert f"<dt>May be called</dt><dd><strong>{granted:,}</strong><span>{words} of checked</span>" in html


def test_the_page_loads_nothing_from_the_network():
    html = page(job())
    assert not any(word in html for word in ("://", "@import", "url("))
    assert not [(tag, attrs) for tag, attrs in Page(html).tags if {"src", "href", "xlink:href", "srcset"} & set(attrs)]
    assert "default-src 'none'" in html


def test_the_page_holds_no_script():
    parsed = Page(page(job()))
    assert parsed.count("script") == 0
    assert not [name for _, attrs in parsed.tags for name in attrs if name.startswith("on")]


def test_received_text_is_escaped_everywhere():
    html = page(job(state=HOSTILE, failure=HOSTILE), title=HOSTILE, source=HOSTILE)
    parsed = Page(html)
    assert parsed.count("script") == 0
    assert Counter(tag for tag, _ in parsed.tags)["svg"] == Counter(tag for tag, _ in Page(page(job())).tags)["svg"]
    assert "<script" not in html.lower()
    assert html.count("</style>") == 1
    # In the title, the heading and under it, and of both names in the charts and in what stands below them.
    assert parsed.text.count("<script>alert(1)</script>\"'&") >= 7
    assert "Đã từ chối" in parsed.text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]", html)


def test_a_name_without_any_letter_still_has_a_label():
    assert "(no name)" in page(job(state="\u202e"))


def test_the_page_follows_the_theme_and_the_width_of_the_device():
    html = page(job())
    assert '<html lang="en">' in html
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in html
    assert "prefers-color-scheme: dark" in html
    colors = {value for _, attrs in Page(html).tags for name in ("fill", "stroke") if (value := attrs.get(name))}
    assert not {color for color in colors if color.startswith(("#", "rgb")) or color in {"black", "white"}}


def test_every_chart_says_in_words_what_it_shows():
    parsed = Page(page(job()))
    charts = [attrs for tag, attrs in parsed.tags if tag == "svg"]
    assert len(charts) == 2 + 2 + 3 + 3
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in charts)
    assert [tag for tag, _ in parsed.tags if re.fullmatch(r"h\d", tag)] == ["h1", "h2", "h2", "h2", "h2"]
    assert parsed.count("details") == parsed.count("table") == 3


def test_each_failure_comes_with_what_to_do(statistics):
    for failure in ("InvalidPhone", "Unavailable", "Neverheardof"):
        failed(statistics, failure)
    items = re.findall(r"<li>(.+?)</li>", page(statistics))
    assert [re.sub(r"<.+?>", " ", item).split("  ")[0].strip() for item in items] == [
        "not a phone number",
        "another failure (Neverheardof)",
        "service unavailable",
    ]
    assert "Correct the phone number" in items[0]
    assert "--retry-failed" in items[1]
    assert "--retry-failed" in items[2]


def test_the_coming_days_begin_today_in_the_zone_of_the_reader(statistics):
    now = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    for days in (-2, 0, 29, 30):
        yes(statistics, ends=now + timedelta(days=days, hours=1))
    yes(statistics, ends=None)
    html = page(statistics, now=now)
    assert '<tr><th scope="row">Tue 24 Nov</th><td>1</td></tr>' in html
    assert '<tr><th scope="row">Wed 23 Dec</th><td>1</td></tr>' in html
    assert "24 Dec</th>" not in html
    assert "Ending in these days: <strong>2</strong>, of them <strong>1</strong> in the" in html
    assert "Other permissions: 1 before today, 1 later, 1 without a known end." in html


def test_rates_come_from_whole_buckets_only(statistics):
    for tenth in range(5, 75):
        no(statistics, at=after(tenth / 10))
    rates = re.findall(r'<tr><th scope="row">2026-\S+ (\S+)</th><td>(\d+)</td><td>(\S+)</td></tr>', page(statistics))
    assert rates == [(f"09:00:0{second}", "10", "10") for second in range(1, 7)]


@pytest.mark.parametrize("zone", [UTC, VIETNAM])
def test_times_are_those_of_the_reader_in_charts_too(zone):
    statistics = Statistics(zone=zone)
    for minute in range(60):
        no(statistics, at=after(60 * minute))
    labels = set(re.findall(r">(\d\d:\d\d)</text>", page(statistics)))
    hour = START.astimezone(zone).hour
    assert f"{hour:02}:30" in labels
    assert {int(label[:2]) for label in labels} <= {hour, hour + 1}


def test_the_page_of_a_job_without_rows_has_sentences_in_place_of_charts(statistics):
    parsed = Page(page(statistics))
    assert (parsed.count("svg"), parsed.count("h2")) == (0, 4)
    for sentence in ("No row was checked", "There were no rows.", "No customer has given permission."):
        assert sentence in parsed.text


def test_the_page_of_a_job_of_one_row_has_sentences_in_place_of_charts(statistics):
    yes(statistics)
    text = Page(page(statistics)).text
    none_ends = "No permission ends in these days. Other permissions: 1 without"
    assert all(sentence in text for sentence in ("too short to show", "Every row was checked.", none_ends))


def test_a_job_that_only_failed_has_a_page(statistics):
    for second in range(10):
        failed(statistics, at=after(second))
    text = Page(page(statistics)).text
    assert "No row was checked" in text
    assert "not a phone number" in text
    assert "InvalidPhone" not in text


def test_many_kinds_of_failure_have_a_short_chart_and_a_whole_list(statistics):
    for number in range(40):
        failed(statistics, f"Kind{number}")
    html = page(statistics)
    assert html.count("<li>") == 40
    assert "The chart has the 16 most frequent" in html


# The library and the file


def test_without_the_extra_the_error_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    path = tmp_path / "report.html"
    for attempt in (
        report.require,
        lambda: page(Statistics()),
        lambda: write(path),
    ):
        with pytest.raises(ConfigError, match=r"pip install 'etelecom-async\[report\]'"):
            attempt()
    assert not list(tmp_path.iterdir())


def test_a_file_is_replaced_whole_and_nothing_else_stays(tmp_path):
    path = tmp_path / "báo cáo.html"
    path.write_text("old")
    write(path, job(), title="Quyền gọi")
    html = path.read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert html.endswith("</html>\n")
    assert "Quyền gọi" in html
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_write_that_fails_leaves_the_old_page(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    def full(self, data):
        self._file.write(data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(OwnFile, "write", full)
    with pytest.raises(OSError, match="No space"):
        write(path)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_others_may_read_the_page_as_any_other_new_file(tmp_path):
    plain, path = tmp_path / "plain", tmp_path / "report.html"
    plain.touch()
    write(path)
    assert path.stat().st_mode == plain.stat().st_mode


def test_behind_a_link_the_page_is_written_where_it_leads(tmp_path):
    real, link = tmp_path / "real.html", tmp_path / "link.html"
    link.symlink_to(real)
    for _ in range(2):
        write(link)
        assert (link.is_symlink(), real.read_bytes()[:15]) == (True, b"<!DOCTYPE html>")
