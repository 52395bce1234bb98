"""The report of a job as a page of HTML. Its template and style are `page.html` and `page.css`; it loads nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from .._times import offset
from ..jobs.output_paths import REPORT_MARK
from ..messages import failure_name, hint
from ..tables.atomic import replacing
from .charts import Bar, area, columns, ranking, require
from .formatting import day, duration, html_text, moment, printable, rate, share
from .statistics import Statistics

__all__ = ["render", "require", "write"]

_DAYS = 30
_SOON = 7
_MOST_BARS = 16
_FEWEST_POINTS = 3

# Text shrinks with its drawing, so each chart is drawn in several widths and the style sheet shows the one that fits.
_HALF = {"desktop tablet": 520, "phone": 320}
_FULL = {"desktop": 1088, "tablet": 640, "phone": 320}


def write(
    path: Path, statistics: Statistics, *, title: str, source: str, now: datetime, can_retry: bool = True
) -> None:
    """Render the page into a file. A program that reads the file meanwhile sees either the old page or the new one.

    `check_report` says whether the file may be written. A new page gets the usual permissions of new files: it is made
    to be shared, and holds no phone number. The other arguments are those of `render`.

    Raises:
        ConfigError: the extra `[report]` is not installed, or the file cannot be written. The file is unchanged.
        OSError: the file cannot be written. It is unchanged.
    """
    page = render(statistics, title=title, source=source, now=now, can_retry=can_retry).encode()
    # If the path is a link, its target is replaced.
    with replacing(path.resolve(), mode=0o666) as draft:
        draft.write(page)


def render(statistics: Statistics, *, title: str, source: str, now: datetime, can_retry: bool = True) -> str:
    """The whole page.

    Takes a few seconds in which no other thread runs, since the chart library holds the interpreter lock: call it at
    the end of a job.

    Args:
        statistics: what to show; its time zone is that of all days and times.
        title: the heading.
        source: where the phones came from, such as the name of a file.
        now: an aware datetime; the coming days are counted from it.
        can_retry: whether the page says how to repeat the command. One that read a pipe cannot be repeated.

    Raises:
        ConfigError: the extra `[report]` is not installed.
    """
    require()
    now = now.astimezone(statistics.zone)
    rows, checked, granted, failed = statistics.rows, statistics.checked, statistics.granted, statistics.failed
    parts = {"checked": (checked, rows), "granted": (granted, checked), "refused": (checked - granted, checked)}
    parts["failed"] = (failed, rows)
    return Template(_resource("page.html")).substitute(
        {name: f"{part:,}" for name, (part, _) in parts.items()},
        **{f"{name}_share": escape(share(part, whole)) for name, (part, whole) in parts.items()},
        mark=REPORT_MARK,
        style=_resource("page.css"),
        title=html_text(title),
        source=html_text(source),
        now=moment(now),
        offset=offset(now),
        rows=f"{rows:,}",
        days=_DAYS,
        states=_states(statistics),
        failures=_failures(statistics, can_retry=can_retry),
        expiries=_expiries(statistics, now),
        throughput=_throughput(statistics),
    )


def _resource(name: str) -> str:
    return files("etelecom_async.reports").joinpath(name).read_text("utf-8")


def _states(statistics: Statistics) -> str:
    if not statistics.checked:
        return "<p>No row was checked, so there is nothing to show.</p>"
    ranked = _ranked(statistics.states)
    bars = [
        _bar(name, count, statistics.checked, color="var(--yes)" if name in statistics.granting else "var(--no)")
        for name, count in ranked
    ]
    summary = f"Checked customers by state; the most frequent is {bars[0].label} with {bars[0].words}."
    rows = [(html_text(name), f"{count:,}", escape(share(count, statistics.checked))) for name, count in ranked]
    return (
        f'<p>Checked customers by state.{_cut(bars)} <span class="keys">'
        '<span class="key yes">May be called</span> <span class="key no">May not be called</span></span></p>'
        f"{_ranking(bars, summary)}{_table(('State', 'Customers', 'Share'), rows)}"
    )


def _failures(statistics: Statistics, *, can_retry: bool) -> str:
    if not statistics.failed:
        sentence = "Every row was checked." if statistics.checked else "There were no rows."
        return f"<p>{sentence}</p>"
    ranked = _ranked(statistics.failures)
    bars = [_bar(failure_name(name), count, statistics.failed, color="var(--bad)") for name, count in ranked]
    summary = f"Rows that could not be checked, by reason; the most frequent is {bars[0].label}: {bars[0].words}."
    hints = "".join(
        f"<li><strong>{html_text(failure_name(name))}</strong> <span>{count:,}</span>"
        f"<br>{_hint(name, can_retry=can_retry)}</li>\n"
        for name, count in ranked
    )
    return (
        "<p>Rows without an answer, by reason. Nothing is known of these customers: that is not a “no”."
        f'{_cut(bars)}</p>{_ranking(bars, summary)}<ul class="hints">\n{hints}</ul>\n'
    )


def _bar(label: str, count: int, whole: int, *, color: str) -> Bar:
    return Bar(label=printable(label), count=count, words=f"{count:,} · {share(count, whole)}", color=color)


def _hint(failure: str, *, can_retry: bool) -> str:
    """What to do about a failure, with what the user types as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html_text(hint(failure, can_retry=can_retry)))


