"""Settings that are each allowed and together unsafe: nothing starts, and all are named."""

import base64
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.profiles import unsafe_mixtures
from gateway.serve import CannotStartError, check_safety
from gateway.settings import EVERYBODY, Audience, Profile, Settings
from schema.model.viewer import Role

RANDOM = [base64.b64encode(bytes(range(first, first + 32))).decode() for first in (7, 90)]


pytestmark = pytest.mark.usefixtures("bare_environment")


@pytest.mark.parametrize("profile", list(Profile))
def test_the_defaults_are_safe(tmp_path, profile):
    assert unsafe_mixtures(Settings(data_dir=tmp_path, profile=profile)) == []


@pytest.mark.parametrize(
    ("told", "says"),
    [
        pytest.param(
            {"cors_origins": ("*",), "cors_credentials": True}, "MITRA_CORS_CREDENTIALS", id="cors"
        ),
        pytest.param({"trusted_documents_only": True}, "MITRA_PERSISTED", id="no manifests"),
        pytest.param({"persisted": Path("/no/such")}, "MITRA_PERSISTED", id="no folder"),
        pytest.param({"explorer": EVERYBODY}, "MITRA_EXPLORER", id="explorer"),
        pytest.param({"public_url": "http://mitra.example.id"}, "MITRA_PUBLIC_URL", id="http"),
        pytest.param(
            {"database_url": "postgresql://mitra:mitra@db/mitra"},
            "MITRA_DATABASE_URL",
            id="own name",
        ),
        pytest.param(
            {"database_url": "postgresql://mitra:Postgres123!@db/mitra"},
            "MITRA_DATABASE_URL",
            id="well known",
        ),
        pytest.param({"redis_url": "redis://:short@cache"}, "MITRA_REDIS_URL", id="short"),
        pytest.param(
            {"contact_keys": SecretStr("1:" + base64.b64encode(b"a" * 32).decode())},
            "MITRA_CONTACT_KEYS",
            id="not random",
        ),
        pytest.param(
            {
                "contact_keys": SecretStr(f"1:{RANDOM[0]} 2:{RANDOM[1]}"),
                "partner_api_keys": SecretStr(f"1:{RANDOM[1]}"),
            },
            "the same key",
            id="one key for two",
        ),
    ],
)
def test_what_is_unsafe_in_production_is_said_in_a_sentence(tmp_path, told, says):
    [sentence] = unsafe_mixtures(Settings(data_dir=tmp_path, **told))

    assert says in sentence
    assert RANDOM[1] not in sentence


@pytest.mark.parametrize("name", ["development-token.key", "development-partner-api.key"])
def test_a_folder_of_development_is_not_productions(tmp_path, name):
    (tmp_path / name).write_bytes(bytes(32))

    [sentence] = unsafe_mixtures(Settings(data_dir=tmp_path))

    assert str(tmp_path / name) in sentence
    assert unsafe_mixtures(Settings(data_dir=tmp_path, profile=Profile.DEVELOPMENT)) == []


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"cors_origins": ("*",)}, id="any origin without cookies"),
        pytest.param({"explorer": Audience(frozenset({Role.OPERATOR}))}, id="explorer by role"),
        pytest.param({"public_url": "http://127.0.0.1:8000"}, id="http on this machine"),
        pytest.param({"public_url": "https://mitra.example.id"}, id="https"),
        pytest.param({"database_url": "postgresql://mitra:mitra@localhost/mitra"}, id="local"),
        pytest.param({"database_url": "postgresql://mitra@db/mitra"}, id="no password"),
        pytest.param({"database_url": "postgresql://m:f3a9c1e07b52@db/mitra"}, id="made one"),
        pytest.param({"contact_keys": SecretStr(f"1:{RANDOM[0]}")}, id="random key"),
    ],
)
def test_what_is_safe_in_production_starts(tmp_path, told):
    assert unsafe_mixtures(Settings(data_dir=tmp_path, **told)) == []


def test_trusted_documents_with_manifests_start(tmp_path):
    (tmp_path / "web.json").write_text("{}")

    settings = Settings(data_dir=tmp_path, persisted=tmp_path, trusted_documents_only=True)

    assert unsafe_mixtures(settings) == []


def test_trusted_documents_are_not_served_beside_a_subgraph_that_takes_any(tmp_path):
    (tmp_path / "web.json").write_text("{}")
    trusted = Settings(data_dir=tmp_path, persisted=tmp_path, trusted_documents_only=True)

    [sentence] = unsafe_mixtures(trusted.model_copy(update={"subgraph": True}))

    assert "MITRA_SUBGRAPH" in sentence
    assert unsafe_mixtures(Settings(data_dir=tmp_path, subgraph=True)) == []


def test_all_that_is_unsafe_is_told_at_once(tmp_path):
    settings = Settings(data_dir=tmp_path, explorer=EVERYBODY, trusted_documents_only=True)

    with pytest.raises(CannotStartError) as refusal:
        check_safety(settings)

    assert str(refusal.value).count("\n* ") == 2
