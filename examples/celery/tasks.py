"""Blocks of phones as Celery tasks. README.md says how to start it; the broker is what CELERY_BROKER_URL names."""

from __future__ import annotations

import asyncio
import os
import sys
from functools import cache

from blocks import blocks, open_checker
from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown

LOST_AFTER = float(os.environ.get("LOST_AFTER", "3600"))
"""Seconds after which the jobs of a whole worker that died are given to another: longer than any job takes."""

app = Celery("consents")
app.conf.update(
    task_acks_late=True,  # a job is done when its rows are in the table ...
    task_reject_on_worker_lost=True,  # ... and comes back when its process dies before that
    task_ignore_result=True,  # the table has them
    worker_prefetch_multiplier=1,  # no worker holds a job that another could begin
    worker_proc_alive_timeout=60.0,  # seconds in which a new process has to open its session
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": LOST_AFTER,
        "unacked_restore_interval": LOST_AFTER / 10,  # how often lost jobs are looked for ...
        "unacked_restore_throttle": 1,  # ... and not only every tenth time
    },
)


class Process:
    """An event loop that lives as long as its worker process, and in it one session."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._opened = open_checker()
        self._checker = self._runner.run(self._opened.__aenter__())

    def check(self, job: str, first: int, phones: list[str]) -> None:
        """Check one block. Between two of them the loop stands still."""
        self._runner.run(self._checker.check(job, first, phones))

    def close(self) -> None:
        """End both."""
        self._runner.run(self._opened.__aexit__(None, None, None))
        self._runner.close()


@cache
def this_process() -> Process:
    """What this process has; made after the fork, for a connection must not be shared by two processes."""
    return Process()


@worker_process_init.connect
def _begin(**_: object) -> None:
    this_process()


@worker_process_shutdown.connect
def _end(**_: object) -> None:
    this_process().close()


# No autoretry: the SDK tries each call again as far as that makes sense, and knows when it does not.
@app.task(name="check_block")
def check_block(job: str, first: int, phones: list[str]) -> None:
    """Check a block of a job's phones."""
    this_process().check(job, first, phones)


def main(job: str, path: str) -> None:
    """Send the phones of a file, one on each line."""
    for first, block in blocks(path):
        check_block.delay(job, first, block)


if __name__ == "__main__":
    main(*sys.argv[1:])
