"""Which fields a partner's rows have, counted before any mapping reads them.

The counts show what no single row can: that a field which was always there is gone.
"""

from collections.abc import Mapping
from typing import Any

MOST_FIELDS = 300  # names in one page; rows that are keyed by id have endless ones
NAME_LENGTH = 120


def count_fields(counts: dict[str, int], row: Mapping[Any, Any]) -> None:
    """Add the fields of `row` that say something, and those of objects in it ("price.amount")."""
    for name, value in row.items():
        if _is_blank(value):
            continue
        _count(counts, str(name))
        if isinstance(value, Mapping):
            for inner, within in value.items():
                if not _is_blank(within):
                    _count(counts, f"{name}.{inner}")


def _count(counts: dict[str, int], name: str) -> None:
    name = name[:NAME_LENGTH]
    if name in counts or len(counts) < MOST_FIELDS:
        counts[name] = counts.get(name, 0) + 1


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | tuple | Mapping) and not value)
