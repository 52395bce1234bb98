"""What only POSIX systems have is not needed: the package runs in an interpreter from which it was taken."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITHOUT_POSIX = """
import asyncio, os, select, signal, sys

for module in ("fcntl", "grp", "pwd", "resource", "syslog", "termios", "tty"):
    sys.modules[module] = None  # importing it is an ImportError
for name in ("O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_NONBLOCK", "fchmod", "fchown", "chown", "lchown", "fork",
             "forkpty", "getuid", "geteuid", "getgid", "getegid", "getpgid", "killpg", "mkfifo", "openpty",
             "register_at_fork", "setsid", "sched_getaffinity", "sysconf", "uname", "wait3", "wait4"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGALRM", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH", "alarm",
             "pthread_kill", "pthread_sigmask", "setitimer"):
    if hasattr(signal, name):
        delattr(signal, name)
del select.poll

def refuse(*_):
    raise NotImplementedError

asyncio.SelectorEventLoop.add_signal_handler = asyncio.SelectorEventLoop.remove_signal_handler = refuse
"""


def run(program, *arguments, code=0):
    """A program in an interpreter without what only POSIX has; with what it must exit."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_POSIX + program, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == code, ran.stderr
    return ran.stdout


def test_every_module_is_imported_without_what_only_posix_has():
    program = """
import importlib, pkgutil, etelecom_async
found = [module.name for module in pkgutil.walk_packages(etelecom_async.__path__, "etelecom_async.")]
for name in found:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(found))
"""
    assert int(run(program)) > 100


@pytest.mark.parametrize("transport", ["aiohttp.AiohttpTransport", "fast.HttptoolsTransport", "httpx.HttpxTransport"])
def test_a_call_goes_over_a_socket_without_what_only_posix_has(transport):
    module, name = transport.split(".")
    program = f"""
from etelecom_async import Session
from etelecom_async.blocking import Blocking
from etelecom_async.sandbox import SANDBOX_API_KEY, World, serve
from etelecom_async import Shop
from etelecom_async.transport.{module} import {name}

async def main():
    async with serve(World()) as served:
        transport = {name}()
        async with Session(Shop(SANDBOX_API_KEY, base_url=served.base_url), transport=transport) as session:
            for _ in range(2):
                consent = await session.zalo.check_consent(oa_id=1000000000000000003, phone="0987 654 321")
        await transport.aclose()
    print(type(consent).__name__)

asyncio.run(main())
"""
    assert run(program) == "Consent\n"


def test_a_file_is_checked_by_the_command_without_what_only_posix_has(tmp_path):
    program = """
sys.argv[0] = "etelecom"
from etelecom_async.cli import main
sys.exit(main())
"""
    results = tmp_path / "results.csv"
    some_could_not_be_checked = 3
    run(program, "demo", ROOT / "examples" / "phones.csv", "-o", results, code=some_could_not_be_checked)
    assert len(results.read_text("utf-8").splitlines()) > 1
