"""Hostile questions, each with the one answer that it must get, before anything is run."""

from pathlib import Path

import pytest

import gateway.execution.documents
import gateway.execution.engine
from gateway.execution.compiled.inputs import Variables
from gateway.execution.engine import Engine, Question, Stage
from gateway.execution.limits import DEFAULT_LIMITS
from tests.unit.execution.ticks import Ticks

ROOT = Path(__file__).parents[3]
PAGE = "courses(first: 20) { nodes { institution { "
NESTED = "institution { courses { nodes { "


def repeated(text, times, between=" "):
    return between.join(text.format(n=n) for n in range(times))


def doubled(times):
    fragments = (f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(times))
    return f"{{ ...F0 }} {' '.join(fragments)} fragment F{times} on Query {{ partners {{ code }} }}"


def doubled_objects(times):
    fragments = (
        f"fragment F{n} on Course {{ institution {{ courses {{ nodes {{ ...F{n + 1} }} "
        f"edges {{ node {{ ...F{n + 1} }} }} }} }} }}"
        for n in range(times)
    )
    last = f"fragment F{times} on Course {{ id }}"
    return f'{{ course(id: "x") {{ ...F0 }} }} {" ".join(fragments)} {last}'


def aliasing(name, times):
    return f"fragment {name} on Partner {{ {repeated(name + '{n}: code', times)} }}"


def chained(times):
    fragments = (f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(times))
    start = "{ ... { ... { ...F0 } } }"
    return f"{start} {' '.join(fragments)} fragment F{times} on Query {{ __typename }}"


