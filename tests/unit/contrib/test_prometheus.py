"""What a scrape over loopback shows of calls."""

import asyncio
import json
import re
import urllib.request
from pathlib import Path

import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from etelecom_async import CHECK_CONSENT, ConfigError, Consent, Disconnected, NotFound, Retry, Session, Shop
from etelecom_async.contrib.prometheus import Prometheus
from etelecom_async.testing import MockTransport
from tests.support import KEY

DASHBOARD = Path(__file__).parents[3] / "docs" / "guide" / "grafana.json"
PHONE = "84900000017"


async def scrape(registry):
    """The samples that a Prometheus would read, by name and labels in the order of the labels' names, and the text."""
    server, thread = prometheus_client.start_http_server(0, "127.0.0.1", registry)
    try:
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        with await asyncio.to_thread(urllib.request.urlopen, url) as answer:
            text = answer.read().decode()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value for sample in samples
    }, text


async def test_a_scrape_shows_calls_attempts_and_their_times_and_no_phone():
    registry = prometheus_client.CollectorRegistry()
    mock = MockTransport()
    mock.on(CHECK_CONSENT).fail(Disconnected("gone")).reply(Consent(error=0)).fail(NotFound(PHONE, status=404))
    session = Session(Shop(KEY), transport=mock, retry=Retry(base=0), observer=Prometheus(registry=registry))
    await session.zalo.check_consent(oa_id=1, phone=PHONE)
    with pytest.raises(NotFound):
        await session.zalo.check_consent(oa_id=1, phone=PHONE)
    samples, text = await scrape(registry)
    method = "Zalo/CheckConsent"
    assert samples["etelecom_calls_total", method, "", "answered"] == 1
    assert samples["etelecom_calls_total", method, "NotFound", "failed"] == 1
    assert samples["etelecom_attempts_total", method, "Disconnected", "failed"] == 1
    assert samples["etelecom_attempts_total", method, "", "answered"] == 1
    assert samples["etelecom_call_seconds_count", method] == 2
    assert samples["etelecom_attempt_seconds_count", method] == 3
    assert samples["etelecom_limiter_wait_seconds_count", method] == 2
    assert samples["etelecom_call_seconds_bucket", method, "+Inf"] == 2
    shown = set(re.findall(r"etelecom_\w+", DASHBOARD.read_text("utf-8")))
    assert shown <= {"etelecom_async"} | {name for name, *_ in samples}
    assert PHONE[2:] not in text
    assert KEY not in text


def test_a_registry_that_has_these_metrics_already_is_refused():
    registry = prometheus_client.CollectorRegistry()
    Prometheus(registry=registry)
    with pytest.raises(ConfigError, match="registry"):
        Prometheus(registry=registry)


def test_every_panel_of_the_dashboard_asks_for_something_and_has_a_place_of_its_own():
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    assert all(
        target["expr"].count("(") == target["expr"].count(")") for panel in panels for target in panel["targets"]
    )
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels) == 7
