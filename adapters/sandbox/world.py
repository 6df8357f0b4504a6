"""What the sandbox partners sell, before any wire format: the generator's records."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from schema.model.values import CourseLevel, DeliveryMode, PartnerCode

if TYPE_CHECKING:
    from adapters.sandbox.book import EnrolmentBook


@dataclass(frozen=True, slots=True)
class SandboxSession:
    """A dated run, in the venue's own time zone; online ones have empty venue fields."""

    key: str
    starts_at: datetime
    ends_at: datetime
    enrolment_ends_at: datetime
    capacity: int
    seats_left: int
    venue_name: str
    address: str
    region_code: str
    region_name: str


@dataclass(frozen=True, slots=True)
class SandboxOffering:
    """One thing on a partner's shelf; prices are whole rupiah, 0 is free.

    `course` numbers the distinct course behind it (from 0): the ground truth that
    joining is measured against.  `archived` ones are extra rows that a partner still
    lists but no longer sells; only partners whose format knows archiving have them.
    """

    key: str
    course: int
    title: str
    institution: str
    summary: str
    description_html: str
    category: str
    level: CourseLevel
    duration_minutes: int
    rating: float | None
    rating_count: int
    image_url: str
    price: int
    list_price: int | None
    delivery_mode: DeliveryMode
    url: str
    sessions: tuple[SandboxSession, ...] = ()
    bookable: bool = True
    bundle: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Shop:
    """One partner of the sandbox, as its facade sees it."""

    code: PartnerCode
    offerings: Sequence[SandboxOffering]
    book: "EnrolmentBook"
    secrets: Mapping[str, str] = field(repr=False)
    now: Callable[[], datetime]

    def on_sale(self, keys: Collection[str]) -> list[SandboxOffering]:
        """Return what is sold under some keys; archived rows are not."""
        return [row for row in self.offerings if row.key in keys and not row.archived]


class Facade(Protocol):
    """A partner's wire format: each `adapters/sandbox/facades/<code>.py` has a `build_routes`."""

    def __call__(self, shop: Shop) -> Sequence[web.RouteDef]:
        """Return the routes that speak this partner's format over `shop`."""
