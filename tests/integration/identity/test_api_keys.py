"""Partners' API keys: made, shown once, believed, retired."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from gateway.cli import app
from gateway.enrolment.audit.records import Act
from gateway.identity.api_keys import GOOD_SECONDS, PREFIX, PartnerApiKeys
from gateway.identity.errors import InvalidTokenError, UncheckableTokenError
from gateway.identity.verifier import TokenVerifier
from gateway.partner_api.partner_keys import PartnerKeyError
from gateway.storage.audit_tables import audit_record
from gateway.storage.engine import Database, database_url
from gateway.storage.identity_tables import partner_api_key
from schema.model.catalogue import Partner
from schema.model.values import PartnerCode, PartnerKind, PartnerState
from schema.model.viewer import Role, Viewer
from tests.databases import SqliteTemplates

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
TOKO = PartnerCode("tokopedia")
OUT = PartnerCode("suspended")


@pytest.fixture(scope="module")
def ledger(sqlite_templates: SqliteTemplates) -> Iterator[Database]:
    database = sqlite_templates.open("ledger")
    yield database
    database.close()


@pytest.fixture(scope="module")
def keys(ledger: Database) -> PartnerApiKeys:
    return keys_in(ledger)


def keys_in(ledger: Database) -> PartnerApiKeys:
    """Return the keys of two partners, one of which may not call."""
    states = {TOKO: PartnerState.ACTIVE, OUT: PartnerState.SUSPENDED}
    kind = PartnerKind.MARKETPLACE
    partners = {code: Partner(code, code, kind, state) for code, state in states.items()}
    return PartnerApiKeys(ledger, partners, lambda: NOW)


async def test_a_key_names_its_partner(keys: PartnerApiKeys):
    made = await keys.make(TOKO, "rina")

    viewer = await TokenVerifier((), keys).identify(f"Bearer {made.key}")

    expected = Viewer(frozenset({Role.PARTNER}), subject="partner:tokopedia", partner=TOKO)
    assert viewer == expected
    assert made.key not in repr(made)


async def test_what_is_kept_does_not_give_the_key_away(keys: PartnerApiKeys, ledger: Database):
    made = await keys.make(TOKO, "rina")

    mine = select(partner_api_key).where(partner_api_key.c.id == made.entry.id)
    [row] = await ledger.read(lambda c: c.execute(mine).all())
    secret = made.key.removeprefix(PREFIX).partition("_")[2]
    assert secret not in str(row)


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"), id="one-off"),
        pytest.param(lambda key: key[:-1], id="short"),
        pytest.param(lambda key: key + "A", id="long"),
        pytest.param(lambda key: f"{PREFIX}00000000_{'A' * 43}", id="unknown"),
        pytest.param(lambda key: key.replace("_", "' OR 1=1 --_", 2), id="sql"),
        pytest.param(lambda key: key.replace("mitra", "Mitra"), id="other-prefix"),
    ],
)
async def test_another_key_is_refused(forge, keys: PartnerApiKeys):
    made = await keys.make(TOKO, "rina")

    with pytest.raises(InvalidTokenError) as caught:
        await keys.check(forge(made.key))

    assert str(caught.value) == str(InvalidTokenError())  # whether the id is known or not


async def test_a_retired_key_is_worthless_once_it_is_looked_at_again(keys: PartnerApiKeys):
    now = NOW.timestamp()
    door = TokenVerifier((), keys, clock=lambda: now)
    made = await keys.make(TOKO, "rina")
    await door.verify(made.key)

    await keys.retire(made.entry.id, "rina")
    now += GOOD_SECONDS

    with pytest.raises(InvalidTokenError):
        await door.verify(made.key)
    with pytest.raises(PartnerKeyError, match="no key"):
        await keys.retire(made.entry.id, "rina")


async def test_a_partner_that_may_not_call_is_not_believed(keys: PartnerApiKeys):
    made = await keys.make(OUT, "rina")

    with pytest.raises(InvalidTokenError):
        await keys.check(made.key)


async def test_a_key_is_made_for_a_known_partner_alone(keys: PartnerApiKeys):
    with pytest.raises(PartnerKeyError, match="not a partner"):
        await keys.make(PartnerCode("nobody"), "rina")


async def test_while_the_ledger_does_not_answer_nobody_is_believed(
    keys: PartnerApiKeys, tmp_path: Path
):
    made = await keys.make(TOKO, "rina")
    without_tables = Database(database_url(None, tmp_path, "ledger"), "ledger")

    with pytest.raises(UncheckableTokenError):
        await keys_in(without_tables).check(made.key)
    without_tables.close()


async def test_making_and_retiring_is_in_the_audit_trail(keys: PartnerApiKeys, ledger: Database):
    made = await keys.make(TOKO, "rina")
    await keys.retire(made.entry.id, "budi")

    mine = audit_record.c.target == f"partner api key tokopedia {made.entry.id}"
    rows = await ledger.read(lambda c: c.execute(select(audit_record).where(mine)).all())
    assert {(row.act, row.by) for row in rows} == {
        (Act.API_KEY_MADE, "rina"),
        (Act.API_KEY_RETIRED, "budi"),
    }


def test_keys_have_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MITRA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MITRA_PROFILE", "development")

    def mitra(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["partners", "api-key", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    made = mitra("new", "tokopedia", "--by", "rina")
    key = next(line for line in made.splitlines() if line.startswith("api_key\t")).split("\t")[1]
    listed = mitra("list")

    assert "tokopedia" in listed
    assert key.rpartition("_")[2] not in listed
    assert "is retired" in mitra("retire", listed.split("\t")[0])
