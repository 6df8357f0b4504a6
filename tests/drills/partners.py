"""Partners under drill: the sandbox's books and wire formats, in a process of their own.

with PartnersProcess(folder, ByLearner()) as partners:
    ...                        # folder/sandbox.json tells where they listen
    partners.bookings()        # what they have booked, and how often
"""

import asyncio
import logging
import multiprocessing
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from adapters.base import ReceiptStatus
from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.generator import DEMO_SEED, generate
from adapters.sandbox.listener import Listener
from adapters.sandbox.secrets import SANDBOX_PARTNERS, fresh_secrets
from adapters.sandbox.server import utc_now
from adapters.sandbox.state import SandboxPartner, SandboxState, write_state
from adapters.sandbox.world import Shop
from schema.model.values import PartnerCode
from tests.drills.conduct import Behaviour, Choose, Conduct, Weather, build_middleware

START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Booked:
    """One reference in a partner's book.

    `times` counts the requests that booked it: a partner that does not know references
    would have booked as often.
    """

    partner: PartnerCode
    reference: str
    learner: str
    status: str
    times: int


class TallyingBook(EnrolmentBook):
    """A book that counts how often it was asked to book; it refuses who is to be refused."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.times: Counter[str] = Counter()

    def place(
        self, reference: str, offering: str, session: str | None, learner: str, price: int
    ) -> tuple[dict[str, Any], bool]:
        wanted = "none-such" if Behaviour.REFUSES in learner else session
        receipt, is_new = super().place(reference, offering, wanted, learner, price)
        self.times[reference] += receipt["status"] == ReceiptStatus.CONFIRMED
        return receipt, is_new


class PartnersProcess:
    """All partners' process, listening while the context is entered; any thread may ask it."""

    def __init__(self, data_dir: Path, choose: Choose) -> None:
        self._data_dir = data_dir
        self._choose = choose
        self._process: BaseProcess | None = None
        self._turn = Lock()

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(
            target=_run, args=(there, self._data_dir, self._choose), daemon=True
        )
        self._process.start()
        there.close()
        if not self._here.poll(START_SECONDS):
            raise TimeoutError("the partners did not start: is the machine overloaded?")
        self._here.recv()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.join()
        self._here.close()

    def bookings(self) -> Mapping[str, Sequence[Booked]]:
        """Return what the partners have in their books, by learner."""
        found: defaultdict[str, list[Booked]] = defaultdict(list)
        for booked in self._ask("bookings"):
            found[booked.learner].append(booked)
        return found

    def turn(self, *, is_bad: bool) -> None:
        """Change the weather."""
        self._ask(is_bad)

    def seen(self) -> Mapping[Conduct, int]:
        """Return what the weather has done to how many requests."""
        seen: Mapping[Conduct, int] = self._ask("seen")
        return seen

    def _ask(self, question: object) -> Any:
        with self._turn:
            self._here.send(question)
            return self._here.recv()


def _run(there: Connection, data_dir: Path, choose: Choose) -> None:
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # lines are dropped on purpose
    asyncio.run(_serve(there, data_dir, choose))


async def _serve(there: Connection, data_dir: Path, choose: Choose) -> None:
    async with AsyncExitStack() as opened:
        shops = _build_shops()
        addresses = {code: await _open(opened, shop, choose) for code, shop in shops.items()}
        told = {
            code: SandboxPartner(address, shops[code].secrets)
            for code, address in addresses.items()
        }
        write_state(data_dir, SandboxState("", "", told))
        there.send("ready")
        while True:
            try:
                question = await asyncio.to_thread(there.recv)
            except EOFError:  # who asked is gone
                return
            there.send(_answer(question, shops, choose))


def _answer(question: object, shops: Mapping[PartnerCode, Shop], choose: Choose) -> object:
    if question == "bookings":
        return [booked for shop in shops.values() for booked in _read_book(shop)]
    if not isinstance(choose, Weather):
        raise TypeError("only the weather can be asked, and changed")
    if isinstance(question, bool):
        choose.is_bad = question
    return choose.seen


def _build_shops() -> dict[PartnerCode, Shop]:
    world = generate(DEMO_SEED, noise=False, today=datetime.now(UTC).date())
    return {
        code: Shop(
            code=code,
            offerings=world[code],
            book=TallyingBook(code, world[code], now=utc_now),
            secrets=fresh_secrets(code),
            now=utc_now,
        )
        for code in SANDBOX_PARTNERS
    }


async def _open(opened: AsyncExitStack, shop: Shop, choose: Choose) -> str:
    routes = import_module(f"adapters.sandbox.facades.{shop.code}").build_routes(shop)
    listener = Listener(routes, host="127.0.0.1", middlewares=[build_middleware(choose)])
    await listener.open()
    opened.push_async_callback(listener.close)
    return f"http://127.0.0.1:{listener.port}"


def _read_book(shop: Shop) -> list[Booked]:
    times = shop.book.times if isinstance(shop.book, TallyingBook) else Counter()
    return [
        Booked(shop.code, e.reference, e.learner, e.receipt["status"], times[e.reference])
        for e in shop.book.entries()
    ]
