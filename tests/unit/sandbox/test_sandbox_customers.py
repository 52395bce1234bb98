"""`etelecom sandbox --customers FILE --oa-id ID`: a sandbox with a user's own customers."""

import asyncio
import re

import aiohttp
import pytest

from etelecom_async import Consent, ConsentState, Session, Shop
from etelecom_async.cli.customers import read_customers
from etelecom_async.errors import ConfigError
from etelecom_async.sandbox import SANDBOX_API_KEY, SandboxTransport, World
from tests.support import environment, invoke, spawn

TABLE = """\
name;phone;state;expired_time;message
An;0912 345 601;refused;;không
Bình;0912 345 602;granted;2999-01-31;
Chi;0912 345 603;;2001-01-31T00:00:00+07:00;
Dũng;0912 345 604;pending;;
Dũng;0912 345 604;blocked;;
"""


async def states(world, *phones):
    async with Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world)) as session:
        return [(await session.zalo.check_consent(oa_id=world.oa_id, phone=phone)).state for phone in phones]


async def test_customers_of_a_table_have_the_states_that_it_says(tmp_path):
    place = tmp_path / "customers.csv"
    place.write_text(TABLE, encoding="utf-8")
    customers = read_customers(place)
    assert customers["84912345601"].message == "không"
    phones = ["0912345601", "0912345602", "0912345603", "0912345604", "0912345609"]
    assert await states(World(customers=customers), *phones) == [
        ConsentState.REFUSED,
        ConsentState.GRANTED,
        ConsentState.EXPIRED,
        ConsentState.BLOCKED,
        ConsentState.NEVER_ASKED,
    ]


async def test_a_list_of_phones_alone_has_granted_permission(tmp_path):
    place = tmp_path / "customers.csv"
    place.write_text("phone\n0912345601\n", encoding="utf-8")
    assert await states(World(customers=read_customers(place)), "0912345601") == [ConsentState.GRANTED]


def test_the_results_of_a_demo_are_customers_too(tmp_path):
    place, output = tmp_path / "customers.csv", tmp_path / "results.csv"
    place.write_text("phone\n0830626292\n0962038014\n", encoding="utf-8")
    code, _, stderr = invoke("demo", str(place), "-o", str(output))
    assert code == 0, stderr
    customers = read_customers(output)
    assert {Consent(error=customer.error).state for customer in customers.values()} >= {ConsentState.GRANTED}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("0912345601;happy;", "row 1: state is one of granted, "),
        ("0912345601;granted;tomorrow", "row 1: expired_time is a time such as 2027-01-31T00:00:00Z"),
        ("091234560;granted;", "row 1: "),
    ],
)
def test_a_row_that_cannot_be_used_is_one_sentence_that_names_it(tmp_path, row, sentence):
    place = tmp_path / "customers.csv"
    place.write_text(f"phone;state;expires\n{row}\n0912345602;granted;\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        read_customers(place)
    code, stdout, stderr = invoke("sandbox", "--customers", str(place), "--port", "0")
    assert (code, stdout, len(stderr.splitlines())) == (2, "", 1)
    assert sentence in stderr


async def test_the_served_sandbox_has_the_official_account_and_the_customers(tmp_path):
    place = tmp_path / "customers.csv"
    place.write_text(TABLE, encoding="utf-8")
    arguments = ("sandbox", "--customers", str(place), "--oa-id", "1000000000000000007", "--port", "0")
    process = await spawn(*arguments, env=environment())
    printed = ""
    while "Ctrl-C" not in printed:
        printed += (await process.stdout.readline()).decode()
    assert "oa_id:    1000000000000000007" in printed
    url = re.search(r"Sandbox for shops: +(\S+)", printed)[1]
    body = {"oa_id": "1000000000000000007", "phone": "84912345601"}
    async with (
        aiohttp.ClientSession() as client,
        client.post(
            f"{url}.Zalo/CheckConsent", json=body, headers={"Authorization": f"Bearer {SANDBOX_API_KEY}"}
        ) as answer,
    ):
        assert (await answer.json())["error"] == 3
    process.terminate()
    await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
