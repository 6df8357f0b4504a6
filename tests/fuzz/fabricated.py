"""A context whose ports answer anything that their types allow, the same to whoever asks twice.

What a port's method returns is made from its annotation, by dice that its arguments load.  With
`trouble`, ports raise and records hold what they should not: null, an error, another type.
"""

import asyncio
import inspect
import types
import typing
from collections import abc
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache
from random import Random
from typing import Any, Union, get_args, get_origin, get_type_hints
from zlib import crc32

from graphql import GraphQLError

from schema.context import Context
from schema.loaders import DescriptionLoader, QuoteLoader
from schema.model import catalogue
from schema.model.quotes import KnownQuote
from schema.model.viewer import ANONYMOUS, Role, Viewer
from schema.ports import BadCursorError, Slice

NOW = datetime(2020, 4, 11, 9, 0, tzinfo=UTC)
WORDS = ("masak", "las", "barista", "", "naïve ☕", "Rp", "k" * 50, "tokopedia")
EVERYBODY = Viewer(frozenset(Role), typing.cast("Any", "learner-1"), "subject", "tokopedia")  # type: ignore[arg-type]
MOST_DEEP = 9
_ANYTHING = (catalogue.Course, catalogue.Offering, catalogue.Institution, catalogue.Session)


_hints = cache(get_type_hints)


class Odd:
    """A value that no field may have."""

    def __repr__(self) -> str:
        return "Odd()"


class Dice:
    """Makes values of types, some of them troubled."""

    def __init__(self, key: str, trouble: float) -> None:
        self._dice = Random(crc32(key.encode()))
        self.trouble = trouble

    @property
    def is_trouble(self) -> bool:
        """Throw once."""
        return self._dice.random() < self.trouble

    def error(self) -> Exception:
        """Return something to raise."""
        errors = (
            RuntimeError("broken"),
            GraphQLError("told", extensions={"code": "FORBIDDEN"}),
            BadCursorError("no cursor"),
        )
        return self._dice.choice(errors)

    def sleeps(self) -> int:
        """Return how often the loop goes round before an answer is there."""
        return self._dice.choice((0, 0, 1, 3))

    def of(self, hint: Any, known: dict[Any, Any] | None = None, depth: int = 0) -> Any:  # noqa: C901, PLR0911 - a case for each kind of type
        """Return a value of the type that `hint` names; `known` says what type variables are."""
        known = known or {}
        hint = known.get(hint, hint)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is typing.Annotated:
            return self.of(arguments[0], known, depth)
        if origin in {Union, types.UnionType}:
            if type(None) in arguments and (depth > MOST_DEEP or self._dice.random() < 0.25):
                return None
            others = [each for each in arguments if each is not type(None)]
            return self.of(self._dice.choice(others), known, depth)
        if origin is not None and is_dataclass(origin):
            names = origin.__parameters__
            given = [known.get(each, each) for each in arguments]
            return self._record(origin, dict(zip(names, given, strict=True)), depth)
        if origin in {list, set, frozenset, abc.Sequence, abc.Collection, abc.Iterable, abc.Set}:
            return self._several(arguments[0], known, depth)
        if origin is tuple:
            if arguments[-1] is Ellipsis:
                return tuple(self._several(arguments[0], known, depth))
            return tuple(self.of(each, known, depth + 1) for each in arguments)
        if origin in {dict, abc.Mapping}:
            keys = self._several(arguments[0], known, depth)
            return {key: self.of(arguments[1], known, depth + 1) for key in keys}
        if isinstance(hint, typing.NewType):
            return self.of(hint.__supertype__, known, depth)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return self._dice.choice(list(hint))
        if is_dataclass(hint):
            return self._record(hint, known, depth)
        return self._plain(hint, depth)

    def _plain(self, hint: Any, depth: int) -> Any:  # noqa: PLR0911 - a case for each kind of type
        dice = self._dice
        if hint is str:
            return dice.choice(WORDS)
        if hint is bool:
            return dice.random() < 0.5
        if hint is int:
            return dice.choice((2**31, 2**60) if self.is_trouble else (0, 1, 7, 350_000, -5))
        if hint is float:
            return float("inf") if self.is_trouble else dice.choice((0.0, 4.5, 1e300))
        if hint is datetime:
            return NOW + timedelta(hours=dice.randrange(-9_000, 9_000))
        if hint is date:
            return NOW.date() + timedelta(days=dice.randrange(-900, 900))
        if hint is type(None):
            return None
        if hint in {object, Any} or isinstance(hint, typing.TypeVar):
            return self.of(dice.choice(_ANYTHING), None, depth + 1)
        if getattr(hint, "_is_protocol", False):
            return Port(hint, f"{dice.random()}", self.trouble)
        raise TypeError(f"nobody knows how to make {hint!r}")

    def _several(self, hint: Any, known: dict[Any, Any], depth: int) -> list[Any]:
        size = 0 if depth > MOST_DEEP else self._dice.choice((0, 1, 2, 3))
        return [self._maybe_odd(self.of(hint, known, depth + 1)) for _ in range(size)]

    def _record(self, kind: Any, known: dict[Any, Any], depth: int) -> Any:
        record = object.__new__(kind)
        hints = _hints(kind)
        for each in fields(kind):
            made = self._maybe_odd(self.of(hints[each.name], known, depth + 1))
            object.__setattr__(record, each.name, made)
        if isinstance(record, Slice) and not self.is_trouble:
            cursors = [f"c{index}" for index in range(_length(record.nodes))]
            object.__setattr__(record, "cursors", cursors)
        return record

    def _maybe_odd(self, value: Any) -> Any:
        if not self.is_trouble:
            return value
        return self._dice.choice((None, None, Odd(), 5, "text", ValueError("a value")))


