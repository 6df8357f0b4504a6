"""A small schema with all that Strawberry lets a field be, right and wrong."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission


class Diet(Enum):
    """What they eat; the names are not the values."""

    MEAT = 1
    GRASS = 2


strawberry.enum(Diet)


class Never(BasePermission):
    """Nobody may."""

    message = "nobody may"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return False


class Loud(FieldExtension):
    """Shouts."""

    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        return str(next_(source, info, **kwargs)).upper()


@strawberry.interface
class Animal:
    """Lives here."""

    name: str
    friends: "list[Animal]" = strawberry.field(default_factory=list)


@strawberry.type
class Cat(Animal):
    """Says little."""

    lives: int | None = 9
    diet: Diet = Diet.MEAT

    @strawberry.field
    def told(self, info: strawberry.Info, words: list[str] | None = None) -> list[str]:
        """Change what it was given, as no resolver should."""
        given = words if words is not None else []
        given.append(self.name)
        return given

    @strawberry.field
    def where(self, info: strawberry.Info) -> str:
        """Ask where in the answer it stands."""
        return str(info.path.key)

    @strawberry.field
    async def weight(self, info: strawberry.Info) -> float:
        """Ask a loader."""
        return await info.context.weights.load(self.name)

    @strawberry.field
    async def secret(self) -> str:
        """Fail where null may not be."""
        raise ValueError(f"{self.name} does not tell")

    @strawberry.field
    async def hint(self) -> str | None:
        """Fail where null may be."""
        raise ValueError(f"{self.name} does not hint")

    @strawberry.field
    async def kittens(self, count: int = 2) -> "list[Cat]":
        """Come later."""
        return [Cat(name=f"{self.name}{number}") for number in range(count)]


@strawberry.type
class Dog(Animal):
    """Says much."""

    bark: str = strawberry.field(default="wau", extensions=[Loud()])


@strawberry.type
class Ghost:
    """Is of no type that is asked for."""

    name: str = "boo"


Pet = Annotated[Cat | Dog, strawberry.union("Pet")]


@strawberry.input
class Wish:
    """What somebody wants."""

    name: str
    count: int = 1


@dataclass
class Keeper:
    """The context: what was loaded, and what was done, in order."""

    loads: list[list[str]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.weights: DataLoader[str, float] = DataLoader(load_fn=self._load)

    async def _load(self, names: list[str]) -> list[Any]:
        self.loads.append(sorted(names))
        return [ValueError("no scales") if name == "Nemo" else len(name) / 2 for name in names]


CATS = ("Tom", "Kitty", "Felix")


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def cats(self, names: list[str] | None = None) -> list[Cat]:
        """Give cats."""
        return [Cat(name=name) for name in names or CATS]

    @strawberry.field
    def some(self) -> list[Cat | None]:
        """Give cats, and what is none."""
        return [Cat(name="Tom"), None, Ghost(), ValueError("run over"), Cat(name="Felix")]  # type: ignore[list-item]

    @strawberry.field
    def strict(self) -> list[Cat] | None:
        """Give cats, and a null where none may be."""
        return [Cat(name="Tom"), None]  # type: ignore[list-item]

    @strawberry.field
    def animals(self) -> list[Animal]:
        """Give both."""
        return [Cat(name="Tom", friends=[Dog(name="Rex")]), Dog(name="Rex")]

    @strawberry.field
    def stray(self) -> Animal | None:
        """Give what is none."""
        return Ghost()  # type: ignore[return-value]

    @strawberry.field
    def pets(self) -> list[Pet]:
        """Give both, as a union."""
        return [Dog(name="Rex"), Cat(name="Tom", diet=Diet.GRASS)]

    @strawberry.field(permission_classes=[Never])
    def locked(self) -> str | None:
        """Be refused."""
        return "open"

    @strawberry.field
    async def walking(self) -> list[int]:
        """Give a stream as a list."""
        return _steps()  # type: ignore[return-value]

    @strawberry.field
    def late(self) -> list[int]:
        """Give some items later."""
        return [1, _later(2), _later("three"), 4]  # type: ignore[list-item]

    @strawberry.field
    def matrix(self) -> list[list[int | None]]:
        """Give lists of lists."""
        return [[1, None], [2**40]]

    @strawberry.field
    def texts(self) -> list[str]:
        """Give what becomes text."""
        return ["a", 5, True]  # type: ignore[list-item]

    @strawberry.field
    def no_list(self) -> list[int] | None:
        """Give what is no list."""
        return 5  # type: ignore[return-value]

    @strawberry.field
    def odd(self) -> Diet | None:
        """Give what is no member."""
        return "BONES"  # type: ignore[return-value]

    @strawberry.field
    def wished(self, wish: Wish, diet: Diet = Diet.MEAT) -> str:
        """Take an input."""
        return f"{wish.count} {wish.name}, {diet}"


@strawberry.type
class Mutation:
    """What can be done."""

    @strawberry.mutation
    async def feed(self, info: strawberry.Info, name: str) -> Cat:
        """Take time."""
        info.context.done.append(f"begin {name}")
        await _later(None)
        info.context.done.append(f"end {name}")
        return Cat(name=name)

    @strawberry.mutation
    def call(self, info: strawberry.Info, name: str) -> str:
        """Be done at once."""
        info.context.done.append(f"called {name}")
        return name

    @strawberry.mutation
    def miss(self, info: strawberry.Info) -> str:
        """Fail at once where null may not be."""
        info.context.done.append("missed")
        raise ValueError("gone")

    @strawberry.mutation
    async def lose(self, info: strawberry.Info) -> str:
        """Fail where null may not be."""
        info.context.done.append("lost")
        raise ValueError("gone")


@strawberry.type
class Subscription:
    """What goes on."""

    @strawberry.subscription
    async def steps(self) -> AsyncIterator[int]:
        """Walk."""
        yield 1


async def _later(value: Any) -> Any:
    return value


async def _steps() -> AsyncIterator[int]:
    for step in range(3):
        yield step


ZOO: Any = strawberry.Schema(Query, Mutation, Subscription)._schema
