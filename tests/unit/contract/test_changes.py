"""What may change between two releases, and what a client must never notice."""

from datetime import date

import pytest
from graphql import build_schema, parse

from gateway.contract.__main__ import to_released
from gateway.contract.changes import judge
from gateway.contract.deprecations import elements, last_day
from gateway.contract.uses import uses
from gateway.execution.manifests import Registered

TODAY = date(2027, 7, 1)
PAST = '@deprecated(reason: "Use `price`; until 2027-06-30.")'
AHEAD = '@deprecated(reason: "Use `price`; until 2027-07-01.")'
SDL = """
type Query {{
  course(id: ID!, old: Int {gone}): Course
  list(by: Filter = {{ sort: TITLE }}): [Course!]!
}}
interface Node {{ id: ID! }}
type Course implements Node {{
  id: ID! title: String! cost: Int {gone} price: Int quote: Quote {gone}
}}
type Quote {{ amount: Int }}
input Filter {{ sort: Sort text: String {gone} }}
enum Sort {{ TITLE NEWEST {gone} }}
"""
OPERATION = Registered("web", "1", "Title", "query Title { course(id: 1) { title } }")


def released(gone=PAST):
    return SDL.format(gone=gone)


def without(*pieces, gone=PAST):
    sdl = released(gone)
    for piece in pieces:
        assert piece in sdl
        sdl = sdl.replace(piece, "")
    return sdl


def an_operation(body):
    return Registered("web", "1", None, body)


def judged(before, after, *operations):
    return judge(build_schema(before), build_schema(after), operations, TODAY)


def test_nothing_changed_is_nothing_to_say():
    verdict = judged(released(AHEAD), released(AHEAD), OPERATION)

    assert (verdict.refused, verdict.told) == ([], [])


def test_the_schema_may_grow():
    grown = released(AHEAD) + "extend type Course { level: Int } extend enum Sort { RATING }"

    assert judged(released(AHEAD), grown, OPERATION).refused == []


GONE = [
    pytest.param(f"cost: Int {PAST}", "Course.cost", "{ course(id: 1) { cost } }", id="field"),
    pytest.param(f", old: Int {PAST}", "Query.course(old:)", "{ course(id: 1, old: 2) { id } }",
                 id="argument"),
    pytest.param(f"text: String {PAST}", "Filter.text", '{ list(by: { text: "a" }) { id } }',
                 id="input-field"),
    pytest.param(f"text: String {PAST}", "Filter.text",
                 "query ($by: Filter) { list(by: $by) { id } }", id="input-field-in-a-variable"),
    pytest.param(f"NEWEST {PAST}", "Sort.NEWEST", "{ list(by: { sort: NEWEST }) { id } }",
                 id="value"),
    pytest.param(f"NEWEST {PAST}", "Sort.NEWEST", "query ($by: Filter) { list(by: $by) { id } }",
                 id="value-in-a-variable"),
]  # fmt: skip


@pytest.mark.parametrize(("piece", "coordinate", "query"), GONE)
def test_what_was_announced_and_nobody_uses_may_go(piece, coordinate, query):
    verdict = judged(released(), without(piece), OPERATION)

    assert verdict.refused == []
    assert f"{coordinate} is gone, as was announced for 2027-06-30" in verdict.told


@pytest.mark.parametrize(("piece", "coordinate", "query"), GONE)
def test_what_a_registered_operation_uses_stays_and_the_operation_is_named(
    piece, coordinate, query
):
    verdict = judged(released(), without(piece), an_operation(query))

    assert f"{coordinate} is gone, but still used by web's 1; put it back" in verdict.refused


@pytest.mark.parametrize(("piece", "coordinate", "query"), GONE)
def test_what_was_promised_stays_to_the_end_of_its_last_day(piece, coordinate, query):
    piece = piece.replace(PAST, AHEAD)

    [sentence] = judged(released(AHEAD), without(piece, gone=AHEAD)).refused

    assert sentence == f"{coordinate} is gone, but was promised until 2027-07-01; put it back"


