"""The catalogue's tables: what stands, and why.  How it came is in `sync_tables`.

What stands:  revision, institution, course, offering, change_log
Why together: institution_spelling, course_spelling, course_link, likely_pair, redirect,
              recognition
Who allows:   block_state, block (the ledger's, as far as they are followed), block_revision,
              approval, approval_mode

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
    Column("course_id", ForeignKey("catalogue.course.id"), nullable=False),
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
    # On sale are those that are not withdrawn, approved, and named by no block.
    Column("approval", String(10), nullable=False),  # see `schema.model.blocks.Approval`
    # With what makes an offering listed, so that asking reads no row, which is long.
    Index(None, "course_id", "withdrawn", "approval", "partner"),
    Index(None, "partner", "withdrawn", "approval"),
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
    Column("kind", String(10), nullable=False),  # ADDED, CHANGED, WITHDRAWN or UNSEEN
    Index(None, "course_id", "revision"),
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

# By which rules all of this was recognised, or is being, up to an institution.
recognition = Table(
    "recognition",
    CATALOGUE,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one row
    Column("rules", String(32), nullable=False),
    Column("after", String(36)),  # None: all is
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

# The revisions that only blocks have made: they change who is shown, and no offering.
block_revision = Table(
    "block_revision",
    CATALOGUE,
    Column("number", Integer, primary_key=True, autoincrement=False),
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
