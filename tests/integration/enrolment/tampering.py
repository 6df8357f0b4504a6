"""What somebody with every right on the database could do to it."""

from sqlalchemy import Connection, text

from gateway.storage.engine import Database

GUARDED = ("enrolment_event", "entry", "audit_record")


async def tamper(database: Database, *statements: str) -> None:
    """Run statements that the guards would refuse.

    `{s}` stands for the schema, `{zeros}` for 32 bytes of nothing.
    """
    schema = "" if database.is_sqlite else "ledger."
    zeros = "zeroblob(32)" if database.is_sqlite else "decode(repeat('00', 32), 'hex')"

    def change(connection: Connection) -> None:
        for table in GUARDED:
            for trigger in (f"{table}_stays", f"{table}_remains"):
                on = "" if database.is_sqlite else f" ON ledger.{table}"
                connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}{on}"))
        for statement in statements:
            connection.execute(text(statement.format(s=schema, zeros=zeros)))

    await database.write(change)