def _expiries(statistics: Statistics, now: datetime) -> str:
    days = [now.date() + timedelta(days=ahead) for ahead in range(_DAYS)]
    counts = [statistics.expiries.get(date, 0) for date in days]
    coming = sum(counts)
    past = sum(count for date, count in statistics.expiries.items() if date < days[0])
    later = sum(count for date, count in statistics.expiries.items() if date > days[-1]) + statistics.later
    further = {"before today": past, "later": later, "without a known end": statistics.endless}
    others = [f"{count:,} {what}" for what, count in further.items() if count]
    rest = f" Other permissions: {', '.join(others)}." if others else ""
    if not coming:
        sentence = "No permission ends in these days." if statistics.granted else "No customer has given permission."
        return f"<p>{sentence}{rest}</p>"
    soon = sum(counts[:_SOON])
    bars = [
        Bar(label=day(date), count=count, words=f"{count:,}", color="var(--soon)" if ahead < _SOON else "var(--accent)")
        for ahead, (date, count) in enumerate(zip(days, counts, strict=True))
    ]
    rows = [(f"{date:%a} {day(date)}", f"{count:,}") for date, count in zip(days, counts, strict=True)]
    summary = f"Permissions by the day on which they end: {coming:,} in {_DAYS} days, {soon:,} of them in {_SOON}."
    drawn = _drawn(lambda width: columns(bars, width=width, summary=summary), _FULL)
    return (
        f"<p>Ending in these days: <strong>{coming:,}</strong>, of them <strong>{soon:,}</strong> in the"
        f' <span class="key soon">first {_SOON} days</span>, today included. Ask those customers again first.'
        f"{rest}</p>{drawn}{_table(('Day', 'Permissions that end'), rows)}"
    )


def _throughput(statistics: Statistics) -> str:
    first, last = statistics.first, statistics.last
    if first is None or last is None:
        return "<p>There were no rows.</p>"
    took = (last - first).total_seconds()
    # The job ran for only a part of the first and the last bin: their rates would be too low.
    bins = statistics.bins[1:-1]
    if len(bins) < _FEWEST_POINTS:
        return f"<p>The job took {duration(took)}: too short to show how its pace changed.</p>"
    length = statistics.bin_width
    points = [(part.start + length / 2, part.checked / length.total_seconds()) for part in bins]
    mean = statistics.checked / took
    peak = max(per_second for _, per_second in points)
    facts = f"{rate(mean)} rows a second on average, {rate(peak)} at best"
    summary = f"Checked rows per second: {facts}."
    rows = [
        (f"{part.start:%Y-%m-%d %H:%M:%S}", f"{part.checked:,}", rate(per_second))
        for part, (_, per_second) in zip(bins, points, strict=True)
    ]
    drawn = _drawn(lambda width: area(points, mean=mean, width=width, summary=summary), _FULL)
    return (
        f"<p>Checked rows per second from {moment(first)} to {moment(last)}, {duration(took)}:"
        f" <strong>{facts}</strong>. The dashed line is the average.</p>"
        f"{drawn}{_table((f'From, for {duration(length.total_seconds())}', 'Checked', 'Per second'), rows)}"
    )


def _drawn(draw: Callable[[int], str], widths: Mapping[str, int]) -> str:
    """A chart once for each class of devices; the style sheet hides all but one, from screen readers too."""
    return "".join(f'<div class="{devices}">{draw(width)}</div>\n' for devices, width in widths.items())


def _ranking(bars: Sequence[Bar], summary: str) -> str:
    """The most frequent of these bars, so that small ones do not hide them."""
    return _drawn(lambda width: ranking(bars[:_MOST_BARS], width=width, summary=summary), _HALF)


def _cut(bars: Sequence[Bar]) -> str:
    """A sentence for a chart that lacks some of the bars."""
    return f" The chart has the {_MOST_BARS} most frequent, the list below it all." if len(bars) > _MOST_BARS else ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The numbers of a chart as text. The cells are HTML."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>\n'
        for first, *rest in rows
    )
    return (
        "<details><summary>The numbers as a table</summary>"
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div></details>\n'
    )


def _ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
