"""The commands about learners, grants and the audit trail; and no national id gets out."""

# ruff: noqa: S608 - statements made of our own names

import base64
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.enrolment.audit.records import Act, record
from gateway.enrolment.audit.sealer import seal
from gateway.storage.engine import Database, database_url
from gateway.telemetry import configure_logging
from tests.integration.enrolment.builders import NOW
from tests.processes import done

CANARY = "3174014502940001"
OTHER = "3174014502940002"
KEY = base64.b64encode(b"k" * 32).decode()
HEADER = "reference,scheme,announced,birth date,education,national_id,name,email,phone,consents\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str | None:
    """The address of an empty ledger that commands find; None for files."""
    monkeypatch.setenv("MITRA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MITRA_NATIONAL_ID_KEYS", f"1:{KEY}")
    monkeypatch.setenv("MITRA_CONTACT_KEYS", f"1:{KEY}")
    monkeypatch.delenv("MITRA_DATABASE_URL", raising=False)
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    monkeypatch.setenv("MITRA_DATABASE_URL", url)
    return url


def mitra(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def opened(url: str | None, folder: Path) -> Database:
    return Database(database_url(url, folder, "ledger"), "ledger")


def a_file(folder: Path, *lines: str, header: str = HEADER, name: str = "learners.csv") -> Path:
    path = folder / name
    path.write_text(header + "".join(f"{line}\n" for line in lines))
    return path


SITI = f"siti,2024,2024-02-28,1994-02-05,no,{CANARY},Siti Aminah,siti@example.id,0812,contact"
BUDI = f"budi,2024,2024-02-28,1990-01-01,no,{OTHER},,,,"


@pytest.mark.usefixtures("ledger")
def test_learners_and_grants_from_files(tmp_path: Path):
    learners = a_file(tmp_path, SITI, BUDI, "ani,2024,soon,,no,,,,,")
    rejects = tmp_path / "rejects.csv"

    imported = mitra("learners", "import", learners, "--rejects", rejects)
    again = mitra("learners", "import", learners)

    assert imported.exit_code == 1
    assert imported.stdout == "2 imported, 0 updated, 0 unchanged, 1 rejected\n"
    assert rejects.read_text() == 'row,reason\n4,"`announced` is a day, written as 2024-02-28"\n'
    assert "0 imported, 0 updated, 2 unchanged, 1 rejected" in again.stdout
    assert "row 4\t`announced`" in again.stderr

    grants = a_file(tmp_path, "siti,3500000", "budi,1", header="reference,amount\n", name="g.csv")
    posted, same = mitra("grants", "post", grants), mitra("grants", "post", grants)
    named = mitra("grants", "post", grants, "--batch", "w1")
    grants.write_text("reference,amount\nsiti,3500000\nbudi,2\n")
    changed = mitra("grants", "post", grants, "--batch", "w1")

    assert "2 posted (Rp 3,500,001), 0 posted before, 0 rejected" in posted.stdout
    assert "0 posted (Rp 0), 2 posted before, 0 rejected" in same.stdout
    assert "batch w1: 2 posted" in named.stdout
    assert "0 posted (Rp 0), 1 posted before, 1 rejected" in changed.stdout
    assert changed.exit_code == 1

    expired = mitra(
        "grants", "expire", "--announced-until", "2024-02-28", "--last-day", "2024-03-13"
    )
    assert expired.stdout == "Rp 7,000,002 of 2 learners returned to the state\n"


@pytest.mark.usefixtures("ledger")
def test_the_rules_tell_whose_money_returns_to_the_state(tmp_path: Path):
    today = datetime.now(UTC).date().isoformat()
    late = SITI.replace("2024-02-28", today).replace("siti,", "ani,", 1).replace(CANARY, "")
    mitra("learners", "import", a_file(tmp_path, SITI, BUDI, late))
    grants = a_file(
        tmp_path, "siti,10", "budi,20", "ani,40", header="reference,amount\n", name="g.csv"
    )
    mitra("grants", "post", grants)

    expired, again = mitra("grants", "expire"), mitra("grants", "expire")
    half = mitra("grants", "expire", "--last-day", "2024-03-13")

    assert expired.stdout == "Rp 30 of 2 learners returned to the state\n"
    assert again.stdout == "Rp 0 of 0 learners returned to the state\n"
    assert half.exit_code == 2


@pytest.mark.usefixtures("ledger")
def test_commands_show_a_contact_while_consent_lasts_and_erase_it(tmp_path: Path):
    mitra("learners", "import", a_file(tmp_path, SITI))

    shown = mitra("learners", "contact", "siti")
    withdrawn = mitra("learners", "consent", "siti", "contact", "withdrawn", "--by", "dewi")
    hidden = mitra("learners", "contact", "siti")
    erased = mitra("learners", "erase", "siti")
    unknown = mitra("learners", "erase", "nobody")

    assert shown.stdout == "Siti Aminah\tsiti@example.id\t0812\n"
    assert withdrawn.stdout.startswith("contact\tWITHDRAWN\t")
    assert "has not agreed" in str(hidden.exception)
    assert erased.stdout.startswith("erased ")
    assert (unknown.exit_code, unknown.stderr) == (1, "there is no such learner\n")
    assert mitra("learners", "consents", "siti").stdout.count("contact\t") == 2


@pytest.mark.usefixtures("ledger")
def test_a_day_that_is_not_over_expires_nothing():
    done = mitra("grants", "expire", "--announced-until", "2024-02-28", "--last-day", "2999-01-01")

    assert done.exit_code == 2


def test_the_trail_is_verified_from_the_command_line(ledger: str | None, tmp_path: Path):
    mitra("learners", "import", a_file(tmp_path, SITI))
    waiting = mitra("audit", "verify")
    database = opened(ledger, tmp_path)
    with database.engine.begin() as connection:
        seal(connection)
    head = mitra("audit", "head").stdout.strip()
    good = mitra("audit", "verify", "--head", head)
    with database.engine.begin() as connection:
        record(connection, Act.BLOCKED, "block:1", by="rina", at=NOW)
        seal(connection)
        schema = "" if database.is_sqlite else "ledger."
        on = "" if database.is_sqlite else " ON ledger.audit_record"
        connection.execute(text(f"DROP TRIGGER audit_record_stays{on}"))
        connection.execute(text(f"UPDATE {schema}audit_record SET \"by\" = 'x' WHERE seal = 3"))
    database.close()
    bad = mitra("audit", "verify", "--head", head)

    assert waiting.exit_code == 0
    assert waiting.stdout.startswith("2 rows wait to be sealed")
    assert good.stdout == f"nothing waits to be sealed\n2 rows verified; head {head}\n"
    assert bad.exit_code == 1
    assert bad.stderr.startswith("good until 2; then: number 3, record ")
    assert mitra("audit", "verify", "--head", "nonsense").exit_code == 2


def test_no_national_id_is_stored_or_told(
    ledger: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "files"
    folder.mkdir()
    files = [
        a_file(folder, SITI, f"budi,2024,2024-02-28,,no,{CANARY},,,,", name="twice.csv"),
        a_file(folder, f'ani,2024,{CANARY},,no,"{CANARY},,,,', f"{CANARY}", name="broken.csv"),
        a_file(folder, f"{CANARY},2024,2024-02-28,,no,,,,,", name="reference.csv"),
        a_file(folder, f"ani,{CANARY},2024-02-28,,{CANARY},{CANARY}9,,,,", name="columns.csv"),
        a_file(folder, header=f"{CANARY},{CANARY}\n", name="header.csv"),
        a_file(folder, f"ani,2024,2024-02-28,,no,{CANARY},,,,", name="lost key.csv"),
    ]
    said = []
    for path in files:
        if path.stem == "lost key":
            monkeypatch.setenv("MITRA_NATIONAL_ID_KEYS", f"2:{KEY}")
        ended = done(["learners", "import", str(path)], os.environ)
        assert ended.code == 1, ended.err
        said.append(ended.out + ended.err)

    assert "1 imported" in said[0]
    assert "another learner has this national id" in said[0]
    assert "version 1 is missing" in said[-1]
    assert CANARY not in "".join(said)
    database = opened(ledger, tmp_path)
    assert CANARY not in dumped(database)
    assert "Siti Aminah" not in dumped(database)
    database.close()
    for file in tmp_path.glob("ledger.sqlite3*"):
        assert CANARY.encode() not in file.read_bytes()


def dumped(database: Database) -> str:
    """Return everything that the ledger's tables hold, as text."""
    with database.engine.connect() as connection:
        if database.is_sqlite:
            tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
        else:
            tables = "SELECT 'ledger.' || tablename FROM pg_tables WHERE schemaname = 'ledger'"
        rows = [
            str(tuple(row))
            for table in connection.execute(text(tables)).scalars().all()
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ]
    assert any("siti" in row for row in rows)
    return "\n".join(rows)


def test_no_log_line_repeats_a_national_id(capsys: pytest.CaptureFixture[str]):
    configure_logging("json")
    try:
        structlog.get_logger().error("something", told={"id": CANARY}, number=int(CANARY))
        try:
            int(f"x{CANARY}".replace("x", " - "))
        except ValueError:
            structlog.get_logger().exception("failed")
        logging.getLogger("a.library").error("of %s", CANARY)
    finally:
        structlog.reset_defaults()
        logging.basicConfig(force=True)

    told = capsys.readouterr().err
    assert CANARY not in told
    assert told.count("[16 digits]") == 2  # the number, and what the library said
    assert "ValueError" in told
