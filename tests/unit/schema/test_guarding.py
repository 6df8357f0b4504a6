"""Who may ask what, and for whom an answer is the same."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import get_operation_ast, parse, validate

from schema.guarding import document_scope
from schema.model.values import PartnerCode
from schema.model.viewer import Role, Viewer
from schema.policies import READ_ONLY, READ_WRITE, ROOTS, Policy
from tests.unit.schema.api import Api, a_learner

pytestmark = pytest.mark.anyio

API = Api()  # one for all: building a schema takes a while
SCHEMA = API.schema._schema
PARTNER = Viewer(frozenset({Role.PARTNER}), subject="p", partner=PartnerCode("tokopedia"))
VIEWERS = {
    "nobody": Viewer(),
    "learner": replace(a_learner(), subject="ani"),
    "partner": PARTNER,
    "operator": Viewer(frozenset({Role.OPERATOR}), subject="op"),
    "auditor": Viewer(frozenset({Role.AUDITOR}), subject="au"),
    "service": Viewer(frozenset({Role.SERVICE}), subject="se"),
}
LET_IN = {
    "public": set(VIEWERS),
    "own": set(VIEWERS),
    "learner": {"learner"},
    "operator": {"operator", "auditor"},
    "service": {"service", "operator", "auditor"},
}
OTHERWISE = {"operator": {"operator"}}  # of whoever changes something

ROOT_FIELDS = [
    pytest.param(root, name, policy, id=f"{root}.{name}")
    for root, policies in ROOTS.items()
    for policy, names in policies.items()
    for name in names
    if not name.startswith("_")  # of a subgraph
]


@pytest.mark.parametrize(("root", "name", "policy"), ROOT_FIELDS)
async def test_a_root_field_lets_in_whom_its_policy_names(root: str, name: str, policy: Policy):
    kind = {"Query": SCHEMA.query_type, "Mutation": SCHEMA.mutation_type}.get(
        root, SCHEMA.subscription_type
    )
    field = kind.fields[name]
    resolve = field.subscribe or field.resolve
    let_in = set()
    for who, viewer in VIEWERS.items():
        if not await is_refused(resolve, viewer):
            let_in.add(who)

    expected = OTHERWISE.get(policy.name) if policy.changes else None
    assert let_in == (expected or LET_IN[policy.name])


async def is_refused(resolve: Any, viewer: Viewer) -> bool:
    """Return whether a resolver refuses before it looks at what is asked."""

    class Asked:
        context = API.context(viewer)

    try:
        result = resolve(None, Asked)
        if hasattr(result, "__await__"):
            await result
    except Exception as exc:  # noqa: BLE001 - without arguments most break, once they are let in
        extensions = getattr(exc, "extensions", None) or {}
        return extensions.get("code") in {"UNAUTHENTICATED", "FORBIDDEN"}
    return False


PENDING = "query ($partner: String) { pendingApprovals(partner: $partner) { totalCount } }"


async def test_a_partner_reads_its_own_facts_alone(api: Api):
    await api.ask(PENDING, PARTNER, partner="tokopedia")

    for other in ("sisnaker", None, "TOKOPEDIA", ""):
        error = await api.refused(PENDING, PARTNER, partner=other)
        assert error["extensions"]["code"] == "FORBIDDEN"


async def test_a_partner_of_no_code_reads_no_partners_facts(api: Api):
    nameless = Viewer(frozenset({Role.PARTNER}), subject="x")

    assert (await api.refused(PENDING, nameless))["extensions"]["code"] == "FORBIDDEN"


async def test_who_is_refused_is_noted_unless_nobody_knows_who_it_is(api: Api):
    await api.refused("{ blocks { id } }", PARTNER)
    await api.refused('mutation { eraseLearner(learner: "x") { erasedAt } }', VIEWERS["learner"])
    await api.refused("{ blocks { id } }")

    assert api.refusals.noted == [("p", "Query.blocks"), ("ani", "Mutation.eraseLearner")]


PAUSE = 'mutation { pausePartner(partner: "tokopedia", reason: "r") { partner { code } } }'


@pytest.mark.parametrize(
    ("scopes", "may_write"),
    [
        (frozenset(), True),
        (frozenset({"openid", "profile"}), True),
        (frozenset({READ_ONLY}), False),
        (frozenset({READ_ONLY, READ_WRITE}), True),
    ],
)
async def test_a_token_for_reading_changes_nothing(api: Api, scopes, may_write: bool):
    operator = replace(VIEWERS["operator"], scopes=scopes)

    await api.ask("{ blocks { id } }", operator)
    result = await api.execute(PAUSE, operator)

    assert (result.errors is None) is may_write
    assert len(api.partner_desk.orders) == int(may_write)


@pytest.mark.parametrize(
    ("document", "scope"),
    [
        ("{ courses { nodes { title offerings { partner { name } } } } }", "public"),
        ("{ __typename __schema { types { name } } }", "public"),
        ('{ node(id: "x") { id } }', "viewer"),
        ("{ me { balance { amount } } }", "viewer"),
        ("{ courses { totalCount } me { id } }", "viewer"),
        ("{ blocks { id } }", "role:operator"),
        ("{ blocks { id } courses { totalCount } }", "role:operator"),
        ("{ enrolmentEvents { hasMore } }", "role:service"),
        ("{ enrolmentEvents { hasMore } blocks { id } }", "viewer"),
        ("{ pendingApprovals { totalCount } }", "viewer"),
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { me { id } }", "viewer"),
        ("{ ... on Query { ... { blocks { id } } } }", "role:operator"),
        ('{ enrolment(id: "x") { course { title } } }', "viewer"),
        ('mutation { eraseLearner(learner: "x") { erasedAt } }', "viewer"),
        ("subscription { syncProgress { fetched } }", "viewer"),
        ("query A { me { id } } query Z { partners { code } }", "public"),  # of the last
    ],
)
def test_an_answer_is_shared_as_widely_as_its_narrowest_field(document: str, scope: str):
    parsed = parse(document)
    names = [
        each.name.value
        for each in parsed.definitions
        if getattr(each, "operation", 0) and each.name
    ]
    operation = get_operation_ast(parsed, names[-1] if names else None)

    assert validate(SCHEMA, parsed) == []
    assert operation is not None
    assert document_scope(SCHEMA, parsed, operation) == scope
