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
from ..messages.translation import ENGLISH, Translator
from ..tables.atomic import replacing
from .charts import Bar, area, columns, ranking, require
from .formatting import day, duration, html_text, moment, printable, rate, share, weekday
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
    path: Path,
    statistics: Statistics,
    *,
    title: str,
    source: str,
    now: datetime,
    can_retry: bool = True,
    texts: Translator = ENGLISH,
) -> None:
    """Render the page into a file. A program that reads the file meanwhile sees either the old page or the new one.

    `check_report` says whether the file may be written. A new page gets the usual permissions of new files: it is made
    to be shared, and holds no phone number. The other arguments are those of `render`.

    Raises:
        ConfigError: the extra `[report]` is not installed, or the file cannot be written. The file is unchanged.
        OSError: the file cannot be written. It is unchanged.
    """
    page = render(statistics, title=title, source=source, now=now, can_retry=can_retry, texts=texts).encode()
    # If the path is a link, its target is replaced.
    with replacing(path.resolve(), mode=0o666) as draft:
        draft.write(page)


def render(
    statistics: Statistics,
    *,
    title: str,
    source: str,
    now: datetime,
    can_retry: bool = True,
    texts: Translator = ENGLISH,
) -> str:
    """The whole page.

    Takes a few seconds in which no other thread runs, since the chart library holds the interpreter lock: call it at
    the end of a job.

    Args:
        statistics: what to show; its time zone is that of all days and times.
        title: the heading.
        source: where the phones came from, such as the name of a file.
        now: an aware datetime; the coming days are counted from it.
        can_retry: whether the page says how to repeat the command. One that read a pipe cannot be repeated.
        texts: the language of the page.

    Raises:
        ConfigError: the extra `[report]` is not installed.
    """
    require()
    now = now.astimezone(statistics.zone)
    _, number = texts.gettext, texts.number
    rows, checked, granted, failed = statistics.rows, statistics.checked, statistics.granted, statistics.failed
    parts = {"checked": (checked, rows), "granted": (granted, checked), "refused": (checked - granted, checked)}
    parts["failed"] = (failed, rows)
    of_rows, of_checked = _("{share} of {rows} rows"), _("{share} of checked")
    shares = {name: escape(share(part, whole, texts=texts)) for name, (part, whole) in parts.items()}
    return Template(_resource("page.html")).substitute(
        {name: number(part) for name, (part, _whole) in parts.items()},
        checked_share=of_rows.format(share=shares["checked"], rows=number(rows)),
        granted_share=of_checked.format(share=shares["granted"]),
        refused_share=of_checked.format(share=shares["refused"]),
        failed_share=_("{share} of rows").format(share=shares["failed"]),
        lang=texts.lang,
        in_short=_("In short"),
        checked_head=_("Checked"),
        granted_head=_("May be called"),
        refused_head=_("May not be called"),
        failed_head=_("Could not be checked"),
        states_head=_("What the customers allow"),
        failures_head=_("What could not be checked, and what to do"),
        expiries_head=_("Permissions that end in the coming {days} days").format(days=_DAYS),
        throughput_head=_("Throughput over time"),
        mark=REPORT_MARK,
        style=_resource("page.css"),
        title=html_text(title),
        source=html_text(source),
        now=moment(now),
        offset=offset(now),
        states=_states(statistics, texts),
        failures=_failures(statistics, texts, can_retry=can_retry),
        expiries=_expiries(statistics, now, texts),
        throughput=_throughput(statistics, texts),
    )


def _resource(name: str) -> str:
    return files("etelecom_async.reports").joinpath(name).read_text("utf-8")


def _states(statistics: Statistics, texts: Translator) -> str:
    _ = texts.gettext
    if not statistics.checked:
        return f"<p>{_('No row was checked, so there is nothing to show.')}</p>"
    ranked = _ranked(statistics.states)
    bars = [
        _bar(
            _(name),
            count,
            statistics.checked,
            color="var(--yes)" if name in statistics.granting else "var(--no)",
            texts=texts,
        )
        for name, count in ranked
    ]
    summary = _("Checked customers by state; the most frequent is {state} with {share}.")
    rows = [
        (html_text(_(name)), texts.number(count), escape(share(count, statistics.checked, texts=texts)))
        for name, count in ranked
    ]
    return (
        f'<p>{_("Checked customers by state.")}{_cut(bars, texts)} <span class="keys">'
        f'<span class="key yes">{_("May be called")}</span> <span class="key no">{_("May not be called")}</span></span>'
        f"</p>{_ranking(bars, summary.format(state=bars[0].label, share=bars[0].words), texts)}"
        f"{_table((_('State'), _('Customers'), _('Share')), rows, texts)}"
    )


def _failures(statistics: Statistics, texts: Translator, *, can_retry: bool) -> str:
    _ = texts.gettext
    if not statistics.failed:
        return f"<p>{_('Every row was checked.') if statistics.checked else _('There were no rows.')}</p>"
    ranked = [(name, failure_name(name, texts=texts), count) for name, count in _ranked(statistics.failures)]
    bars = [_bar(words, count, statistics.failed, color="var(--bad)", texts=texts) for _name, words, count in ranked]
    summary = _("Rows that could not be checked, by reason; the most frequent is {reason}: {share}.")
    hints = "".join(
        f"<li><strong>{html_text(words)}</strong> <span>{texts.number(count)}</span>"
        f"<br>{_hint(name, texts, can_retry=can_retry)}</li>\n"
        for name, words, count in ranked
    )
    lead = _("Rows without an answer, by reason. Nothing is known of these customers: that is not a “no”.")
    return (
        f"<p>{lead}{_cut(bars, texts)}</p>"
        f"{_ranking(bars, summary.format(reason=bars[0].label, share=bars[0].words), texts)}"
        f'<ul class="hints">\n{hints}</ul>\n'
    )


