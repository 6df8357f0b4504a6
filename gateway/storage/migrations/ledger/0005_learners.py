"""Learners' accounts and data, and the audit chain with the triggers that guard it."""

# ruff: noqa: S608 - what the statements are made of are our own names

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "ledger_0005"
down_revision = "ledger_0003"

AUDITED = {
    "enrolment_event": ("enrolment_id", "number", "at", "before", "after", "actor", "cause"),
    "entry": ("movement", "account", "kind", "learner_id", "enrolment_id", "amount", "at"),
    "audit_record": ("id", "at", "by", "act", "target", "details"),
}
ACCOUNTS = {"spendable": "SPENDABLE", "held": "HELD", "paid": "PARTNER"}
REFUSAL = "audited rows are never changed or deleted"


def upgrade() -> None:
    """Create the tables, fill the accounts, and set the guards."""
    _create_audit_tables()
    _create_learner_tables()
    for table in AUDITED:
        _add_seals(table)
    _add_accounts()
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        _guard_on_sqlite()


def _create_audit_tables() -> None:
    op.create_table(
        "audit_record",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_record"),
        schema="ledger",
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
        schema="ledger",
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": bytes(32)}])


def _create_learner_tables() -> None:
    op.create_table(
        "contact",
        sa.Column("learner_id", sa.String(255), nullable=False),
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("learner_id", name="pk_contact"),
        _learner_key("contact"),
        schema="ledger",
    )
    op.create_index("ix_contact_key_version", "contact", ["key_version"], schema="ledger")
    op.create_table(
        "national_id",
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("learner_id", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("key_version", "digest", name="pk_national_id"),
        _learner_key("national_id"),
        schema="ledger",
    )
    op.create_index("ix_national_id_learner", "national_id", ["learner_id"], schema="ledger")
    op.create_table(
        "private_key",
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(16), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "version", name="pk_private_key"),
        schema="ledger",
    )
    op.create_table(
        "consent",
        sa.Column("learner_id", sa.String(255), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("learner_id", "purpose", "number", name="pk_consent"),
        _learner_key("consent"),
        schema="ledger",
    )


def _learner_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["learner_id"], ["ledger.learner.id"], name=f"fk_{table}_learner_id"
    )


def _add_seals(table: str) -> None:
    op.add_column(table, sa.Column("seal", sa.BigInteger), schema=_altered_schema())
    op.add_column(table, sa.Column("seal_hash", sa.LargeBinary(32)), schema=_altered_schema())
    waiting, sealed = sa.text("seal IS NULL"), sa.text("seal IS NOT NULL")
    op.create_index(
        f"ix_{table}_unsealed",
        table,
        ["at"],
        schema="ledger",
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index(
        f"uq_{table}_seal",
        table,
        ["seal"],
        unique=True,
        schema="ledger",
        sqlite_where=sealed,
        postgresql_where=sealed,
    )


def _add_accounts() -> None:
    """Give learners their sums; written out, for SQLite adds a check only with its column."""
    schema = f"{_altered_schema()}." if _altered_schema() else ""
    for column, account in ACCOUNTS.items():
        op.execute(
            f"ALTER TABLE {schema}learner ADD COLUMN {column} BIGINT NOT NULL DEFAULT 0 "
            f"CONSTRAINT ck_learner_{column} CHECK ({column} >= 0)"
        )
        op.execute(
            f"UPDATE {schema}learner SET {column} = coalesce("
            f"(SELECT sum(amount) FROM {schema}entry "
            f"WHERE learner_id = learner.id AND account = '{account}'), 0)"
        )
    op.add_column("learner", sa.Column("erased_at", Instant), schema=_altered_schema())


def _guard_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table, columns in AUDITED.items():
        before, after = (
            ", ".join(f'{row}."{column}"' for column in columns) for row in ("OLD", "NEW")
        )
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON ledger.{table} FOR EACH ROW "
            f"WHEN (OLD.seal IS NOT NULL OR ({before}) IS DISTINCT FROM ({after})) "
            "EXECUTE FUNCTION ledger.refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_remains BEFORE DELETE OR TRUNCATE ON ledger.{table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()"
        )
    sums = ", ".join(
        f"coalesce(sum(amount) FILTER (WHERE account = '{account}'), 0) AS {column}"
        for column, account in ACCOUNTS.items()
    )
    changes = ", ".join(f"{column} = l.{column} + m.{column}" for column in ACCOUNTS)
    op.execute(
        "CREATE FUNCTION ledger.move_money() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF EXISTS (SELECT FROM moved GROUP BY movement HAVING sum(amount) <> 0) THEN "
        "RAISE EXCEPTION 'a movement sums to zero' USING ERRCODE = 'check_violation'; END IF; "
        f"UPDATE ledger.learner AS l SET {changes} FROM "
        f"(SELECT learner_id, {sums} FROM moved GROUP BY learner_id) AS m "
        "WHERE l.id = m.learner_id; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER entry_moves_money AFTER INSERT ON ledger.entry "
        "REFERENCING NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION ledger.move_money()"
    )


def _guard_on_sqlite() -> None:
    refusal = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for table, columns in AUDITED.items():
        changed = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in columns)
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN OLD.seal IS NOT NULL OR {changed} {refusal}"
        )
        op.execute(
            f"CREATE TRIGGER {table}_remains BEFORE DELETE ON {table} FOR EACH ROW {refusal}"
        )
    changes = ", ".join(
        f"{column} = {column} + CASE NEW.account WHEN '{account}' THEN NEW.amount ELSE 0 END"
        for column, account in ACCOUNTS.items()
    )
    op.execute(
        "CREATE TRIGGER entry_moves_money AFTER INSERT ON entry FOR EACH ROW BEGIN "
        f"UPDATE learner SET {changes} WHERE id = NEW.learner_id; END"
    )


def _altered_schema() -> str | None:
    """Return the schema for `ALTER TABLE`, which is not translated for SQLite."""
    return "ledger" if op.get_bind().dialect.name == "postgresql" else None
