"""A cell of any kind becomes the text of a phone number without a digit dropped, rounded or made up."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import ConfigError, InvalidPhone, PhoneProblem
from etelecom_async.phone import normalize
from etelecom_async.tables import open_source
from etelecom_async.tables.cells import phone_text, refuse_lossy
from etelecom_async.workers.batches import ConsentBatches
from tests.support import OA
from tests.support.job_files import Service, refuse

PHONE = "84987654321"

CELLS = [
    *("0987 654 321", 84987654321, 987654321, 84987654321.0, 987654321.0),
    *(Decimal(84987654321), Decimal("84987654321.0000000000"), Decimal("987654321.00")),
    *(b"0987654321", bytearray(b"+84987654321"), memoryview(b"0987654321")),
    *(b"0987654321\x00\x00", b"\xef\xbb\xbf0987654321"),
]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: type(cell).__name__)
def test_a_cell_of_every_kind_is_one_number(cell):
    """B2, B3, B4: text, whole numbers, floats and decimals that are whole, bytes."""
    assert normalize(phone_text(cell)) == PHONE


@pytest.mark.parametrize("cell", [None, "", float("nan"), Decimal("NaN"), b""], ids=repr)
def test_an_empty_cell_is_an_empty_text(cell):
    assert phone_text(cell) == ""


UNCERTAIN = {
    PhoneProblem.DIGITS_LOST: [
        *(
            84987654321.5,
            987654320.9999999,
            float(2**53),
            1e300,
            float("inf"),
            float("-inf"),
            -84987654321,
            -987654321.0,
        ),
        *map(Decimal, ("84987654321.5", "8.49877E+10", "1E+999999", "1E-999999", "Infinity")),
    ],
    PhoneProblem.NOT_TEXT: [
        *(True, b"\xff\xfe0\x009\x00", ["0987654321"], {"phone": "0987654321"}),
        *(date(2026, 1, 5), datetime(2026, 1, 5, tzinfo=UTC)),
    ],
    PhoneProblem.TOO_SHORT: [38123456.0],
    PhoneProblem.TOO_LONG: [10**100],
}


@pytest.mark.parametrize(
    ("cell", "reason"),
    [(cell, reason) for reason, found in UNCERTAIN.items() for cell in found],
    ids=lambda it: repr(it)[:30],
)
def test_a_cell_that_is_no_number_for_certain_is_refused_with_its_reason(cell, reason):
    """B1, B2: a fraction, a float beyond exact whole numbers, an exponent."""
    with pytest.raises(InvalidPhone) as caught:
        normalize(phone_text(cell))
    assert caught.value.reason is reason
    assert len(str(caught.value)) < 200


@given(st.floats() | st.integers() | st.decimals(allow_nan=False) | st.floats(0, 1e12).map(round).map(float))
def test_the_text_of_a_number_is_its_value_and_nothing_near_it(cell):
    try:
        text = phone_text(cell)
    except InvalidPhone:
        return
    assert text == "" if cell != cell else Decimal(text) == cell  # noqa: PLR0124 - NaN alone differs from itself


def test_a_number_of_more_digits_than_python_writes_is_refused():
    with pytest.raises(InvalidPhone, match="over 40 digits"):
        phone_text(10**5000)


@pytest.mark.parametrize(
    "kind", ["float", "halffloat", "dictionary<values=float, indices=int32, ordered=0>", "string | float"]
)
def test_a_column_of_narrow_floats_is_refused_since_its_values_look_right(kind):
    with pytest.raises(ConfigError, match=r"'phone'.*rounds numbers of more than seven digits"):
        refuse_lossy(kind, "phone")


@pytest.mark.parametrize("kind", ["", "double", "string", "int64", "decimal128(38, 10)", "binary", "large_string"])
def test_a_column_that_can_hold_a_phone_number_is_taken(kind):
    refuse_lossy(kind, "phone")


@pytest.fixture
def service():
    return Service(refuse)


async def checked(service, path, tmp_path):
    """The rows of a job from this file."""
    output = tmp_path / "out.ndjson"
    await service.run(path, output, column="phone")
    return sorted(map(json.loads, output.read_text().splitlines()), key=lambda row: row["row"])


async def test_rows_of_ndjson_are_read_by_kind_and_an_exponent_is_refused(service, tmp_path):
    """B2, B8: JSON text tells `8.49877e10` from a number that is written out."""
    source = tmp_path / "in.ndjson"
    source.write_text(
        '{"phone":"0987654321"}\n{"phone":84987654322.0}\n{"phone":84987654323}\n{"phone":8.49877e10}\n'
        '{"phone":987654321.5}\n{"phone":true}\n{"phone":["0987654321"]}\n{"phone":null}\n'
    )
    rows = await checked(service, source, tmp_path)
    assert service.asked == ["84987654321", "84987654322", "84987654323"]
    assert {row["failure"] for row in rows[3:]} == {"InvalidPhone"}
    assert rows[3]["phone"] == 8.49877e10
    words = ["scientific notation", "fraction", "true or false", "a list", "empty"]
    assert all(word in row["message"] for word, row in zip(words, rows[3:], strict=True))


async def test_a_row_of_ndjson_with_a_key_twice_is_not_asked_about(service, tmp_path):
    """B9, of the input: which of two phones is meant depends on the reader."""
    source = tmp_path / "in.ndjson"
    source.write_text(
        '{"phone":"0987654321","name":"An"}\n{"phone":"0987654322","phone":"0987654323","name":"Chi"}\n'
        '{"phone":"0987654324","name":{"a":1,"a":2}}\n'
    )
    rows = await checked(service, source, tmp_path)
    assert service.asked == ["84987654321"]
    assert [row["failure"] for row in rows] == ["", "InvalidRow", "InvalidRow"]
    assert rows[1]["message"] == "the key 'phone' is in the line twice: keep one of its values"
    assert rows[1]["name"] == "Chi"


async def test_a_csv_cell_as_a_spreadsheet_writes_it_is_read(service, tmp_path):  # B2, B5
    source = tmp_path / "in.csv"
    source.write_text('phone,name\n84987654321.0,An\n"=""0987654322""",Chi\n38123456.0,Binh\n')
    rows = await checked(service, source, tmp_path)
    assert service.asked == ["84987654321", "84987654322"]
    assert rows[2]["failure"] == "InvalidPhone"


