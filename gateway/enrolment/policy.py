"""Who may enrol where.  Pure: facts in, verdicts out, in the order of the programme.

A rule is a question to the facts; its finding says whether it is kept, and by which values.
`enrol` answers the first refusal; a dry run shows every verdict.
"""

from collections.abc import Iterator, Sequence

from gateway.enrolment import learner_rules, offering_rules
from gateway.enrolment.facts import Facts
from gateway.enrolment.findings import Rule
from schema.model.enrolment import EnrolErrorCode, EnrolVerdict, Refusal, RuleState

CURRENCY = offering_rules.CURRENCY

_CODE = EnrolErrorCode

IDEMPOTENCY_CONFLICT = Refusal(
    _CODE.IDEMPOTENCY_CONFLICT,
    "This idempotency key was used with other input; use a new key for a new wish.",
    ("idempotencyKey",),
    rule="idempotency_key",
)
UNKNOWN_OFFERING = Refusal(
    _CODE.NOT_FOUND,
    "There is no such offering; look it up in the catalogue again.",
    ("offeringId",),
    rule="offering_exists",
)
IN_PROGRESS = Refusal(
    _CODE.IN_PROGRESS, "An earlier request of yours is still being recorded; repeat this one soon."
)

# The order is the programme's: what is told first is what decides.
RULES: tuple[Rule, ...] = (
    offering_rules.SESSION_EXISTS,
    offering_rules.ENROLABLE,
    offering_rules.NOT_BLOCKED,
    learner_rules.COURSE_ONCE,
    learner_rules.NOT_CANCELLED_BEFORE,
    learner_rules.PARTICIPANT,
    learner_rules.AGE,
    learner_rules.EDUCATION,
    learner_rules.ONE_AT_A_TIME,
    learner_rules.FIRST_PURCHASE,
    learner_rules.NEXT_PURCHASE,
    offering_rules.ENROLMENT_OPEN,
    offering_rules.PURCHASE_CUT_OFF,
    offering_rules.SESSION_CHOSEN,
    offering_rules.PARTNER_THERE,
    offering_rules.SEATS,
    offering_rules.EXPECTED_PRICE,
    learner_rules.BALANCE,
)


def first_refusal(facts: Facts | None) -> Refusal | None:
    """Return the most decisive refusal, or None: it is allowed.  No facts: no such offering."""
    if facts is None:
        return UNKNOWN_OFFERING
    return next(_refusals(facts), None)


def refusals(facts: Facts) -> tuple[Refusal, ...]:
    """Return every rule that forbids this enrolment, most decisive first; () allows it."""
    return tuple(_refusals(facts))


def verdicts(facts: Facts | None) -> Sequence[EnrolVerdict]:
    """Return what every rule says, in order.  No facts: there is no such offering to judge."""
    exists = EnrolVerdict(
        rule=str(UNKNOWN_OFFERING.rule),
        code=_CODE.NOT_FOUND,
        state=RuleState.REFUSED if facts is None else RuleState.KEPT,
        message=UNKNOWN_OFFERING.message if facts is None else "The offering exists.",
        field=UNKNOWN_OFFERING.field,
    )
    return [exists, *(_verdict(rule, facts) for rule in RULES)]


def _refusals(facts: Facts) -> Iterator[Refusal]:
    for rule in RULES:
        finding = rule.judge(facts)
        if finding is not None and finding.refusal is not None:
            yield Refusal(rule.code, finding.refusal, rule.field, rule.name, finding.values)


def _verdict(rule: Rule, facts: Facts | None) -> EnrolVerdict:
    finding = None if facts is None else rule.judge(facts)
    if finding is None:
        state, message = RuleState.NOT_JUDGED, rule.demands
    elif finding.refusal is None:
        state, message = RuleState.KEPT, rule.demands
    else:
        state, message = RuleState.REFUSED, finding.refusal
    values = finding.values if finding else ()
    return EnrolVerdict(rule.name, rule.code, state, message, rule.field, values)
