"""The contenders do the same job; performance.md and tuning.md hold the figures of a run."""

import json
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from attrs import evolve

from benchmarks import performance
from benchmarks.lib import figures, job, pages
from benchmarks.lib.child import ChildFailed, child
from benchmarks.lib.goals import Goal, table
from benchmarks.lib.paired import check
from benchmarks.lib.roster import ROSTER

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "internals"
FOUND = pages.read(json.loads((DOCS / "performance.json").read_text()))


@pytest.mark.parametrize("name", ["performance", "tuning"])
def test_a_page_is_what_its_template_makes_of_the_figures(name):
    assert pages.pages(FOUND)[name] == (DOCS / f"{name}.md").read_text()


def test_another_figure_makes_another_page():
    goals = [evolve(goal, measured=figures.Spread(0.1, 0.123456, 0.2)) for goal in FOUND.goals]
    assert "0.12 (0.10-0.20)" in pages.pages(evolve(FOUND, goals=goals))["performance"]


@pytest.mark.parametrize(
    ("bound", "is_floor", "measured", "verdict"),
    [
        (1.0, False, 1.0, "| met |"),
        (1.0, False, 1.01, "| **MISSED** |"),
        (0.95, True, 0.95, "| met |"),
        (0.95, True, 0.94, "| **MISSED** |"),
        (1.0, False, None, "| not measured |"),
    ],
)
def test_the_verdict_on_a_goal_is_computed(bound, is_floor, measured, verdict):
    it = None if measured is None else figures.Spread(measured, measured, measured)
    assert table([Goal(name="x", bound=bound, is_floor=is_floor, measured=it)]).endswith(verdict)


def test_beside_the_goal_of_an_import_stands_what_a_service_imports():
    ratios = {"import / import-needs": 0.009, "import-session / import-needs": 1.892}
    row = table([performance._import_goal({"import": 41, "import-needs": 278, **ratios})]).splitlines()[-1]
    assert row.endswith("| ≤ 1.15 | 0.009 | a service, which imports `Session`: 1.89 | met |")


def test_a_ratio_is_the_median_of_pairs_and_not_of_means():
    cycles = [
        {"tuned": figures.Slice(cpu=1.0, rate=1.0), "sdk-workers": figures.Slice(cpu=2.0, rate=0.5)},
        {"tuned": figures.Slice(cpu=10.0, rate=0.1), "sdk-workers": figures.Slice(cpu=20.0, rate=0.05)},
        {"tuned": figures.Slice(cpu=1.0, rate=1.0), "sdk-workers": figures.Slice(cpu=9.0, rate=0.1)},
    ]
    assert figures.cpu_ratio(cycles, "sdk-workers", "tuned").median == 2.0
    assert figures.rate_ratio(cycles, "sdk-workers", "tuned").median == 0.5


def test_every_contender_of_the_pages_is_on_the_roster():
    shown = {row.name for row in (*FOUND.many, *FOUND.one, *FOUND.tuning)}
    assert shown <= ROSTER.keys()
    assert {"plain", "plain-again", "tuned", "tuned-again", "sdk", "sdk-workers", "sdk-uvloop"} <= shown


@pytest.mark.parametrize(
    "names", [["tuned", "sdk-workers"], pytest.param(["tuned", "plain", "sdk"], marks=pytest.mark.long)]
)
def test_the_contenders_do_the_same_job(names):
    """The benchmark checks each one's request at its server, and what it makes of the answer."""
    size = ["--calls", "50", "--slices", "1", "--rounds", "1", "--concurrency", "10"]
    command = [sys.executable, "-m", "benchmarks", "clients", *names, *size, "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert {it["name"] for it in json.loads(run.stdout)["contenders"]} == {*names}


async def test_a_contender_that_does_another_job_is_found_out():
    async with child("server") as server, aiohttp.ClientSession() as http:
        port = (await server.hear())["port"]

        class Impostor:
            """Leaves out a header."""

            async def ask(self, calls):
                for phone in job.phones(calls):
                    headers = {name: value for name, value in job.HEADERS.items() if name != "Accept"}
                    url = f"http://{job.HOST}:{port}{job.PATH}"
                    async with http.post(url, json=job.payload(phone), headers=headers) as answer:
                        await answer.read()
                return {"result": job.RESULT}

        with pytest.raises(ChildFailed, match="does another job"):
            await check("tuned", Impostor(), server, 1)
