"""Two learners ask for every field there is: what is not public is never shared."""

from dataclasses import replace
from functools import cache
from urllib.parse import urlencode

import orjson
import pytest
from graphql import OperationDefinitionNode, is_required_argument, parse

from gateway.execution.engine import Engine, Prepared
from gateway.execution.publicity import Publicity
from gateway.identity.errors import InvalidTokenError
from schema.guarding import fields_of
from schema.model.viewer import ANONYMOUS
from schema.policies import PUBLIC, policy_of
from schema.subgraph import SubgraphSchema
from tests.unit.schema.api import a_learner
from tests.unit.schema.reaching import reached
from tests.unit.web.edge import Edge, the_schema
from tests.unit.web.wire import Served, get, post

pytestmark = pytest.mark.anyio

LEARNERS = {f"Bearer {name}": replace(a_learner(name), subject=name) for name in ("ani", "budi")}
BOTH = ("/graphql", "/graphql/subgraph")
GIVEN = {"what it needs": is_required_argument, "all there are": lambda _: True}


@cache
def schema_at(path):
    """Return the schema that is asked at a path."""
    return the_schema() if path == "/graphql" else SubgraphSchema()


@cache
def every(path, given):
    """Return a document for each field, with these arguments."""
    schema = schema_at(path)._schema
    roots = [each.name for each in (schema.query_type, schema.mutation_type) if each]
    roots += [schema.subscription_type.name] if schema.subscription_type else []
    return [each for root in roots for each in reached(schema, root, is_given=GIVEN[given])]


async def identify(authorization):
    if authorization is None:
        return ANONYMOUS
    if authorization in LEARNERS:
        return LEARNERS[authorization]
    raise InvalidTokenError


def is_for_all(each):
    """Return whether a document may be answered for all at once, by the policies alone."""
    policies = {policy_of(*field) for field in each.names}
    is_live = ("Offering", "quote") in each.names
    return policies == {PUBLIC} and each.names[0][0] == "Query" and not is_live


@pytest.mark.parametrize("path", BOTH)
def test_every_field_there_is_is_asked(path):
    asked = {(each.kind, each.name) for each in every(path, "what it needs")}
    fields = fields_of(schema_at(path)._schema)
    objects = {(kind, name) for kind, name, _ in fields if kind != "Node"}

    assert objects == asked


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("path", BOTH)
def test_only_what_is_public_all_the_way_is_ever_shared(path, given):
    publicity = Publicity(schema_at(path))
    for each in every(path, given):
        document = parse(each.document)
        [operation] = document.definitions
        assert isinstance(operation, OperationDefinitionNode)
        question = publicity(Prepared(document, operation, each.variables))

        assert (question is not None) == is_for_all(each), (each.document, each.names)


@pytest.mark.parametrize(("path", "given"), list(zip(BOTH, GIVEN, strict=True)))
async def test_no_learner_is_given_what_was_made_for_another(monkeypatch, path, given):
    schema = schema_at(path)
    edge = Edge(engine=Engine(schema), answering={"to_public": Publicity(schema)})
    viewers, build_context = [], edge.api.context
    edge.app._identify = identify
    monkeypatch.setattr("tests.unit.web.wire.identify", identify)
    monkeypatch.setattr(
        edge.api, "context", lambda viewer: viewers.append(viewer) or build_context(viewer)
    )
    wire = Served(edge).connect()
    for each in every(path, given):
        if each.names[0][0] != "Query":
            continue
        viewers.clear()

        for token in LEARNERS:
            for sent in requests(path, each, token) * (3 if is_for_all(each) else 1):
                await wire.send(sent)  # until it is given again

        told = {each.learner for each in viewers}
        assert told == ({None} if is_for_all(each) else {"ani", "budi"}), each.document


def requests(path, each, token):
    """Return both ways to ask a question in a learner's name."""
    question = {"query": each.document, "variables": each.variables}
    address = urlencode({**question, "variables": orjson.dumps(each.variables)})
    sent = [post(question, authorization=token), get(address, authorization=token)]
    return [text.replace(b" /graphql", b" " + path.encode(), 1) for text in sent]
