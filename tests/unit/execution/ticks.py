"""What work costs, counted in calls."""

from typing import Any

import pytest


class Ticks:
    """Counts the calls of a function: what a refusal costs, on any machine."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        self.count = 0
        function = getattr(owner, name)

        def counted(*arguments: Any, **options: Any) -> Any:
            self.count += 1
            return function(*arguments, **options)

        monkeypatch.setattr(owner, name, counted)
