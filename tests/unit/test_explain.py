"""What an error means and what to do, in English and Vietnamese, for every error and every code."""

import pickle

import pytest

from etelecom_async import (
    ConfigError,
    Disconnected,
    ErrorCategory,
    EtelecomError,
    InvalidPhone,
    Partner,
    Phase,
    RateLimited,
    SendFailed,
    Unauthenticated,
    errors,
)
from etelecom_async.api.error_codes import CONSENT_CODES, OA_CODES, ZNS_CODES
from etelecom_async.messages import category_name, explain, failure_name
from etelecom_async.messages.translation import ENGLISH, translator
from tests.support import KEY, SHOP_KEY, answer, session_over
from tests.support.contract import method_of
from tests.support.methods import CALLS

BOTH = Partner(api_key=KEY, shop_key=SHOP_KEY)
ERRORS = [getattr(errors, name) for name in errors.__all__]
ERRORS = [kind for kind in ERRORS if isinstance(kind, type) and issubclass(kind, EtelecomError)]
TABLES = {"Zalo/SendZNS": ZNS_CODES, "Zalo/SendZNSJourney": ZNS_CODES, "Zalo/CreateJourney": ZNS_CODES}
REQUEST = {"oa_id": 7, "phone": "0987654321", "call_type": "audio", "reason_code": "update_order"}
CODES = [(name, code) for name, table in TABLES.items() for code in table]


async def failed(name, body):
    session = session_over(answer(body), account=BOTH)
    arguments = REQUEST if name == "Zalo/RequestConsent" else CALLS[name][0][0]
    with pytest.raises(SendFailed) as caught:
        await method_of(session, name)(**arguments)
    return caught.value


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_meaning_and_a_hint_in_both_languages(kind):
    english, vietnamese = explain(kind()), explain(kind(), lang="vi")
    for it in (english, vietnamese):
        assert it.meaning
        assert it.hint.endswith(".")
        assert it.hint[0].isupper() or it.hint[0] == "`"
    assert english.meaning != vietnamese.meaning
    assert english.hint != vietnamese.hint
    assert english.category is vietnamese.category


@pytest.mark.parametrize(("name", "code"), CODES)
async def test_a_code_of_zns_is_explained_by_the_table_of_zns(name, code):
    error = await failed(name, {"error_code": code, "error_message": "lời"})
    known = TABLES[name][code]
    assert (error.category, error.meaning, error.hint) == known
    english, vietnamese = explain(error), explain(error, lang="vi")
    assert (english.category, english.meaning, english.hint) == known
    assert vietnamese.category is known.category
    assert vietnamese.meaning not in ("", english.meaning)
    assert vietnamese.hint not in ("", english.hint)


@pytest.mark.parametrize("code", CONSENT_CODES)
async def test_a_code_of_a_request_for_permission_is_explained_by_the_table_of_an_oa(code):
    error = await failed("Zalo/RequestConsent", {"error_code": code})
    known = OA_CODES[code]
    assert (error.category, error.meaning, error.hint) == known
    vietnamese = explain(error, lang="vi")
    assert vietnamese.meaning not in ("", known.meaning)
    assert vietnamese.hint not in ("", known.hint)


@pytest.mark.parametrize("phase", Phase)
def test_a_call_that_may_have_been_carried_out_is_not_to_be_repeated_blindly(phase):
    error = Disconnected(phase=phase)
    assert ("look whether it was" in explain(error).hint) is (phase is Phase.UNKNOWN)
    assert ("hãy kiểm tra xem nó đã được thực hiện chưa" in explain(error, lang="vi").hint) is (phase is Phase.UNKNOWN)


async def test_the_same_number_means_what_the_methods_table_says():
    of_zns = await failed("Zalo/SendZNS", {"error_code": -100})
    of_consent = await failed("Zalo/RequestConsent", {"error_code": -100})
    assert explain(of_zns).category is ErrorCategory.MAY_PASS
    assert explain(of_consent).category is ErrorCategory.UNKNOWN  # no document says which table it has
    assert explain(of_consent).meaning == "unknown code -100"


