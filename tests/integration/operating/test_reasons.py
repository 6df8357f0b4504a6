"""Why operators act stands in the audit trail, and nothing personal with it."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.enrolment.audit.records import Act
from gateway.enrolment.intake.desk import LearnerRegister
from gateway.enrolment.intake.register import Keyrings
from gateway.operating.links import LONGEST, NAMED, AuditedLinks
from gateway.operating.trail import Trail
from gateway.storage.audit_tables import audit_record
from gateway.storage.engine import Database
from schema.model.learners import ConsentDecision
from schema.model.links import LinkError, LinkErrorCode, LinkOutcome
from schema.model.values import CourseId, InstitutionId, LearnerId, OfferingId
from tests.databases import SqliteTemplates
from tests.integration.enrolment.learners import a_grant, row
from tests.unit.schema.fakes import FakeLinks

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
WHY = ("rina", "letter 12")
SITI = LearnerId("siti")


@pytest.fixture
def ledger(sqlite_templates: SqliteTemplates, tmp_path: Path) -> Database:
    return sqlite_templates.open("ledger", tmp_path)


async def told(ledger: Database) -> list[tuple[str, str, dict[str, object]]]:
    """Return what the trail says: act, who, details."""
    rows = await ledger.read(lambda c: c.execute(select(audit_record)).all())
    return [(each.act, each.by, json.loads(each.details)) for each in rows]


@pytest.mark.parametrize(
    ("decide", "act"),
    [
        (lambda links: links.confirm(OfferingId("o"), *WHY), Act.LINK_CONFIRMED),
        (lambda links: links.split(OfferingId("o"), *WHY), Act.OFFERING_SPLIT),
        (lambda links: links.merge([CourseId("o")], *WHY), Act.COURSES_MERGED),
        (
            lambda links: links.merge_institutions([InstitutionId("o")], *WHY),
            Act.INSTITUTIONS_MERGED,
        ),
        (
            lambda links: links.split_institution(InstitutionId("o"), "LKP Kopi", *WHY),
            Act.INSTITUTION_SPLIT,
        ),
    ],
)
async def test_what_is_decided_about_links_is_in_the_trail_with_its_reason(
    ledger: Database, decide: Callable[[AuditedLinks], Awaitable[object]], act: Act
):
    links = FakeLinks()
    await decide(AuditedLinks(links, Trail(ledger, lambda: NOW)))

    [(done, by, details)] = await told(ledger)
    named = {"name": "LKP Kopi"} if act is Act.INSTITUTION_SPLIT else {}
    assert (done, by) == (act, "rina")
    assert details == {"ids": ["o"], "count": 1, "reason": "letter 12", **named}
    assert links.reasons == ["letter 12"]


async def test_the_trail_comes_first(ledger: Database, monkeypatch: pytest.MonkeyPatch):
    async def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    links, trail = FakeLinks(), Trail(ledger, lambda: NOW)
    monkeypatch.setattr(trail, "note", broken)

    with pytest.raises(OSError, match="full"):
        await AuditedLinks(links, trail).confirm(OfferingId("o"), *WHY)
    assert links.decided == []


async def test_the_trail_says_of_a_decision_about_links_that_it_was_refused(
    ledger: Database, monkeypatch: pytest.MonkeyPatch
):
    refusal = LinkError(LinkErrorCode.NOTHING_TO_SPLIT, "it is alone in its course")
    links = FakeLinks()
    monkeypatch.setattr(links, "_decide", lambda *_: LinkOutcome(errors=(refusal,)))

    await AuditedLinks(links, Trail(ledger, lambda: NOW)).split(OfferingId("o"), *WHY)

    [(split, *_), (said, by, details)] = await told(ledger)
    assert (split, said, by) == (Act.OFFERING_SPLIT, Act.NOT_CARRIED_OUT, "rina")
    assert details == {"of": split, "codes": ["NOTHING_TO_SPLIT"], "ids": ["o"]}


async def test_what_an_operator_writes_is_kept_in_bounds(ledger: Database):
    desk = AuditedLinks(FakeLinks(), Trail(ledger, lambda: NOW))
    many = [CourseId(f"3201010101010001 {'x' * LONGEST}")] * (NAMED + 5)

    await desk.merge(many, "rina")
    await desk.merge([CourseId(""), *many], "rina")  # an id of another kind: it does nothing

    [(_, _, details)] = await told(ledger)
    [kept] = set(details["ids"])  # type: ignore[call-overload]
    assert (len(details["ids"]), details["count"]) == (NAMED, NAMED + 5)  # type: ignore[arg-type]
    assert len(kept) == LONGEST
    assert "3201" not in kept
    assert "reason" not in details


async def test_what_is_done_about_learners_is_in_the_trail_with_its_reason(ledger: Database):
    desk = LearnerRegister(ledger, Keyrings(), lambda: NOW)

    await desk.import_learners([row()], *WHY)
    await desk.post_grants("b", [a_grant(2)], *WHY)
    await desk.decide_consent(SITI, "contact", ConsentDecision.GIVEN, *WHY)
    await desk.erase(SITI, *WHY)
    await desk.import_learners([row()], "rina")

    found = [(act, details.get("reason")) for act, _, details in await told(ledger)]
    assert found == [
        (Act.LEARNERS_IMPORTED, "letter 12"),
        (Act.GRANTS_POSTED, "letter 12"),
        (Act.CONSENT_GIVEN, "letter 12"),
        (Act.CONSENT_WITHDRAWN, None),  # by the erasure, which says why
        (Act.LEARNER_ERASED, "letter 12"),
        (Act.LEARNERS_IMPORTED, None),
    ]
