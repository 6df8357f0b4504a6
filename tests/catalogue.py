"""Builders for catalogue tests: records with only what matters, and a scripted partner."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.base import Cursor, NotModified, Page, Validators
from gateway.partners.config import PartnerConfig
from schema.model.catalogue import Category, ListedCourse, Offering, Partner
from schema.model.values import (
    DeliveryMode,
    EnrolmentMode,
    Money,
    PartnerCode,
    PartnerKind,
    PartnerState,
    RemoteId,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TOKOPEDIA = PartnerCode("tokopedia")
PINTARIA = PartnerCode("pintaria")
DESIGN = Category("desain", "Desain")


def a_partner(code: PartnerCode = TOKOPEDIA, **changes: Any) -> PartnerConfig:
    """Return an active partner, read every fifteen minutes."""
    partner = Partner(code, code.title(), PartnerKind.DIGITAL_PLATFORM, PartnerState.ACTIVE)
    config = PartnerConfig(
        partner, adapter="fake", address="https://partner.test", interval=timedelta(minutes=15)
    )
    return replace(config, **changes)


def an_offering(
    key: str = "1",
    title: str = "Barista Dasar",
    institution: str = "LKP Kopi Nusantara",
    partner: PartnerCode = TOKOPEDIA,
    price: int | Money | None = 350_000,
    **changes: Any,
) -> Offering:
    """Return an offering; keywords are fields of `Offering`, or of what it lists."""
    listed_names = ListedCourse.__dataclass_fields__.keys()
    listed = {name: changes.pop(name) for name in list(changes) if name in listed_names}
    return Offering(
        partner=partner,
        key=RemoteId(key),
        listed=ListedCourse(**{"title": title, "institution": institution, **listed}),
        price=Money(price) if isinstance(price, int) else price,
        **{
            "delivery_mode": DeliveryMode.SELF_PACED,
            "enrolment_mode": EnrolmentMode.DIRECT,
            **changes,
        },
    )


def offerings(count: int, partner: PartnerCode = TOKOPEDIA, start: int = 1) -> list[Offering]:
    """Return `count` different offerings with the keys "start", "start + 1", …"""
    numbers = range(start, start + count)
    return [an_offering(str(n), f"Kursus Nomor {n}", partner=partner) for n in numbers]


def pages(*contents: Sequence[Offering] | Page) -> list[Page]:
    """Return pages that lead from one to the next, by cursors "1", "2", …"""
    found = [each if isinstance(each, Page) else Page(tuple(each)) for each in contents]
    return [
        replace(page, next_cursor=Cursor(str(n)) if n < len(found) else None)
        for n, page in enumerate(found, start=1)
    ]


Answer = Page | NotModified | Exception


class ScriptedPartner:
    """A `FetchPage` that answers with pages by cursor, and remembers what it was asked.

    An answer that is an exception is raised once and then forgotten, so that the page
    behind it comes at the next try.
    """

    def __init__(self, *contents: Sequence[Offering] | Page) -> None:
        self.lists(*contents)
        self.asked: list[tuple[Cursor | None, Validators | None]] = []
        self.failures: dict[Cursor | None, list[BaseException]] = {}
        self.modified: Callable[[Validators | None], bool] = lambda _: True

    def lists(self, *contents: Sequence[Offering] | Page) -> None:
        """Change the partner's list to these pages."""
        found = pages(*contents)
        self.pages: dict[Cursor | None, Page] = {
            Cursor(str(n)) if n else None: page for n, page in enumerate(found)
        }

    def fails_once(self, failure: BaseException, at: str | None = None) -> None:
        """Raise `failure` the next time the page at cursor `at` is asked for."""
        self.failures.setdefault(Cursor(at) if at else None, []).append(failure)

    async def __call__(
        self, code: PartnerCode, cursor: Cursor | None, known: Validators | None
    ) -> Page | NotModified:
        self.asked.append((cursor, known))
        if waiting := self.failures.get(cursor):
            raise waiting.pop(0)
        if not self.modified(known):
            return NotModified()
        return self.pages[cursor]
