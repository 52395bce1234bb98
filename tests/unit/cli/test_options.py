"""Every option of the command line judges its value, and so does the environment."""

import pytest

from etelecom_async.cli.app import etelecom
from tests.support import KEY, OA, PHONE, invoke

BULK = ("bulk", "in.csv", "-o", "out.csv")
CHECKING = (("check", PHONE), BULK)
OPTIONS = [
    *(("check", PHONE, "--oa-id", value) for value in ("abc", "1.5", "", "-7")),
    *((*command, "--proxy", value) for command in CHECKING for value in ("host:3128", "socks5://h:1", "")),
    *((*command, "--ca", "missing.pem") for command in CHECKING),
    *((*BULK, "--oa-id", value) for value in ("abc", "0", "９", "1e18", "9" * 20)),
    *((*BULK, "--rate", value) for value in ("0", "-1", "nan", "inf", "many", "")),
    *((*BULK, "--concurrency", value) for value in ("0", "-1", "1.5", "many", "")),
    *((*BULK, "--workers", value) for value in ("0", "x")),
    *((*BULK, "--executor", value) for value in ("spark", "")),
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
    for command in etelecom.commands.values():
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


@pytest.mark.parametrize("output", [".", "..", "/"])
def test_an_output_that_is_a_directory_is_refused(output, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text(f"phone\n{PHONE}\n")
    answer = invoke("bulk", "in.csv", "-o", output, ETELECOM_API_KEY=KEY, ETELECOM_OA_ID=str(OA))
    assert answer == (2, "", f"Error: {output} is a directory: name a file.\n")