ENROL = 'enrol(input: {{offeringId: "x", idempotencyKey: "{n}"}}) {{ userErrors {{ code }} }}'
ABUSE = {
    "b1-101-aliases": (f"{{ {repeated('a{n}: partners {{ code }}', 101)} }}", "QUERY_TOO_COMPLEX"),
    "b1-101-typenames": (f"{{ {repeated('a{n}: __typename', 101)} }}", "QUERY_TOO_COMPLEX"),
    "b1-101-aliases-below": (
        f"{{ partners {{ {repeated('a{n}: __typename', 101)} }} }}",
        "QUERY_TOO_COMPLEX",
    ),
    "b1-1000-aliases": (f"{{ {repeated('a{n}: __typename', 1000)} }}", "QUERY_TOO_LARGE"),
    "b1-aliases-by-fragments": (
        f"{{ partners {{ ...A ...B }} }} {aliasing('A', 16)} {aliasing('B', 16)}",
        "QUERY_TOO_COMPLEX",
    ),
    "b2-10-directives": (f"{{ __typename {'@skip(if: false) ' * 10} }}", "QUERY_TOO_COMPLEX"),
    "b2-10-unknown-directives": (f"{{ __typename {'@x ' * 10} }}", "QUERY_TOO_COMPLEX"),
    "b2-500-directives": (f"{{ __typename {'@x ' * 480} }}", "QUERY_TOO_COMPLEX"),
    "b2-many-in-all": (
        f"{{ partners {{ {'code @skip(if: false) ' * 60} }} }}",
        "QUERY_TOO_COMPLEX",
    ),
    "b3-300-equal-fields": (f"{{ partners {{ {'code ' * 300} }} }}", "QUERY_TOO_COMPLEX"),
    "b3-600-equal-fields": (f"{{ partners {{ {'code ' * 600} }} }}", "QUERY_TOO_LARGE"),
    "b3-400-equal-spreads": (
        f"{{ {'...F ' * 280} }} fragment F on Query {{ __typename }}",
        "QUERY_TOO_COMPLEX",
    ),
    "b3-operations": (repeated("query Q{n} {{ __typename }}", 58), "QUERY_TOO_COMPLEX"),
    "b3-variables": (
        f"query ({repeated('$v{n}: Int', 200)}) {{ __typename }}",
        "QUERY_TOO_COMPLEX",
    ),
    "b3-values-in-a-list": (
        f"{{ nodes(ids: [{'7 ' * 900}]) {{ id }} }}",
        "QUERY_TOO_COMPLEX",
    ),
    "b3-unknown-input-fields": (
        f"{{ courses(filter: {{{repeated('a{n}: 1', 300)}}}) {{ totalCount }} }}",
        "QUERY_TOO_COMPLEX",
    ),
    "b3-arguments": (f"{{ courses({repeated('a{n}: 1', 300)}) {{ id }} }}", "QUERY_TOO_COMPLEX"),
    "b3-equal-fields-in-an-unused-fragment": (
        f"{{ __typename }} fragment F on Partner {{ {'code ' * 300} }}",
        "QUERY_TOO_COMPLEX",
    ),
    "b3-equal-fields-in-inline-fragments": (
        f"{{ partners {{ {'... { code } ' * 100} }} }}",
        "QUERY_TOO_COMPLEX",
    ),
    "b5-cycle": (
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "b5-doubling": (doubled(12), "QUERY_TOO_COSTLY"),
    "b3-equal-fields-in-one-another": (
        f"{{ {('courses { ' + 'nodes { id id id } ' * 4 + '} ') * 6} }}",
        "QUERY_TOO_COMPLEX",
    ),
    "b3-a-hundred-fragments": (
        f"{{ __typename }} {repeated('fragment F{n} on Query {{ __typename }}', 100)}",
        "QUERY_TOO_COMPLEX",
    ),
    "b5-doubling-of-objects": (doubled_objects(3), "QUERY_TOO_COSTLY"),
    "b6-depth-17": (f"{{ course(id: 1) {{ {NESTED * 5} id {'}' * 17}", "QUERY_TOO_DEEP"),
    "b6-depth-122": (f"{{ course(id: 1) {{ {NESTED * 40} id {'}' * 121} }}", "QUERY_TOO_DEEP"),
    "b6-depth-5000": ("{ courses " * 5000 + "}" * 5000, "QUERY_TOO_DEEP"),
    "b6-depth-by-fragments": (chained(58), "QUERY_TOO_DEEP"),
    "b6-list-literal": (f"{{ node(id: {'[' * 3000 + ']' * 3000}) {{ id }} }}", "QUERY_TOO_DEEP"),
    "b6-list-of-25": (f"{{ node(id: {'[' * 25 + ']' * 25}) {{ id }} }}", "QUERY_TOO_DEEP"),
    "b6-object-literal": (
        f"{{ node(id: {'{a: ' * 30 + '1' + '}' * 30}) {{ id }} }}",
        "QUERY_TOO_DEEP",
    ),
    "b7-list-product": (
        f"{{ {PAGE * 2} courses(first: 20) {{ nodes {{ id {'}' * 9}",
        "QUERY_TOO_COSTLY",
    ),
    "b10-circular": (
        f"{{ __schema {{ types {{ {'fields { type { ' * 3} name {'}' * 9}",
        "INTROSPECTION_DISABLED",
    ),
    "b10-schema": ("{ __schema { types { name } } }", "INTROSPECTION_DISABLED"),
    "b10-type": ('{ a: __type(name: "Course") { name } }', "INTROSPECTION_DISABLED"),
    "b10-in-a-fragment": (
        "{ ...F } fragment F on Query { __schema { types { name } } }",
        "INTROSPECTION_DISABLED",
    ),
    "b14-20-mutations": (f"mutation {{ {repeated('m{n}: ' + ENROL, 20)} }}", "QUERY_TOO_COMPLEX"),
    "b14-6-mutations": (f"mutation {{ {repeated('m{n}: ' + ENROL, 6)} }}", "QUERY_TOO_COMPLEX"),
    "not-graphql": ("{", "GRAPHQL_PARSE_FAILED"),
    "a-megabyte-of-blanks": (" " * 1_000_000, "QUERY_TOO_LARGE"),
    "lines": ("\n" * 10_000 + "\r" * 9_000 + "{ titel }", "QUERY_TOO_LARGE"),
    "comments": ("# \n" * 5_000 + "{ __typename }", "QUERY_TOO_LARGE"),
    "strings-that-do-not-end": ('{ node(id: "' + '\\"' * 9_000, "GRAPHQL_PARSE_FAILED"),
    "brackets-in-strings-count-for-nothing": (
        f'{{ node(id: "{"{" * 99}") {{ nonsense }} }}',
        "GRAPHQL_VALIDATION_FAILED",
    ),
}


@pytest.mark.parametrize(("text", "code"), ABUSE.values(), ids=list(ABUSE))
def test_abuse_gets_one_error_with_its_code_before_anything_is_run(engine, text, code, refused):
    refusal = refused(engine, text)

    [error] = refusal.errors
    assert error.extensions["code"] == code
    assert refusal.stage is (Stage.PARSE if code == "GRAPHQL_PARSE_FAILED" else Stage.VALIDATION)
    assert "recursion" not in error.message


@pytest.mark.parametrize("case", [case for case, (_, code) in ABUSE.items() if "TOO" in code])
def test_what_is_beyond_a_limit_is_not_validated(schema, monkeypatch, case, refused):
    validations = Ticks(monkeypatch, gateway.execution.documents, "validated")

    refused(Engine(schema), ABUSE[case][0])

    assert validations.count == 0


def test_as_many_mutations_as_are_allowed_are_prepared_each_with_its_key(engine):
    prepared = engine.prepare(Question(f"mutation {{ {repeated('m{n}: ' + ENROL, 5)} }}"))

    assert prepared.changes == 5
    assert prepared.calls == {"enrol": 5}


def test_a_refusal_for_its_cost_states_cost_and_limit(engine, refused):
    [error] = refused(engine, ABUSE["b7-list-product"][0]).errors

    assert error.extensions["limit"] == DEFAULT_LIMITS.cost
    assert error.extensions["cost"] > 8_000
    assert f"{error.extensions['cost']:,}" in error.message


def test_a_cost_in_variables_is_that_of_the_request(engine, refused):
    text = (
        "query ($n: Int) { courses(first: $n) { nodes { institution { courses(first: $n) "
        "{ nodes { institution { courses(first: $n) { nodes { id } } } } } } } } }"
    )

    assert engine.prepare(Question(text, variables={"n": 2})).cost < 200
    assert refused(engine, text, variables={"n": 20}).codes == {"QUERY_TOO_COSTLY"}


MISSPELT = [
    ("{ courses { nodes { titel } } }", {}),
    ("{ course(idd: 1) { title } }", {}),
    ("query ($s: CourseSrt) { courses(sort: $s) { totalCount } }", {}),
    ("{ courses(sort: PRICE_ASK) { totalCount } }", {}),
    ("{ courses(filter: {langages: []}) { totalCount } }", {}),
    ("query ($s: CourseSort) { courses(sort: $s) { totalCount } }", {"s": "PRICE_ASK"}),
    ("query ($f: CourseFilter) { courses(filter: $f) { totalCount } }", {"f": {"langages": []}}),
    ("{ node(id: 1) { ... on Cours { id } } }", {}),
]


@pytest.mark.parametrize(("text", "variables"), MISSPELT)
def test_b11_nobody_is_told_what_a_misspelt_name_may_have_meant(engine, text, variables, refused):
    refusal = refused(engine, text, variables=variables)

    assert refusal.errors
    assert all("Did you mean" not in error.message for error in refusal.errors)


def test_in_development_every_mistake_is_told_with_what_may_have_been_meant(schema, refused):
    engine = Engine(schema, hints=True)

    refusal = refused(engine, "{ courses { nodes { titel sumary } } }")

    assert [error.message.count("Did you mean") for error in refusal.errors] == [1, 1]


def test_equal_mistakes_are_told_once(engine, refused):
    refusal = refused(engine, "{ titel sumary courses(a: 1, b: 2) { totalCount } }")

    assert [error.message for error in refusal.errors] == [
        "Cannot query field 'titel' on type 'Query'.",
        "Unknown argument 'a' on field 'Query.courses'.",
    ]


def test_many_mistakes_are_not_looked_for_to_the_end(engine, refused):
    refusal = refused(engine, f"{{ courses {{ {repeated('w{n}', 900)} }} }}")

    assert len(refusal.errors) == 1


@pytest.mark.parametrize("ids", [["x"] * 20_001, [["x"] * 200] * 200, [{"a": "x"}] * 15_000])
def test_values_in_variables_are_counted_before_they_are_looked_at(
    schema, monkeypatch, ids, refused
):
    coercions = Ticks(monkeypatch, Variables, "coerced")
    engine, text = Engine(schema), "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    assert refused(engine, text, variables={"ids": ids}).codes == {"QUERY_TOO_LARGE"}
    assert coercions.count == 0


def test_a_thousand_learners_may_be_imported_at_once(engine):
    text = "mutation ($r: ImportLearnersInput!) { importLearners(input: $r) { imported } }"
    row = dict.fromkeys(("reference", "scheme", "announced", "birthDate", "nationalId"), "x")
    row |= dict.fromkeys(("name", "email", "phone"), "x")
    rows = [{**row, "inFormalEducation": True, "consents": ["contact"] * 5}] * 1_000

    assert engine.prepare(Question(text, variables={"r": {"rows": rows}}))


def test_every_error_has_a_code(engine, refused):
    for text in ("{", "{ nonsense }", "query ($n: Int!) { courses(first: $n) { totalCount } }"):
        for error in refused(engine, text).errors:
            assert error.extensions["code"]
    assert refused(engine, Question()).codes == {"BAD_USER_INPUT"}
    assert refused(engine, "{ __typename }", operation_name="x").codes == {
        "OPERATION_RESOLUTION_FAILURE"
    }
