"""Everything that can be asked has a policy, and every policy is of something."""

import pytest
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, GraphQLString

from schema.build import build_schema
from schema.guarding import fields_of, guard
from schema.policies import (
    OPERATORS_ACT,
    OWN,
    PUBLIC,
    PUBLIC_FIELDS,
    ROOTS,
    TYPES,
    Policy,
    UndeclaredPolicyError,
    policy_of,
)

SCHEMA = build_schema()._schema
FIELDS = [(type_name, name) for type_name, name, _ in fields_of(SCHEMA)]


def test_every_field_has_a_policy():
    assert len(FIELDS) > 300
    for type_name, name in FIELDS:
        assert isinstance(policy_of(type_name, name), Policy)


def test_nothing_is_declared_that_is_not_there():
    roots = {(root, name) for root, by in ROOTS.items() for names in by.values() for name in names}
    types = [name for names in TYPES.values() for name in names]
    public = {(kind, name) for kind, names in PUBLIC_FIELDS.items() for name in names.split()}

    of_a_subgraph = {("Query", "_entities"), ("Query", "_service"), ("_Service", "sdl")}
    assert (roots | public) - of_a_subgraph <= set(FIELDS)
    assert set(types) <= {type_name for type_name, _ in FIELDS}


def test_nothing_is_declared_twice():
    roots = [
        f"{root}.{name}" for root, by in ROOTS.items() for names in by.values() for name in names
    ]
    types = [*PUBLIC_FIELDS, *(name for names in TYPES.values() for name in names)]

    assert len(roots) == len(set(roots))
    assert len(types) == len(set(types))
    for names in PUBLIC_FIELDS.values():
        assert len(names.split()) == len(set(names.split()))


def test_whatever_changes_something_needs_a_role():
    mutations = [policy_of("Mutation", name) for name in SCHEMA.mutation_type.fields]

    assert mutations
    assert all(policy.roles and policy.changes for policy in mutations)
    assert OPERATORS_ACT in mutations


def test_a_schema_with_a_field_that_nobody_decided_about_is_not_built():
    field = GraphQLField(GraphQLString)
    query = GraphQLObjectType("Query", {"secret": field})

    with pytest.raises(UndeclaredPolicyError, match=r"Query\.secret has no policy"):
        guard(GraphQLSchema(query))


def test_a_field_is_not_public_because_the_rest_of_its_type_is():
    names = ("name", "contactOfItsStaff")
    partner = GraphQLObjectType("Partner", {name: GraphQLField(GraphQLString) for name in names})
    query = GraphQLObjectType("Query", {"partner": GraphQLField(partner)})

    with pytest.raises(UndeclaredPolicyError, match=r"Partner\.contactOfItsStaff has no policy"):
        guard(GraphQLSchema(query))


def test_what_everybody_is_answered_alike_leads_only_to_what_is_public():
    """Or an answer that is shared would hold what is not for all."""
    found = {}
    for type_name, name, field in fields_of(SCHEMA):
        if policy_of(type_name, name) is PUBLIC:
            below = str(field.type).strip("[]!")
            if below in dict.fromkeys(type_name for type_name, _ in FIELDS):
                first = next(name for kind, name in FIELDS if kind == below)
                found[f"{type_name}.{name}"] = policy_of(below, first)

    assert {place for place, policy in found.items() if policy is not PUBLIC} == set()
    assert policy_of("Query", "node") is OWN  # it may lead anywhere, by way of `Node`
