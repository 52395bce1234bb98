"""The report of a job: one HTML page for a manager, which opens anywhere and asks no network for anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from html import escape
from pathlib import Path

from ..jobs.output_paths import REPORT_MARK
from ..messages import advice, failure_name
from ..tables.atomic import replacing
from .charts import Bar, area, columns, ranking, require
from .statistics import Statistics

__all__ = ["render", "require", "write"]

_DAYS = 30
_SOON = 7
_MOST_BARS = 16
_FEWEST_POINTS = 3

_NBSP = "\N{NO-BREAK SPACE}"

# Text in a drawing shrinks with it, so each chart is drawn in a few widths and the style sheet shows the one that fits.
_HALF = {"desktop tablet": 520, "phone": 320}
_FULL = {"desktop": 1088, "tablet": 640, "phone": 320}


def write(
    path: Path, statistics: Statistics, *, title: str, source: str, now: datetime, can_retry: bool = True
) -> None:
    """Render the page into a file. A program that opens it meanwhile sees the old page or the new one, whole.

    `check_report` says whether the file may be written. A new page can be read as any new file of the user's: it is
    made to be handed on, and holds no phone number.

    Raises:
        ConfigError: the extra `[report]` is not installed, or the file cannot be written. It is as it was.
        OSError: the file cannot be written. It is as it was.
    """
    page = render(statistics, title=title, source=source, now=now, can_retry=can_retry).encode()
    # Behind a link it is the file that is replaced.
    with replacing(path.resolve(), mode=0o666) as draft:
        draft.write(page)


def render(statistics: Statistics, *, title: str, source: str, now: datetime, can_retry: bool = True) -> str:
    """The whole page.

    Takes a few seconds in which no other thread runs either, since the library holds the interpreter while it draws:
    something for the end of a job.

    Args:
        statistics: what to tell; its zone is the one of all days and times.
        title: the heading.
        source: where the phones came from, such as the name of a file.
        now: from when to count the coming days, aware.
        can_retry: does the page say how to repeat the command? It cannot be where the phones came from a pipe.

    Raises:
        ConfigError: the extra `[report]` is not installed.
    """
    require()
    now = now.astimezone(statistics.zone)
    heading = _text(title)
    sections = (
        _headline(statistics),
        _states(statistics),
        _failures(statistics, can_retry=can_retry),
        _expiry(statistics, now),
        _pace(statistics),
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{REPORT_MARK}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>{heading}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>{heading}</h1>
<p>{_text(source)} · {_moment(now)} ({_offset(now)})</p>
</header>
<main>
{"".join(sections)}</main>
</body>
</html>
"""


def _headline(statistics: Statistics) -> str:
    checked, granted, failed = statistics.checked, statistics.granted, statistics.failed
    refused = checked - granted
    numbers = (
        ("Checked", checked, f"{_share(checked, statistics.rows)} of {statistics.rows:,} rows", "accent"),
        ("May be called", granted, f"{_share(granted, checked)} of checked", "yes"),
        ("May not be called", refused, f"{_share(refused, checked)} of checked", "no"),
        ("Could not be checked", failed, f"{_share(failed, statistics.rows)} of rows", "bad"),
    )
    cards = "".join(
        f'<div class="{kind}"><dt>{name}</dt><dd><strong>{number:,}</strong><span>{escape(words)}</span></dd></div>\n'
        for name, number, words, kind in numbers
    )
    return f'<section class="numbers" aria-label="In short"><dl>\n{cards}</dl></section>\n'


def _states(statistics: Statistics) -> str:
    heading = "What the customers allow"
    if not statistics.checked:
        return _section(heading, "<p>No row was checked, so there is nothing to show.</p>", half=True)
    ranked = _ranked(statistics.states)
    bars = [
        Bar(
            label=_plain(name),
            count=count,
            words=f"{count:,} · {_share(count, statistics.checked)}",
            color="var(--yes)" if name in statistics.granting else "var(--no)",
        )
        for name, count in ranked
    ]
    summary = f"Checked customers by state; the most frequent is {bars[0].label} with {bars[0].words}."
    rows = [(_text(name), f"{count:,}", escape(_share(count, statistics.checked))) for name, count in ranked]
    return _section(
        heading,
        f'<p>Checked customers by state.{_cut(bars)} <span class="keys">'
        '<span class="key yes">May be called</span> <span class="key no">May not be called</span></span></p>',
        _drawn(lambda width: ranking(_few(bars), width=width, summary=summary), _HALF),
        _table(("State", "Customers", "Share"), rows),
        half=True,
    )


