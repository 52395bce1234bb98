"""Events as they are sent, made up from the lists of fields that are known, and Zalo's signature."""

import hashlib
import json
from datetime import UTC, datetime

APP = "2000000000000000007"
SECRET = "canary-of-the-oa"
MOMENT = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
MILLIS = 1_790_000_000_000
"""The same moment."""

_OA = {"oa_id": "1000000000000000003", "app_id": APP, "timestamp": str(MILLIS)}
_CALL = {
    **_OA,
    "call_id": "c-1",
    "call_type": "AUDIO",
    "init_time": MILLIS,
    "call_duration": 61_500,
    "waiting_time": 4,
    "talk_time": "57500",
    "status_code": 0,
}
ASKED = {
    "event_name": "oa_send_consent",
    "phone": "84987654321",
    "request_type": "SENT",
    "create_time": MILLIS,
    "expired_time": str(MILLIS + 86_400_000),
    **_OA,
}
REPLIED = {
    "event_name": "user_reply_consent",
    "phone": "84987654321",
    "user_consent": "ALLOW",
    "confirmed_time": str(MILLIS),
    "expired_time": 0,
    **_OA,
}
CALLED = {"event_name": "user_call_oa", "user_id": "3000000000000000009", **_CALL}
CALLING = {"event_name": "oa_call_user", "phone": "84987654321", **_CALL}
CALL_LOG = {
    "id": "4000000000000000004",
    "caller": "0987654322",
    "callee": "101",
    "direction": "in",
    "call_state": "answered",
    "call_status": "P",
    "duration": 61,
    "started_at": "2026-09-21T14:12:19Z",
    "recording_urls": [],
    "call_targets": [{"target_number": "101", "fail_code": 0}],
}
CHANGE = {
    "time": "2026-09-21T14:13:20Z",
    "change_type": "update",
    "entity": "call_log",
    "latest": {"call_log": CALL_LOG},
    "changed": {"call_log": {"id": "4000000000000000004", "duration": 61}},
}
MESSAGE = {
    **CHANGE,
    "entity": "zl_oa_message",
    "latest": {"zl_oa_message": {"id": "5", "status": "P"}},
    "changed": {"zl_oa_message": {"id": "5", "status": "P"}},
}
OTHER = {"event_name": "user_send_text", "sender": {"id": "3"}, "message": {"text": "xin ch\u00e0o"}, **_OA}
BODIES = [ASKED, REPLIED, CALLED, CALLING, OTHER, {"id": "1", "changes": [CHANGE, MESSAGE]}, {"id": "2", "changes": []}]
BODIES += [{**ASKED, "request_type": "EXPIRED"}, {**REPLIED, "user_consent": "DENY"}]
BODIES += [{**REPLIED, "user_consent": "USER_BLOCKED", "expired_time": MILLIS}, {**CALLED, "call_type": "VIDEO"}]


def to_bytes(value):
    return json.dumps(value).encode()


def signed(body, *, app=APP, secret=SECRET, timestamp=str(MILLIS)):
    """The headers of a body as Zalo signs it: by SERVER.md, and with nothing of the package."""
    mac = hashlib.sha256(app.encode() + body + timestamp.encode() + secret.encode()).hexdigest()
    return {"X-ZEvent-Signature": f"mac={mac}"}
