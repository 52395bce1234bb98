"""The language of the command: which one it takes, and what it says in Vietnamese."""

import asyncio
import json
import re
import sys

import pytest

from etelecom_async.cli.language import LanguageChoice
from etelecom_async.sandbox import Customer, World, serve
from tests.support import environment, invoke, run, served_in_a_thread

AN, BINH = "84987654321", "84912345678"
SPENDS = ("--call-type", "audio", "--reason", "update_order")
VARIABLES = ("ETELECOM_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.mark.parametrize(
    ("given", "lang"),
    [
        ({}, "en"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "vi"}, "vi"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LC_MESSAGES": "vi_VN", "LANG": "en_US.UTF-8"}, "vi"),
        ({"LC_ALL": "en_US.UTF-8", "LC_MESSAGES": "vi_VN", "LANG": "vi_VN"}, "en"),
        ({"LC_ALL": "vi_VN.UTF-8", "LANG": "en_US.UTF-8"}, "vi"),
        ({"ETELECOM_LANG": "en", "LC_ALL": "vi_VN.UTF-8"}, "en"),
        ({"ETELECOM_LANG": "vi", "LC_ALL": "en_US.UTF-8"}, "vi"),
        ({"ETELECOM_LANG": "", "LC_ALL": "", "LANG": "vi_VN"}, "vi"),  # not set, for a shell
        ({"ETELECOM_LANG": "de", "LANG": "vi_VN"}, "en"),
    ],
)
def test_the_first_variable_that_is_set_chooses(given, lang, monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert LanguageChoice().texts.lang == lang


def world(*customers):
    return World(customers={customer.phone: customer for customer in customers})


def command(served, *arguments, **env):
    account = environment(served)
    kept = {name: account[name] for name in ("ETELECOM_API_KEY", "ETELECOM_OA_ID", "ETELECOM_BASE_URL")}
    return invoke(*arguments, **{**kept, "COLUMNS": "300", **env})


@pytest.mark.parametrize(
    ("before", "after", "env", "is_vietnamese"),
    [
        ((), (), {}, False),
        (("--lang", "vi"), (), {}, True),
        ((), ("--lang", "vi"), {}, True),
        ((), ("--lang", "en"), {"ETELECOM_LANG": "vi"}, False),
        ((), (), {"ETELECOM_LANG": "vi"}, True),
        ((), (), {"ETELECOM_LANG": "", "LC_ALL": "vi_VN.UTF-8"}, True),
    ],
)
def test_the_option_goes_before_the_environment_and_stands_on_either_side(before, after, env, is_vietnamese):
    with served_in_a_thread(world(Customer(phone=AN, error=3))) as served:
        code, stdout, _ = command(served, *before, "check", AN, *after, **env)
    assert code == 1
    assert ("đã từ chối" in stdout) is is_vietnamese
    assert ("refused" in stdout) is not is_vietnamese


def test_a_language_that_the_command_does_not_have_is_refused_as_an_option():
    code, _, stderr = invoke("--lang", "fr", "check", AN)
    assert code == 2
    assert "--lang" in stderr


@pytest.mark.parametrize("name", ["check", "bulk", "request", "ensure", "sandbox", "demo"])
def test_every_command_and_the_group_have_the_option_in_their_help(name):
    assert "--lang [en|vi]" in invoke(name, "--help")[1]
    assert "--lang [en|vi]" in invoke("--help")[1]


async def test_a_check_is_vietnamese_on_the_screen_and_english_in_json():
    async with serve(world(Customer(phone=AN, error=3))) as served:
        env = environment(served, ETELECOM_LANG="vi", COLUMNS="300")
        code, stdout, stderr = await run("check", AN, "12", env=env)
        plain = await run("check", "--json", AN, "12", env=environment(served))
        as_json = await run("check", "--json", AN, "12", env=env)
    assert (code, stderr) == (3, "")
    for words in ("Số điện thoại", "Trạng thái", "đã từ chối", "không phải số điện thoại: "):
        assert words in stdout
    assert as_json == plain
    assert "InvalidPhone" in as_json[1]


async def test_a_dead_key_is_a_vietnamese_sentence():
    async with serve(world()) as served:
        env = environment(served, ETELECOM_LANG="vi", ETELECOM_API_KEY="1:other")
        _, _, stderr = await run("check", AN, env=env)
    assert stderr == "Lỗi: khóa API không được chấp nhận. Hãy kiểm tra khóa API và địa chỉ của dịch vụ.\n"


async def test_an_error_that_ends_the_command_begins_in_its_language():
    code, _, stderr = await run("check", "-", env=environment(ETELECOM_LANG="vi"))
    assert (code, stderr) == (2, "Lỗi: Không có số điện thoại nào ở đầu vào chuẩn (stdin).\n")
    code, _, stderr = await run("--lang", "vi", "request", AN, *SPENDS, env=environment())
    assert code == 2
    assert stderr.startswith("Lỗi: Thao tác này mất phí")


def test_a_failed_request_says_in_vietnamese_what_it_means_and_what_to_do():
    made = world(Customer(phone=BINH, error=20, request_error=-213))
    with served_in_a_thread(made) as served:
        code, stdout, stderr = command(served, "request", AN, BINH, *SPENDS, "--yes", "--lang", "vi")
        english = command(served, "request", BINH, *SPENDS, "--yes", "--json")
        vietnamese = command(served, "request", BINH, *SPENDS, "--yes", "--json", "--lang", "vi")
    assert (code, stderr) == (3, "1 yêu cầu bị tính phí.\n")
    assert "(error_code -213, người nhận: khách hàng chưa quan tâm OA)" in stdout
    assert "Hãy đề nghị khách hàng quan tâm OA trước." in stdout
    assert json.loads(english[1]) == json.loads(vietnamese[1])


def test_a_code_in_no_table_is_called_unknown_in_both_languages():
    with served_in_a_thread(world(Customer(phone=BINH, error=20, request_error=-4242))) as served:
        for lang, words in (("en", "(unknown code -4242)"), ("vi", "(mã không rõ -4242)")):
            assert words in command(served, "request", BINH, *SPENDS, "--yes", "--lang", lang)[1]
            assert words in command(served, "ensure", BINH, *SPENDS, "--yes", "--lang", lang)[2]


@pytest.mark.parametrize(
    ("error", "lang", "words"),
    [
        (-216, "en", "(error -216, token: the access token of the OA is not valid). Connect the OA to eTelecom again"),
        (-216, "vi", "(error -216, mã truy cập OA: mã truy cập (access token) của OA không hợp lệ). Hãy kết nối lại"),
        (-4242, "en", "(unknown code -4242). No table has this code"),
        (-4242, "vi", "(mã không rõ -4242). Mã này không có trong bảng nào"),
    ],
)
def test_a_check_that_met_a_fault_of_the_platform_says_what_it_means_and_what_to_do(error, lang, words):
    with served_in_a_thread(world(Customer(phone=AN, error=error, message="lời"))) as served:
        code, stdout, _ = command(served, "check", AN, "--lang", lang)
        _, as_json, _ = command(served, "check", AN, "--lang", lang, "--json")
        ensured = command(served, "ensure", AN, *SPENDS, "--no-request", "--lang", lang)
    assert code == 3
    assert f"lời {words}" in stdout
    assert f"lời {words}" in ensured[1]
    assert json.loads(as_json)["message"] == "lời"


def test_ensure_says_in_vietnamese_why_its_request_failed():
    with served_in_a_thread(world(Customer(phone=AN, error=20, request_error=-321))) as served:
        code, stdout, stderr = command(served, "ensure", AN, *SPENDS, "--yes", "--lang", "vi")
        shown = command(served, "ensure", AN, *SPENDS, "--no-request", "--lang", "vi")
    assert (code, stdout) == (3, "")
    for words in (
        "Lỗi: gửi thất bại",
        "số dư: không trừ được tiền của tài khoản Zalo Cloud (ZCA)",
        "Không bị tính phí.",
        "Hãy nạp tiền vào tài khoản Zalo Cloud (ZCA) rồi gửi lại.",
    ):
        assert words in stderr
    assert "chưa từng xin quyền" in shown[1]


async def test_a_job_ends_with_a_vietnamese_summary_and_an_english_file(tmp_path):
    source, output, page = tmp_path / "in.csv", tmp_path / "out.csv", tmp_path / "page.html"
    source.write_text(f"phone\n{AN}\n{BINH}\nhello\n", encoding="utf-8")
    async with serve(world(Customer(phone=AN), Customer(phone=BINH, error=14))) as served:
        env = environment(served, ETELECOM_LANG="vi")
        arguments = ("bulk", str(source), "-o", str(output))
        code, _, stderr = await run(*arguments, "--report", str(page), env=env)
        again = await run(*arguments, "--resume", env=env)
    assert code == 3
    assert re.search(r"3 dòng trong [0-9,]+ giây \([0-9.]+ dòng/giây\): 1 đã cấp quyền, 0 chưa cấp quyền, 2 ", stderr)
    assert "không phải số điện thoại: 1. Hãy sửa số điện thoại" in stderr
    assert "Zalo kiểm tra thất bại: 1. " in stderr
    assert "`--retry-failed`" in stderr
    assert "Không còn gì để làm: mọi dòng đều đã xong." in again[2]
    rows = output.read_text(encoding="utf-8")
    assert "InvalidPhone" in rows
    assert "granted" in rows
    assert '<html lang="vi">' in page.read_text(encoding="utf-8")


async def test_the_demo_is_vietnamese_throughout(tmp_path):
    """No sentence of its display is left in English."""
    code, _, stderr = await run("demo", "-o", str(tmp_path / "out.csv"), env=environment(ETELECOM_LANG="vi"))
    assert code == 3
    for english in ("rows", "could not", "Output", "State", "granted", "Transport", "Run the", "Checking"):
        assert english not in stderr.replace(str(tmp_path), "")
    assert "Kết quả: " in stderr


async def test_the_sandbox_introduces_itself_in_vietnamese():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "etelecom_async.cli", "sandbox", "--port", "0", "--lang", "vi"),
        stdout=asyncio.subprocess.PIPE,
        env=environment(),
    )
    try:
        printed = (await process.stdout.readuntil("Nhấn Ctrl-C để kết thúc.".encode())).decode()
    finally:
        process.kill()
        await process.wait()
    assert "export ETELECOM_API_KEY=" in printed
    assert "chưa từng xin quyền" in printed


def test_the_help_stays_english():
    assert invoke("--help", ETELECOM_LANG="vi")[1] == invoke("--help")[1]
