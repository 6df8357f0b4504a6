"""A ledger as full as after years of the programme, written by PostgreSQL itself.

Learner n has an opaque reference without order; enrolments go round the learners, are all
completed and rated, and have their events and their money.  Triggers and foreign keys are off
meanwhile, so the sums of learners are filled in; indexes are built afterwards.  Nothing of it
waits to be sealed.
"""

import time
from collections.abc import Callable, Sequence

import psycopg

BALANCE, PRICE = 3_500_000, 300_000
DAYS = 1_000  # over which the enrolments are spread, the last of them yesterday
KEPT_KEYS = 30  # days whose idempotency keys are there

Say = Callable[[str], None]

_NUMBERED = """
CREATE FUNCTION pg_temp.uuid7(n bigint, at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT substr(t, 1, 8) || '-' || substr(t, 9, 4) || '-7' || substr(h, 1, 3) || '-8'
    || substr(h, 4, 3) || '-' || substr(h, 7, 12)
  FROM (SELECT lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS t,
    md5(n::text) AS h) AS made $$;
CREATE FUNCTION pg_temp.reference(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT 'learner-' || md5(n::text) $$
"""
_LEARNERS = """
INSERT INTO ledger.learner (id, scheme, announced_on, birth_date, in_formal_education,
  provisioned_at, spendable, held, paid)
SELECT pg_temp.reference(n), '2023', current_date - 10, '1990-01-01', false, now(),
  %(balance)s - %(price)s * bought, 0, %(price)s * bought
FROM (SELECT n, %(enrolments)s / %(learners)s + (n < %(enrolments)s %% %(learners)s)::int AS bought
  FROM generate_series(0, %(learners)s - 1) AS n) AS counted
ORDER BY 1
"""
_ENROLMENTS = """
INSERT INTO ledger.enrolment (id, learner_id, status, version, course_id, offering_id,
  offering_key, partner, price, currency, reference, created_at, settled_at, partner_reference,
  completed_at, rated_at, sent_at, rating, institution_id, institution_name, category)
SELECT made.id, pg_temp.reference(n %% %(learners)s), 'COMPLETED', 3,
  md5('course' || n %% 5000)::uuid::text, md5('offering' || n %% 9000)::uuid::text,
  'K' || n %% 9000,
  'partner_' || n %% 8, %(price)s, 'IDR', 'mitra-' || made.id, at, at, 'P' || n, at, now(), at, 5,
  md5('school' || n %% 700)::uuid::text, 'Lembaga ' || n %% 700, 'category-' || n %% 12
FROM (SELECT n, at, pg_temp.uuid7(n, at) AS id FROM (
    SELECT n, now() - interval '1 day' - (%(enrolments)s - n)
      * (interval '1 day' * %(days)s / %(enrolments)s) AS at
    FROM generate_series(0, %(enrolments)s - 1) AS n) AS dated) AS made
"""
_EVENTS = """
INSERT INTO ledger.enrolment_event (enrolment_id, number, at, before, after, actor, cause, seal,
  seal_hash)
SELECT e.id, step.number, e.created_at, step.before, step.after, 'LEARNER', 'filled in',
  row_number() OVER (), decode(md5(e.id) || md5(e.id), 'hex')
FROM ledger.enrolment AS e CROSS JOIN (VALUES (1, NULL, 'RESERVED'),
  (2, 'RESERVED', 'CONFIRMED'), (3, 'CONFIRMED', 'COMPLETED')) AS step (number, before, after)
"""
_GRANTS = """
INSERT INTO ledger.entry (movement, account, kind, learner_id, amount, at, seal, seal_hash)
SELECT 'grant:2023:' || l.id, side.account, 'GRANT', l.id, side.sign * %(balance)s, now(),
  row_number() OVER (), decode(md5(l.id) || md5(l.id), 'hex')
FROM ledger.learner AS l CROSS JOIN (VALUES ('PROGRAMME', -1), ('SPENDABLE', 1))
  AS side (account, sign)
"""
_MOVEMENTS = """
INSERT INTO ledger.entry (movement, account, kind, learner_id, enrolment_id, amount, at, seal,
  seal_hash)
SELECT lower(side.kind) || ':' || e.id, side.account, side.kind, e.learner_id, e.id,
  side.sign * %(price)s, e.created_at, 2 * %(learners)s + row_number() OVER (),
  decode(md5(e.id) || md5(e.id), 'hex')
FROM ledger.enrolment AS e CROSS JOIN (VALUES ('HOLD', 'SPENDABLE', -1), ('HOLD', 'HELD', 1),
  ('CAPTURE', 'HELD', -1), ('CAPTURE', 'PARTNER', 1)) AS side (kind, account, sign)
"""
_KEYS = """
INSERT INTO ledger.idempotency_key (learner_id, mutation, key, input_hash, enrolment_id, refusals,
  created_at)
SELECT learner_id, 'enrol', 'key-' || id, md5(id) || md5(id), id, '[]', created_at
FROM ledger.enrolment WHERE created_at > now() - interval '1 day' * %(kept)s
"""
_FILLS = {
    "learners": _LEARNERS,
    "enrolments": _ENROLMENTS,
    "events": _EVENTS,
    "grants": _GRANTS,
    "holds and captures": _MOVEMENTS,
    "keys": _KEYS,
}
_SECONDARY_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY(ARRAY['ledger.learner', 'ledger.enrolment', 'ledger.enrolment_event',
    'ledger.entry', 'ledger.idempotency_key']::regclass[])
  AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)
"""


def fill(url: str, learners: int, enrolments: int, say: Say) -> None:
    """Fill a migrated, empty ledger."""
    said = {
        "learners": learners, "enrolments": enrolments, "balance": BALANCE, "price": PRICE,
        "days": DAYS, "kept": KEPT_KEYS,
    }  # fmt: skip
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in (
            "session_replication_role = replica",
            "synchronous_commit = off",
            "maintenance_work_mem = '1GB'",
            "work_mem = '256MB'",
        ):
            connection.execute(f"SET {setting}")  # our own words
        connection.execute(_NUMBERED)
        indexes = connection.execute(_SECONDARY_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for what, statement in _FILLS.items():
            began = time.monotonic()
            rows = psycopg.ClientCursor(connection).execute(statement, said).rowcount
            say(f"filled in {rows:,} {what} in {time.monotonic() - began:.0f} s")
        _build_indexes(connection, [definition for _, definition in indexes], say)


def _build_indexes(connection: psycopg.Connection, definitions: Sequence[str], say: Say) -> None:
    began = time.monotonic()
    for definition in definitions:
        connection.execute(definition)
    connection.execute("VACUUM (ANALYZE)")
    connection.execute("CHECKPOINT")
    say(f"built {len(definitions)} indexes in {time.monotonic() - began:.0f} s")


def read_sample(url: str, count: int) -> list[str]:
    """Return the references of so many learners, from anywhere."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT id FROM ledger.learner ORDER BY random() LIMIT %s", [count]
        )
        return [row[0] for row in rows]
