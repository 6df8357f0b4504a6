"""The catalogue's tables of what comes in: lists, their rows, and what became of them.

Steered by:   partner_order
How it came:  partner_status, known_page, sync_run, quarantine, left_out, unknown_term,
              seen_field, lease
Held back:    held_list, rejected_list
Under way:    staged_page, staged_offering, staged_session (of open and held runs only)
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
)

from gateway.storage.catalogue_tables import CATALOGUE
from gateway.storage.columns import Instant

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
    Column("fingerprint", String(32)),  # of how the list was read
    # A newer list that is not applied: `held_run` waits for a decision; None once it is rejected.
    Column("held_run", Integer),
    Column("withheld_since", Instant),
    Column("withheld_reason", Text),
)

# The pages of the list that stands by which its partner is asked whether it has changed.
known_page = Table(
    "known_page",
    CATALOGUE,
    Column("partner", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("reading", Text, nullable=False),  # by which version of ours it was read
    Column("cursor", Text),
    Column("etag", Text),
    Column("last_modified", Text),
)

# What operators have ordered about a partner, for every process that reads or serves it.
partner_order = Table(
    "partner_order",
    CATALOGUE,
    Column("partner", String(40), primary_key=True),
    Column("epoch", Integer, nullable=False),  # rises with every order
    Column("sync_asked_at", Instant),  # carried out by any attempt that ends later
    Column("paused_at", Instant),  # null while it is not
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
    # None where the page before speaks for this one, too; of nothing where nobody does
    Column("has_validators", Boolean, nullable=False, server_default=false()),
    Column("etag", Text),
    Column("last_modified", Text),
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
