"""The SDL is committed, holds what clients rely on, and says what everything means."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from graphql import build_schema, parse, print_ast, validate_schema

from gateway.clock import utc_now
from gateway.contract.__main__ import check
from schema import costs
from schema.build import export_sdl

HERE = Path(__file__).parent
COMMITTED = HERE.parents[1] / "schema" / "schema.graphql"
CORE = HERE / "schema_core.graphql"


class Element(NamedTuple):
    """A type, field, argument, input field or enum value, by its schema coordinate."""

    coordinate: str
    signature: str
    description: str | None
    kind: str


def elements(sdl: str) -> Iterator[Element]:
    for definition in parse(sdl).definitions:
        name: str = definition.name.value  # type: ignore[attr-defined]  # an SDL has only types
        interfaces = [each.name.value for each in parts(definition, "interfaces")]
        yield element(name, definition, f"{definition.kind} {interfaces}")
        for value in parts(definition, "values"):
            yield element(f"{name}.{value.name.value}", value, "value")
        for field in parts(definition, "fields"):
            place = f"{name}.{field.name.value}"
            yield element(place, field, signature(field))
            for argument in parts(field, "arguments"):
                yield element(f"{place}({argument.name.value}:)", argument, signature(argument))


def parts(node: Any, name: str) -> Any:
    return getattr(node, name, None) or ()


def element(coordinate: str, node: Any, said: str) -> Element:
    return Element(coordinate, said, node.description and node.description.value, node.kind)


def signature(node: Any) -> str:
    default = getattr(node, "default_value", None)
    return print_ast(node.type) + (f" = {print_ast(default)}" if default else "")


def owner(coordinate: str) -> str:
    """Return the field of an argument, or the type of an input's field."""
    field, is_argument, _ = coordinate.partition("(")
    return field if is_argument else coordinate.partition(".")[0]


ELEMENTS = list(elements(export_sdl()))
OURS = {each.coordinate: each.signature for each in ELEMENTS}
PROMISED = {each.coordinate: each.signature for each in elements(CORE.read_text())}
CONNECTIONS = [name for name in OURS if name.endswith("Connection") and "." not in name]  # types


def test_the_committed_sdl_is_what_the_code_says():
    assert COMMITTED.read_text() == export_sdl(), "run `make docs` and commit schema.graphql"


def test_the_sdl_is_valid_for_anybodys_tools():
    assert validate_schema(build_schema(COMMITTED.read_text())) == []


def test_nothing_that_clients_rely_on_has_gone():
    built = build_schema(COMMITTED.read_text())

    verdict = check(HERE.parents[1], built, utc_now().date())

    assert verdict.refused == [], "see docs/decisions/0041: add, deprecate with a day, then remove"


@pytest.mark.parametrize("coordinate", list(PROMISED))
def test_the_core_is_there_as_clients_know_it(coordinate):
    assert OURS.get(coordinate) == PROMISED[coordinate], "add to the core, never change it"


def test_nothing_beyond_the_core_is_required_of_the_cores_clients():
    of_the_core = {
        each.coordinate
        for each in ELEMENTS
        if each.kind == "input_value_definition" and each.signature.endswith("!")
        if owner(each.coordinate) in PROMISED  # a new field may ask for what it likes
    }

    assert of_the_core
    assert of_the_core <= set(PROMISED), "an old query must stay valid: make it nullable"


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda each: each.coordinate)
def test_every_element_says_what_it_means(element):
    assert element.description, f"{element.coordinate} needs a description"
    assert element.description.endswith("."), "a description is a sentence or two"


def test_relay_finds_its_entry_points():
    assert OURS["Node.id"] == "ID!"
    assert (OURS["Query.node"], OURS["Query.node(id:)"]) == ("Node", "ID!")
    assert (OURS["PageInfo.hasNextPage"], OURS["PageInfo.endCursor"]) == ("Boolean!", "String")


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_connection_is_what_relay_takes_for_one(name):
    edge = name.removesuffix("Connection") + "Edge"

    assert OURS[f"{name}.edges"] == f"[{edge}!]!"
    assert OURS[f"{name}.nodes"] == f"[{OURS[f'{edge}.node']}]!"
    assert OURS[f"{name}.pageInfo"] == "PageInfo!"
    assert OURS[f"{edge}.cursor"] == "String!"


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_connection_can_be_paged_from_wherever_it_is(name):
    fields = [coordinate for coordinate, said in OURS.items() if said == f"{name}!"]

    assert fields
    for field in fields:
        assert OURS[f"{field}(first:)"] in {"Int", "Int = 20"}
        assert OURS[f"{field}(after:)"] == "String"


def test_prices_are_of_fields_that_there_are():
    named = {*costs.ASSUMED_LENGTHS, *costs.WEIGHTS}

    assert named <= set(OURS), "rename them in schema/costs.py, too"
