"""Which column holds the phones."""

import pytest

from etelecom_async import ConfigError
from etelecom_async.tables import Row, find_phone_column, named_column


@pytest.mark.parametrize(
    "name",
    [
        *("phone", "Phone Number", "PHONE_NUMBER", "phoneNumber", "Mobile", "tel", "Tel.", "customer_phone"),
        *("SĐT", "sdt", "Số điện thoại", "so_dien_thoai", "ĐIỆN THOẠI", "Di động", "so dt", "Số ĐT", "ĐTDĐ"),
        "SĐT khách hàng",
    ],
)
def test_the_phones_are_found_by_the_name_of_their_column(name):
    assert find_phone_column(["id", "hotel", name], []) == (2, "found by its name")


def test_an_exact_name_goes_before_a_longer_one():
    assert find_phone_column(["phone type", "phone", "my phone"], [])[0] == 1


def test_of_several_names_the_one_with_phones_counts():
    rows = [Row(1, ("iPhone", "0987654321")), Row(2, ("Nokia", "0912345678"))]
    assert find_phone_column(["phone model", "customer phone"], rows)[0] == 1


def test_the_phones_are_found_by_content():
    rows = [Row(n, (n, f"09876543{n:02d}" if n % 10 else "?", None, "")) for n in range(100)]
    assert find_phone_column(["a", "b", "c", "d"], rows) == (1, "found by content: 90 of 100 values are phone numbers")


def test_no_phones_or_too_few_is_an_error_that_lists_the_columns():
    rows = [Row(n, ("x", "0987654321" if n < 2 else "y")) for n in range(10)]
    for sample in (rows, []):
        with pytest.raises(ConfigError, match=r"No column holds .*--column\. The columns are 'a', 'b'"):
            find_phone_column(["a", "b"], sample)


def test_columns_that_are_equally_likely_are_an_error():
    rows = [Row(1, ("0987654321", "0912345678"))]
    with pytest.raises(ConfigError, match=r"columns may hold the phones \('a', 'b'\): choose one with --column"):
        find_phone_column(["a", "b"], rows)
    with pytest.raises(ConfigError, match=r"Several columns .*\('phone', 'mobile'\)"):
        find_phone_column(["phone", "x", "mobile"], [])


def test_a_named_column_is_found_by_name_case_or_number():
    columns = ["SĐT", "Phone", "phone", "7", "Tên"]
    names = ("sđt", "Phone", "phone", "2", "7", " TÊN", "5")
    assert [named_column(columns, name) for name in names] == [0, 1, 2, 1, 3, 4, 4]
    assert named_column(["Số"], "So\u0302\u0301") == 0
    for name in ("x", "0", "6", "-1", ""):
        with pytest.raises(ConfigError, match="There is no column"):
            named_column(columns, name)
    with pytest.raises(ConfigError, match="2 columns are named 'PHONE'"):
        named_column(columns, "PHONE")


def test_a_column_of_numbers_is_found_by_content_and_one_of_lists_or_booleans_is_not():
    rows = [Row(1, ("x", 84987654321)), Row(2, ("y", 987654321.0)), Row(3, ("z", True))]
    assert find_phone_column(["a", "b"], rows) == (1, "found by content: 2 of 2 values are phone numbers")
    rows = [Row(n, (True, ["84987654321"], 84987654321.0 + n, 0.5)) for n in range(10)]
    assert find_phone_column(("a", "b", "c", "d"), rows)[0] == 2


def test_of_two_columns_with_one_name_none_is_taken_for_the_phones_unasked():
    rows = [Row(1, ("0912345601", "0912345602", "An"))]
    with pytest.raises(ConfigError, match=r"Several columns may hold the phones \('phone', 'phone_2'\)"):
        find_phone_column(("phone", "phone_2", "name"), rows)
    # Where one of them holds none there is nothing to ask.
    rows = [Row(1, ("0912345601", "mobile", "An"))]
    assert find_phone_column(("phone", "phone_2", "name"), rows)[0] == 0
