"""The resolvers' ports, kept in memory: small, but they behave."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any, TypeVar

from schema import change_ports, ports
from schema.model.blocks import (
    Block,
    BlockOutcome,
    BlockWish,
    Decision,
    PendingOffering,
    PendingOfferings,
)
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
from schema.model.decisions import CatalogueDecision, CatalogueDecisionKind
from schema.model.enrolment import (
    Actor,
    EnrolErrorCode,
    Enrolment,
    EnrolmentEvent,
    EnrolmentStatus,
    EnrolOutcome,
    EnrolRequest,
    EnrolVerdict,
    Refusal,
    RuleState,
    RuleValue,
)
from schema.model.links import (
    CourseLink,
    InstitutionSpelling,
    LikelyCourses,
    LinkDecider,
    LinkError,
    LinkErrorCode,
    LinkOutcome,
)
from schema.model.quotes import KnownQuote
from schema.model.values import (
    CourseId,
    DeliveryMode,
    EnrolmentId,
    EnrolmentMode,
    FreshnessState,
    InstitutionId,
    Money,
    OfferingId,
    PartnerCode,
    PartnerHealth,
    PartnerKind,
    Reference,
    RemoteId,
    SessionId,
)
from schema.search_ports import Snippet, Suggestion, SuggestionKind

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


class FakeCatalogue:
    """A catalogue of a few courses; it searches titles and filters by price and institution."""

    revision = 7

    def __init__(self, courses: Iterable[Course]) -> None:
        self._courses = {course.id: course for course in courses}
        self._offerings = {o.id: (o, c) for c in self._courses.values() for o in c.offerings}
        self._sessions = {s.id: s for o, _ in self._offerings.values() for s in o.sessions}
        self.asked: list[ports.CourseQuery] = []
        self.facets_counted = 0
        self.descriptions_read: list[list[CourseId]] = []

    def every(self) -> Sequence[Course]:
        return list(self._courses.values())

    def course(self, course_id: CourseId) -> Course | None:
        return self._courses.get(course_id)

    def offering(self, offering_id: Any) -> Offering | None:
        return self._offerings.get(offering_id, (None, None))[0]

    def session(self, session_id: SessionId) -> Session | None:
        return self._sessions.get(session_id)

    def institution(self, institution_id: InstitutionId) -> Institution | None:
        return next((i for i in self._institutions() if i.id == institution_id), None)

    def course_of(self, offering_id: Any) -> Course:
        return self._offerings[offering_id][1]

    def institution_partners(self, institution_id: InstitutionId) -> Sequence[PartnerCode]:
        given = [c for c in self._courses.values() if c.institution.id == institution_id]
        return sorted({offering.partner for course in given for offering in course.offerings})

    def courses(self, query: ports.CourseQuery, window: ports.Window) -> ports.Slice[Course]:
        self.asked.append(query)
        return cut(self._matching(query), lambda course: course.id, window)

    def facets(self, query: ports.CourseQuery) -> Sequence[ports.Facet]:
        self.facets_counted += 1
        counted = [
            ports.FacetBucket(i.id, i.name, n)
            for i in self._institutions()
            if (n := sum(c.institution == i for c in self._matching(query)))
        ]
        return [
            ports.Facet(ports.FacetName.INSTITUTION, counted),
            ports.Facet(ports.FacetName.PRICE, [ports.FacetBucket("0-0", "Free", 0)]),
        ]

    def only(self, fresh: ports.FreshOfferings) -> "FakeCatalogue":
        kept = (
            replace(course, offerings=tuple(each for each in course.offerings if each in fresh))
            for course in self.every()
        )
        return FakeCatalogue(course for course in kept if course.offerings)

    def snippet(self, course: Course, search: str) -> Snippet | None:
        if search.lower() not in course.title.lower():
            return None
        return Snippet(course.title, f"<mark>{course.title}</mark>")

    def suggestions(self, text: str, first: int) -> Sequence[Suggestion]:
        found = self._matching(ports.CourseQuery(search=text))
        return [Suggestion(course.title, SuggestionKind.COURSE) for course in found[:first]]

    async def read_descriptions(self, course_ids: Sequence[CourseId]) -> dict[CourseId, str]:
        self.descriptions_read.append(list(course_ids))
        known = {i: self._courses[i].description_html for i in course_ids}
        return {i: html for i, html in known.items() if html is not None}

    def institutions(self, search: str | None, window: ports.Window) -> ports.Slice[Institution]:
        found = [i for i in self._institutions() if (search or "").lower() in i.name.lower()]
        return cut(found, lambda institution: institution.id, window)

    def institution_courses(
        self, institution_id: InstitutionId, window: ports.Window
    ) -> ports.Slice[Course]:
        query = ports.CourseQuery(filter=ports.CourseFilter(institutions=(institution_id,)))
        return cut(self._matching(query), lambda course: course.id, window)

    def _institutions(self) -> list[Institution]:
        given = {course.institution for course in self._courses.values()}
        return sorted(given, key=lambda institution: institution.name)

    def _matching(self, query: ports.CourseQuery) -> list[Course]:
        words, wanted = (query.search or "").lower(), query.filter
        return [
            course
            for course in self._courses.values()
            if not course.withdrawn
            and words in course.title.lower()
            and (not wanted.institutions or course.institution.id in wanted.institutions)
            and _costs_at_most(course, wanted.price_max)
        ]


def _costs_at_most(course: Course, most: int | None) -> bool:
    return most is None or (course.lowest_price is not None and course.lowest_price.amount <= most)


class FakeChanges:
    """A log that is kept since revision 3: every course but the withdrawn ones was just added."""

    kept_since = 3

    def __init__(self, catalogue: FakeCatalogue) -> None:
        self._catalogue = catalogue

    async def read_changes(
        self, since: int, size: int, after: str | None
    ) -> change_ports.ChangePage:
        if since > self._catalogue.revision:
            raise change_ports.UnknownRevisionError(since)
        if 0 < since < self.kept_since:
            raise change_ports.ChangesExpiredError(self.kept_since)
        changes = [_change(course) for course in self._catalogue.every()]
        window = ports.Window(first=size, after=after)
        part = cut(changes, lambda change: change.course_id, window)
        return change_ports.ChangePage(part, self._catalogue.revision)


def _change(course: Course) -> change_ports.CatalogueChange:
    if course.withdrawn:
        return change_ports.CatalogueChange(change_ports.CatalogueChangeKind.WITHDRAWN, course.id)
    return change_ports.CatalogueChange(change_ports.CatalogueChangeKind.ADDED, course.id, course)


class FakePartners:
    """Partners that stand as they were told to; a stale one is missing from coverage."""

    def __init__(self, *statuses: PartnerStatus) -> None:
        self._statuses = {status.partner.code: status for status in statuses}

    def statuses(self) -> Sequence[PartnerStatus]:
        return list(self._statuses.values())

    def status(self, code: PartnerCode) -> PartnerStatus | None:
        return self._statuses.get(code)

    def freshness(self, code: PartnerCode) -> Freshness:
        return self._statuses[code].freshness

    def offering_freshness(self, offering: Offering) -> Freshness:
        return self._statuses[offering.partner].freshness

    def fresh_since(self, oldest: datetime) -> ports.FreshOfferings:
        found = {code: each.freshness.fetched_at for code, each in self._statuses.items()}
        return ports.FreshOfferings(
            frozenset(code for code, fetched in found.items() if fetched and fetched >= oldest)
        )

    def coverage(
        self, partners: Sequence[PartnerCode], oldest: datetime | None = None
    ) -> ports.Coverage:
        concerned = [s for c, s in self._statuses.items() if not partners or c in partners]
        return ports.Coverage(
            [
                ports.MissingPartner(each, each.freshness.reason or "", each.failing_since)
                for each in concerned
                if each.freshness.state is FreshnessState.STALE
                or (oldest and each.freshness.fetched_at and each.freshness.fetched_at < oldest)
            ]
        )


@dataclass
class FakeSeats:
    """Places taken through us, as told."""

    places: dict[SessionId, int] = field(default_factory=dict)

    def taken(self, session_id: SessionId) -> int:
        return self.places.get(session_id, 0)


SPELLING = InstitutionSpelling(
    "Lembaga Kopi Arabika", TOKOPEDIA, 0.9, ("asked",), LinkDecider.RULE, NOW, is_own=False
)
DECISION = CatalogueDecision(
    CatalogueDecisionKind.OFFERING_SPLIT, ("offering-1",), "rina", NOW, "course-1"
)


class FakeLinks:
    """One link and one likely pair; decisions are remembered and keep the first id."""

    def __init__(self, *links: CourseLink) -> None:
        self.links = links
        self.decided: list[tuple[str, tuple[str, ...]]] = []
        self.deciders: list[str] = []

    async def read_links(
        self, window: ports.Window, decided_by: LinkDecider | None = None
    ) -> ports.Slice[CourseLink]:
        wanted = [each for each in self.links if decided_by in {None, each.decided_by}]
        return cut(wanted, lambda link: link.offering_id, window)

    async def read_likely(self, limit: int) -> Sequence[LikelyCourses]:
        one, other = CourseId("course-1"), CourseId("course-2")
        pair = LikelyCourses(one, other, "Batik", "Batk", 0.8, ("a letter lost: batik, batk",))
        return [pair][:limit]

    async def confirm(self, offering_id: OfferingId, by: str) -> LinkOutcome:
        return self._decide("confirm", by, offering_id)

    async def split(self, offering_id: OfferingId, by: str) -> LinkOutcome:
        return self._decide("split", by, offering_id)

    async def merge(self, course_ids: Sequence[CourseId], by: str) -> LinkOutcome:
        return self._decide("merge", by, *course_ids)

    async def merge_institutions(
        self, institution_ids: Sequence[InstitutionId], by: str
    ) -> LinkOutcome:
        return self._decide("merge institutions", by, *institution_ids)

    async def split_institution(
        self, institution_id: InstitutionId, name: str, by: str
    ) -> LinkOutcome:
        return self._decide(f"split {name}", by, institution_id)

    async def read_spellings(
        self, institution_id: InstitutionId
    ) -> Sequence[InstitutionSpelling] | None:
        return [SPELLING] if institution_id == LEMBAGA.id else None

    async def read_decisions(self, window: ports.Window) -> ports.Slice[CatalogueDecision]:
        return cut([DECISION], lambda made: made.by, window)

    def _decide(self, what: str, by: str, *ids: str) -> LinkOutcome:
        self.decided.append((what, ids))
        self.deciders.append(by)
        if not all(ids):
            return LinkOutcome(errors=(LinkError(LinkErrorCode.NOT_FOUND, "Look again."),))
        return LinkOutcome(ids[0])


class FakeEnrolments:
    """A ledger that confirms at once, keeps keys, and knows whose an enrolment is."""

    def __init__(self, catalogue: FakeCatalogue, balance: int = 3_500_000) -> None:
        self._catalogue = catalogue
        self._grant = balance
        self._numbers = count(1)
        self._by_key: dict[tuple[str, str], Enrolment] = {}
        self.tried: list[EnrolRequest] = []

    async def enrol(self, request: EnrolRequest) -> EnrolOutcome:
        key = request.learner, request.idempotency_key
        offering = self._catalogue.offering(request.offering_id)
        if offering is None or offering.price is None:
            refusal = Refusal(EnrolErrorCode.NOT_FOUND, "gone", ("offeringId",))
            return EnrolOutcome(None, (refusal,))
        if request.session_id not in {None, *(session.id for session in offering.sessions)}:
            refusal = Refusal(EnrolErrorCode.NOT_FOUND, "gone", ("sessionId",))
            return EnrolOutcome(None, (refusal,))
        if key not in self._by_key:
            number = next(self._numbers)
            self._by_key[key] = Enrolment(
                id=EnrolmentId(f"22222222-0000-4000-8000-{number:012}"),
                learner=request.learner,
                status=EnrolmentStatus.RESERVED,
                course_id=self._catalogue.course_of(offering.id).id,
                offering_id=offering.id,
                session_id=request.session_id,
                partner=offering.partner,
                price=offering.price,
                reference=Reference(f"MTR-{number}"),
                created_at=NOW,
            )
        return EnrolOutcome(self._by_key[key])

    async def read_verdicts(self, request: EnrolRequest) -> Sequence[EnrolVerdict]:
        self.tried.append(request)
        is_known = self._catalogue.offering(request.offering_id) is not None
        state = RuleState.KEPT if is_known else RuleState.REFUSED
        code, values = EnrolErrorCode.NOT_FOUND, (RuleValue("lastDay", "2020-05-10"),)
        return [EnrolVerdict("exists", code, state, "It exists.", ("offeringId",), values)]

    async def read_enrolment(self, learner: Any, enrolment_id: Any) -> Enrolment | None:
        mine = await self._of(learner)
        return next((each for each in mine if each.id == enrolment_id), None)

    async def read_enrolments(
        self, learner: Any, window: ports.Window, statuses: Sequence[EnrolmentStatus]
    ) -> ports.Slice[Enrolment]:
        mine = [e for e in await self._of(learner) if not statuses or e.status in statuses]
        return cut(mine, lambda enrolment: enrolment.id, window)

    async def read_events(self, enrolment_id: Any) -> Sequence[EnrolmentEvent]:
        return [EnrolmentEvent(NOW, None, EnrolmentStatus.RESERVED, Actor.LEARNER, "enrol")]

    async def read_balance(self, learner: Any) -> Money:
        return Money(self._grant - sum(each.price.amount for each in await self._of(learner)))

    def settle(self, status: EnrolmentStatus) -> None:
        """Let every enrolment stand so."""
        self._by_key = {k: replace(e, status=status) for k, e in self._by_key.items()}

    async def _of(self, learner: Any) -> list[Enrolment]:
        return [each for each in reversed(self._by_key.values()) if each.learner == learner]


@dataclass
class FakeBlocks:
    """A register of blocks."""

    made: list[Block] = field(default_factory=list)

    async def read_blocks(self, *, active: bool | None = None) -> Sequence[Block]:
        return [each for each in self.made if active in {None, not each.is_lifted}]

    async def block(self, wish: BlockWish, by: str) -> BlockOutcome:
        made = Block(
            len(self.made) + 1, wish.scope, wish.value, wish.reason, wish.letter,
            wish.effective_at or NOW, NOW, by,
        )  # fmt: skip
        self.made.append(made)
        return BlockOutcome(made)

    async def lift(self, block_id: int, reason: str, by: str) -> BlockOutcome:
        found = self.made[block_id - 1]
        return BlockOutcome(replace(found, lifted_at=NOW, lifted_by=by, lift_reason=reason))


@dataclass
class FakeApprovals:
    """A desk where every decision changes what it names."""

    decisions: list[Decision] = field(default_factory=list)
    waiting: tuple[PendingOffering, ...] = ()

    async def read_pending(self, partner: PartnerCode | None, limit: int) -> PendingOfferings:
        found = [each for each in self.waiting if partner in {None, each.partner}]
        return PendingOfferings(len(found), tuple(found[:limit]))

    async def decide(self, decision: Decision) -> int:
        self.decisions.append(decision)
        return len(decision.offerings)


class FakeQuotes:
    """Knows the quotes that a test has put, and remembers what was asked together."""

    def __init__(self) -> None:
        self.known: dict[OfferingId, KnownQuote] = {}
        self.asked: list[list[RemoteId]] = []

    async def read_quotes(self, offerings: Sequence[Offering]) -> dict[OfferingId, KnownQuote]:
        self.asked.append([each.key for each in offerings])
        return {each.id: self.known[each.id] for each in offerings if each.id in self.known}
