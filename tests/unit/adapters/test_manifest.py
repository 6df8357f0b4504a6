"""A manifest is read strictly: what is misspelt is named."""

import tomllib
from datetime import timedelta

import pytest

from adapters.base import Capability
from adapters.manifest import (
    AUTH_PARAMETERS,
    AUTH_SECRETS,
    AuthKind,
    Contract,
    ManifestError,
    load_manifest,
    to_auth_spec,
    to_manifest,
)
from adapters.rules import ErrorRule, Meaning

WHOLE = """
id = "my_partner"
name = "My Partner"
capabilities = ["catalogue", "enrolment"]
contract = "assumed"
documentation = "docs/partners/my_partner.md"
error_code_at = "header.error_code"

[auth]
kind = "api_key"
header = "X-Kunci"

[pace]
requests_per_second = 2.5

[sync]
interval_seconds = 60

[[errors]]
status = 500
code = "ORD_*"
means = "refused"

[[errors]]
status = 410
means = "cursor_expired"
"""
SHORT = WHOLE[: WHOLE.index("error_code_at")]


def a_manifest(text):
    return to_manifest(tomllib.loads(text))


def test_a_manifest_says_everything_of_an_adapter():
    manifest = a_manifest(WHOLE)

    assert manifest.id == "my_partner"
    assert manifest.capabilities == {Capability.CATALOGUE, Capability.ENROLMENT}
    assert manifest.contract is Contract.ASSUMED
    assert manifest.auth.kind is AuthKind.API_KEY
    assert manifest.auth.parameters["header"] == "X-Kunci"
    assert manifest.auth.secrets == ("api_key",)
    assert manifest.requests_per_second == 2.5
    assert manifest.interval == timedelta(seconds=60)
    assert manifest.rules.code_at == "header.error_code"
    assert manifest.rules.rules == (
        ErrorRule(Meaning.REFUSED, 500, "ORD_*"),
        ErrorRule(Meaning.CURSOR_EXPIRED, 410),
    )


def test_what_is_left_out_has_a_default():
    manifest = a_manifest(SHORT)

    assert manifest.auth.kind is AuthKind.NONE
    assert manifest.requests_per_second == 5.0
    assert manifest.interval == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('id = "my_partner"\n', ""), "lacks 'id'"),
        (('"My Partner"', '""'), "name is empty"),
        (('"My Partner"', "7"), "name has the wrong type: 7"),
        (('["catalogue", "enrolment"]', "[]"), "capabilities is empty"),
        (('["catalogue", "enrolment"]', '["magic"]'), "'magic' is not a valid Capability"),
        (('"assumed"', '"guessed"'), "'guessed' is not a valid Contract"),
        (("requests_per_second = 2.5", "requests_per_second = 0"), "must be above 0"),
        (("interval_seconds = 60", "interval_seconds = 0"), "must be at least 1"),
        (("interval_seconds", "intervall_seconds"), "sync.intervall_seconds is no key"),
        (("documentation", "dokumentation"), "lacks 'documentation'"),
        (('kind = "api_key"', 'kind = "magic"'), "'magic' is not a valid AuthKind"),
        (
            ("header = ", "headers = "),
            "auth.headers is no key of kind api_key; known are ['header']",
        ),
        (('"X-Kunci"', "7"), "auth.header must be like 'X-Api-Key', not 7"),
        (('means = "refused"', 'means = "bad"'), "'bad' is not a valid Meaning"),
        (("status = 410\n", ""), "a rule needs a status, a code, or both"),
        (("[pace]", "pace = ["), "manifest.toml: "),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path, change, complaint):
    file = tmp_path / "manifest.toml"
    file.write_text(WHOLE.replace(*change, 1))

    with pytest.raises(ManifestError) as caught:
        load_manifest(file)

    assert str(caught.value).startswith(f"{file}: ")
    assert complaint in str(caught.value)


def test_a_missing_manifest_is_named(tmp_path):
    with pytest.raises(ManifestError, match="cannot be read"):
        load_manifest(tmp_path / "manifest.toml")


@pytest.mark.parametrize("kind", AuthKind)
def test_every_kind_of_authentication_is_described(kind):
    spec = to_auth_spec({"kind": kind.value})

    assert spec.secrets == AUTH_SECRETS[kind]
    assert spec.parameters == AUTH_PARAMETERS[kind]
