"""A Django application in one file that asks whether a customer may be called. README.md says how to start it."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from etelecom_async import Blocking, EtelecomError, InvalidPhone, Session, Timeout

OA_ID = os.environ["ETELECOM_OA_ID"]

# A project has these in its settings module, and the next one in any module that its views import.
settings.configure(ALLOWED_HOSTS=["127.0.0.1", "localhost"], ROOT_URLCONF=__name__, USE_TZ=True)
etelecom = Blocking(Session.from_env(timeout=Timeout(attempt=2, total=5, queue=1)))


@csrf_exempt
@require_POST
def consent(request: HttpRequest) -> HttpResponse:
    """Form field `phone`; in the body, since a server's access log keeps the path."""
    phone = request.POST.get("phone", "")
    try:
        answer = etelecom.run(etelecom.session.zalo.check_consent(oa_id=OA_ID, phone=phone))
    except InvalidPhone as error:
        return JsonResponse({"error": error.message}, status=400)
    except EtelecomError:
        return JsonResponse({"error": "could not check"}, status=503)
    return JsonResponse({"granted": answer.granted, "state": answer.state.value})


urlpatterns = [path("consent", consent)]
app = get_wsgi_application()
