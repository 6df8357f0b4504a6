"""The commands about webhooks and their secrets, on both engines."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.storage.engine import Database, database_url
from gateway.storage.webhook_tables import webhook_secret, webhook_subscription
from gateway.webhooks.signing import sign
from tests.integration.enrolment.builders import NOW

KEY = base64.b64encode(b"p" * 32).decode()
URL = "http://127.0.0.1:9/hooks"


@pytest.fixture(params=["sqlite", "postgresql"], autouse=True)
def ledger(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """An empty ledger that commands find."""
    monkeypatch.setenv("MITRA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MITRA_PROFILE", "development")
    monkeypatch.setenv("MITRA_PARTNER_API_KEYS", f"1:{KEY}")
    monkeypatch.delenv("MITRA_DATABASE_URL", raising=False)
    configured = None
    if request.param == "postgresql":
        configured = request.getfixturevalue("postgres_url")
        monkeypatch.setenv("MITRA_DATABASE_URL", configured)
    database = Database(database_url(configured, tmp_path, "ledger"), "ledger")
    yield database
    database.close()


def mitra(*arguments: str, fails: bool = False) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    assert (result.exit_code != 0) is fails, result.output
    return result


def told(result: Result, name: str) -> str:
    [found] = [line for line in result.output.splitlines() if line.startswith(f"{name}\t")]
    return found.split("\t")[1]


def test_secrets_are_made_listed_and_retired(ledger: Database):
    made = mitra("partners", "secret", "new", "tokopedia", "--by", "rina")
    secret = told(made, "secret")
    listed = mitra("partners", "secret", "list").output
    name = listed.split("\t")[0]

    assert sign(secret, "msg_1", NOW, b"{}").startswith("v1,")
    assert "in use" in listed
    assert secret not in listed
    assert "is retired" in mitra("partners", "secret", "retire", name).output
    assert "retired" in mitra("partners", "secret", "list").output
    mitra("partners", "secret", "retire", name, fails=True)
    assert "is not a partner" in mitra("partners", "secret", "new", "nobody", fails=True).output
    with ledger.engine.connect() as connection:
        assert [row.sealed for row in connection.execute(webhook_secret.select())] == [b""]


def test_subscriptions_are_added_listed_stopped_and_replayed(ledger: Database):
    made = mitra("webhooks", "add", URL, "--events", "enrolment.confirmed, enrolment.cancelled")
    name, secret = told(made, "id"), told(made, "secret")
    listed = mitra("webhooks", "list").output

    assert listed.split("\t")[:3] == [name, URL, "enrolment.cancelled,enrolment.confirmed"]
    assert secret not in listed
    assert "is disabled" in mitra("webhooks", "disable", name, "--by", "rina").output
    assert "by rina" in mitra("webhooks", "list").output
    again = mitra("webhooks", "replay", name, "--since", "2020-04-11T09:00")
    assert "webhooks enable" in again.output
    assert "is active" in mitra("webhooks", "enable", name).output
    with ledger.engine.connect() as connection:
        [row] = connection.execute(webhook_subscription.select())
    assert row.disabled_at is None
    assert secret.encode() not in row.sealed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", URL, "--events", "enrolment.danced"), "no events are called"),
        (("add", "http://1.1.1.1/"), "https"),
        (("add", "https://10.0.0.1/"), "not public"),
        (("replay", "nobody", "--event", "3"), "no subscription"),
        (("replay", "nobody"), "--since"),
        (("disable", "nobody"), "no subscription"),
    ],
)
def test_what_cannot_be_is_told(arguments: tuple[str, ...], said: str):
    output = mitra("webhooks", *arguments, fails=True).output

    assert said in " ".join(output.replace("│", " ").split())
