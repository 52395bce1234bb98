"""How others go about a hidden limit: written anew after what they publish, for the simulation."""

from __future__ import annotations

import math

from etelecom_async.ratelimit.outcome import Kind, Outcome, Sent

__all__ = ["Aws", "Fixed", "Gradient2"]


class Fixed:
    """So many under way, whatever comes of them."""

    def __init__(self, most: int) -> None:
        self.most = float(most)
        self.under_way = 0

    def before(self, now: float, /) -> float:
        """As `Governor.before`."""
        return now if self.under_way < int(self.most) else math.inf

    def begin(self, now: float, /) -> Sent:
        """As `Governor.begin`."""
        self.under_way += 1
        return now, self.under_way, None

    def after(self, outcome: Outcome, now: float, /) -> bool:
        """As `Governor.after`: every failure is the row's."""
        self.under_way -= 1
        self.learn(outcome, now)
        return True

    def learn(self, outcome: Outcome, now: float) -> None:
        """Nothing is."""


class Gradient2(Fixed):
    """Netflix's concurrency-limits: the number under way follows the ratio of long-term to present latency."""

    _TOLERANCE, _SMOOTHING, _QUEUE, _WINDOW = 1.5, 0.2, 4, 600

    def __init__(self, most: int) -> None:
        super().__init__(20)
        self._ceiling = most
        self._long = 0.0
        self._samples = 0

    def learn(self, outcome: Outcome, now: float) -> None:
        """A latency, of a refusal too."""
        latency = now - outcome.sent[0]
        self._samples += 1
        # An exponential average, which begins as the plain one.
        self._long += (latency - self._long) * max(2 / (self._WINDOW + 1), 1 / self._samples)
        if self._long / latency > 2:  # it recovers sooner from a slow time
            self._long *= 0.95
        if self.under_way < self.most / 2:
            return
        gradient = max(0.5, min(1.0, self._TOLERANCE * self._long / latency))
        aim = self.most * gradient + self._QUEUE
        self.most = max(20.0, min(self._ceiling, self.most * (1 - self._SMOOTHING) + aim * self._SMOOTHING))


class Aws(Fixed):
    """The "adaptive" mode of AWS's SDKs: a token bucket whose rate is cut by 30 % and grows as a cubic of the time."""

    _BETA, _SCALE, _MEASURED_SMOOTHING, _TICK = 0.7, 0.4, 0.8, 0.5

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self._is_on = False
        self._rate = 0.5
        self._tokens, self._filled = 0.0, 0.0
        self._top, self._cut_at = 0.0, 0.0
        self._measured, self._tick, self._count = 0.0, 0.0, 0

    def before(self, now: float, /) -> float:
        """As `Governor.before`."""
        due = super().before(now)
        if not self._is_on or due > now:
            return due
        self._fill(now)
        return now if self._tokens >= 1 else now + (1 - self._tokens) / self._rate + 1e-9

    def begin(self, now: float, /) -> Sent:
        """As `Governor.begin`."""
        if self._is_on:
            self._tokens -= 1
        return super().begin(now)

    def learn(self, outcome: Outcome, now: float) -> None:
        """An answer, or none."""
        self._count += 1
        tick = math.floor(now / self._TICK) * self._TICK
        if tick > self._tick:
            present = self._count / (tick - self._tick)
            self._measured = present * self._MEASURED_SMOOTHING + self._measured * (1 - self._MEASURED_SMOOTHING)
            self._tick, self._count = tick, 0
        if outcome.kind is Kind.REFUSED:
            used = min(self._measured, self._rate) if self._is_on else self._measured
            self._top, self._cut_at = used, now
            rate = self._BETA * used
            self._is_on = True
        else:
            back = (self._top * (1 - self._BETA) / self._SCALE) ** (1 / 3)
            rate = self._SCALE * (now - self._cut_at - back) ** 3 + self._top
        self._fill(now)
        self._rate = max(0.5, min(rate, 2 * self._measured))

    def _fill(self, now: float) -> None:
        self._tokens = min(max(1.0, self._rate), self._tokens + (now - self._filled) * self._rate)
        self._filled = now
