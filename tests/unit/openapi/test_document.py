"""The OpenAPI document: it is valid, has every method as the code has it, and its schemas fit what is on the wire."""

import copy
import json

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate

from etelecom_async import ConfigError, Role
from etelecom_async.api import ENDPOINTS
from etelecom_async.endpoint import Encoding
from etelecom_async.openapi import document
from tests.contract.test_answers import whole
from tests.support import OA, environment, invoke, run
from tests.support.contract import ENTRIES, is_for_partners
from tests.support.methods import CALLS

DOCUMENT = document()
EVERY = pytest.mark.parametrize("name", sorted(ENDPOINTS))
CONSENT_CALLS = {
    "Zalo/CheckConsent": {"oa_id": str(OA), "phone": "84987654321"},
    "Zalo/RequestConsent": {
        "oa_id": str(OA),
        "phone": "84987654321",
        "call_type": "audio",
        "reason_code": "update_order",
    },
    "Zalo/ListRequestConsent": {"filter": {"oa_id": str(OA)}, "paging": {"limit": 7}},
}


def operation(name, base="partner"):
    return DOCUMENT["paths"][f"/v1/{base}.{name}"]["post"]


def misfits(schema, value):
    """What a JSON value and a schema of the document do not have in common."""
    schema = {**schema, "components": DOCUMENT["components"]}
    return [error.message for error in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(value)]


def request_schema(name):
    (content,) = operation(name)["requestBody"]["content"].values()
    return content["schema"]


def answer_schema(name):
    return operation(name)["responses"]["200"]["content"]["application/json"]["schema"]


def test_the_document_is_valid_openapi():
    validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_every_method_is_there_for_those_who_may_call_it_and_no_other():
    shops = {name for name in ENDPOINTS if not is_for_partners(ENTRIES[name])}
    expected = {f"/v1/shop.{name}" for name in shops} | {f"/v1/partner.{name}" for name in ENDPOINTS}
    assert set(DOCUMENT["paths"]) == expected
    ids = [item["post"]["operationId"] for item in DOCUMENT["paths"].values()]
    assert len(set(ids)) == len(ids)


@EVERY
def test_an_operation_says_which_key_and_which_body_it_wants_and_what_it_costs(name):
    endpoint, entry = ENDPOINTS[name], ENTRIES[name]
    key = "api_key" if endpoint.role is Role.ACCOUNT else "shop_key"
    assert operation(name)["security"] == [{key: []}]
    assert list(operation(name)["requestBody"]["content"]) == [endpoint.encoding.value]
    assert operation(name)["summary"]
    assert operation(name)["summary"] in operation(name)["description"].replace("\n", " ")
    assert operation(name)["x-etelecom-billed"] is entry["charged"]
    assert operation(name)["x-etelecom-evidence"]
    assert operation(name)["x-etelecom-repeat"] == ("read" if entry["read_only"] else "send")


@EVERY
def test_what_the_sdk_sends_fits_the_schema_and_what_lacks_a_field_does_not(name):
    bodies = [body for _, body in CALLS[name]] if name in CALLS else [CONSENT_CALLS[name]]
    for body in bodies:
        if ENDPOINTS[name].encoding is Encoding.MULTIPART:
            body = {**body, "file": "bytes"}  # noqa: PLW2901
        assert misfits(request_schema(name), body) == []
        wanted = [field for field, kind in ENTRIES[name]["request"].items() if kind.get("optional") is False]
        for field in set(wanted) & set(body):
            assert misfits(request_schema(name), {key: value for key, value in body.items() if key != field})


@EVERY
@pytest.mark.parametrize("spell", ["usual", "new", "numbers"])
def test_an_answer_of_the_contract_fits_the_schema_in_every_spelling(name, spell):
    body = whole(name, spell=spell)
    assert misfits(answer_schema(name), body) == []
    assert misfits(answer_schema(name), {}) == []
    assert misfits(answer_schema(name), dict.fromkeys(body)) == []


def test_an_answer_of_another_type_does_not_fit():
    for body in ([], "a", {"error": "0"}, {"error": True}, {"message": 5}, {"expired_time": 5}):
        assert misfits(answer_schema("Zalo/CheckConsent"), body), body


def test_types_that_are_loose_on_the_wire_say_so():
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["CheckConsent"]["properties"]["oa_id"]["type"] == "string"
    assert schemas["OfficialAccount"]["properties"]["oa_id"]["type"] == ["string", "integer", "null"]
    assert schemas["AuthorizeOA"]["properties"]["app_secret"]["format"] == "password"
    assert schemas["UploadFile"]["properties"]["file"]["format"] == "binary"
    status = schemas["OfficialAccount"]["properties"]["status"]
    assert "enum" not in status
    assert "Known values: `Z`, `P`, `N`" in status["description"]
    assert schemas["RequestConsent"]["properties"]["call_type"]["description"].startswith("The kind of calls.")


def test_errors_have_the_statuses_and_codes_of_the_classes():
    responses = operation("Zalo/CheckConsent")["responses"]
    assert {"400", "401", "403", "404", "503", "default"} <= set(responses)
    assert "`bad_route`" in DOCUMENT["components"]["responses"]["404"]["description"]
    error = {"$ref": "#/components/schemas/Error"}
    assert misfits(error, {"code": "not_found", "msg": "x", "meta": {"xcode": "bad_route"}}) == []
    assert misfits(error, {"code": 5})


@pytest.mark.parametrize(
    ("base_url", "server"),
    [
        ("pbx.example.vn", "https://pbx.example.vn"),
        ("https://pbx.example.vn/v1/partner", "https://pbx.example.vn"),
        ("http://127.0.0.1:8084/api/v1/shop", "http://127.0.0.1:8084/api"),
    ],
)
def test_the_server_is_the_one_of_the_base_url(base_url, server):
    assert document(base_url=base_url)["servers"] == [{"url": server}]


@pytest.mark.parametrize("base_url", ["", None, 5, "https://x/v2", "https://x?a=1", "https://u:canary@x", "ftp://x"])
def test_a_base_url_that_cannot_be_one_is_refused(base_url):
    with pytest.raises(ConfigError, match="base_url") as caught:
        document(base_url=base_url)
    assert "canary" not in str(caught.value)


def test_two_documents_share_nothing_that_a_caller_could_change():
    before = copy.deepcopy(DOCUMENT)
    other = document()
    other["components"]["schemas"]["Error"]["properties"].clear()
    other["components"]["schemas"]["CheckConsent"]["properties"]["oa_id"]["type"] = 5
    assert document() == before


def test_the_command_writes_the_document_to_stdout_or_a_file(tmp_path):
    path = tmp_path / "etelecom.json"
    code, stdout, stderr = invoke("openapi")
    assert (code, stderr) == (0, "")
    assert json.loads(stdout) == DOCUMENT
    assert invoke("openapi", "-o", str(path), ETELECOM_BASE_URL="pbx.example.vn") == (0, "", "")
    assert json.loads(path.read_text(encoding="utf-8")) == document(base_url="pbx.example.vn")


async def test_the_command_names_what_it_cannot_use(tmp_path):
    code, stdout, stderr = await run("openapi", "--base-url", "https://x.example.vn/v2", env=environment())
    assert (code, stdout) == (2, "")
    assert "base_url" in stderr
    code, stdout, stderr = await run("openapi", "-o", str(tmp_path / "missing" / "a.json"), env=environment())
    assert (code, stdout) == (4, "")
    assert "No such file" in stderr
