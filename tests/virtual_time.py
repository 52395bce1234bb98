"""An event loop whose clock jumps to the next timer instead of waiting for it."""

import asyncio
import selectors


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """For code without sockets: whoever sleeps an hour is back at once."""

    def __init__(self):
        self._now = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self):
        return self._now

    def next_timer(self):
        """When the next timer is due."""
        return self._scheduled[0].when()

    def jump(self, seconds):
        self._now += seconds


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self, loop):
        super().__init__()
        self._loop = loop

    def select(self, timeout=None):
        if timeout is None:
            raise RuntimeError("everything waits and no timer runs: this would hang")
        self._loop.jump(timeout)
        return super().select(0)


def run_virtually(coroutine):
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(coroutine)
