"""The catalogue's tables.

What stands:  revision, institution, course, offering, change_log
Why together: institution_spelling, course_spelling, course_link, likely_pair, redirect
How it came:  partner_status, sync_run, quarantine, left_out, unknown_term, seen_field, lease
Held back:    held_list, rejected_list
Who allows:   block_state, block (the ledger's, as far as they are followed), approval,
              approval_mode
Under way:    staged_page, staged_offering, staged_session (of open and held runs only)

Ids are text: UUIDs as the records have them.  `payload` is the canonical record as
`gateway.catalogue.records` writes it.  A `match_key` is the digest of a folded name: equal keys
are one course, or one institution; the spelling tables say which other keys are, too.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from gateway.storage.columns import Instant

CATALOGUE = MetaData(
    schema="catalogue",
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    },
)

revision = Table(
    "revision",
    CATALOGUE,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one row
    Column("number", Integer, nullable=False),
    # The change log holds what came after this revision; 0: all of it.
    Column("kept_since", Integer, nullable=False, server_default="0"),
)

institution = Table(
    "institution",
    CATALOGUE,
    Column("id", String(36), primary_key=True),
    Column("match_key", String(32), nullable=False, unique=True),
    Column("name", Text, nullable=False),
)

course = Table(
    "course",
    CATALOGUE,
    Column("id", String(36), primary_key=True),
    Column("match_key", String(32), nullable=False, unique=True),
    Column("institution_id", ForeignKey("catalogue.institution.id"), nullable=False, index=True),
    Column("founding_offering_id", String(36), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("is_live", Boolean, nullable=False),  # whether any offering is on sale
    Column("changed_run", Integer, nullable=False, index=True),
)

# A withdrawn offering stays, as a tombstone, for the enrolments that refer to it.
offering = Table(
    "offering",
    CATALOGUE,
    Column("id", String(36), primary_key=True),
    Column("partner", String(40), nullable=False),
    Column("key", Text, nullable=False),
    Column("course_id", ForeignKey("catalogue.course.id"), nullable=False, index=True),
    Column("match_key", String(32), nullable=False),
    Column("content_hash", String(32), nullable=False),
    Column("payload", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("added_run", Integer, nullable=False),
    Column("changed_run", Integer, nullable=False, index=True),
    Column("changed_at", Instant, nullable=False),
    Column("raw_hash", String(32)),  # of the row before it was cleaned; None if not comparable
    # By what it may be blocked, beside partner and course; the payload says the same.
    Column("category", Text),
    Column("delivery_mode", String(20), nullable=False),
    Column("bundle", Boolean, nullable=False),
    # On sale are those that are neither withdrawn nor blocked, and approved.
    Column("blocked", Boolean, nullable=False),
    Column("approval", String(10), nullable=False),  # see `schema.model.blocks.Approval`
    Index(None, "partner", "withdrawn"),
    Index(None, "category"),
    Index(None, "delivery_mode"),
)
Index(
    "ix_offering_bundle",
    offering.c.bundle,
    sqlite_where=text("bundle = 1"),  # as queries say it there, or it is not used
    postgresql_where=text("bundle"),
)

change_log = Table(
    "change_log",
    CATALOGUE,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("course_id", String(36), primary_key=True),
    Column("kind", String(10), nullable=False),  # ADDED, CHANGED or WITHDRAWN
    Index(None, "course_id", "revision"),
)

partner_status = Table(
    "partner_status",
    CATALOGUE,
    Column("partner", String(40), primary_key=True),
    Column("epoch", Integer, nullable=False),  # rises when anything here changes
    Column("attempted_at", Instant, nullable=False),
    Column("fetched_at", Instant),  # the last success, "not modified" included
    Column("failing_since", Instant),
    Column("failure", Text),  # the reason of the last attempt's failure
    Column("listed_run", Integer),  # the last run that read the whole list and was applied
    Column("offerings", Integer, nullable=False),
    Column("fetched", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("fingerprint", String(32)),  # of how the list was read, for the validators below
    Column("etag", Text),
    Column("last_modified", Text),
    # A newer list that is not applied: `held_run` waits for a decision; None once it is rejected.
    Column("held_run", Integer),
    Column("withheld_since", Instant),
    Column("withheld_reason", Text),
)

sync_run = Table(
    "sync_run",
    CATALOGUE,
    Column("id", Integer, primary_key=True),
    Column("partner", String(40), nullable=False),
    Column("outcome", String(16), nullable=False),  # see `gateway.catalogue.runs.RunOutcome`
    Column("reason", Text),
    Column("fingerprint", String(32), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("checkpoint_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("revision", Integer),  # the one that it made, if it changed anything
    # The checkpoint: the cursor of the next page; None at the start and when `walked`.
    Column("cursor", Text),
    Column("walked", Boolean, nullable=False),
    Column("restarts", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("total", Integer),  # what the partner said there is
    # fetched = offerings listed + sessions + duplicates + left_out + quarantined
    Column("fetched", Integer, nullable=False),
    Column("sessions", Integer, nullable=False),  # that came apart from their offerings
    Column("duplicates", Integer, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("withdrawn", Integer, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Index(None, "partner", "id"),
)


def _run_column(*, primary_key: bool = False) -> Column[int]:
    """Return the column of the run that a row came with; it goes when the run goes."""
    run = ForeignKey("catalogue.sync_run.id", ondelete="CASCADE")
    return Column("run_id", run, primary_key=primary_key, nullable=False)


quarantine = Table(
    "quarantine",
    CATALOGUE,
    Column("id", Integer, primary_key=True),
    _run_column(),
    Column("page", Integer, nullable=False),
    Column("row", Integer, nullable=False),
    Column("offering_id", String(36)),  # of the offering that the row would have been
    Column("key", Text),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("raw_hash", String(32), nullable=False),
    Index(None, "run_id", "offering_id"),
)

left_out = Table(
    "left_out",
    CATALOGUE,
    Column("id", Integer, primary_key=True),
    _run_column(),
    Column("key", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Index(None, "run_id", "rule"),
)

unknown_term = Table(
    "unknown_term",
    CATALOGUE,
    _run_column(primary_key=True),
    Column("field", String(80), primary_key=True),
    Column("text", String(200), primary_key=True),
    Column("rows", Integer, nullable=False),
)

# What the rows of a list have: `origin` is "raw" (the partner's fields) or "record" (ours).
seen_field = Table(
    "seen_field",
    CATALOGUE,
    _run_column(primary_key=True),
    Column("origin", String(6), primary_key=True),
    Column("name", String(250), primary_key=True),
    Column("rows", Integer, nullable=False),
)

# A list that waits for an operator; its rows stay staged under the same run.
held_list = Table(
    "held_list",
    CATALOGUE,
    _run_column(primary_key=True),
    Column("partner", String(40), nullable=False, unique=True),
    Column("held_since", Instant, nullable=False),  # the first list that was held for the like
    Column("read_at", Instant, nullable=False),  # when the partner last listed just this
    Column("content_hash", String(32), nullable=False),
    Column("alarms", Text, nullable=False),
)

# Lists that an operator has rejected: the same one again is not asked about again.
rejected_list = Table(
    "rejected_list",
    CATALOGUE,
    Column("partner", String(40), primary_key=True),
    Column("content_hash", String(32), primary_key=True),
    Column("rejected_at", Instant, nullable=False),
)

lease = Table(
    "lease",
    CATALOGUE,
    Column("name", String(80), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("expires_at", Instant, nullable=False),
)

staged_page = Table(
    "staged_page",
    CATALOGUE,
    _run_column(primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("cursor", Text),  # with which it was asked for
    Column("content_hash", String(32), nullable=False),
)

# `payload` is None when the row equals what stands: nothing to write.
staged_offering = Table(
    "staged_offering",
    CATALOGUE,
    _run_column(primary_key=True),
    Column("offering_id", String(36), primary_key=True),
    Column("key", Text, nullable=False),
    Column("content_hash", String(32), nullable=False),
    Column("payload", Text),
    Column("match_key", String(32), nullable=False),
    Column("course_id", String(36), nullable=False),  # if it founds one
    Column("institution_id", String(36), nullable=False),
    Column("institution_key", String(32), nullable=False),
    Column("institution_name", Text, nullable=False),
    Column("raw_hash", String(32)),
    # as the partner spells it, when `match_key` has become that of the course's first spelling
    Column("spelling_key", String(32)),
    Column("category", Text),
    Column("delivery_mode", String(20), nullable=False),
    Column("bundle", Boolean, nullable=False),
)

staged_session = Table(
    "staged_session",
    CATALOGUE,
    _run_column(primary_key=True),
    Column("offering_id", String(36), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("payload", Text, nullable=False),
)


def _likeness_columns() -> list[Column[Any]]:
    """Return why two things are held to be one: 1 is certainty, rules are a JSON list."""
    return [
        Column("score", Float, nullable=False),
        Column("rules", Text, nullable=False),
        Column("decided_by", String(10), nullable=False),  # RULE or OPERATOR
        Column("decided_at", Instant, nullable=False),
    ]


def _block_columns() -> list[Column[Any]]:
    """Return the keys of which two spellings of one name share at least one."""
    return [
        Column("compact_key", BigInteger, nullable=False, index=True),
        *(Column(f"block_{n}", BigInteger, index=True) for n in (1, 2, 3)),
    ]


# Every spelling that was met, and which institution it names.
institution_spelling = Table(
    "institution_spelling",
    CATALOGUE,
    Column("match_key", String(32), primary_key=True),
    Column("institution_id", String(36), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("partner", String(40), nullable=False),  # who was the first to spell it so
    *_block_columns(),
    *_likeness_columns(),
)

# The same for titles; `course_key` is the match key of the course's first spelling.
course_spelling = Table(
    "course_spelling",
    CATALOGUE,
    Column("match_key", String(32), primary_key=True),
    Column("course_key", String(32), nullable=False, index=True),
    Column("institution_id", String(36), nullable=False),
    Column("name", Text, nullable=False),
    Column("partner", String(40), nullable=False),
    *_block_columns(),
    *_likeness_columns(),
    Index(None, "institution_id", "partner"),
)

# Why an offering belongs to a course that it has not founded.  One that an operator has
# pinned stays where it is, whatever the partner calls the offering.
course_link = Table(
    "course_link",
    CATALOGUE,
    Column("offering_id", String(36), primary_key=True),
    Column("course_id", String(36), nullable=False, index=True),
    *_likeness_columns(),
    Column("institution_rules", Text, nullable=False),  # `rules` are of the title
    Column("pinned", Boolean, nullable=False),  # an operator said so of this very offering
    Index(None, "score", "offering_id"),
)

# Two spellings too alike to be ignored, and not alike enough to be joined unasked.
likely_pair = Table(
    "likely_pair",
    CATALOGUE,
    Column("kind", String(12), primary_key=True),  # COURSE or INSTITUTION
    Column("match_key", String(32), primary_key=True),
    Column("other_key", String(32), primary_key=True),
    *_likeness_columns(),
)

# Ids of courses and institutions that were merged into others; never a chain.
redirect = Table(
    "redirect",
    CATALOGUE,
    Column("old_id", String(36), primary_key=True),
    Column("new_id", String(36), nullable=False, index=True),
    Column("kind", String(12), nullable=False),  # COURSE or INSTITUTION
    Column("at", Instant, nullable=False),
)

block_state = Table(
    "block_state",
    CATALOGUE,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one row
    Column("number", Integer, nullable=False),  # of the ledger's block log, up to here followed
)

# The blocks in force, copied from the ledger; a row goes when its block is lifted.
block = Table(
    "block",
    CATALOGUE,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("scope", String(20), nullable=False),
    Column("value", Text, nullable=False),
)

approval = Table(
    "approval",
    CATALOGUE,
    Column("id", Integer, primary_key=True),
    Column("offering_id", String(36), nullable=False, index=True),
    Column("approval", String(10), nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

# The partners whose new offerings wait for an operator; what stands keeps its approval.
approval_mode = Table(
    "approval_mode",
    CATALOGUE,
    Column("partner", String(40), primary_key=True),
    Column("manual", Boolean, nullable=False),
)
