"""A page's offerings, checked and compared raw, before what is new of them is cleaned.  Pure.

Cleaning a description is most of the work, so a row that came just so before (its raw hash
tells) is spared it, and the others are written down raw, to be cleaned together (`contents`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from adapters.base import Page, Rejection
from gateway.catalogue.cleaning import TITLE_LENGTH, clean_name
from gateway.catalogue.cleaning import VERSION as CLEANING_VERSION
from gateway.catalogue.records import digest, to_payload
from gateway.catalogue.rejections import check_numbers, check_owner, to_rejection
from schema.model.catalogue import Offering
from schema.model.values import InstitutionId, PartnerCode, derived_id, folded


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of an offering that is on sale: of which raw row it came, and its digest."""

    raw_hash: str | None
    content_hash: str


@dataclass(frozen=True, slots=True)
class DraftInstitution:
    """An institution as an offering names it."""

    id: InstitutionId
    key: str
    name: str
    folded: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An offering that can become a row; `number` is its place in the page, from 1.

    `raw` is it as it came, None if it cannot be written so (lone surrogates).  `known_hash` is
    the digest of what stands, if that came of the very same raw row.
    """

    number: int
    offering: Offering
    institution: DraftInstitution
    match_key: str
    raw: str | None
    raw_hash: str | None
    known_hash: str | None

    @property
    def is_to_clean(self) -> bool:
        """Whether it has to be cleaned, and can be handed over for it."""
        return self.known_hash is None and self.raw is not None


@dataclass(frozen=True, slots=True)
class DraftPage:
    """A page whose offerings are still to be cleaned; `rejections` are those that cannot be."""

    page: Page
    drafts: Sequence[Draft]
    rejections: Sequence[Rejection]

    @property
    def to_clean(self) -> Sequence[str]:
        """The payloads to be cleaned, in the order of the drafts that they are of."""
        return [draft.raw for draft in self.drafts if draft.is_to_clean and draft.raw is not None]


NOTHING: Mapping[str, Standing] = {}


def to_draft_page(
    partner: PartnerCode, page: Page, standing: Mapping[str, Standing] = NOTHING
) -> DraftPage:
    """Return `partner`'s page, checked; `standing` is what stands of its offerings, by id."""
    drafts, rejections = [], []
    for number, offering in enumerate(page.offerings, start=1):
        try:
            drafts.append(to_draft(partner, offering, standing.get(offering.id), number))
        except (ValueError, TypeError, OverflowError) as exc:
            rejections.append(to_rejection(number, offering.key, exc, offering))
    return DraftPage(page, drafts, rejections)


def to_draft(
    partner: PartnerCode, offering: Offering, standing: Standing | None = None, number: int = 1
) -> Draft:
    """Return `offering`, checked.  Raises `ValueError`: why it cannot be a row."""
    check_owner(partner, offering.key, offering.partner)
    for session in offering.sessions:
        check_owner(partner, session.key, session.partner)
    check_numbers(offering)
    title = _to_title(offering.listed.title)
    if not title:
        raise ValueError("has no title")
    institution = draft_institution(offering.listed.institution)
    raw = _to_raw(offering)
    raw_hash = digest(f"{CLEANING_VERSION}\n{raw}") if raw is not None else None
    stands = standing if standing and raw_hash and standing.raw_hash == raw_hash else None
    return Draft(
        number=number,
        offering=offering,
        institution=institution,
        match_key=_to_key(institution, title),
        raw=raw,
        raw_hash=raw_hash,
        known_hash=stands.content_hash if stands else None,
    )


@lru_cache(maxsize=4_096)
def draft_institution(raw: str) -> DraftInstitution:
    """Return an institution by its partner's spelling of it; few names stand in many rows.

    Raises `ValueError` for what names nothing.
    """
    name = clean_name(raw)
    compared = folded(name)
    if not compared:
        raise ValueError("names no institution; the partner's mapping can set a constant one")
    return DraftInstitution(institution_id(compared), digest(compared), name, compared)


def course_key(institution: DraftInstitution, title: str) -> str:
    """Return the key under which a listed title of this institution is looked up."""
    return _to_key(institution, _to_title(title))


def _to_title(title: str) -> str:
    return folded(clean_name(title, TITLE_LENGTH))


def _to_key(institution: DraftInstitution, folded_title: str) -> str:
    return digest(f"{institution.folded}\n{folded_title}")


def institution_id(name: str) -> InstitutionId:
    """Return the id of the institution with this name, however it is spelled."""
    return InstitutionId(derived_id("mitra", "institution", folded(name)))


def _to_raw(offering: Offering) -> str | None:
    try:
        return to_payload(offering)
    except ValueError:
        return None
