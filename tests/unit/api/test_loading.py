"""What is loaded when: a subject's models at the first use of one of its methods, and not before."""

import inspect
import subprocess
import sys
from unittest.mock import create_autospec

import pytest

from etelecom_async import Partner, Session, Shop
from etelecom_async.api import ENDPOINTS
from etelecom_async.api.catalog import function_of
from etelecom_async.api.zalo import Zalo
from etelecom_async.testing import MockTransport
from tests.support import KEY, SHOP_KEY
from tests.support.contract import method_of

CHECKED = """
import asyncio, sys
from etelecom_async import CHECK_CONSENT, Consent, Session, Shop
from etelecom_async.testing import MockTransport
mock = MockTransport()
mock.on(CHECK_CONSENT).reply(Consent(error=0))
session = Session(Shop("1:made-up"), transport=mock)
asyncio.run(session.zalo.check_consent(oa_id=7, phone="0987654321"))
{more}
print(*(name.removeprefix("etelecom_async.api.") for name in sys.modules if name.startswith("etelecom_async.api.")))
"""
ALWAYS = {"consent", "lazy", "zalo"}
SHARED = {"consent_requests", "error_codes", "paging", "payload", "send_failure", "updated"}
"""What several subjects are made of."""


def loaded(more=""):
    ran = subprocess.run([sys.executable, "-c", CHECKED.format(more=more)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.split())


def test_a_check_loads_the_models_of_no_other_subject():
    assert loaded() == ALWAYS


@pytest.mark.parametrize(
    ("use", "subjects"),
    [
        ("session.misc", {"misc"}),
        ("session.zalo.list_oa()", {"oa"}),
        ("session.zalo.send_zns", {"zns"}),
        ("session.zalo.request_consent", {"asking", "consent_outcome", "ensure"}),
        ("session.webhook", {"webhook"}),
        ("session.etelecom", {"etelecom"}),
        ("session.etelecom.list_call_logs", {"etelecom", "call_logs"}),
    ],
)
def test_a_subject_is_loaded_when_one_of_its_methods_is_first_used(use, subjects):
    assert loaded(use) - SHARED == ALWAYS | subjects


@pytest.mark.parametrize("name", [name for name in ENDPOINTS if name.partition("/")[0] in ("Zalo", "Etelecom")])
def test_a_method_is_the_same_function_on_the_class_and_on_an_instance(name):
    method = method_of(Session(Partner(api_key=KEY, shop_key=SHOP_KEY), transport=MockTransport()), name)
    assert method.__func__ is function_of(name)
    assert inspect.signature(method).return_annotation


def test_a_namespace_is_made_once_and_anew_for_a_derived_session():
    session = Session(Partner(api_key=KEY), transport=MockTransport())
    assert session.shop is session.shop
    assert session.for_shop(SHOP_KEY).shop is not session.shop
    assert session.with_options(timeout=5).etelecom is not session.etelecom
    assert dir(Zalo)


async def test_an_autospec_of_a_session_knows_methods_that_are_not_loaded_yet():
    session = create_autospec(Session, instance=True, spec_set=True)
    session.zalo.get_shop_oa.return_value = "made up"
    assert await session.zalo.get_shop_oa(oa_id=7) == "made up"
    with pytest.raises(TypeError):
        session.zalo.get_shop_oa(7)
    session.webhook.get_webhooks.return_value = "made up"
    assert await session.webhook.get_webhooks() == "made up"


def test_a_session_of_a_shop_has_every_namespace():
    session = Session(Shop(KEY), transport=MockTransport())
    assert all(method_of(session, name) for name in ENDPOINTS)