def _failures(statistics: Statistics, *, can_retry: bool) -> str:
    heading = "What could not be checked, and what to do"
    if not statistics.failed:
        sentence = "Every row was checked." if statistics.checked else "There were no rows."
        return _section(heading, f"<p>{sentence}</p>", half=True)
    ranked = _ranked(statistics.failures)
    bars = [
        Bar(
            label=_plain(failure_name(name)),
            count=count,
            words=f"{count:,} · {_share(count, statistics.failed)}",
            color="var(--bad)",
        )
        for name, count in ranked
    ]
    summary = f"Rows that could not be checked, by reason; the most frequent is {bars[0].label}: {bars[0].words}."
    advices = "".join(
        f"<li><strong>{_text(failure_name(name))}</strong> <span>{count:,}</span>"
        f"<br>{_advice(name, can_retry=can_retry)}</li>\n"
        for name, count in ranked
    )
    return _section(
        heading,
        "<p>Rows without an answer, by reason. Nothing is known of these customers: that is not a “no”."
        f"{_cut(bars)}</p>",
        _drawn(lambda width: ranking(_few(bars), width=width, summary=summary), _HALF),
        f'<ul class="advice">\n{advices}</ul>\n',
        half=True,
    )


def _advice(reason: str, *, can_retry: bool) -> str:
    """What to do about it, with what is to be typed set as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", _text(advice(reason, can_retry=can_retry)))


def _expiry(statistics: Statistics, now: datetime) -> str:
    heading = f"Permissions that end in the coming {_DAYS} days"
    days = [now.date() + timedelta(days=ahead) for ahead in range(_DAYS)]
    counts = [statistics.expiries.get(day, 0) for day in days]
    coming = sum(counts)
    past = sum(count for day, count in statistics.expiries.items() if day < days[0])
    later = sum(count for day, count in statistics.expiries.items() if day > days[-1]) + statistics.later
    others = [
        *([f"{past:,} before today"] if past else []),
        *([f"{later:,} later"] if later else []),
        *([f"{statistics.endless:,} without a known end"] if statistics.endless else []),
    ]
    rest = f" Other permissions: {', '.join(others)}." if others else ""
    if not coming:
        sentence = "No permission ends in these days." if statistics.granted else "No customer has given permission."
        return _section(heading, f"<p>{sentence}{rest}</p>")
    soon = sum(counts[:_SOON])
    bars = [
        Bar(label=_day(day), count=count, words=f"{count:,}", color="var(--soon)" if ahead < _SOON else "var(--accent)")
        for ahead, (day, count) in enumerate(zip(days, counts, strict=True))
    ]
    rows = [(f"{day:%a} {_day(day)}", f"{count:,}") for day, count in zip(days, counts, strict=True)]
    summary = f"Permissions by the day on which they end: {coming:,} in {_DAYS} days, {soon:,} of them in {_SOON}."
    return _section(
        heading,
        f"<p>Ending in these days: <strong>{coming:,}</strong>, of them <strong>{soon:,}</strong> in the"
        f' <span class="key soon">first {_SOON} days</span>, today included. Ask those customers again first.'
        f"{rest}</p>",
        _drawn(lambda width: columns(bars, width=width, summary=summary), _FULL),
        _table(("Day", "Permissions that end"), rows),
    )


def _pace(statistics: Statistics) -> str:
    heading = "Throughput over time"
    first, last = statistics.first, statistics.last
    if first is None or last is None:
        return _section(heading, "<p>There were no rows.</p>")
    took = (last - first).total_seconds()
    # Of the first and the last bucket only a part was lived through: their rates would be too low.
    buckets = statistics.buckets[1:-1]
    if len(buckets) < _FEWEST_POINTS:
        return _section(heading, f"<p>The job took {_duration(took)}: too short to show how its pace changed.</p>")
    width = statistics.bucket_width
    points = [(bucket.start + width / 2, bucket.checked / width.total_seconds()) for bucket in buckets]
    mean = statistics.checked / took
    fastest = max(rate for _, rate in points)
    facts = f"{_rate(mean)} rows a second on average, {_rate(fastest)} at best"
    summary = f"Checked rows per second: {facts}."
    return _section(
        heading,
        f"<p>Checked rows per second from {_moment(first)} to {_moment(last)}, {_duration(took)}:"
        f" <strong>{facts}</strong>. The dashed line is the average.</p>",
        _drawn(lambda width: area(points, mean=mean, width=width, summary=summary), _FULL),
        _table(
            (f"From, for {_duration(width.total_seconds())}", "Checked", "Per second"),
            [
                (f"{bucket.start:%Y-%m-%d %H:%M:%S}", f"{bucket.checked:,}", _rate(rate))
                for bucket, (_, rate) in zip(buckets, points, strict=True)
            ],
        ),
    )


def _section(heading: str, *parts: str, half: bool = False) -> str:
    return f"<section{' class=half' if half else ''}>\n<h2>{heading}</h2>\n{''.join(parts)}</section>\n"


def _drawn(draw: Callable[[int], str], widths: Mapping[str, int]) -> str:
    """A chart once for each of the devices; all but one are hidden, from screen readers too."""
    return "".join(f'<div class="{devices}">{draw(width)}</div>\n' for devices, width in widths.items())


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


def _few(bars: Sequence[Bar]) -> Sequence[Bar]:
    """As many bars as a reader takes in."""
    return bars[:_MOST_BARS]


def _cut(bars: Sequence[Bar]) -> str:
    """A sentence where `_few` left some out."""
    return f" The chart has the {_MOST_BARS} most frequent, the list below it all." if len(bars) > _MOST_BARS else ""


def _plain(text: str) -> str:
    """A stranger's text without what is no text: control characters, marks that turn the direction, lone surrogates."""
    return "".join(c if c.isprintable() else " " for c in text).strip() or "(no name)"


