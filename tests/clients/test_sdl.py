"""What reads the SDL: a linter, Relay's compiler and a generator of types."""

import json
import re
from pathlib import Path

from graphql import OperationDefinitionNode, parse

from tests.clients.conftest import HERE, SDL, printed_by

ROOT = HERE.parents[1]
REGISTERED = sorted((ROOT / "gateway/web/explorer/operations").glob("*.graphql"))
LINTER = "node_modules/graphql-schema-linter/lib/cli.js"


def operations_in(text: str) -> set[str]:
    """Return the operations of a document, each as its generated type is called."""
    operations = [
        each for each in parse(text).definitions if isinstance(each, OperationDefinitionNode)
    ]
    return {f"{each.name.value}{each.operation.value.title()}" for each in operations if each.name}


def test_the_linter_finds_descriptions_and_relays_rules_kept():
    found = json.loads(printed_by(LINTER, "--format", "json", SDL))

    assert found == {"errors": []}


def test_relays_compiler_accepts_lists_refetching_mutations_and_subscriptions(relay_project: Path):
    compiled = json.loads((relay_project / "persisted.json").read_text())

    names = {re.split(r"\W", text)[1] for text in compiled.values()}
    assert names > {
        "CataloguePageQuery",
        "CatalogueCardQuery",
        "EnrolmentsPageQuery",
        "EnrolmentsEnrolMutation",
        "EnrolmentsChangedSubscription",
    }


def test_a_generator_makes_types_of_every_registered_operation():
    types = printed_by("codegen.mjs", SDL, *REGISTERED)

    made = set(re.findall(r"export type (\w+) = \{", types))
    asked = set.union(*(operations_in(each.read_text()) for each in REGISTERED))
    assert asked
    assert asked <= made
    assert not re.search(r": any\b", types), "a scalar has no type of its own"
