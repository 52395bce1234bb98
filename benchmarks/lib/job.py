"""The one job that every contender does: CheckConsent for a list of phones."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

HOST = "127.0.0.1"
API_KEY = "1000000000:benchmark"
AUTHORIZATION = f"Bearer {API_KEY}"
HEADERS = {"Authorization": AUTHORIZATION, "Content-Type": "application/json", "Accept": "application/json"}
BASE_PATH = "/v1/shop"
PATH = f"{BASE_PATH}.Zalo/CheckConsent"
OA_ID = 1000000000000000003

ANSWER = b'{"error":0,"expired_time":"2019-08-24T14:15:22Z","message":"Success"}'
ANSWER_HEADERS = {
    "content-type": "application/json",
    "content-length": str(len(ANSWER)),
    "server": "benchmark",
    "date": "Mon, 05 Jan 2026 00:00:00 GMT",
}
RESULT = {"error": 0, "expired_time": "2019-08-24T14:15:22+00:00", "message": "Success"}
"""What a contender makes of the answer; the time is a `datetime`, written here as its isoformat."""


def payload(phone: str) -> dict[str, str]:
    """The request's body as JSON."""
    return {"oa_id": str(OA_ID), "phone": phone}


def phones(count: int) -> list[str]:
    """That many different numbers, in the form that goes on the wire."""
    return [f"849{number:08d}" for number in range(count)]


def read(status: int, body: bytes) -> dict[str, Any]:
    """The answer, as code that goes to no lengths reads it.

    Raises:
        ValueError: the status is not 200, or the body no JSON.
    """
    if status != 200:
        raise ValueError(f"the server answered {status}")
    consent = json.loads(body)
    consent["expired_time"] = datetime.fromisoformat(consent["expired_time"])
    return consent
