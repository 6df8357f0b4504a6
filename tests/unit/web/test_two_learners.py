"""Two learners ask for every field there is: what is not public is never shared."""

from dataclasses import replace

import pytest
from graphql import OperationDefinitionNode, parse

from gateway.execution.engine import Prepared
from gateway.execution.publicity import Publicity
from gateway.identity.errors import InvalidTokenError
from schema.guarding import fields_of
from schema.model.viewer import ANONYMOUS
from schema.policies import PUBLIC, policy_of
from tests.unit.schema.api import a_learner
from tests.unit.schema.reaching import reached
from tests.unit.web.edge import Edge, the_schema
from tests.unit.web.wire import Served, post

pytestmark = pytest.mark.anyio

SCHEMA = the_schema()._schema
LEARNERS = {f"Bearer {name}": replace(a_learner(name), subject=name) for name in ("ani", "budi")}
EVERY = [each for root in ("Query", "Mutation", "Subscription") for each in reached(SCHEMA, root)]
ASKED = [each for each in EVERY if each.names[0][0] == "Query"]


async def identify(authorization):
    if authorization is None:
        return ANONYMOUS
    if authorization in LEARNERS:
        return LEARNERS[authorization]
    raise InvalidTokenError


def is_for_all(each):
    """Return whether a document may be answered for all at once, by the policies alone."""
    policies = {policy_of(kind, name) for kind, name in each.names}
    return policies == {PUBLIC} and each.names[0][0] == "Query" and each.name != "quote"


def test_every_field_there_is_is_asked():
    asked = {(each.kind, each.name) for each in EVERY}
    objects = {(kind, name) for kind, name, _ in fields_of(SCHEMA) if kind != "Node"}

    assert objects == asked


def test_only_what_is_public_all_the_way_is_ever_shared():
    publicity = Publicity(the_schema())
    for each in EVERY:
        document = parse(each.document)
        [operation] = document.definitions
        assert isinstance(operation, OperationDefinitionNode)
        question = publicity(Prepared(document, operation, each.variables))

        assert (question is not None) == is_for_all(each), (each.document, each.names)


async def test_no_learner_is_given_what_was_made_for_another(monkeypatch):
    edge, viewers = Edge(), []
    build_context = edge.api.context
    edge.app._identify = identify
    monkeypatch.setattr("tests.unit.web.wire.identify", identify)
    monkeypatch.setattr(
        edge.api, "context", lambda viewer: viewers.append(viewer) or build_context(viewer)
    )
    wire = Served(edge).connect()
    for each in ASKED:
        question = {"query": each.document, "variables": each.variables}
        viewers.clear()

        for token in LEARNERS:
            for _ in range(3 if is_for_all(each) else 1):  # until it is given again
                await wire.send(post(question, authorization=token))

        made_for = [ANONYMOUS] if is_for_all(each) else [*LEARNERS.values()]
        assert viewers == made_for, each.document
