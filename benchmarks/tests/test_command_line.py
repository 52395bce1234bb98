"""One command line for all questions, and who may import whom."""

import ast
import importlib
from pathlib import Path

import pytest

import benchmarks
from benchmarks.__main__ import main, questions
from benchmarks.lib.child import ChildFailed

FOLDER = Path(benchmarks.__file__).parent
QUESTIONS = questions()


def imported(file):
    """The modules that a file imports, lazily too."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_the_list_has_each_question_with_its_sentence(capsys):
    assert main([]) == 0
    shown = capsys.readouterr().out
    for name, sentence in QUESTIONS.items():
        assert "?" in sentence
        assert f"{name} {sentence}" in " ".join(shown.split())


@pytest.mark.parametrize("name", QUESTIONS)
def test_help_of_a_question_names_its_command(name, capsys):
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"python -m benchmarks {name}" in capsys.readouterr().out


def test_an_unknown_question_is_refused_with_status_2(capsys):
    with pytest.raises(SystemExit) as end:
        main(["weather"])
    assert end.value.code == 2
    assert "weather" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("end", "status", "sentence"),
    [(ChildFailed("server ended"), 1, "Stopped: server ended"), (KeyboardInterrupt(), 130, "nothing is reported")],
)
def test_what_ends_a_question_early_is_said_and_sets_the_status(monkeypatch, capsys, end, status, sentence):
    def stop(_):
        raise end

    monkeypatch.setattr(importlib.import_module("benchmarks.gate"), "main", stop)
    assert main(["gate"]) == status
    assert sentence in capsys.readouterr().err


def test_shared_parts_and_children_import_no_question():
    at_fault = {
        (file.name, module)
        for folder in ("lib", "children")
        for file in (FOLDER / folder).glob("*.py")
        for module in imported(file)
        if module.startswith("benchmarks.") and module.split(".")[1] not in {"lib", "children"}
    }
    assert at_fault == set()


def test_benchmarks_and_tests_import_nothing_of_each_other():
    pairs = {FOLDER: "tests", FOLDER.parent / "tests": "benchmarks"}
    at_fault = {
        (str(file.relative_to(FOLDER.parent)), module)
        for folder, other in pairs.items()
        for file in folder.rglob("*.py")
        for module in imported(file)
        if module.split(".")[0] == other
    }
    assert at_fault == set()
