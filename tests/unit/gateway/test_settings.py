"""Settings: safe by default, from the environment alone."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.sandbox.state import SandboxState, write_state
from gateway.commands.telling import tell
from gateway.partners.sandbox import SANDBOX_PARTNERS, partners_files, partners_reach
from gateway.settings import EVERYBODY, NOBODY, Audience, Profile, Settings
from schema.model.viewer import ANONYMOUS, Role, Viewer

pytestmark = pytest.mark.usefixtures("bare_environment")


def test_production_on_loopback_is_the_default():
    settings = Settings()

    assert settings.profile is Profile.PRODUCTION
    assert settings.host == "127.0.0.1"


def test_partners_files_are_separated_by_colons(monkeypatch):
    monkeypatch.setenv("MITRA_PARTNERS", "one.toml:two.toml:")

    assert Settings().partners == (Path("one.toml"), Path("two.toml"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MITRA_PORT", "70000"),
        ("MITRA_PROFILE", "staging"),
        ("MITRA_WORKERS", "0"),
        ("MITRA_PARTNER_NETWORKS", "10.0.0.1/8"),
        ("MITRA_OIDC_ISSUER", "http://127.0.0.1:8080/realms/mitra"),
        ("MITRA_OIDC_ISSUER", "https://login.test"),  # without an audience
        ("MITRA_OIDC_JWKS_URL", "file:///keys.json"),
        ("MITRA_TRUSTED_PROXIES", "proxy"),
        ("MITRA_CORS_ORIGINS", "https://app.example.id/"),
        ("MITRA_CORS_ORIGINS", "app.example.id"),
        ("MITRA_INTROSPECTION", "operatr"),
        ("MITRA_EXPLORER", "everybody,operator"),
        ("MITRA_CLIENT_BUDGET", "-1"),
        ("MITRA_ACCESS_LOG", "1.5"),
        ("MITRA_DATABASE_URL", "mysql://mitra@db/mitra"),
        ("MITRA_DATABASE_URL", "db.example.id"),
        ("MITRA_REDIS_URL", "http://cache"),
    ],
)
def test_nonsense_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(ValidationError):
        Settings()


def test_addresses_with_passwords_are_not_shown():
    settings = Settings(
        database_url="postgresql://mitra:hunter2@db/mitra", redis_url="redis://:x@r"
    )

    assert "hunter2" not in repr(settings)
    assert "redis" not in repr(settings).replace("redis_url", "")


def test_the_sandboxs_partners_are_there_in_development(tmp_path):
    settings = Settings(profile=Profile.DEVELOPMENT, data_dir=tmp_path, partners=(Path("m.toml"),))

    assert partners_files(settings) == (SANDBOX_PARTNERS, Path("m.toml"))


def test_production_has_the_sandboxs_partners_only_beside_a_sandbox(tmp_path):
    settings = Settings(data_dir=tmp_path)
    without = partners_files(settings)
    write_state(tmp_path, SandboxState("http://127.0.0.1:1", "control", {}))

    assert without == ()
    assert partners_files(settings) == (SANDBOX_PARTNERS,)


@pytest.mark.parametrize(
    ("profile", "networks", "is_called"),
    [
        ("development", None, True),
        ("production", None, False),
        ("development", "10.0.0.0/8", False),
        ("production", "10.0.0.0/8, 127.0.0.0/8", True),
        ("development", "", False),
    ],
)
def test_partners_on_this_machine_are_called_where_that_is_allowed(
    monkeypatch, tmp_path, profile, networks, is_called
):
    monkeypatch.setenv("MITRA_PROFILE", profile)
    if networks is not None:
        monkeypatch.setenv("MITRA_PARTNER_NETWORKS", networks)

    assert partners_reach(Settings(data_dir=tmp_path)).allows("127.0.0.1") is is_called


def test_a_sandbox_that_has_left_its_addresses_is_called(tmp_path):
    write_state(tmp_path, SandboxState("http://127.0.0.1:1", "control", {}))

    assert partners_reach(Settings(data_dir=tmp_path)).allows("127.0.0.1")


def test_an_issuer_is_believed_for_an_audience(monkeypatch):
    monkeypatch.setenv("MITRA_OIDC_ISSUER", "https://login.test/realms/mitra")
    monkeypatch.setenv("MITRA_OIDC_AUDIENCE", "mitra-api, mitra-admin")

    assert Settings().oidc_audience == ("mitra-api", "mitra-admin")


def test_lists_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("MITRA_CORS_ORIGINS", "https://app.example.id, http://localhost:3000,")

    assert Settings().cors_origins == ("https://app.example.id", "http://localhost:3000")


def test_origins_are_compared_as_browsers_send_them(monkeypatch):
    monkeypatch.setenv("MITRA_CORS_ORIGINS", "https://App.example.id:443,HTTP://localhost:80,*")
    monkeypatch.setenv("MITRA_PUBLIC_URL", "https://Mitra.example.id:443/")

    settings = Settings()

    assert settings.cors_origins == ("https://app.example.id", "http://localhost", "*")
    assert settings.public_origin == "https://mitra.example.id"


def test_an_address_of_ipv6_is_written_in_brackets():
    assert Settings(host="::1").base_url == "http://[::1]:8000"


def test_production_has_limits_over_time_and_shows_itself_to_few():
    settings = Settings()

    assert settings.client_budget_per_minute == 60_000
    assert settings.learner_mutations_per_minute == 30
    assert settings.may_introspect == Audience(frozenset({Role.OPERATOR, Role.SERVICE}))
    assert settings.may_explore == NOBODY
    assert settings.drains_for > 0


def test_development_has_no_limits_over_time_and_shows_itself_to_everybody():
    settings = Settings(profile=Profile.DEVELOPMENT)

    assert settings.client_budget_per_minute is None
    assert settings.learner_mutations_per_minute is None
    assert settings.may_introspect == EVERYBODY
    assert settings.may_explore == EVERYBODY
    assert settings.drains_for == 0


def test_what_is_set_wins_over_the_profile(monkeypatch):
    monkeypatch.setenv("MITRA_CLIENT_BUDGET", "0")
    monkeypatch.setenv("MITRA_LEARNER_RATE", "5")
    monkeypatch.setenv("MITRA_EXPLORER", "Operator, auditor")
    monkeypatch.setenv("MITRA_INTROSPECTION", "nobody")
    monkeypatch.setenv("MITRA_DRAIN_SECONDS", "0")

    settings = Settings()

    assert settings.client_budget_per_minute is None
    assert settings.learner_mutations_per_minute == 5
    assert settings.may_explore.roles == {Role.OPERATOR, Role.AUDITOR}
    assert settings.may_introspect == NOBODY
    assert settings.drains_for == 0


@pytest.mark.parametrize(
    ("audience", "admits_nobody_known", "admits_operators"),
    [
        (EVERYBODY, True, True),
        (NOBODY, False, False),
        (Audience.from_text("operator"), False, True),
    ],
)
def test_an_audience_admits_by_role(audience, admits_nobody_known, admits_operators):
    operator = Viewer(roles=frozenset({Role.OPERATOR, Role.SERVICE}))

    assert audience.admits(ANONYMOUS) is admits_nobody_known
    assert audience.admits(operator) is admits_operators


def test_what_is_wrong_is_told_by_the_variables_name_in_our_own_words(monkeypatch, capsys):
    monkeypatch.setenv("MITRA_CORS_ORIGINS", "app.example.id")

    with pytest.raises(ValidationError) as raised:
        Settings()

    assert tell(raised.value) == 2
    said = "app.example.id is no origin; write https://app.example.id, or *"
    assert capsys.readouterr().err == f"mitra: MITRA_CORS_ORIGINS: {said}\n"