@pytest.mark.parametrize("name", ["Zalo/SendZNS", "Zalo/RequestConsent"])
async def test_a_code_in_no_table_is_called_unknown_and_nothing_is_guessed(name):
    error = await failed(name, {"error_code": -4242, "error_message": "lời máy chủ"})
    assert (error.category, error.meaning) == (ErrorCategory.UNKNOWN, "")
    assert "not known" in error.hint
    assert explain(error).meaning == "unknown code -4242"
    assert explain(error, lang="vi").meaning == "mã không rõ -4242"
    assert "hỏi eTelecom" in explain(error, lang="vi").hint


@pytest.mark.parametrize("body", [{"status": "N"}, {"status": "N", "error_code": 0}])
async def test_a_failure_without_a_code_is_a_failed_sending(body):
    error = await failed("Zalo/SendZNS", body)
    assert explain(error).meaning == "sending failed"
    assert explain(error).hint == error.hint
    assert "no code" in error.hint


async def test_a_change_that_was_not_made_is_explained():
    error = await failed("Zalo/RequestUserInfo", {"updated": 0})
    assert explain(error, lang="vi").category is ErrorCategory.UNKNOWN
    assert "no code" in error.hint


async def test_what_a_failure_means_travels_with_it():
    error = await failed("Zalo/SendZNS", {"error_code": -115})
    again = pickle.loads(pickle.dumps(error))
    assert explain(again, lang="vi") == explain(error, lang="vi")
    assert again.hint == "Top up the balance, then send again."


def test_an_error_made_by_hand_is_explained_by_what_it_was_given():
    bare = explain(SendFailed(error_code=-115))
    assert (bare.meaning, bare.category) == ("unknown code -115", ErrorCategory.UNKNOWN)
    own = explain(SendFailed(meaning="words", hint="Do this.", category=ErrorCategory.QUOTA), lang="vi")
    assert (own.meaning, own.hint, own.category) == ("words", "Do this.", ErrorCategory.QUOTA)


def test_an_error_of_the_users_own_has_the_words_of_the_sdks_class():
    class TooFast(RateLimited):
        pass

    class Other(EtelecomError):
        pass

    assert explain(TooFast()) == explain(RateLimited())
    assert explain(Other()).meaning == "another failure"


@pytest.mark.parametrize("lang", ["vi", "VI", "vi-VN", "vi_VN.UTF-8", "vi@x"])
def test_any_tag_of_vietnamese_gives_vietnamese(lang):
    assert explain(Unauthenticated(), lang=lang).meaning == "khóa API không được chấp nhận"


@pytest.mark.parametrize("lang", ["en", "en_GB", "fr", "C", "", "vie", "vilamovian"])
def test_every_other_language_gives_english(lang):
    assert explain(Unauthenticated(), lang=lang).meaning == "key not accepted"
    assert translator(lang) is ENGLISH


@pytest.mark.parametrize(("error", "lang"), [(ValueError("x"), "en"), (None, "en"), (InvalidPhone(), None)])
def test_what_is_no_error_of_the_sdk_and_no_language_is_refused(error, lang):
    with pytest.raises(ConfigError, match=r"^(error|lang) is "):
        explain(error, lang=lang)


def test_numbers_have_the_separators_of_the_language():
    assert (ENGLISH.number(1234567), ENGLISH.number(1234.56, decimals=1)) == ("1,234,567", "1,234.6")
    assert (translator("vi").number(1234567), translator("vi").number(1234.56, decimals=1)) == ("1.234.567", "1.234,6")


def test_a_translator_is_a_value():
    texts = translator("vi")
    assert texts == translator("vi-VN") != ENGLISH
    assert texts.lang == "vi"
    assert texts.gettext("a sentence that no catalogue has") == "a sentence that no catalogue has"
    assert texts.gettext("") == ""
    with pytest.raises(AttributeError):
        texts.lang = "en"
    assert failure_name("Neverheardof", texts=texts) == "lỗi khác (Neverheardof)"
    assert category_name(ErrorCategory.RECIPIENT, texts=texts) == "người nhận"
