"""What a document comes to is what it comes to written out, for the work of its own size."""

import re

import pytest
from graphql import DocumentNode, OperationDefinitionNode, parse, print_ast
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.execution.cost import Pricing, cost_of
from gateway.execution.limits import Limits
from gateway.execution.overlaps import fragments_of, overlaps
from gateway.execution.refusals import RefusedError
from gateway.execution.shape import Measuring
from tests.unit.execution.documents import (
    PRICES,
    SCHEMA,
    cost_written_out,
    documents,
    pairs_written_out,
    written_out,
)

BOUNDLESS = Limits(*[10**300] * len(Limits.__dataclass_fields__))
sizes = st.none() | st.integers(-2, 150)


def operation_of(document):
    return next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))


def cost(text, **variables):
    document = parse(text)
    compiled = Pricing(SCHEMA, PRICES, fragments_of(document)).operation(operation_of(document))
    return cost_of(compiled, variables)


def spreading_all(document):
    """Return a document without the fragments that its operation does not lead to."""
    needed, waiting = set(), [operation_of(document)]
    while waiting:
        names = set(re.findall(r"\.\.\. ?([ABC])\b", print_ast(waiting.pop()))) - needed
        waiting += [fragments_of(document)[name] for name in names]
        needed |= names
    kept = [each for each in document.definitions if each.kind == "operation_definition"]
    kept += [each for name, each in fragments_of(document).items() if name in needed]
    return DocumentNode(definitions=tuple(kept))


def doubling(times):
    """A document whose written-out size doubles with each fragment."""
    fragments = (
        f"fragment F{n} on Thing {{ a: friend {{ ...F{n + 1} }} b: friend {{ ...F{n + 1} }} }}"
        for n in range(times)
    )
    return parse(
        f"{{ thing {{ ...F0 }} }} {' '.join(fragments)} fragment F{times} on Thing {{ name }}"
    )


@settings(max_examples=15)
@given(documents())
def test_a_shape_is_that_of_the_document_written_out(text):
    document = parse(text)

    shape = Measuring(spreading_all(document), BOUNDLESS).measure()

    told = written_out(document, operation_of(document).selection_set)
    assert (shape.depth, shape.selections, shape.aliases) == (
        told.depth,
        told.selections,
        told.aliases,
    )


@settings(max_examples=15)
@given(documents())
def test_as_many_pairs_are_compared_as_when_it_is_written_out(text):
    document = parse(text)
    selections = operation_of(document).selection_set

    found = overlaps([selections], fragments_of(document), 10**6).pairs

    assert found == pairs_written_out(document, [selections])


@settings(max_examples=15)
@given(documents(), sizes)
def test_a_cost_is_that_of_the_document_written_out(text, n):
    document = parse(text)
    variables = {} if n is None else {"n": n}

    assert cost(text, **variables) == cost_written_out(
        document, operation_of(document).selection_set, n
    )


@settings(max_examples=10)
@given(documents(), st.integers(-2, 150), st.integers(1, 50))
def test_who_asks_for_more_pays_no_less(text, n, more):
    assert cost(text, n=n) <= cost(text, n=n + more)


def test_the_work_is_that_of_the_document_and_not_of_what_it_comes_to():
    document = doubling(50)
    measuring = Measuring(document, BOUNDLESS)
    pricing = Pricing(SCHEMA, PRICES, fragments_of(document))

    assert measuring.measure().selections > 2**50
    assert cost_of(pricing.operation(operation_of(document)), {}) > 2**50
    assert measuring.visited == pricing.visited == 50 * 4 + 3


def test_costs_in_variables_are_computed_once_for_each_fragment():
    fragments = " ".join(
        f"fragment F{n} on Thing {{ a: friend {{ ...F{n + 1} }} b: friend {{ ...F{n + 1} }} }}"
        for n in range(40)
    )
    last = "fragment F40 on Thing { page(first: $n) { nodes { name } } }"

    assert cost(f"query ($n: Int) {{ thing {{ ...F0 }} }} {fragments} {last}", n=1) > 2**40


def test_a_fragment_in_itself_is_refused_at_once():
    document = parse("{ thing { ...A } } fragment A on Thing { name friend { ...A } }")

    with pytest.raises(RefusedError) as refused:
        Measuring(document, BOUNDLESS).measure()
    assert refused.value.codes == {"GRAPHQL_VALIDATION_FAILED"}


def test_what_is_spread_by_nothing_counts_too():
    document = parse("{ thing { name } } fragment A on Thing { friend { name } }")

    assert Measuring(document, BOUNDLESS).measure().selections == 4


@pytest.mark.parametrize("width", [2, 3, 9])
def test_equal_fields_meet_again_below(width):
    text = f"{{ {'thing {' + 'friend { name } ' * width + '} '} {'thing { friend { name } }'} }}"
    selections = operation_of(parse(text)).selection_set
    friends = width + 1

    assert overlaps([selections], {}, 10**6).pairs == 1 + 2 * (friends * (friends - 1) // 2)


@pytest.mark.parametrize(
    ("text", "variables", "points"),
    [
        pytest.param("{ thing { name } }", {}, 1 + 2, id="weight"),
        pytest.param("{ things { friend { __typename } } }", {}, 1 + 6 * (1 + 1 + 1), id="list"),
        pytest.param("{ page { totalCount } }", {}, 3 + 1, id="page-without-entries"),
        pytest.param("{ page { nodes { __typename } } }", {}, 3 + 1 + 5 * 2, id="usual-page"),
        pytest.param("{ page(first: 2) { nodes { __typename } } }", {}, 3 + 1 + 2 * 2, id="first"),
        pytest.param("{ page(last: 2) { nodes { __typename } } }", {}, 3 + 1 + 2 * 2, id="last"),
        pytest.param(
            "{ page(first: null) { nodes { __typename } } }", {}, 3 + 1 + 5 * 2, id="null"
        ),
        pytest.param(
            "query ($n: Int) { page(first: $n) { ...P } }"
            " fragment P on ThingConnection { nodes { __typename } edges { cursor } }",
            {"n": 7},
            3 + (1 + 7 * 2) + (1 + 7 * 2),
            id="fragment-on-a-page",
        ),
        pytest.param(
            "{ page(first: 1000000) { nodes { __typename } } }", {}, 3 + 1 + 200, id="refused-later"
        ),
        pytest.param(
            "{ __schema { types { name } } }", {}, 20 * (1 + 1), id="asking-of-the-schema"
        ),
    ],
)
def test_a_question_costs_what_it_makes(text, variables, points):
    assert cost(text, **variables) == points


def test_the_longest_of_several_lengths_counts():
    assert cost("{ page(first: 2, last: 9) { nodes { __typename } } }") == 3 + 1 + 9 * 2
