"""Every option of the command line judges its value, and so does the environment."""

import sys

import click
import pytest

from etelecom_async.cli import app
from etelecom_async.cli.app import etelecom
from tests.support import KEY, OA, PHONE, invoke

BULK = ("bulk", "in.csv", "-o", "out.csv")
CHECKING = (("check", PHONE), BULK)
ASKS = ("--call-type", "audio", "--reason", "update_order")
ASKING = (("request", PHONE, "--yes"), ("ensure", PHONE, "--yes"))
OPTIONS = [
    *(("check", PHONE, "--oa-id", value) for value in ("abc", "1.5", "", "-7")),
    *((*command, "--proxy", value) for command in CHECKING for value in ("host:3128", "socks5://h:1", "")),
    *((*command, "--ca", "missing.pem") for command in CHECKING),
    *((*BULK, "--oa-id", value) for value in ("abc", "0", "９", "1e18", "9" * 20)),
    *((*BULK, "--rate", value) for value in ("0", "-1", "nan", "inf", "many", "")),
    *((*BULK, "--concurrency", value) for value in ("0", "-1", "1.5", "many", "")),
    *((*BULK, "--workers", value) for value in ("0", "x")),
    *((*BULK, "--executor", value) for value in ("spark", "")),
    *((*BULK, "--skip-rows", value) for value in ("-1", "x", "")),
    *((*BULK, name, "") for name in ("--column", "--address", "--encoding", "--delimiter", "--sheet")),
    *((*BULK, "--transport", value) for value in ("curl", "")),
    *(("sandbox", "--port", value) for value in ("99999", "-1", "http", "1.5", "")),
    *(("sandbox", "--latency", value) for value in ("-1", "nan", "inf", "slow")),
    *(("sandbox", "--limit", value) for value in ("0", "-1", "nan", "inf", "x")),
    *(("sandbox", "--limit", "5", "--burst", value) for value in ("0", "0.5", "nan", "inf", "x")),
    *(("sandbox", "--limit", "5", "--refusal", value) for value in ("500", "")),
    ("sandbox", "--host", ""),
    ("bulk", "in.csv", "-o", ""),
    *((*BULK, name, "") for name in ("--report", "--ca")),
    ("sandbox", "--customers", ""),
    *(("call", "Zalo/ListOA", "--data", value) for value in ("", "oa_id", "[1]", "@missing.json", "@", "{'a': 1}")),
    *((name, option, "") for name in ("call", "doctor") for option in ("--proxy", "--ca")),
    ("doctor", "--base-url", ""),
    *((*command, *ASKS, option, "") for command in ASKING for option in ("--oa-id", "--proxy", "--ca")),
    *((*command, *ASKS[2:], "--call-type", value) for command in ASKING for value in ("", "unknown", "phone")),
    *((*command, *ASKS[:2], "--reason", value) for command in ASKING for value in ("", "unknown", "order")),
    *((*ASKING[1], *ASKS, "--wait", value) for value in ("", "soon", "-1")),
    (*ASKING[1], *ASKS, "--claims", ""),
    *((*BULK, "--give-up-after", value) for value in ("0", "soon", "")),
    *((*BULK, "--max-failures", value) for value in ("-1", "many", "")),
    ("sandbox", "--oa-id", "abc"),
    *(("sandbox", "--webhook", value) for value in ("", "ftp://127.0.0.1/")),
    *(("demo", option, "") for option in ("--encoding", "--delimiter", "--sheet", "--skip-rows")),
    *(("openapi", "--base-url", value) for value in ("", " ")),
    *(("doctor", "--oa-id", value) for value in ("abc", "0", "")),
    *(("doctor", "--timeout", value) for value in ("0", "soon", "-1", "")),
]


