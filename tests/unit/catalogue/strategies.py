"""Generated offerings: whatever an adapter may hand over, and small catalogues that collide."""

from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from gateway.catalogue.drafts import institution_id
from gateway.catalogue.entries import Entry, to_entry
from gateway.catalogue.stored import StoredCourse, StoredOffering
from schema.model.catalogue import (
    Category,
    Institution,
    ListedCourse,
    Offering,
    Session,
    UnknownTerm,
    Venue,
)
from schema.model.values import (
    CourseId,
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    Money,
    PartnerCode,
    RemoteId,
    derived_id,
)
from tests.catalogue import NOON

ZONES = [ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Makassar"), ZoneInfo("America/New_York")]
ZONES_AND_OFFSETS = [*ZONES, ZoneInfo("UTC"), timezone(timedelta(hours=7, minutes=30))]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
keys = st.text(min_size=1, max_size=20).map(RemoteId)
counts = st.none() | st.integers(0, 2**40)
_EARLIEST, _LATEST = NOON.replace(year=1990, tzinfo=None), NOON.replace(year=2100, tzinfo=None)
moments = st.datetimes(
    _EARLIEST,
    _LATEST,
    timezones=st.sampled_from(ZONES_AND_OFFSETS),
    allow_imaginary=False,  # a clock time that was skipped is no moment
)
venues = st.builds(
    Venue,
    name=st.none() | texts,
    address=st.none() | texts,
    region_code=st.none() | texts,
    region_name=st.none() | texts,
)


def sessions(partner: PartnerCode) -> st.SearchStrategy[Session]:
    return st.builds(
        Session,
        partner=st.just(partner),
        key=texts.map(RemoteId),
        starts_at=st.none() | moments,
        ends_at=st.none() | moments,
        enrolment_ends_at=st.none() | moments,
        venue=st.none() | venues,
        capacity=counts,
        seats_left=counts,
        unlimited=st.booleans(),
    )


listed = st.builds(
    ListedCourse,
    title=texts,
    institution=texts,
    summary=st.none() | texts,
    description_html=st.none() | texts,
    category=st.none() | st.builds(Category, texts, texts),
    level=st.sampled_from(CourseLevel),
    languages=st.lists(texts, max_size=3).map(tuple),
    duration_minutes=counts,
    rating=st.none() | st.floats(0, 5),
    rating_count=counts,
    image_url=st.none() | texts,
)
prices = st.none() | st.builds(Money, st.integers(0, 2**53), st.sampled_from(["IDR", "USD", "JPY"]))
any_offering = st.builds(
    Offering,
    partner=st.just(PartnerCode("tokopedia")),
    key=texts.map(RemoteId),
    listed=listed,
    price=prices,
    list_price=prices,
    delivery_mode=st.sampled_from(DeliveryMode),
    enrolment_mode=st.sampled_from(EnrolmentMode),
    url=st.none() | texts,
    sessions=st.lists(sessions(PartnerCode("tokopedia")), max_size=3).map(tuple),
    bundle=st.booleans(),
    unknown_terms=st.lists(st.builds(UnknownTerm, texts, texts), max_size=2).map(tuple),
)

WORDS = ["desain", "grafis", "barista", "dasar", "kopi", "web"]
titles = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """Return a small catalogue whose courses share values, prices, titles and starts."""
    return [draw(_entry(number)) for number in range(draw(st.integers(0, 12)))]


def an_entry(number: int, *offerings: Offering) -> Entry:
    """Return a course that `offerings` sell."""
    name = offerings[0].listed.institution
    institution = Institution(institution_id(name), name)
    sold = tuple(StoredOffering(each, withdrawn=False) for each in offerings)
    return to_entry(
        StoredCourse(CourseId(f"course-{number}"), institution.id, NOON, sold), institution
    )


@st.composite
def _entry(draw: st.DrawFn, number: int) -> Entry:
    institution = Institution(institution_id("LKP Satu"), "LKP Satu")
    if draw(st.booleans()):
        institution = Institution(institution_id("LKP Dua"), "LKP Dua")
    sold = [
        StoredOffering(draw(_offering(str(number), PartnerCode(code))), draw(st.booleans()))
        for code in draw(st.lists(st.sampled_from("ab"), min_size=1, max_size=2, unique=True))
    ]
    return to_entry(
        StoredCourse(
            CourseId(derived_id("test", "course", str(number))),
            institution.id,
            NOON + timedelta(days=draw(st.integers(0, 2))),
            tuple(sold),
        ),
        institution,
    )


def _offering(key: str, partner: PartnerCode) -> st.SearchStrategy[Offering]:
    starts = st.integers(-2, 3).map(lambda days: NOON + timedelta(days=days))
    region = st.sampled_from(["31.71", "73.71"]).map(lambda code: Venue(region_code=code))
    few_sessions = st.lists(
        st.builds(
            Session,
            partner=st.just(partner),
            key=st.sampled_from(["s1", "s2"]).map(RemoteId),
            starts_at=starts,
            venue=region,
            capacity=st.just(20),
            seats_left=st.integers(0, 1),
        ),
        max_size=2,
    ).map(tuple)
    return st.builds(
        Offering,
        partner=st.just(partner),
        key=st.just(RemoteId(key)),
        listed=st.builds(
            ListedCourse,
            title=titles,
            institution=st.just("LKP"),
            category=st.sampled_from([None, Category("kopi", "Kopi"), Category("seni", "Seni")]),
            level=st.sampled_from([CourseLevel.BEGINNER, CourseLevel.UNKNOWN]),
            languages=st.sampled_from([("id",), ("id", "en"), ()]),
            rating=st.sampled_from([None, 4.0, 4.5]),
            rating_count=st.sampled_from([None, 0, 10]),
        ),
        price=st.sampled_from(
            [None, Money(0), Money(250_000), Money(250_001), Money(2_000_000), Money(999, "USD")]
        ),
        delivery_mode=st.sampled_from(DeliveryMode),
        sessions=few_sessions,
    )
