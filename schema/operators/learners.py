"""Bringing in learners and grants, consent, and being forgotten: operators only."""

from collections.abc import Sequence
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.errors import bad_user_input
from schema.model import learners as records
from schema.model.values import LearnerId
from schema.operators.actors import Reason, to_actor, to_reason
from schema.paging import given
from schema.types.described import argument
from schema.types.learners import (
    Consent,
    EraseLearnerPayload,
    GrantRowInput,
    ImportLearnersInput,
    ImportLearnersPayload,
    LearnerRowInput,
    PostGrantsInput,
    PostGrantsPayload,
    RecordConsentInput,
)

LONGEST_REFERENCE = 255
LONGEST_BATCH = 100

Reference = Annotated[str, argument("Their opaque reference.")]


@strawberry.type(description="What operators ask about learners.")
class LearnerQuery:
    """Fields of the query root."""

    @strawberry.field(
        description="What a learner has agreed to and withdrawn, oldest first; operators only.",
        graphql_type=list[Consent],
    )
    async def learner_consents(self, info: Info, learner: Reference) -> Sequence[records.Consent]:
        """List a learner's decisions."""
        return await info.context.learners.read_consents(_to_learner(learner))


@strawberry.type(description="What operators do about learners.")
class LearnerMutation:
    """Fields of the mutation root."""

    @strawberry.mutation(
        description="Make learners known, or bring what is known up to date; a bad row is left "
        "out and costs no other. Operators only.",
        graphql_type=ImportLearnersPayload,
    )
    async def import_learners(
        self,
        info: Info,
        wanted: Annotated[ImportLearnersInput, argument("The learners.", name="input")],
    ) -> records.ImportOutcome:
        """Import learners."""
        by = to_actor(info.context.viewer)
        _check_length(wanted.rows)
        rows = [_to_raw_learner(number, row) for number, row in enumerate(wanted.rows, start=1)]
        return await info.context.learners.import_learners(rows, by, to_reason(wanted.reason))

    @strawberry.mutation(
        description="Post grants; a row of a batch is posted once, however often it is sent, and "
        "one that has changed since is reported and not applied. Operators only.",
        graphql_type=PostGrantsPayload,
    )
    async def post_grants(
        self,
        info: Info,
        wanted: Annotated[PostGrantsInput, argument("The batch and its rows.", name="input")],
    ) -> records.GrantsOutcome:
        """Post grants."""
        by = to_actor(info.context.viewer)
        _check_length(wanted.rows)
        batch = wanted.batch
        if not 1 <= len(batch) <= LONGEST_BATCH or not batch.isprintable() or ":" in batch:
            raise bad_user_input(
                f"`batch` is 1 to {LONGEST_BATCH} printable characters without a colon"
            )
        rows = [_to_raw_grant(row) for row in wanted.rows]
        return await info.context.learners.post_grants(batch, rows, by, to_reason(wanted.reason))

    @strawberry.mutation(
        description="Destroy what is personal about a learner; ledger and audit trail keep the "
        "opaque reference, enrolments under way go on, and they may be imported again. "
        "Operators only.",
        graphql_type=EraseLearnerPayload,
    )
    async def erase_learner(
        self, info: Info, learner: Reference, reason: Reason = UNSET
    ) -> records.Erasure:
        """Erase a learner."""
        by = to_actor(info.context.viewer)
        return await info.context.learners.erase(_to_learner(learner), by, to_reason(reason))

    @strawberry.mutation(
        description="Record that a learner gave their consent to a purpose, or withdrew it; null "
        "if there is no such learner. Operators only.",
        graphql_type=Consent | None,
    )
    async def record_consent(
        self,
        info: Info,
        wanted: Annotated[RecordConsentInput, argument("What they decided.", name="input")],
    ) -> records.Consent | None:
        """Record a consent."""
        by = to_actor(info.context.viewer)
        learner, reason = _to_learner(wanted.learner), to_reason(wanted.reason)
        try:
            return await info.context.learners.decide_consent(
                learner, wanted.purpose, wanted.decision, by, reason
            )
        except ValueError as exc:
            raise bad_user_input(f"`purpose`: {exc}") from exc


def _check_length(rows: Sequence[object]) -> None:
    if len(rows) > records.MOST_ROWS:
        raise bad_user_input(f"at most {records.MOST_ROWS} rows at a time; split them")


def _to_learner(reference: str) -> LearnerId:
    if not 1 <= len(reference) <= LONGEST_REFERENCE or not reference.isprintable():
        raise bad_user_input(f"a reference is 1 to {LONGEST_REFERENCE} printable characters")
    return LearnerId(reference)


def _to_raw_learner(number: int, row: LearnerRowInput) -> records.RawRow:
    texts = {
        "reference": row.reference,
        "scheme": row.scheme,
        "announced": row.announced,
        "birth_date": given(row.birth_date) or "",
        "education": "yes" if row.in_formal_education else "no",
        "consents": "|".join(given(row.consents) or ()),
    }
    for column in ("national_id", "name", "email", "phone"):
        texts[column] = given(getattr(row, column)) or ""
    return records.RawRow(number, texts)


def _to_raw_grant(row: GrantRowInput) -> records.RawRow:
    return records.RawRow(row.row, {"reference": row.reference, "amount": str(row.amount)})
