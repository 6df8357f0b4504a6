"""A hundred posts with their users: the question by which GraphQL servers are often compared."""

from dataclasses import dataclass
from typing import Any

import strawberry

from schema.types.described import described, presents

POSTS = "{ posts { id userId title user { id name email phone } } }"


@dataclass(frozen=True, slots=True)
class UserRecord:
    """Who wrote it."""

    id: int
    name: str
    email: str
    phone: str | None


@dataclass(frozen=True, slots=True)
class PostRecord:
    """What was written."""

    id: int
    title: str
    user: UserRecord

    @property
    def user_id(self) -> int:
        """Its user's id."""
        return self.user.id


@presents(UserRecord)
class User:
    """Who wrote it."""

    id: int = described("Which one.")
    name: str = described("The name.")
    email: str = described("The address.")
    phone: str | None = described("The number, if told.")


@presents(PostRecord)
class Post:
    """What was written."""

    id: int = described("Which one.")
    user_id: int = described("Whose it is.")
    title: str = described("Its title.")
    user: User | None = described("Who wrote it.")


_USERS = [UserRecord(n, f"User {n}", f"user{n}@example.org", "1-770-736") for n in range(10)]
_RECORDS = [PostRecord(n, f"sunt aut facere repellat {n}" * 3, _USERS[n % 10]) for n in range(100)]


@strawberry.type
class Query:
    """The root."""

    @strawberry.field(graphql_type=list[Post])  # type: ignore[untyped-decorator]  # as schema/ has it
    def posts(self) -> list[PostRecord]:
        """Return them all."""
        return _RECORDS


POSTS_SCHEMA: Any = strawberry.Schema(Query)._schema  # noqa: SLF001 - there is no public name for it
