"""The page in Vietnamese: its words, its numbers and its days."""

import re
from datetime import date

from etelecom_async.messages.translation import translator
from etelecom_async.reports import page as report
from etelecom_async.reports.formatting import day, duration, rate, share, weekday
from etelecom_async.reports.statistics import Statistics
from tests.unit.reports.test_report import START, Page, after, failed, job, no, yes

VIETNAMESE = translator("vi")
ENGLISH_WORDS = re.compile(
    r"\b(Checked|Could not|rows|Permissions|Rows|Share|Customers|Throughput|average|later|the|Mon|Dec|Correct|Run)\b"
)


def render(statistics):
    return report.render(statistics, title="Quyền gọi", source="phones.csv", now=START, texts=VIETNAMESE)


def test_the_whole_page_is_vietnamese():
    html = render(job())
    page = Page(html)
    text = re.sub(r"<style>.*?</style>", "", page.text, flags=re.DOTALL).replace(report._resource("page.css"), "")
    assert ("html", {"lang": "vi"}) in page.tags
    assert ENGLISH_WORDS.findall(text) == []
    for words in ("Được phép gọi", "đã từ chối", "quá nhiều yêu cầu", "Hãy sửa số điện thoại", "Số dòng kiểm tra mỗi"):
        assert words in text
    labels = [attributes["aria-label"] for _, attributes in page.tags if "aria-label" in attributes]
    assert ENGLISH_WORDS.findall(" ".join(labels)) == []


def test_pages_about_nothing_are_vietnamese_too():
    for statistics in (Statistics(), Statistics()):
        assert "Không có dòng nào." in Page(render(statistics)).text
    only = Statistics()
    failed(only)
    assert "Chưa kiểm tra được dòng nào" in Page(render(only)).text
    none = Statistics()
    no(none)
    assert "Chưa khách hàng nào cấp quyền gọi." in Page(render(none)).text
    endless = Statistics()
    yes(endless, at=after(1))
    assert "Các quyền khác: 1 không rõ ngày hết hạn." in Page(render(endless)).text


def test_numbers_have_points_for_thousands_on_the_axes_too():
    statistics = Statistics()
    yes(statistics, times=2345, ends=after(90_000))
    html = render(statistics)
    assert "2.345" in html
    assert "2,345" not in html


def test_shares_rates_times_and_days_are_written_the_vietnamese_way():
    assert share(1, 3, texts=VIETNAMESE) == "33,3\N{NO-BREAK SPACE}%"
    assert (rate(1.25, texts=VIETNAMESE), rate(1234, texts=VIETNAMESE)) == ("1,2", "1.234")
    assert duration(3723, texts=VIETNAMESE).split() == ["1", "giờ", "2", "phút"]
    assert duration(0, texts=VIETNAMESE).split() == ["0", "giây"]
    sunday = date(2026, 11, 29)
    assert (day(sunday, texts=VIETNAMESE), weekday(sunday, texts=VIETNAMESE)) == ("29/11", "CN")