def test_what_was_never_deprecated_cannot_go():
    [sentence] = judged(released(AHEAD), without("title: String! ", gone=AHEAD)).refused

    assert sentence.startswith("Course.title is gone; deprecate it first")


def test_a_type_goes_with_the_last_field_that_gives_it():
    quote = "type Quote { amount: Int }"
    verdict = judged(released(), without(f"quote: Quote {PAST}", quote), OPERATION)

    assert verdict.refused == []
    assert "Course.quote is gone, as was announced for 2027-06-30" in verdict.told


def test_a_type_that_an_interface_leads_to_stays():
    before = (
        "interface Node { id: ID! } type Query { node: Node } type A implements Node { id: ID! }"
    )

    verdict = judged(before, before.partition(" type A")[0])

    assert [sentence.partition(";")[0] for sentence in verdict.refused] == ["A.id is gone"]


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        pytest.param("title: String!", "title: String", "Course.title", id="may-be-null-now"),
        pytest.param("title: String!", "title(in: ID!): String!", "in:", id="wants-an-argument"),
        pytest.param("sort: TITLE", "sort: NEWEST", "defaultValue", id="another-default"),
        pytest.param("implements Node", "", "Node", id="no-longer-a-node"),
    ],
)
def test_what_would_mean_something_else_is_refused(was, now, said):
    verdict = judged(released(AHEAD), released(AHEAD).replace(was, now))

    assert said in "".join(verdict.refused)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param("{ course(id: 1) { titel } }", "titel", id="unknown-field"),
        pytest.param("{ course(", "Syntax Error", id="no-document"),
    ],
)
def test_an_operation_that_is_not_accepted_is_named(body, said):
    [sentence] = judged(released(AHEAD), released(AHEAD), an_operation(body)).refused

    assert sentence.startswith("web's 1 is not accepted: ")
    assert said in sentence


def test_an_operation_is_in_the_document_that_is_said_to_hold_it():
    lost = Registered("web", "1", "Other", OPERATION.body)

    [sentence] = judged(released(AHEAD), released(AHEAD), lost).refused

    assert sentence == "web's Other is not accepted: there is no operation Other in it"


def test_who_uses_what_should_be_gone_is_told():
    told = judged(released(), released(), an_operation("{ course(id: 1) { cost } }")).told

    assert "Course.cost was promised until 2027-06-30; still used by web's 1" in told
    assert "Course.quote was promised until 2027-06-30 and can be removed" in told


@pytest.mark.parametrize(
    ("reason", "day"),
    [
        ("Use `price`; until 2027-06-30.", date(2027, 6, 30)),
        ("Use `price`, until 2027-06-30", date(2027, 6, 30)),
        ("until 2027-06-30", None),
        ("Use `price`.", None),
        ("Use `price`; until 2027-02-30.", None),
        ("Use `price`; until June.", None),
    ],
)
def test_a_deprecation_says_why_and_until_when(reason, day):
    assert last_day(reason) == day


def test_a_deprecation_without_a_day_is_refused():
    sdl = released('@deprecated(reason: "Old.")')

    assert "Course.cost is deprecated as 'Old.'; say why" in "".join(judged(sdl, sdl).refused)


def test_uses_are_found_within_fragments():
    schema = build_schema(released())
    query = "{ list { ...a ... on Course { cost } } } fragment a on Course { quote { amount } }"

    found = uses(schema, parse(query))

    assert {"Course.cost", "Course.quote", "Quote.amount", "Quote", "Course"} <= found


def test_what_is_kept_of_a_release_has_no_descriptions_and_every_element():
    described = '"""A. B."""\ntype Query { "Said." a("What." b: Int = 2): String @deprecated }'

    kept = to_released(described)

    assert "Said" not in kept
    assert elements(build_schema(kept)) == elements(build_schema(described))
