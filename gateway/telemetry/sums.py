"""Log lines of what happens thousands of times a second: told together, once a second."""

import asyncio
from collections import Counter
from collections.abc import Callable

MOST_LINES = 100  # in one second; what is beyond is told under the name "other"
SECONDS = 1.0

Said = tuple[tuple[str, object], ...]  # the fields of a line


class Sums:
    """Counts equal lines, and gives each with its number of times to `tell`."""

    def __init__(self, tell: Callable[[Said, int], None]) -> None:
        self._tell = tell
        self._times: Counter[Said] = Counter()

    def add(self, line: Said, instead: Said) -> None:
        """Count a line, or `instead` if there are too many; needs a running event loop."""
        times = self._times
        if not times:
            asyncio.get_running_loop().call_later(SECONDS, self.flush)
        times[line if line in times or len(times) < MOST_LINES else instead] += 1

    def flush(self) -> None:
        """Tell what was counted so far."""
        counted, self._times = self._times, Counter()
        for line, times in counted.items():
            self._tell(line, times)
