"""A field that is said to last says the same whatever the time, the seats and the partners."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.execution.engine import Engine, Question
from gateway.execution.publicity import Publicity
from schema.lasting import ALL_AROUND, ARGUMENTS, LASTING, MOVING, NOTHING_ELSE, Reads, reads_of
from schema.model.catalogue import Freshness
from schema.model.values import FreshnessState, PartnerHealth, PartnerState
from tests.unit.schema.api import Api, the_schema
from tests.unit.schema.fakes import (
    NOW,
    SISNAKER,
    FakePartners,
    FakeSeats,
    a_course,
    a_partner,
    a_session,
    an_offering,
)
from tests.unit.schema.reaching import reached

pytestmark = pytest.mark.anyio

SCHEMA = the_schema()._schema
SESSION = a_session(
    starts_at=NOW + timedelta(days=9),
    ends_at=NOW + timedelta(days=19),
    enrolment_starts_at=NOW - timedelta(days=1),
    enrolment_ends_at=NOW + timedelta(days=8),
    capacity=9,
    seats_left=9,
)
COURSES = [a_course(1, offerings=(an_offering("o1", sessions=(SESSION,)),), rating=4.5)]
LASTS = list(reached(SCHEMA, "Query", lambda *each: reads_of(*each) is NOTHING_ELSE))


def worlds():
    """Return the same catalogue in two worlds that differ in everything else."""
    now, later = Api(COURSES), Api(COURSES)
    later.seats = FakeSeats({SESSION.id: 9})
    later.partners = FakePartners(
        *(
            replace(
                each,
                health=PartnerHealth.DOWN,
                freshness=Freshness(FreshnessState.STALE, NOW, "is not read"),
                partner=replace(each.partner, state=PartnerState.PAUSED),
                offering_count=7,
                failing_since=NOW,
            )
            for each in (a_partner(), a_partner(SISNAKER))
        )
    )
    later.partners.closed = frozenset({SISNAKER, SESSION.partner})
    return now.context(), replace(later.context(), now=NOW + timedelta(days=8_000))


@pytest.mark.parametrize("each", LASTS, ids=lambda each: f"{each.kind}.{each.name}")
async def test_what_lasts_is_the_same_in_every_world(each):
    one, other = [
        await the_schema().execute(each.document, dict(each.variables), context)
        for context in worlds()
    ]

    assert one.errors is None
    assert one.data == other.data


def test_every_field_that_lasts_is_asked_in_two_worlds():
    asked = {(each.kind, each.name) for each in LASTS}
    declared = {(kind, name) for kind, names in LASTING.items() for name in names.split()}
    of_a_subgraph = {("Query", "_service"), ("_Service", "sdl")}
    only_by_its_types = {("Node", "id")}

    assert declared - asked == of_a_subgraph | only_by_its_types


def test_what_is_declared_is_there():
    named = {(kind, name) for kind, fields in MOVING.items() for name in fields} | set(ARGUMENTS)

    for kind, name in named:
        assert name.startswith("__") or name in SCHEMA.type_map[kind].fields, (kind, name)


def test_what_nobody_has_named_reads_all_there_is():
    assert reads_of("Course", "somethingNew") is ALL_AROUND


FILTERED = "query ($filter: CourseFilter) { courses(filter: $filter) { totalCount } }"
SORTED = "query ($sort: CourseSort = STARTS_SOONEST) { courses(sort: $sort) { totalCount } }"
WITHIN = "query ($only: Boolean) { courses(filter: {availableOnly: $only}) { totalCount } }"
AGED = "query ($age: Int) { courses(maxAge: $age) { totalCount } }"
UPCOMING = (
    "query ($up: Boolean) { courses { nodes { offerings { sessions(upcoming: $up) { id } } } } }"
)
SESSIONS = "{ courses { nodes { offerings { sessions%s { id } } } } }"


@pytest.mark.parametrize(
    ("document", "variables", "reads"),
    [
        ("{ courses { nodes { title } } }", {}, NOTHING_ELSE),
        ("{ courses { coverage { complete } } }", {}, Reads.PARTNERS),
        ("{ courses { nodes { availability } } }", {}, ALL_AROUND),
        (FILTERED, {}, NOTHING_ELSE),
        (FILTERED, {"filter": {"availableOnly": False}}, NOTHING_ELSE),
        (FILTERED, {"filter": {"availableOnly": True}}, ALL_AROUND),
        ("{ courses(filter: {availableOnly: true}) { totalCount } }", {}, ALL_AROUND),
        (WITHIN, {}, NOTHING_ELSE),
        (WITHIN, {"only": True}, ALL_AROUND),
        (AGED, {}, NOTHING_ELSE),
        (AGED, {"age": None}, NOTHING_ELSE),
        (AGED, {"age": 9}, Reads.PARTNERS | Reads.CLOCK),
        (SORTED, {}, Reads.CLOCK),
        (SORTED, {"sort": "TITLE"}, NOTHING_ELSE),
        ("{ courses(maxAge: 9) { totalCount } }", {}, Reads.PARTNERS | Reads.CLOCK),
        (SESSIONS % "", {}, Reads.CLOCK),
        (SESSIONS % "(upcoming: false)", {}, NOTHING_ELSE),
        (UPCOMING, {}, Reads.CLOCK),
        (UPCOMING, {"up": False}, NOTHING_ELSE),
        (SESSIONS.replace("id", "seatsLeft") % "(upcoming: false)", {}, Reads.SEATS),
        ("{ catalogueChanges { revision } }", {}, ALL_AROUND),
    ],
)
def test_a_question_reads_what_its_fields_and_arguments_read(document, variables, reads):
    prepared = Engine(the_schema()).prepare(Question(document, variables=variables))
    question = Publicity(the_schema())(prepared)

    assert question is not None
    assert question.reads == reads
