"""The messages on the page of troubleshooting are those that the command prints."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "troubleshooting.md").read_text(encoding="utf-8")
CHECK = ("check", "--json", "0987654321")
CLOSED = "http://127.0.0.1:1/v1/shop"

CASES = [
    ("Set ETELECOM_API_KEY to the shop's api_key", CHECK, {"ETELECOM_API_KEY": None}, 2),
    ("Missing option '--oa-id'", CHECK, {"ETELECOM_OA_ID": None}, 2),
    ("key not accepted", CHECK, {"ETELECOM_API_KEY": "1:wrong"}, 2),
    ("not known to the service", (*CHECK, "--oa-id", "7"), {}, 2),
    ("cannot be a phone number", ("check", "--json", "12"), {}, 3),
    ("no connection", CHECK, {"ETELECOM_BASE_URL": CLOSED}, 3),
    (
        "does not speak TLS, and the base URL says https",
        CHECK,
        {"ETELECOM_BASE_URL": lambda url: url.replace("http:", "https:")},
        2,
    ),
    (
        "plain http would show the key to the network",
        CHECK,
        {"ETELECOM_BASE_URL": "http://etelecom.invalid/v1/shop"},
        2,
    ),
    ("no API is at this base URL", CHECK, {"ETELECOM_BASE_URL": lambda url: url.replace("/v1/", "/v2/")}, 2),
    (
        "HTTPS_PROXY has no scheme",
        CHECK,
        {"ETELECOM_BASE_URL": "https://etelecom.invalid/v1/shop", "HTTPS_PROXY": "127.0.0.1:3128"},
        2,
    ),
    (
        "which cannot be read: No such file or directory",
        CHECK,
        {"ETELECOM_BASE_URL": "https://etelecom.invalid/v1/shop", "SSL_CERT_FILE": "/nowhere.pem"},
        2,
    ),
    ("does not exist: check the name", ("bulk", "missing.csv", "-o", "out.csv"), {}, 2),
    ("No column holds phone numbers", ("bulk", "names.csv", "-o", "out.csv"), {}, 2),
    ("exists: add --resume to go on with it", ("bulk", "phones.csv", "-o", "done.csv"), {}, 2),
]


@pytest.mark.parametrize(("message", "arguments", "changed", "code"), CASES, ids=[case[0][:24] for case in CASES])
def test_a_message_of_the_page_is_what_the_command_says(reader, message, arguments, changed, code):
    Path("names.csv").write_text("name,city\nAn,Hue\n", encoding="utf-8")
    Path("phones.csv").write_text("phone\n0987654321\n", encoding="utf-8")
    Path("done.csv").write_text("phone\n0987654321\n", encoding="utf-8")
    env = dict(os.environ)
    for name, value in changed.items():
        if value is None:
            del env[name]
        else:
            env[name] = value(env[name]) if callable(value) else value
    command = [sys.executable, "-m", "etelecom_async.cli", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=120, env=env)
    assert message in done.stdout + done.stderr
    assert done.returncode == code
    assert f"| `{message}` |" in PAGE
