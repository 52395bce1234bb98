"""The gate on instructions per call: what passes it and what does not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import gate
from benchmarks.lib import counting

ROOT = Path(gate.__file__).parent.parent
BEFORE = {"typed": 100_000, "bulk": 200_000, "tuned": 500_000}


@pytest.mark.parametrize(("now", "worse"), [(50_000, 0), (100_000, 0), (102_999, 0), (103_001, 1), (200_000, 1)])
def test_a_figure_may_grow_by_three_percent(now, worse):
    _, found = gate.compare({"typed": now, "bulk": 200_000}, BEFORE)
    assert len(found) == worse


@pytest.mark.parametrize(("before", "now", "worse"), [(0.98, 1.0, 0), (0.99, 1.005, 0), (1.2, 1.21, 0), (1.2, 1.3, 1)])
def test_whether_a_goal_is_met_is_shown_and_only_growth_is_judged(before, now, worse):
    table, found = gate.compare({"loopback / tuned": now}, {"loopback / tuned": before})
    assert len(found) == worse
    assert ("MISSED" in table) is (now > 1.0)


def test_the_yardstick_is_not_judged():
    _, found = gate.compare({"tuned": 900_000}, BEFORE)
    assert found == []


def test_an_import_is_measured_by_what_it_takes_beyond_a_bare_python():
    counts = {"import": 110, "import-session": 300, "import-needs": 200, "python": 100}
    ratios = {"import / import-needs": 0.1, "import-session / import-needs": 2.0}
    assert counting.with_ratios(counts) == {**counts, **ratios}
    assert counting.needed(ratios) == counts.keys()


@pytest.mark.parametrize("name", ["import-session", "import-session / import-needs"])
def test_what_a_service_imports_may_grow_by_three_percent(name):
    assert gate.compare({name: 102}, {name: 100})[1] == []
    assert gate.compare({name: 104}, {name: 100})[1] == [name]


def test_a_figure_that_is_new_is_shown_and_not_judged():
    table, found = gate.compare({"typed": 1, "loopback": 1}, BEFORE)
    assert "new" in table
    assert found == []


def test_every_figure_has_one_to_be_compared_with():
    kept = json.loads((ROOT / "benchmarks" / "gate.json").read_text())
    assert counting.with_ratios(kept["figures"]).keys() == {*counting.NAMES}
    assert not {name for name in kept["figures"] if "/" in name}, "a ratio follows from its counts"
    assert kept["measured_with"].keys() == gate.machine().keys()


def test_where_nothing_can_count_the_gate_fails_and_says_what_is_needed():
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "gate", "typed"],
        cwd=ROOT,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "valgrind" in run.stderr
