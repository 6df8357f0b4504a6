"""From texts to learners and grants.  Pure; what is wrong is told without repeating it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from gateway.enrolment.privacy.consents import is_purpose
from gateway.enrolment.privacy.contacts import Contact
from gateway.storage.ledger_tables import KEY_LENGTH
from schema.model.learners import RawRow
from schema.model.values import LearnerId

LEARNER_COLUMNS = ("reference", "scheme", "announced", "birth_date", "education")
OPTIONAL_COLUMNS = ("national_id", "name", "email", "phone", "consents")
GRANT_COLUMNS = ("reference", "amount")

LARGEST_AMOUNT = 1_000_000_000_000
LONGEST_CONTACT = 200
LONGEST_SCHEME = 40
_NATIONAL_ID = re.compile(r"[0-9]{16}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ANSWERS = {
    "yes": True, "true": True, "1": True, "ya": True,
    "no": False, "false": False, "0": False, "tidak": False,
}  # fmt: skip


class BadRowError(ValueError):
    """A row cannot be taken; the message says why, and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class LearnerRow:
    """A learner as one row tells of them."""

    number: int
    reference: LearnerId
    scheme: str
    announced_on: date
    birth_date: date | None
    in_formal_education: bool
    national_id: str | None = field(default=None, repr=False)
    contact: Contact = field(default_factory=Contact)
    consents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant as one row of a batch tells of it."""

    number: int
    reference: LearnerId
    amount: int


def to_learner(raw: RawRow) -> LearnerRow:
    """Return what a row says of a learner.  Raises `BadRowError`."""
    texts = {column: text.strip() for column, text in raw.texts.items()}
    scheme = texts.get("scheme", "")
    if not 1 <= len(scheme) <= LONGEST_SCHEME or not scheme.isprintable():
        raise BadRowError(f"`scheme` is 1 to {LONGEST_SCHEME} printable characters")
    education = _ANSWERS.get(texts.get("education", "").casefold())
    if education is None:
        raise BadRowError("`education` is yes or no: whether in formal education")
    announced_on = _to_day(texts, "announced")
    if announced_on is None:
        raise BadRowError("`announced` is missing; write it as 2024-02-28")
    return LearnerRow(
        number=raw.number,
        reference=_to_reference(texts),
        scheme=scheme,
        announced_on=announced_on,
        birth_date=_to_day(texts, "birth_date"),
        in_formal_education=education,
        national_id=_to_national_id(texts.get("national_id", "")),
        contact=Contact(*(_to_contact(texts, name) for name in ("name", "email", "phone"))),
        consents=_to_consents(texts.get("consents", "")),
    )


def to_grant(raw: RawRow) -> GrantRow:
    """Return what a row says of a grant.  Raises `BadRowError`."""
    texts = {column: text.strip() for column, text in raw.texts.items()}
    amount = texts.get("amount", "")
    if not (amount.isascii() and amount.isdigit()) or len(amount) > len(str(LARGEST_AMOUNT)):
        raise BadRowError("`amount` is whole rupiah in digits alone, such as 3500000")
    if not 1 <= int(amount) <= LARGEST_AMOUNT:
        raise BadRowError(f"`amount` is from 1 to {LARGEST_AMOUNT}")
    return GrantRow(raw.number, _to_reference(texts), int(amount))


def _to_reference(texts: Mapping[str, str]) -> LearnerId:
    reference = texts.get("reference", "")
    if not 1 <= len(reference) <= KEY_LENGTH or not reference.isprintable():
        raise BadRowError(f"`reference` is 1 to {KEY_LENGTH} printable characters")
    if _NATIONAL_ID.search(re.sub(r"[\s.-]", "", reference)):
        raise BadRowError("`reference` holds a national id; use an opaque one")
    return LearnerId(reference)


def _to_day(texts: Mapping[str, str], column: str) -> date | None:
    text = texts.get(column, "")
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadRowError(f"`{column}` is a day, written as 2024-02-28")


def _to_national_id(text: str) -> str | None:
    digits = re.sub(r"[\s.-]", "", text)
    if not digits:
        return None
    if not _NATIONAL_ID.fullmatch(digits):
        raise BadRowError("`national_id` is 16 digits")
    return digits


def _to_contact(texts: Mapping[str, str], name: str) -> str:
    text = texts.get(name, "")
    if len(text) > LONGEST_CONTACT or not text.isprintable():
        raise BadRowError(f"`{name}` is at most {LONGEST_CONTACT} printable characters")
    return text


def _to_consents(text: str) -> tuple[str, ...]:
    purposes = tuple(dict.fromkeys(text.replace("|", " ").split()))
    if not all(map(is_purpose, purposes)):
        raise BadRowError("`consents` are purposes such as contact, separated by |")
    return purposes
