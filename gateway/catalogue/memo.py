"""A small memory of answers: the least recently asked is forgotten first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Memo:
    """Remembers up to `size` answers; safe to ask from several threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def remembered(self, question: Hashable, answer: Callable[[], T]) -> T:
        """Return what `answer` said to `question`, asking it if that is forgotten."""
        with self._lock:
            if question in self._answers:
                self._answers.move_to_end(question)
                found: T = self._answers[question]
                return found
        found = answer()
        with self._lock:
            self._answers[question] = found
            if len(self._answers) > self._size:
                self._answers.popitem(last=False)
        return found

    def learn(self, question: Hashable, answer: Any) -> None:
        """Remember an answer that is known already."""
        self.remembered(question, lambda: answer)

    def answers(self) -> list[tuple[Hashable, Any]]:
        """Return what is remembered now, the longest unasked first."""
        with self._lock:
            return list(self._answers.items())