def _length(values: Any) -> int:
    return len(values) if isinstance(values, list) else 0


class Port:
    """Whatever a protocol promises."""

    def __init__(self, protocol: Any, seed: str, trouble: float, *, sleepy: bool = False) -> None:
        self._protocol = protocol
        self._seed = seed
        self._trouble = trouble
        self._sleepy = sleepy

    def __repr__(self) -> str:
        return f"Port({self._protocol.__name__})"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        member = inspect.getattr_static(self._protocol, name, None)
        if isinstance(member, property):
            return self._made(_hints(member.fget)["return"], name)
        if member is None:
            return self._made(_hints(self._protocol)[name], name)
        hint = _hints(member)["return"]
        if inspect.iscoroutinefunction(member):
            return lambda *args, **named: self._later(hint, f"{name}{args}{named}")
        return lambda *args, **named: self._made(hint, f"{name}{args}{named}")

    def _dice_for(self, call: str) -> Dice:
        return Dice(f"{self._seed}{self._protocol.__name__}.{call}", self._trouble)

    def _made(self, hint: Any, call: str) -> Any:
        dice = self._dice_for(call)
        if dice.is_trouble:
            raise dice.error()
        return dice.of(hint)

    async def _later(self, hint: Any, call: str) -> Any:
        if self._sleepy:
            for _ in range(self._dice_for(call).sleeps()):
                await asyncio.sleep(0)
        return self._made(hint, call)


def a_context(seed: int, trouble: float, *, sleepy: bool = False) -> Context:
    """Return a context; equal arguments give one that answers alike.

    In a sleepy one every answer takes its own time.
    """
    hints = _hints(Context)
    ports = {name: Port(hint, f"{seed}", trouble, sleepy=sleepy) for name, hint in hints.items()}

    async def read_descriptions(ids: Any) -> Any:
        await asyncio.sleep(0)
        return {each: Dice(f"{seed}{each!r}", trouble).of(str | None) for each in ids}

    async def read_quotes(offerings: Any) -> Any:
        await asyncio.sleep(0)
        return {
            each.id: Dice(f"{seed}{each.id}", trouble).of(KnownQuote | None) for each in offerings
        }

    asking = ANONYMOUS if seed % 10 == 0 else EVERYBODY
    given: dict[str, Any] = {
        **ports,
        "descriptions": DescriptionLoader(read_descriptions),
        "quotes": QuoteLoader(read_quotes),
        "now": NOW,
        "viewer": asking,
    }
    return Context(**given)
