"""NDJSON: objects are rows."""

import io

import pytest

from etelecom_async import ConfigError
from etelecom_async.tables import NdjsonLayout, Row
from etelecom_async.tables.bounds import MAX_CELL, MAX_RECORD
from tests.support.tables import cells


def test_objects_are_rows_and_their_other_keys_are_extra(source):
    table = source(
        '{"phone": "1", "age": 3}\n\n{"age": 4, "phone": null}\n'
        '{"phone": "2", "vip": true}\r\n[1]\n{"phone": NaN}\n{"a',
        name="a.jsonl",
    )
    bad = "the line is not a JSON object"
    assert table.columns == ("phone", "age")
    assert list(table.rows()) == [
        Row(1, ("1", 3)),
        Row(2, (None, 4)),
        Row(3, ("2", None), "", {"vip": True}),
        Row(4, (None, None), bad),
        Row(5, (None, None), f"{bad}: JSON has no NaN"),
        Row(6, (None, None), bad),
    ]


def test_lines_before_the_first_object_are_rows_with_a_problem(source):
    table = source('oops\n{"phone": "1"}\n', name="a.ndjson")
    assert [(row.number, bool(row.problem)) for row in table.rows()] == [(1, True), (2, False)]


@pytest.mark.parametrize(
    ("data", "words"), [("", "is empty"), ('[{"a": 1}]', "jq -c"), ("a,b\n", "no JSON object among its first lines")]
)
def test_ndjson_without_objects_is_refused(source, data, words):
    with pytest.raises(ConfigError, match=words):
        source(data, name="a.ndjson")


def test_deep_and_long_lines_of_ndjson_are_failures_of_their_rows(source):
    """F2: nesting of 980 levels, values and lines beyond the bounds."""
    lines = [
        '{"phone": "0", "x": ' + "[" * 60 + "]" * 60 + "}",
        '{"phone": "1", "x": ' + "[" * 980 + "]" * 980 + "}",
        '{"phone": "2", "x": "' + "y" * 200_000 + '"}',
        '{"phone": "3", "x": "' + "y" * (MAX_CELL + 1) + '"}',
        '{"phone": "4", "x": [' + "1," * MAX_CELL + "1]}",
        '{"phone": "5", "x": "' + "y" * (2 * MAX_RECORD) + '"}',
        '{"phone": "6", "x": "' + "[" * 300 + '"}',
        '{"phone": "7", "x": ' + "[" * 100_000,
    ]
    rows = list(source("\n".join(lines), name="a.ndjson").rows())
    too_deep, too_long = "the line is nested deeper than 100 level", "the line is longer than 4,194,304 charac"
    problems = [row.problem.partition(" has ")[0][:40] for row in rows]
    assert problems == ["", too_deep, "", "a value", "a value", too_long, "", too_deep]
    layout = NdjsonLayout(columns=("phone", "x", "row", "failure"))
    data = layout.encode([(*row.cells, row.number, row.problem or None) for row in rows])
    found = [number for number, *_ in layout.scan(io.BytesIO(data), size=len(data), name="out")]
    assert found == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("bad", ["x" * (MAX_CELL + 1), "x" * (2 * MAX_RECORD)])
def test_a_first_line_that_is_too_long_fails_alone(source, bad):
    """F2: the keys come from it or from the line behind it."""
    table = source(f'{{"phone": "0", "x": "{bad}"}}\n{{"phone": "1", "x": "y"}}\n', name="a.ndjson")
    first, second = table.rows()
    assert table.columns == ("phone", "x")
    assert first.problem
    assert first.cells in {("0", None), (None, None)}
    assert (second.cells, second.problem) == (("1", "y"), "")


def test_ndjson_with_a_mark_blank_lines_nuls_and_stray_bytes_is_read(source):
    data = (
        b'\xef\xbb\xbf\n{"phone": "1", "t": "\xc3\xa8\xc3\xa8\xff"}\0\0\n   \n{"phone": "2", "t": "\\ud800"}\r\n\0\0\0'
    )
    table = source(data, name="a.ndjson")
    assert "1 stray byte kept, in line 2, 5 NULs left out" in table.description
    assert cells(table) == [("1", "èè\udcff"), ("2", "\ud800")]


def test_a_number_that_no_float_holds_stays_as_its_text(source):
    """F17: it would be Infinity, and then null."""
    assert cells(source('{"phone": 1e999, "x": 1.5}\n', name="a.ndjson")) == [("1e999", 1.5)]
