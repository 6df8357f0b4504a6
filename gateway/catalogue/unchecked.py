"""Records of which it is known that they are right, made without being looked at again.

A frozen record is filled by a call for each field, and looks at what it is given.  Where a hundred
thousand are read back that were looked at before they were stored, that is most of the work.
"""

from collections.abc import Callable
from dataclasses import fields, make_dataclass
from typing import Any, TypeVar, cast

T = TypeVar("T")


def unchecked(kind: type[T]) -> Callable[..., T]:
    """Return what makes records of a frozen, slotted `kind` by name, and all by what it is told.

    Nothing has a default, and nothing is derived or refused: an id is told like all the rest.
    """

    def become(self: Any) -> None:
        self.__class__ = kind  # as Python allows where the slots are the same

    made = make_dataclass(
        f"Unchecked{kind.__name__}",
        [(each.name, Any) for each in fields(cast("Any", kind))],
        namespace={"__post_init__": become},
        kw_only=True,
        slots=True,
        eq=False,
        repr=False,
    )
    return cast("Callable[..., T]", made)
