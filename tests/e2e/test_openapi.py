"""The OpenAPI document in the hands of others: schemathesis against the sandbox, and a generated client under Node."""

import asyncio
import json
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

from etelecom_async.openapi import document
from etelecom_async.sandbox import (
    SANDBOX_API_KEY,
    SANDBOX_OA,
    SANDBOX_PARTNER_KEY,
    SandboxRequest,
    World,
    serve,
)
from tests.support import HANG, run

pytestmark = pytest.mark.long

CLIENT = Path(__file__).parent / "openapi_client"
MODULES = CLIENT / "node_modules"
CHECKS = "status_code_conformance,response_schema_conformance"  # that of server errors is `Watched`
KEYS = {"shop": SANDBOX_API_KEY, "partner": SANDBOX_PARTNER_KEY}
WELL_ANSWERED = {"Zalo/CheckConsent", "Zalo/RequestConsent", "Zalo/ListRequestConsent"}
"""With the OA and the customers of the sandbox they are answered with a 200."""


class Watched(World):
    """A sandbox that keeps its server errors, but for the one that it gives on purpose: that Zalo has refused."""

    def __init__(self):
        super().__init__()
        self.server_errors = []

    def handle(self, request):
        try:
            response = super().handle(request)
        except Exception as error:
            self.server_errors.append((request.path, request.body, repr(error)))
            raise
        if response.status >= 500 and b'"external_service"' not in response.body:
            self.server_errors.append((request.path, request.body, response.body))
        return response


async def program(*arguments, cwd):
    """A program to its end; what it printed, if it ended well."""
    pipe, both = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    environment = {**os.environ, "NO_COLOR": "1"}
    process = await asyncio.create_subprocess_exec(*arguments, cwd=cwd, stdout=pipe, stderr=both, env=environment)
    try:
        async with asyncio.timeout(HANG):
            printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, printed.decode(errors="replace")
    return printed.decode()


def is_answered(path, item):
    """Whether the sandbox has the method: it does not answer that there is none."""
    (kind,) = item["post"]["requestBody"]["content"]
    key = KEYS["shop" if path.startswith("/v1/shop.") else "partner"]
    headers = {"content-type": kind, "authorization": f"Bearer {key}"}
    response = World().handle(SandboxRequest(method="POST", path=path, headers=headers, body=b"{}"))
    return response.status != 404 or b"bad_route" not in response.body


def key_of(item):
    ((key,),) = item["post"]["security"]
    return key


def answered(described, base):
    """The paths of one base that take the api_key and that the sandbox answers; of partners what shops do not have."""
    paths = described["paths"]
    return {
        path: item
        for path, item in paths.items()
        if path.startswith(f"/v1/{base}.")
        and key_of(item) == "api_key"
        and (base == "shop" or path.replace("partner", "shop", 1) not in paths)
        and is_answered(path, item)
    }


def made_strict(described, world, *, base):
    """The part of a document for one base, without what would make a check pass always.

    The OA and the customers that the sandbox knows are the only ones, so that answers are not all 404.
    """
    paths = answered(described, base)
    for item in paths.values():
        del item["post"]["responses"]["default"]
    for schema in described["components"]["schemas"].values():
        for name, known in {"oa_id": [str(SANDBOX_OA)], "phone": [*world.customers]}.items():
            if name in schema["properties"] and "required" in schema:
                schema["properties"][name] = {"type": "string", "enum": known}
    return {**described, "paths": paths}


BASES = [base for base in ("shop", "partner") if base == "shop" or answered(document(), base)]


@pytest.mark.parametrize("base", BASES)
async def test_schemathesis_finds_no_answer_of_the_sandbox_that_the_document_does_not_describe(base, tmp_path):
    world = Watched()
    async with serve(world) as served:
        described = made_strict(document(base_url=served.base_url), world, base=base)
        path = tmp_path / "openapi.json"
        path.write_text(json.dumps(described), encoding="utf-8")
        printed = await program(
            *(sys.executable, "-m", "schemathesis.cli", "run", str(path), "--url", described["servers"][0]["url"]),
            *("--checks", CHECKS, "--header", f"Authorization: Bearer {KEYS[base]}", "--workers", "2"),
            *("--phases", "coverage,fuzzing", "--max-examples", "2"),
            *("--generation-deterministic", "--suppress-health-check", "all"),
            cwd=tmp_path,
        )
    assert world.server_errors == []
    statuses = Counter((entry.path, entry.status) for entry in world.log)
    assert {path for path, _ in statuses} >= set(described["paths"]), printed
    assert {200, 400} <= {status for _, status in statuses}
    if base == "shop":
        assert {f"/v1/shop.{name}" for name in WELL_ANSWERED} <= {path for path, status in statuses if status == 200}


async def test_a_client_that_is_generated_for_typescript_compiles_and_calls_the_sandbox(tmp_path):
    assert shutil.which("node"), "This test needs Node 20 or newer: install it (Debian: apt-get install nodejs npm)."
    assert MODULES.is_dir(), f"This test needs its npm packages: run npm ci --prefix {CLIENT}"
    (tmp_path / "node_modules").symlink_to(MODULES, target_is_directory=True)
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    shutil.copy(CLIENT / "client.ts", tmp_path)
    world = World()
    customer = next(it for it in world.customers.values() if it.error == 0)
    async with serve(world) as served:
        code, _, stderr = await run("openapi", "-o", str(tmp_path / "etelecom.json"), env=os.environ)
        assert code == 0, stderr
        generator, compiler = "node_modules/openapi-typescript/bin/cli.js", "node_modules/typescript/bin/tsc"
        await program("node", generator, "etelecom.json", "-o", "etelecom.ts", cwd=tmp_path)
        options = ("--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom", "--skipLibCheck")
        await program("node", compiler, "client.ts", *options, cwd=tmp_path)
        server = served.base_url.removesuffix("/v1/shop")
        given = (server, SANDBOX_API_KEY, str(SANDBOX_OA), customer.phone)
        printed = await program("node", "client.js", *given, cwd=tmp_path)
    answers = {"consent": 0, "status": 404, "code": "not_found", "token": "sandbox-token-1"}
    assert json.loads(printed) == {**answers, "known": "function"}
