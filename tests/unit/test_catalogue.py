"""The catalogue of messages: whole, without leftovers, and compiled as it is written."""

import ast
import re
import string

import pytest

from etelecom_async import ErrorCategory
from etelecom_async.api.consent import ConsentState
from etelecom_async.api.consent_outcome import ConsentStep
from etelecom_async.api.error_codes import OA_CODES, ZNS_CODES
from etelecom_async.messages.english import VALUES
from etelecom_async.messages.translation import translator
from tests.support import catalogue


def as_tuple(texts):
    return tuple(texts) if isinstance(texts, list | tuple) else (texts,)


def by_id(catalogue):
    """The translations of each message; its id is a pair where it has a plural."""
    return {
        as_tuple(it.id) if isinstance(it.id, list | tuple) else it.id: as_tuple(it.string) for it in catalogue if it.id
    }


TRANSLATED = by_id(catalogue.written())
PAIRS = [
    pytest.param(english, vietnamese, id=str(identity)[:40])
    for identity, translations in TRANSLATED.items()
    for english in (identity if isinstance(identity, tuple) else (identity,))
    for vietnamese in translations
]
SAME_IN_BOTH = {"Proxy: {proxy}", "{count} workers"}
CODE = re.compile(r"`[^`]+`|--[a-z-]+|[a-z]+_[a-z_]+")
VIETNAMESE = re.compile("[àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ]", re.IGNORECASE)
UNACCENTED = {"Proxy: {proxy}", "{count} workers", "Sandbox for shops:    {url}", "CN"}


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_message_of_the_code_is_in_the_catalogue_and_no_other():
    """What is missing or left over is listed by `make messages`."""
    assert TRANSLATED.keys() == catalogue.used()
    assert not catalogue.written().obsolete


def test_no_message_is_without_a_translation_or_marked_as_doubtful():
    assert [identity for identity, texts in TRANSLATED.items() if not all(texts)] == []
    assert [message.id for message in catalogue.written() if message.id and message.fuzzy] == []


@pytest.mark.parametrize(("english", "vietnamese"), PAIRS)
def test_a_translation_has_the_placeholders_and_the_names_of_the_english_text(english, vietnamese):
    assert placeholders(vietnamese) == placeholders(english)
    assert set(CODE.findall(vietnamese)) >= set(CODE.findall(english))
    if english[0].isupper() and english.endswith((".", ":")):
        assert vietnamese.endswith(english[-1])
    assert vietnamese == vietnamese.strip()


def test_the_translations_are_vietnamese_and_written_with_their_marks():
    """Each composed (NFC), as the rest of the page is."""
    plain = [it for it, texts in TRANSLATED.items() if not VIETNAMESE.search("".join(texts))]
    assert [it for it in plain if TRANSLATED[it] == (it,) and it not in SAME_IN_BOTH] == []
    assert all(not any("\u0300" <= letter <= "\u036f" for letter in "".join(texts)) for texts in TRANSLATED.values())
    assert len(plain) < 12


def test_the_compiled_catalogue_is_the_written_one():
    assert by_id(catalogue.compiled()) == TRANSLATED
    assert (catalogue.compiled().num_plurals, catalogue.written().num_plurals) == (1, 1)


def test_each_message_is_found_at_run_time():
    texts = translator("vi")
    for identity, (vietnamese,) in TRANSLATED.items():
        for count in (1, 2) if isinstance(identity, tuple) else ():
            assert texts.ngettext(*identity, count) == vietnamese
        if isinstance(identity, str):
            assert texts.gettext(identity) == vietnamese


def test_what_is_translated_is_a_literal_or_the_value_of_a_table():
    dynamic = {
        ast.unparse(it)
        for _, call in catalogue.calls()
        for it in catalogue.arguments(call)
        if not isinstance(it, ast.Constant)
    }
    assert dynamic == catalogue.OF_TABLES


def test_every_value_that_people_see_is_in_the_catalogue():
    assert {*VALUES} >= {state.value for state in ConsentState} | {step.value for step in ConsentStep}
    assert TRANSLATED.keys() >= {*VALUES} | {category.value for category in ErrorCategory}


def test_different_words_stay_different_in_vietnamese():
    texts = translator("vi")
    for words in (
        [state.value for state in ConsentState],
        [category.value for category in ErrorCategory],
        {it.meaning for it in OA_CODES.values()},
        {it.meaning for it in ZNS_CODES.values()},
    ):
        assert len({texts.gettext(word) for word in words}) == len(words)
