"""Cancel a coroutine at any of the points where it waits."""

import asyncio
import types

WAITING = "waiting"
WOKEN = "woken"


class Interrupted:
    """A coroutine that is cancelled when it waits for the n-th time, counted from 1; 0 lets it run to its end.

    `WAITING` cancels it while what it waits for is still to come. `WOKEN` cancels it when that has come and it has not
    run since: the moment in which what was handed over is easily lost.

    Attributes:
        waits: how often it has waited so far.
    """

    def __init__(self, coroutine, *, at=0, moment=WAITING):
        self.waits = 0
        self._coroutine = coroutine
        self._at = at
        self._moment = moment

    @types.coroutine
    def run(self):
        resume = self._coroutine.send, None
        while True:
            step, value = resume
            try:
                awaited = step(value)
            except StopIteration as end:
                return end.value
            self.waits += 1
            if self.waits == self._at:
                self._cancel(awaited)
            try:
                resume = self._coroutine.send, (yield awaited)
            except BaseException as error:
                resume = self._coroutine.throw, error

    def _cancel(self, awaited):
        task = asyncio.current_task()
        if self._moment == WAITING:
            task.cancel()  # asyncio passes it on to what the task is about to wait for
        elif awaited is None:
            asyncio.get_running_loop().call_soon(task.cancel)
        else:
            awaited.add_done_callback(lambda _: task.cancel())  # comes before the task's own, which is added next


async def interrupted_everywhere(scene, moment):
    """Play a scene once for every point where its coroutine waits, until one is played to the end; how many there were.

    A scene is an async function of one argument: it makes a coroutine, hands it to that argument, which returns the
    task, and afterwards looks whether everything is as it was.
    """
    for at in range(1, 10_000):
        played = []

        def start(coroutine, at=at, played=played):
            interrupted = Interrupted(coroutine, at=at, moment=moment)
            task = asyncio.ensure_future(_run(interrupted))
            played.append((interrupted, task))
            return task

        await scene(start)
        [(interrupted, task)] = played
        assert task.done()
        if interrupted.waits < at:
            assert not task.cancelled()
            return at - 1
        assert task.cancelled(), f"the cancellation at wait {at} was swallowed"
    raise AssertionError("it waits without end")


async def _run(interrupted):
    return await interrupted.run()
