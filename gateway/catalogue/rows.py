"""A page made ready to be staged: cleaned, checked, hashed, deduplicated.  Pure.

What cannot become a row becomes a rejection with its reason; nothing is lost silently.
Cleaning and writing down a description is most of the work: a row that came just so
before (its raw hash tells) is spared both.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from adapters.base import Cursor, LeftOut, Page, Rejection, Validators
from gateway.catalogue.cleaning import (
    TITLE_LENGTH,
    clean_category,
    clean_name,
    clean_offering,
    clean_terms,
)
from gateway.catalogue.cleaning import VERSION as CLEANING_VERSION
from gateway.catalogue.records import digest, to_payload, to_session_payload
from schema.model.catalogue import Offering, Session, UnknownTerm
from schema.model.values import InstitutionId, PartnerCode, RemoteId, derived_id, folded

KEY_LENGTH = 255
RAW_LENGTH = 2_000
REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class OfferingRow:
    """An offering as it is stored, with what joins it to its course and institution.

    `course_id` is the id of the course that it would found.  `payload` is None when what
    stands came of the very same raw row.
    """

    offering_id: str
    key: str
    content_hash: str
    raw_hash: str | None
    payload: str | None
    match_key: str
    course_id: str
    institution_id: str
    institution_key: str
    institution_name: str
    category: str | None
    delivery_mode: str
    bundle: bool
    unknown_terms: tuple[UnknownTerm, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of an offering that is on sale: of which raw row it came, and its digest."""

    raw_hash: str | None
    content_hash: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session that came apart from its offering."""

    offering_id: str
    key: str
    payload: str


NOTHING: Mapping[str, Standing] = {}


@dataclass(frozen=True, slots=True)
class PageRows:
    """A page, ready to be staged; `content_hash` tells whether two pages are the same."""

    offerings: tuple[OfferingRow, ...]
    sessions: tuple[SessionRow, ...]
    withdrawn: tuple[str, ...]  # ids of offerings that the partner takes back
    rejections: tuple[Rejection, ...]
    left_out: tuple[LeftOut, ...]
    duplicates: int
    content_hash: str
    next_cursor: Cursor | None = None
    total: int | None = None
    validators: Validators | None = None

    @property
    def fetched(self) -> int:
        """How many rows the partner sent."""
        kept = len(self.offerings) + len(self.sessions) + self.duplicates
        return kept + len(self.rejections) + len(self.left_out)


def to_page_rows(
    partner: PartnerCode, page: Page, standing: Mapping[str, Standing] = NOTHING
) -> PageRows:
    """Return what of `partner`'s page can be staged, and why the rest cannot.

    `standing` is what stands of the page's offerings, by their ids.
    """
    offerings: dict[str, OfferingRow] = {}
    sessions: dict[tuple[str, str], SessionRow] = {}
    rejections = [_storable(rejection) for rejection in page.rejections]
    for number, offering in enumerate(page.offerings, start=1):
        try:
            row = to_offering_row(partner, offering, standing.get(offering.id))
        except (ValueError, TypeError, OverflowError) as exc:
            rejections.append(_rejection(number, offering.key, exc, offering))
        else:
            offerings[row.offering_id] = row  # listed twice: the last one counts
    for number, (key, session) in enumerate(page.sessions, start=1):
        try:
            found = _to_session_row(partner, key, session)
        except (ValueError, TypeError, OverflowError) as exc:
            rejections.append(_rejection(number, session.key, exc, session))
        else:
            sessions[found.offering_id, found.key] = found
    left_out = tuple(LeftOut(_text(each.key), _text(each.rule)) for each in page.left_out)
    kept = len(offerings) + len(sessions) + len(rejections) - len(page.rejections)
    return PageRows(
        offerings=tuple(offerings.values()),
        sessions=tuple(sessions.values()),
        withdrawn=tuple(derived_id(partner, "offering", key) for key in page.withdrawn),
        rejections=tuple(rejections),
        left_out=left_out,
        duplicates=len(page.offerings) + len(page.sessions) - kept,
        content_hash=_content_hash(offerings.values(), sessions.values(), rejections, left_out),
        next_cursor=page.next_cursor,
        total=page.total,
        validators=page.validators,
    )


def to_offering_row(
    partner: PartnerCode, offering: Offering, standing: Standing | None = None
) -> OfferingRow:
    """Return `offering`, cleaned, as a row of `partner`.  Raises `ValueError`: why it cannot be."""
    _check_owner(partner, offering.key, offering.partner)
    for session in offering.sessions:
        _check_owner(partner, session.key, session.partner)
    title = folded(clean_name(offering.listed.title, TITLE_LENGTH))
    if not title:
        raise ValueError("has no title")
    institution = _to_institution(offering.listed.institution)
    category = clean_category(offering.listed.category)
    raw_hash = to_raw_hash(offering)
    content_hash, payload = _to_content(offering, raw_hash, standing)
    return OfferingRow(
        offering_id=offering.id,
        key=offering.key,
        content_hash=content_hash,
        raw_hash=raw_hash,
        payload=payload,
        match_key=digest(f"{institution.folded}\n{title}"),
        course_id=derived_id(partner, "course", offering.key),
        institution_id=institution.id,
        institution_key=institution.key,
        institution_name=institution.name,
        category=category.code if category else None,
        delivery_mode=offering.delivery_mode,
        bundle=offering.bundle,
        unknown_terms=clean_terms(offering.unknown_terms),
    )


def _to_content(
    offering: Offering, raw_hash: str | None, standing: Standing | None
) -> tuple[str, str | None]:
    """Return the digest of the cleaned offering, and itself if it had to be cleaned."""
    if standing is not None and raw_hash is not None and standing.raw_hash == raw_hash:
        return standing.content_hash, None
    payload = to_payload(clean_offering(offering))
    return digest(payload), payload


def to_raw_hash(offering: Offering) -> str | None:
    """Return what stands for `offering` before it is cleaned, and for how it is cleaned.

    None for what cannot be written down as it is (lone surrogates).
    """
    try:
        return digest(f"{CLEANING_VERSION}\n{to_payload(offering)}")
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Institution:
    id: InstitutionId
    key: str
    name: str
    folded: str


@lru_cache(maxsize=4_096)
def _to_institution(raw: str) -> _Institution:
    """Return an institution by its partner's spelling of it; few names stand in many rows."""
    name = clean_name(raw)
    compared = folded(name)
    if not compared:
        raise ValueError("names no institution; the partner's mapping can set a constant one")
    return _Institution(institution_id(compared), digest(compared), name, compared)


