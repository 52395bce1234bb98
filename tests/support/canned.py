"""A server on a loopback socket that gives canned answers to any method, and the command that calls it."""

from __future__ import annotations

import json

from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, SANDBOX_SHOP_KEY, World
from etelecom_async.transport.base import Response
from tests.support import invoke, served_in_a_thread

JSON = {"Content-Type": "application/json"}


class Canned(World):
    """Answers by the end of the path, each list in turn and its last one for ever; other paths as a sandbox does.

    An answer is JSON, or a whole `Response`.
    """

    def __init__(self, **options):
        self.answers = options.pop("answers")
        self.bodies = []
        super().__init__(**options)

    def handle(self, request):
        for end, answers in self.answers.items():
            if request.path.endswith(end):
                self.bodies.append(json.loads(request.body))
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                whole = isinstance(answer, Response)
                return answer if whole else Response(200, JSON, json.dumps(answer).encode())
        return super().handle(request)


def canned(**answers):
    """A server whose methods answer so; `Zalo_ListOA=[...]` is Zalo/ListOA."""
    return Canned(answers={name.replace("_", "/", 1): several for name, several in answers.items()})


def refusal(status, code, message="", **headers):
    """An error as the API writes it; `Date=` and the like are headers."""
    return Response(status, {**JSON, **headers}, json.dumps({"code": code, "msg": message}).encode())


def command(made, *arguments, stdin=None, partner=False, **env):
    """The command against this server: exit code, stdout, stderr."""
    account = {"ETELECOM_API_KEY": SANDBOX_API_KEY, "ETELECOM_OA_ID": str(SANDBOX_OA)}
    with served_in_a_thread(made) as served:
        account["ETELECOM_BASE_URL"] = served.partner_base_url if partner else served.base_url
        if partner:
            account |= {"ETELECOM_ACCOUNT": "partner", "ETELECOM_SHOP_KEY": SANDBOX_SHOP_KEY}
        return invoke(*arguments, stdin=stdin, **{**account, **env})
