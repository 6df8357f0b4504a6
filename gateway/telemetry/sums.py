"""Log lines of what happens thousands of times a second: told together, once a second."""

import asyncio
from collections import Counter
from collections.abc import Callable

MOST_LINES = 100  # in one second; what is beyond is told under the name "other"
SECONDS = 1.0

Said = tuple[tuple[str, object], ...]  # the fields of a line


class Line:
    """What is said, or `instead` if there are too many lines, and how often since it was told."""

    __slots__ = ("instead", "said", "times")

    def __init__(self, said: Said, instead: Said) -> None:
        self.said = said
        self.instead = instead
        self.times = 0


class Sums:
    """Counts lines, and gives each with its number of times to `tell`; equal ones are told once."""

    def __init__(self, tell: Callable[[Said, int], None]) -> None:
        self._tell = tell
        self._waiting: list[Line] = []
        self._beyond: Counter[Said] = Counter()

    def add(self, line: Line) -> None:
        """Count a line; needs a running event loop."""
        if line.times:
            line.times += 1
        elif len(self._waiting) < MOST_LINES:
            if not self._waiting:
                asyncio.get_running_loop().call_later(SECONDS, self.flush)
            self._waiting.append(line)
            line.times = 1
        else:
            self._beyond[line.instead] += 1

    def flush(self) -> None:
        """Tell what was counted so far."""
        waiting, self._waiting = self._waiting, []
        times: Counter[Said] = Counter()
        for line in waiting:
            times[line.said] += line.times
            line.times = 0
        times += self._beyond
        self._beyond.clear()
        for said, number in times.items():
            self._tell(said, number)
