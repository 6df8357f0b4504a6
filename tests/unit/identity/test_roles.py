"""Where providers put roles, and which of them mean anything to us."""

import pytest

from gateway.identity.roles import to_roles


@pytest.mark.parametrize(
    ("claims", "claim", "roles"),
    [
        pytest.param({"roles": ["operator"]}, None, {"operator"}, id="plain"),
        pytest.param({"roles": "learner auditor"}, None, {"learner", "auditor"}, id="as-words"),
        pytest.param({"realm_access": {"roles": ["service"]}}, None, {"service"}, id="keycloak"),
        pytest.param({"a": {"b": {"c": ["learner"]}}}, "a.b.c", {"learner"}, id="path"),
        pytest.param({"https://x.id/r": ["learner"]}, "https://x.id/r", {"learner"}, id="address"),
        pytest.param({"roles": ["operator"], "r": []}, "r", set(), id="only-where-it-is-set"),
        pytest.param({"roles": ["emperor", "learner"]}, None, {"learner"}, id="not-ours"),
        pytest.param({"roles": ["LEARNER"]}, None, set(), id="spelled-otherwise"),
        pytest.param({"roles": [["operator"], 7, None]}, None, set(), id="no-names"),
        pytest.param({"roles": {"operator": True}}, None, set(), id="an-object"),
        pytest.param({"realm_access": "operator"}, None, set(), id="no-path"),
    ],
)
def test_roles_are_read_where_providers_put_them(claims, claim, roles):
    assert to_roles(claims, claim) == roles
