"""What a turn of the benchmark sends, request by request; each kind goes on for ever."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from pathlib import Path
from random import Random
from typing import Any, Protocol

import orjson

from gateway.identity.development import issue_token
from schema.model.viewer import Role

READ, ENROL = 0, 1  # kinds of requests, waited for apart
# What an answer must hold near its start: `data` of a question, and no refusal of an enrolment.
EXPECTED = (b'{"data"', b'"userErrors":[]')
NUMBER = b"1000000000"  # where a unique number goes: dearer than any course, so all match
_DRAWN_AT_ONCE = 4_096
_SEED = 11

Request = tuple[int, bytes]


class Requests(Protocol):
    """A kind of load; it is made in one process, and sent from another."""

    def __iter__(self) -> Iterator[Request]: ...


@dataclass(frozen=True, slots=True)
class Same:
    """One request again and again."""

    request: bytes

    def __iter__(self) -> Iterator[Request]:
        while True:
            yield READ, self.request


@dataclass(frozen=True, slots=True)
class InTurn:
    """Some requests, one after the other, over and over."""

    requests: Sequence[bytes]

    def __iter__(self) -> Iterator[Request]:
        while True:
            for request in self.requests:
                yield READ, request


@dataclass(frozen=True, slots=True)
class Zipf:
    """Some requests at random: the n-th as often as Zipf's law says, 1/n of the first."""

    requests: Sequence[bytes]
    seed: int = _SEED

    def __iter__(self) -> Iterator[Request]:
        dice = Random(self.seed)  # noqa: S311  the same questions every time
        weights = list(accumulate(1 / rank for rank in range(1, len(self.requests) + 1)))
        while True:
            drawn = dice.choices(self.requests, cum_weights=weights, k=_DRAWN_AT_ONCE)
            for request in drawn:
                yield READ, request


@dataclass(frozen=True, slots=True)
class Unique:
    """Requests made of others with a number that is never the same again, from `first` on."""

    requests: Sequence[bytes]
    first: int

    def __iter__(self) -> Iterator[Request]:
        halves = [tuple(each.split(NUMBER)) for each in self.requests]
        most = len(halves)
        for number in count(self.first):
            before, after = halves[number % most]
            yield READ, b"%b%d%b" % (before, int(NUMBER) + number, after)


@dataclass(frozen=True, slots=True)
class Enrolments:
    """Learners whom nobody knows yet, each with a token, who enrol once each."""

    data_dir: Path
    offerings: Sequence[str]
    text: str
    first: int

    def __iter__(self) -> Iterator[Request]:
        for number in count(self.first):
            learner = f"speed-{number}"
            token = issue_token(self.data_dir, Role.LEARNER, learner)
            offering = self.offerings[number % len(self.offerings)]
            variables = {"offering": offering, "key": learner}
            question = {"query": self.text, "variables": variables}
            yield ENROL, to_request(question, {"Authorization": f"Bearer {token}"})


@dataclass(frozen=True, slots=True)
class Mix:
    """Reads, and one enrolment in so `many` requests."""

    reads: Requests
    enrolments: Requests
    many: int

    def __iter__(self) -> Iterator[Request]:
        reads, enrolments = iter(self.reads), iter(self.enrolments)
        for number in count(1):
            yield next(reads if number % self.many else enrolments)


Make = Callable[[int], Requests]  # of the first number that is not taken


def to_request(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a POST to `/graphql`, as API clients send it."""
    content = orjson.dumps(body)
    told = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Content-Length": str(len(content)),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"POST /graphql HTTP/1.1\r\n{head}\r\n".encode() + content
