"""A page made ready to be staged: cleaned, hashed, deduplicated.  Pure.

What cannot become a row becomes a rejection with its reason (`rejections`); a row that came
just so before has been spared its cleaning (`drafts`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.base import Cursor, LeftOut, Page, Rejection, Validators
from gateway.catalogue.cleaning import clean_category, clean_name, clean_terms
from gateway.catalogue.contents import Cleaned, clean_here, to_content
from gateway.catalogue.drafts import Draft, DraftPage, Standing, to_draft
from gateway.catalogue.records import digest, to_session_payload
from gateway.catalogue.rejections import (
    KEY_LENGTH,
    check_owner,
    check_seats,
    checked_key,
    storable,
    storable_text,
    to_rejection,
)
from schema.model.catalogue import Offering, Session, UnknownTerm
from schema.model.values import PartnerCode, RemoteId, derived_id


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
class SessionRow:
    """A session that came apart from its offering."""

    offering_id: str
    key: str
    payload: str


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
    partner: PartnerCode, draft: DraftPage, cleaned: Sequence[Cleaned] | None = None
) -> PageRows:
    """Return what of `partner`'s page can be staged, and why the rest cannot.

    `cleaned` is what became of `draft.to_clean`; None cleans it here.
    """
    page, rejections = draft.page, [storable(each) for each in draft.page.rejections]
    rejections += draft.rejections
    offerings = _to_offering_rows(
        draft, clean_here(draft.to_clean) if cleaned is None else cleaned, rejections
    )
    sessions = _to_session_rows(partner, page, rejections)
    left_out = tuple(
        LeftOut(clean_name(each.key, KEY_LENGTH), clean_name(each.rule)) for each in page.left_out
    )
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
    draft = to_draft(partner, offering, standing)
    if draft.known_hash is not None:
        return _to_row(draft, draft.known_hash, None)
    return _to_row(draft, *to_content(offering))


def with_sessions(offering: Offering, sessions: Iterable[Session]) -> Offering:
    """Return `offering` with `sessions` that came apart; one listed before is replaced."""
    joined = {session.key: session for session in (*offering.sessions, *sessions)}
    return replace(offering, sessions=tuple(joined.values()))


def counted_terms(rows: Iterable[OfferingRow]) -> Mapping[tuple[str, str], int]:
    """Return how often each word that no mapping knows stands in `rows`, by field."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        for term in row.unknown_terms:
            found = (storable_text(term.field)[:80], storable_text(term.text)[:200])
            counts[found] = counts.get(found, 0) + 1
    return counts


def _to_offering_rows(
    draft_page: DraftPage, cleaned: Sequence[Cleaned], rejections: list[Rejection]
) -> dict[str, OfferingRow]:
    """Return the rows by their ids; of an offering that is listed twice the last one counts."""
    contents = iter(cleaned)
    rows: dict[str, OfferingRow] = {}
    for draft in draft_page.drafts:
        offering = draft.offering
        if draft.known_hash is not None:
            rows[offering.id] = _to_row(draft, draft.known_hash, None)
            continue
        content = next(contents) if draft.is_to_clean else _cleaned_unwritten(offering)
        if isinstance(content, str):
            rejections.append(to_rejection(draft.number, offering.key, content, offering))
        else:
            rows[offering.id] = _to_row(draft, *content)
    return rows


def _cleaned_unwritten(offering: Offering) -> Cleaned:
    """Clean what cannot be handed over, for it cannot be written down before."""
    try:
        return to_content(offering)
    except (ValueError, TypeError, OverflowError) as exc:
        return str(exc)


def _to_row(draft: Draft, content_hash: str, payload: str | None) -> OfferingRow:
    offering, institution = draft.offering, draft.institution
    category = clean_category(offering.listed.category)
    return OfferingRow(
        offering_id=offering.id,
        key=offering.key,
        content_hash=content_hash,
        raw_hash=draft.raw_hash,
        payload=payload,
        match_key=draft.match_key,
        course_id=derived_id(offering.partner, "course", offering.key),
        institution_id=institution.id,
        institution_key=institution.key,
        institution_name=institution.name,
        category=category.code if category else None,
        delivery_mode=offering.delivery_mode,
        bundle=offering.bundle,
        unknown_terms=clean_terms(offering.unknown_terms),
    )


def _to_session_rows(
    partner: PartnerCode, page: Page, rejections: list[Rejection]
) -> dict[tuple[str, str], SessionRow]:
    sessions: dict[tuple[str, str], SessionRow] = {}
    for number, (key, session) in enumerate(page.sessions, start=1):
        try:
            found = _to_session_row(partner, key, session)
        except (ValueError, TypeError, OverflowError) as exc:
            rejections.append(to_rejection(number, session.key, exc, session))
        else:
            sessions[found.offering_id, found.key] = found
    return sessions


def _to_session_row(partner: PartnerCode, offering_key: RemoteId, session: Session) -> SessionRow:
    check_owner(partner, session.key, session.partner)
    check_seats(session)
    owner = derived_id(partner, "offering", checked_key(offering_key))
    return SessionRow(owner, session.key, to_session_payload(session))


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
