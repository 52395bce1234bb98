"""A Flask application that asks whether a customer may be called. README.md says how to start it."""

from __future__ import annotations

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from etelecom_async import Blocking, EtelecomError, InvalidPhone, Session, Timeout

OA_ID = os.environ["ETELECOM_OA_ID"]

app = Flask(__name__)
etelecom = Blocking(Session.from_env(timeout=Timeout(attempt=2, total=5, queue=1)))


@app.post("/consent")
def consent() -> ResponseReturnValue:
    """Form field `phone`; in the body, since a server's access log keeps the path."""
    phone = request.form.get("phone", "")
    try:
        answer = etelecom.run(etelecom.session.zalo.check_consent(oa_id=OA_ID, phone=phone))
    except InvalidPhone as error:
        return jsonify(error=error.message), 400
    except EtelecomError:
        return jsonify(error="could not check"), 503
    return jsonify(granted=answer.granted, state=answer.state.value)
