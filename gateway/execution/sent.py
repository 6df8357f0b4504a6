"""How many values a client sends beside a document, known before they are looked at."""

from collections.abc import Mapping
from typing import Any


def values_in(variables: Mapping[str, Any], enough: int) -> int:
    """Return how many values there are in lists and objects, or a number above `enough`."""
    found = len(variables)
    waiting = list(variables.values()) if found <= enough else []
    while waiting:
        value = waiting.pop()
        if not isinstance(value, (dict, list)):
            continue
        found += len(value)
        if found > enough:
            break
        waiting.extend(value.values() if isinstance(value, dict) else value)
    return found
