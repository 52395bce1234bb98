"""Ids: what is taken for one, and what is said of the rest."""

import pytest

from etelecom_async import CheckConsent, InvalidId
from tests.support import PHONE
from tests.support.arguments.values import Whole


@pytest.mark.parametrize("value", [7, "7", " 7", "7\n", "\t7\r\n", "0007", Whole(7), 2**63 - 1, str(2**63 - 1)])
def test_an_id_is_any_integral_type_or_its_digits(value):
    """D3: blanks around digits do not count."""
    oa_id = CheckConsent(oa_id=value, phone=PHONE).oa_id
    assert oa_id in (7, 2**63 - 1)
    assert (type(oa_id), str(oa_id)[-1]) == (int, "7")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (7.0, "a float has lost digits"),
        ("abc", "other characters"),
        ("", "is empty"),
        ("\n", "is empty"),
        (-7, "negative"),
        (0, "0 is no id"),
        (2**63, "at most 9223372036854775807"),
        ("99999999999999999999", "at most 9223372036854775807"),
        ("1.0E+18", "exponent"),
        ("１２３", "digits 0 to 9"),
        ("'123'", "quotes"),
        ("-5", "without a sign"),
        (None, "a variable that is not set"),
    ],
)
def test_the_sentence_about_an_id_fits_what_was_given(value, sentence):
    """D3: a text is no float that has lost digits."""
    with pytest.raises(InvalidId, match=sentence) as caught:
        CheckConsent(oa_id=value, phone=PHONE)
    assert ("float" in caught.value.message) == isinstance(value, float)