@pytest.fixture
def pyarrow():
    return pytest.importorskip("pyarrow")


@pytest.fixture
def parquet():
    return pytest.importorskip("pyarrow.parquet")


async def test_columns_of_parquet_are_read_by_value(service, tmp_path, pyarrow, parquet):
    """B3, B4: decimal(38,10), bare binary, float64 by value."""
    columns = [
        pyarrow.array(
            [Decimal("84987654321.0000000000"), Decimal("84987654321.5000000000")], pyarrow.decimal128(38, 10)
        ),
        pyarrow.array([b"0987654321", b"\xff0987654322"], pyarrow.binary()),
        pyarrow.array([b"0987654321", b"\xff0987654322"]).view(pyarrow.string()),
        pyarrow.array([84987654321.0, 84987654321.5], pyarrow.float64()),
        pyarrow.array([84987654321, 113], pyarrow.int64()),
        pyarrow.array(["0987654321", "x"]).dictionary_encode(),
    ]
    for at, column in enumerate(columns):
        folder = tmp_path / str(at)
        folder.mkdir()
        parquet.write_table(pyarrow.table({"phone": column}), folder / "in.parquet")
        rows = await checked(service, folder / "in.parquet", folder)
        assert service.asked[at:] == [PHONE]
        assert [row["failure"] for row in rows] == ["", "InvalidPhone"]


@pytest.mark.parametrize("kind", ["float32", "float16"])
async def test_a_column_that_rounds_phone_numbers_is_refused_before_the_first_call(
    service, tmp_path, pyarrow, parquet, kind
):
    """B1: 84987654321 in float32 reads as 84987658240, a number that looks right."""
    table = pyarrow.table({"phone": pyarrow.array([84987654321.0, 38765.0], "float64").cast(kind, safe=False)})
    check = ConsentBatches(oa_id=OA, open_session=lambda: service.session)
    with pytest.raises(ConfigError, match="rounds numbers"):
        await check(table)
    assert table["phone"].to_pylist()[0] == {"float32": 84987658240.0, "float16": float("inf")}[kind]
    parquet.write_table(table, tmp_path / "in.parquet")
    with pytest.raises(ConfigError, match="rounds numbers"):
        await checked(service, tmp_path / "in.parquet", tmp_path)
    assert not (tmp_path / "out.ndjson").exists()
    assert service.asked == []


async def test_a_folder_with_one_file_that_rounds_phone_numbers_is_refused(service, tmp_path, pyarrow, parquet):
    """B1, of a folder whose files differ."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, kind in [("a", "float64"), ("b", "float32"), ("c", "float64")]:
        parquet.write_table(pyarrow.table({"phone": pyarrow.array([84987654321.0], kind)}), folder / f"{name}.parquet")
    assert open_source(folder).types == {"phone": "double | float"}
    with pytest.raises(ConfigError, match="rounds numbers"):
        await checked(service, folder, tmp_path)
    assert service.asked == []


async def test_other_columns_may_round_what_they_hold(service, tmp_path, pyarrow, parquet):
    table = pyarrow.table({"phone": [PHONE], "score": pyarrow.array([0.5], "float32")})
    parquet.write_table(table, tmp_path / "in.parquet")
    rows = await checked(service, tmp_path / "in.parquet", tmp_path)
    assert (rows[0]["score"], rows[0]["failure"]) == (0.5, "")
