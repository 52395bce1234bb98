"""One check as a Celery task, for a worker of threads. README.md says how to start it."""

from __future__ import annotations

import os

from celery import Celery

from etelecom_async import Blocking, Session

OA_ID = os.environ["ETELECOM_OA_ID"]
BROKER = os.environ["CELERY_BROKER_URL"]

app = Celery("consent", broker=BROKER, backend=os.environ.get("CELERY_RESULT_BACKEND", BROKER))
app.conf.update(broker_connection_retry_on_startup=True, result_expires=3600)
etelecom = Blocking(Session.from_env())


# No autoretry: the SDK tries each call again as far as that makes sense, and knows when it does not.
@app.task(name="may_call")
def may_call(phone: str) -> bool:
    """May the business call this customer now? The task fails where that could not be checked."""
    return etelecom.run(etelecom.session.zalo.check_consent(oa_id=OA_ID, phone=phone)).granted