def _bar(label: str, count: int, whole: int, *, color: str, texts: Translator) -> Bar:
    words = f"{texts.number(count)} · {share(count, whole, texts=texts)}"
    return Bar(label=printable(label), count=count, words=words, color=color)


def _hint(failure: str, texts: Translator, *, can_retry: bool) -> str:
    """What to do about a failure, with what the user types as code."""
    advice = html_text(hint(failure, can_retry=can_retry, texts=texts))
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", advice)


def _expiries(statistics: Statistics, now: datetime, texts: Translator) -> str:
    _, number = texts.gettext, texts.number
    days = [now.date() + timedelta(days=ahead) for ahead in range(_DAYS)]
    counts = [statistics.expiries.get(date, 0) for date in days]
    coming = sum(counts)
    past = sum(count for date, count in statistics.expiries.items() if date < days[0])
    later = sum(count for date, count in statistics.expiries.items() if date > days[-1]) + statistics.later
    further = {
        _("{count} before today"): past,
        _("{count} later"): later,
        _("{count} without a known end"): statistics.endless,
    }
    others = ", ".join(words.format(count=number(count)) for words, count in further.items() if count)
    rest = f" {_('Other permissions: {others}.').format(others=others)}" if others else ""
    if not coming:
        none = _("No permission ends in these days.") if statistics.granted else _("No customer has given permission.")
        return f"<p>{none}{rest}</p>"
    soon = sum(counts[:_SOON])
    bars = [
        Bar(
            label=day(date, texts=texts),
            count=count,
            words=number(count),
            color="var(--soon)" if ahead < _SOON else "var(--accent)",
        )
        for ahead, (date, count) in enumerate(zip(days, counts, strict=True))
    ]
    rows = [
        (f"{weekday(date, texts=texts)} {day(date, texts=texts)}", number(count))
        for date, count in zip(days, counts, strict=True)
    ]
    summary = _(
        "Permissions by the day on which they end: {coming} in {days} days, {soon} of them in {first_days}."
    ).format(coming=number(coming), days=_DAYS, soon=number(soon), first_days=_SOON)
    drawn = _drawn(lambda width: columns(bars, width=width, summary=summary, texts=texts), _FULL)
    lead = _(
        "Ending in these days: {coming}, of them {soon} in the {first_days}, today included. Ask those customers again "
        "first."
    ).format(
        coming=f"<strong>{number(coming)}</strong>",
        soon=f"<strong>{number(soon)}</strong>",
        first_days=f'<span class="key soon">{_("first {count} days").format(count=_SOON)}</span>',
    )
    return f"<p>{lead}{rest}</p>{drawn}{_table((_('Day'), _('Permissions that end')), rows, texts)}"


def _throughput(statistics: Statistics, texts: Translator) -> str:
    _ = texts.gettext
    first, last = statistics.first, statistics.last
    if first is None or last is None:
        return f"<p>{_('There were no rows.')}</p>"
    took = (last - first).total_seconds()
    # The job ran for only a part of the first and the last bin: their rates would be too low.
    bins = statistics.bins[1:-1]
    if len(bins) < _FEWEST_POINTS:
        short = _("The job took {time}: too short to show how its pace changed.")
        return f"<p>{short.format(time=duration(took, texts=texts))}</p>"
    length = statistics.bin_width
    points = [(part.start + length / 2, part.checked / length.total_seconds()) for part in bins]
    mean = statistics.checked / took
    peak = max(per_second for _at, per_second in points)
    facts = _("{mean} rows a second on average, {peak} at best").format(
        mean=rate(mean, texts=texts), peak=rate(peak, texts=texts)
    )
    summary = _("Checked rows per second: {facts}.").format(facts=facts)
    rows = [
        (f"{part.start:%Y-%m-%d %H:%M:%S}", texts.number(part.checked), rate(per_second, texts=texts))
        for part, (_at, per_second) in zip(bins, points, strict=True)
    ]
    drawn = _drawn(lambda width: area(points, mean=mean, width=width, summary=summary, texts=texts), _FULL)
    lead = _("Checked rows per second from {first} to {last}, {time}: {facts}. The dashed line is the average.").format(
        first=moment(first),
        last=moment(last),
        time=duration(took, texts=texts),
        facts=f"<strong>{facts}</strong>",
    )
    since = _("From, for {time}").format(time=duration(length.total_seconds(), texts=texts))
    return f"<p>{lead}</p>{drawn}{_table((since, _('Checked'), _('Per second')), rows, texts)}"


def _drawn(draw: Callable[[int], str], widths: Mapping[str, int]) -> str:
    """A chart once for each class of devices; the style sheet hides all but one, from screen readers too."""
    return "".join(f'<div class="{devices}">{draw(width)}</div>\n' for devices, width in widths.items())


def _ranking(bars: Sequence[Bar], summary: str, texts: Translator) -> str:
    """The most frequent of these bars, so that small ones do not hide them."""
    return _drawn(lambda width: ranking(bars[:_MOST_BARS], width=width, summary=summary, texts=texts), _HALF)


def _cut(bars: Sequence[Bar], texts: Translator) -> str:
    """A sentence for a chart that lacks some of the bars."""
    if len(bars) <= _MOST_BARS:
        return ""
    sentence = texts.gettext("The chart has the {count} most frequent, the list below it all.")
    return f" {sentence.format(count=_MOST_BARS)}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], texts: Translator) -> str:
    """The numbers of a chart as text. The cells are HTML."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>\n'
        for first, *rest in rows
    )
    return (
        f"<details><summary>{texts.gettext('The numbers as a table')}</summary>"
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div></details>\n'
    )


def _ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