@pytest.mark.parametrize("arguments", OPTIONS, ids=" ".join)
def test_an_option_that_does_not_fit_is_named_and_ends_with_2(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text(f"phone\n{PHONE}\n")
    code, out, err = invoke(*arguments, ETELECOM_API_KEY=KEY, ETELECOM_OA_ID=str(OA))
    assert code == 2
    assert arguments[-2] in err
    assert out == ""
    assert "Traceback" not in err
    assert not (tmp_path / "out.csv").exists()


def test_every_option_with_a_value_has_values_that_do_not_fit():
    free = {"--output", "--column", "--address", "--report"}  # any text can be one
    context = click.Context(etelecom)
    for command in (etelecom.get_command(context, name) for name in etelecom.modules):
        for option in command.params:
            if option.param_type_name == "option" and not option.is_flag and option.opts[-1] not in free:
                given = [line for line in OPTIONS if line[0] == command.name and line[-2] == option.opts[-1]]
                assert given, f"{command.name} {option.opts}"


@pytest.mark.parametrize("value", ["abc", "'7'", "1.5", " "])
def test_an_oa_id_of_the_environment_is_named_by_its_variable(value):
    code, _, err = invoke("check", PHONE, ETELECOM_API_KEY=KEY, ETELECOM_OA_ID=value)
    assert code == 2
    assert "ETELECOM_OA_ID" in err


def test_an_oa_id_of_the_environment_with_a_line_break_is_taken():
    """D3: the number is refused here, so nothing is sent."""
    code, out, _ = invoke("check", "abc", "--json", ETELECOM_API_KEY=KEY, ETELECOM_OA_ID=f"{OA}\n")
    assert "InvalidPhone" in out
    assert code != 0


@pytest.mark.parametrize("command", [("bulk", "", "-o", "out.csv"), ("demo", "")], ids=" ".join)
def test_an_empty_input_is_refused_and_not_the_current_folder(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text(f"phone\n{PHONE}\n")
    code, out, err = invoke(*command, ETELECOM_API_KEY=KEY, ETELECOM_OA_ID=str(OA))
    assert (code, out) == (2, "")
    assert "INPUT" in err
    assert err.endswith("It is empty: name a file.\n")


@pytest.mark.parametrize("name", ["--column", "--address", "--encoding", "--delimiter", "--sheet", "--proxy"])
def test_an_option_that_is_empty_is_one_sentence_with_its_name(name):
    code, _, err = invoke(*BULK, name, "", ETELECOM_API_KEY=KEY, ETELECOM_OA_ID=str(OA))
    assert (code, err) == (2, f"Error: '{name}': It is empty: leave it out, or give it a value.\n")


@pytest.mark.parametrize("command", [("sandbox", "--port"), (*BULK, "--workers"), (*BULK, "--skip-rows")])
def test_a_word_in_place_of_a_number_is_named_as_no_number(command):
    code, _, err = invoke(*command, "zzz", ETELECOM_API_KEY=KEY, ETELECOM_OA_ID=str(OA))
    assert code == 2
    assert "'zzz' is not a valid whole number." in err


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("option", ["INPUT", "-o", "--report"])
def test_a_name_that_is_too_long_is_refused_before_the_first_call(option, suffix, tmp_path, monkeypatch):
    """The job file and the journal have longer names than the output."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text(f"phone\n{PHONE}\n")
    long = {"-o": "x" * (250 - len(suffix) + 2) + suffix}.get(option, "x" * 300 + suffix)
    given = {"INPUT": "in.csv", "-o": "out.csv", option: long}
    arguments = [given.pop("INPUT"), *(word for pair in given.items() for word in pair)]
    code, out, err = invoke("bulk", *arguments, ETELECOM_API_KEY=KEY, ETELECOM_OA_ID=str(OA))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "too long" in err
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv"}


@pytest.mark.parametrize("name", ["a\nb.csv", "a\x1b[31m.csv", "a\u202eb.csv"])
def test_control_characters_of_a_file_name_are_escaped(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ETELECOM_API_KEY", KEY)
    escaped = name.encode("unicode_escape").decode()
    for arguments in ([name], ["in.csv", "more.csv", name]):
        monkeypatch.setattr(sys, "argv", ["etelecom", "bulk", *arguments, "-o", "out.csv", "--oa-id", str(OA)])
        assert app.run() == 2
        err = capsys.readouterr().err
        assert escaped in err
        assert name not in err


@pytest.mark.parametrize("output", [".", "..", "/"])
def test_an_output_that_is_a_directory_is_refused(output, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text(f"phone\n{PHONE}\n")
    answer = invoke("bulk", "in.csv", "-o", output, ETELECOM_API_KEY=KEY, ETELECOM_OA_ID=str(OA))
    assert answer == (2, "", f"Error: {output} is a directory: name a file.\n")