def _text(text: str) -> str:
    return escape(_plain(text))


def _share(part: int, whole: int) -> str:
    """A percentage that never rounds something to nothing, or nearly all to all; a dash where there is no whole."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.1:  # noqa: PLR2004
        words = "< 0.1"
    elif 99.9 < percent < 100:  # noqa: PLR2004
        words = "> 99.9"
    else:
        words = f"{percent:.0f}" if percent in {0, 100} else f"{percent:.1f}"
    return f"{words} %".replace(" ", _NBSP)


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"  # noqa: PLR2004 - where a decimal begins to matter


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        words = f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"
    elif minutes:
        words = f"{minutes} min {rest} s" if rest else f"{minutes} min"
    else:
        words = f"{rest} s"
    return words.replace(" ", _NBSP)


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _moment(moment: datetime) -> str:
    """A time as HTML."""
    return f"<time>{moment:%Y-%m-%d %H:%M}</time>"


def _offset(moment: datetime) -> str:
    sign = f"{moment:%z}"
    return f"UTC{sign[:3]}:{sign[3:5]}"


_STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #fff; --ink: #18202b; --muted: #566172; --line: #e3e6eb; --track: #eceff3;
  --accent: #2460d8; --yes: #0b7a57; --no: #8391a5; --bad: #b93815; --soon: #b4690e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1015; --card: #171b22; --ink: #e9edf2; --muted: #a0abba; --line: #2a303a; --track: #232933;
    --accent: #78a6ff; --yes: #3ccf9e; --no: #77869b; --bad: #ff8f6b; --soon: #f0c04f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 32px 24px 48px; max-width: 1184px; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 28px; line-height: 1.2; letter-spacing: -.01em; text-wrap: balance; }
h2 { margin: 0; font-size: 18px; line-height: 1.3; text-wrap: balance; }
header p, section > p { margin: 4px 0 16px; color: var(--muted); }
section > p:last-child { margin-bottom: 0; }
section > p strong { color: var(--ink); }
main { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; }
main > section {
  grid-column: 1 / -1; min-width: 0; padding: 22px 24px; background: var(--card); border: 1px solid var(--line);
  border-radius: 12px;
}
main > .half { grid-column: auto; }
main > .numbers { padding: 0; background: none; border: 0; }
dl { display: grid; grid-template-columns: repeat(4, 1fr); gap: 16px; margin: 0; }
dl div {
  padding: 16px 20px; background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  border-top: 4px solid var(--mark);
}
dt { color: var(--muted); font-size: 15px; }
dd { margin: 0; }
dd strong { display: block; font-size: 32px; line-height: 1.25; letter-spacing: -.02em; }
dd span { color: var(--muted); font-size: 14px; }
.accent { --mark: var(--accent); } .yes { --mark: var(--yes); } .no { --mark: var(--no); } .bad { --mark: var(--bad); }
.soon { --mark: var(--soon); }
.keys, .key, code, time { white-space: nowrap; }
code { color: var(--ink); font-size: .92em; }
.key::before {
  content: ""; display: inline-block; width: 10px; height: 10px; margin: 0 5px 0 2px; border-radius: 3px;
  background: var(--mark);
}
svg { display: block; width: 100%; height: auto; overflow: visible; font-family: inherit; }
dd strong, td, svg, .advice span { font-variant-numeric: tabular-nums; }
.tablet, .phone { display: none; }
.desktop { display: block; }
.advice { margin: 18px 0 0; padding: 14px 0 0; border-top: 1px solid var(--line); list-style: none; font-size: 15px; }
.advice li { margin: 0 0 10px; color: var(--muted); }
.advice strong { color: var(--ink); }
details { margin-top: 16px; font-size: 15px; }
summary { width: fit-content; color: var(--accent); cursor: pointer; }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 3px; }
.scroll { max-height: 420px; margin-top: 8px; overflow: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 6px 8px; border-bottom: 1px solid var(--line); text-align: right; font-weight: 400; }
th:first-child { padding-left: 0; text-align: left; }
thead th { position: sticky; top: 0; background: var(--card); color: var(--muted); }
@media (max-width: 900px) {
  main > .half { grid-column: 1 / -1; }
  dl { grid-template-columns: 1fr 1fr; }
  .desktop { display: none; }
  .tablet { display: block; }
}
@media (max-width: 600px) {
  body { padding: 20px 12px 32px; }
  h1 { font-size: 24px; }
  main, dl { gap: 10px; }
  main > section { padding: 18px 16px; }
  dl div { padding: 12px 14px; }
  dd strong { font-size: 22px; letter-spacing: -.03em; overflow-wrap: normal; }
  .tablet { display: none; }
  .phone { display: block; }
}
@media print {
  body { max-width: none; padding: 0; background: none; }
  section { break-inside: avoid; }
}
"""
