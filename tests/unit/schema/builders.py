"""What the resolvers' tests are about: few records, and how a list is cut into pages."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from schema import ports
from schema.model.catalogue import (
    Course,
    Freshness,
    Institution,
    ListedCourse,
    Offering,
    Partner,
    PartnerStatus,
    Session,
)
from schema.model.values import (
    CourseId,
    DeliveryMode,
    EnrolmentMode,
    FreshnessState,
    InstitutionId,
    Money,
    PartnerCode,
    PartnerHealth,
    PartnerKind,
    RemoteId,
)

NOW = datetime.fromisoformat("2020-04-11T09:00:00+07:00")
TOKOPEDIA = PartnerCode("tokopedia")
SISNAKER = PartnerCode("sisnaker")
LEMBAGA = Institution(InstitutionId("11111111-0000-5000-8000-000000000001"), "Lembaga Kopi")
BLK = Institution(InstitutionId("11111111-0000-5000-8000-000000000002"), "BLK Bekasi")
T = TypeVar("T")


def a_session(key: str = "s1", **said: Any) -> Session:
    """Return a session of Tokopedia's."""
    return Session(partner=TOKOPEDIA, key=RemoteId(key), **said)


def an_offering(key: str = "o1", *, partner: PartnerCode = TOKOPEDIA, **said: Any) -> Offering:
    """Return an offering that is booked through us, for Rp 350,000."""
    given = {"price": Money(350_000), "enrolment_mode": EnrolmentMode.DIRECT} | said
    listed = ListedCourse(title="Barista", institution=LEMBAGA.name)
    return Offering(partner=partner, key=RemoteId(key), listed=listed, **given)


def a_course(number: int = 1, **said: Any) -> Course:
    """Return a course that Tokopedia sells."""
    given = {
        "title": f"Barista {number:02}",
        "institution": LEMBAGA,
        "lowest_price": Money(350_000),
        "delivery_modes": (DeliveryMode.SELF_PACED,),
        "offerings": (an_offering(f"o{number}", delivery_mode=DeliveryMode.SELF_PACED),),
    } | said
    return Course(id=CourseId(f"00000000-0000-5000-8000-{number:012}"), **given)


def a_partner(code: PartnerCode = TOKOPEDIA, **said: Any) -> PartnerStatus:
    """Return a healthy partner."""
    given = {
        "health": PartnerHealth.HEALTHY,
        "freshness": Freshness(FreshnessState.FRESH, fetched_at=NOW),
    } | said
    return PartnerStatus(Partner(code, code.title(), PartnerKind.MARKETPLACE), **given)


def cut(records: Sequence[T], key: Callable[[T], str], window: ports.Window) -> ports.Slice[T]:
    """Return the part of `records` that `window` asks for; a cursor is a record's key."""
    keys = [key(record) for record in records]
    for cursor in (window.after, window.before):
        if cursor is not None and cursor not in keys:
            raise ports.BadCursorError(cursor)
    if window.first is not None:
        start = keys.index(window.after) + 1 if window.after else 0
        stop = min(start + window.first, len(keys))
    else:
        stop = keys.index(window.before) if window.before else len(keys)
        start = max(0, stop - (window.last or 0))
    return ports.Slice(
        nodes=records[start:stop],
        cursors=keys[start:stop],
        has_next=stop < len(keys),
        has_previous=start > 0,
        total=len(keys),
    )