def with_sessions(offering: Offering, sessions: Iterable[Session]) -> Offering:
    """Return `offering` with `sessions` that came apart; one listed before is replaced."""
    joined = {session.key: session for session in (*offering.sessions, *sessions)}
    return replace(offering, sessions=tuple(joined.values()))


def institution_id(name: str) -> InstitutionId:
    """Return the id of the institution with this name, however it is spelled."""
    return InstitutionId(derived_id("mitra", "institution", folded(name)))


def storable_key(key: str | None) -> str | None:
    """Return `key` if rows may have it, else None."""
    try:
        return _checked_key(key) if key is not None else None
    except ValueError:
        return None


def _to_session_row(partner: PartnerCode, offering_key: RemoteId, session: Session) -> SessionRow:
    _check_owner(partner, session.key, session.partner)
    owner = derived_id(partner, "offering", _checked_key(offering_key))
    return SessionRow(owner, session.key, to_session_payload(session))


def _check_owner(partner: PartnerCode, key: str, owner: PartnerCode) -> None:
    """Refuse what belongs to another partner: nobody lists in another's name."""
    if owner != partner:
        raise ValueError(f"belongs to partner {owner!r}, not to {partner!r}, which listed it")
    _checked_key(key)


def _checked_key(key: str) -> str:
    if not key or len(key) > KEY_LENGTH or not key.isprintable():
        raise ValueError(f"its key must be 1 to {KEY_LENGTH} printable characters")
    return key


def _rejection(row: int, key: str, reason: Exception, record: object) -> Rejection:
    return _storable(Rejection(row=row, key=key, reason=str(reason), raw=repr(record)))


def _storable(rejection: Rejection) -> Rejection:
    return Rejection(
        row=rejection.row,
        key=storable_key(rejection.key),
        reason=_text(rejection.reason)[:REASON_LENGTH],
        raw=_text(rejection.raw)[:RAW_LENGTH],
    )


def _text(text: str) -> str:
    """Return `text` as every database takes it: no NUL, no lone surrogates."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def _content_hash(
    offerings: Iterable[OfferingRow],
    sessions: Iterable[SessionRow],
    rejections: Iterable[Rejection],
    left_out: Iterable[LeftOut],
) -> str:
    def parts() -> Iterator[str]:
        yield from (f"o{row.offering_id}{row.content_hash}" for row in offerings)
        yield from (f"s{row.offering_id}{row.payload}" for row in sessions)
        yield from (f"r{each.raw}" for each in rejections)
        yield from (f"l{each.key}" for each in left_out)

    return digest("\n".join(parts()))


def counted_terms(rows: Iterable[OfferingRow]) -> Mapping[tuple[str, str], int]:
    """Return how often each word that no mapping knows stands in `rows`, by field."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        for term in row.unknown_terms:
            found = (_text(term.field)[:80], _text(term.text)[:200])
            counts[found] = counts.get(found, 0) + 1
    return counts
