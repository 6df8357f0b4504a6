"""How many values a client sends beside a document, known before they are looked at."""

from collections.abc import Mapping
from typing import Any


def values_in(variables: Mapping[str, Any], enough: int) -> int:
    """Return how many values there are in lists and objects, or a number above `enough`."""
    found = len(variables)
    waiting = list(variables.values()) if found <= enough else []
    for value in waiting:  # which grows meanwhile
        kind = value.__class__
        if kind is not dict and kind is not list:
            continue
        found += len(value)
        if found > enough:
            break
        waiting.extend(value.values() if kind is dict else value)
    return found
