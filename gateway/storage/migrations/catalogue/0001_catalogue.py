"""The catalogue's first tables."""

import sqlalchemy as sa
from alembic import op

revision = "catalogue_0001"
down_revision = None


def upgrade() -> None:
    """Create the tables, and revision 0."""
    op.create_table(
        "change_log",
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("revision", "course_id", name="pk_change_log"),
        schema="catalogue",
    )
    op.create_table(
        "institution",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("match_key", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_institution"),
        sa.UniqueConstraint("match_key", name="uq_institution_match_key"),
        schema="catalogue",
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
        schema="catalogue",
    )
    op.create_table(
        "partner_status",
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("listed_run", sa.Integer(), nullable=True),
        sa.Column("offerings", sa.Integer(), nullable=False),
        sa.Column("fetched", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("partner", name="pk_partner_status"),
        schema="catalogue",
    )
    revision_table = op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
        schema="catalogue",
    )
    op.create_table(
        "sync_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checkpoint_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("walked", sa.Boolean(), nullable=False),
        sa.Column("restarts", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("fetched", sa.Integer(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sync_run"),
        schema="catalogue",
    )
    op.create_index(
        "ix_sync_run_partner_id", "sync_run", ["partner", "id"], unique=False, schema="catalogue"
    )
    op.create_table(
        "course",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("match_key", sa.String(length=32), nullable=False),
        sa.Column("institution_id", sa.String(length=36), nullable=False),
        sa.Column("founding_offering_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("changed_run", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["catalogue.institution.id"], name="fk_course_institution_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_course"),
        sa.UniqueConstraint("match_key", name="uq_course_match_key"),
        schema="catalogue",
    )
    op.create_index(
        "ix_course_changed_run", "course", ["changed_run"], unique=False, schema="catalogue"
    )
    op.create_index(
        "ix_course_institution_id", "course", ["institution_id"], unique=False, schema="catalogue"
    )
    op.create_table(
        "left_out",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["catalogue.sync_run.id"], name="fk_left_out_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_left_out"),
        schema="catalogue",
    )
    op.create_index(
        "ix_left_out_run_id_rule", "left_out", ["run_id", "rule"], unique=False, schema="catalogue"
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("offering_id", sa.String(length=36), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("raw_hash", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["catalogue.sync_run.id"], name="fk_quarantine_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        schema="catalogue",
    )
    op.create_index(
        "ix_quarantine_run_id_offering_id",
        "quarantine",
        ["run_id", "offering_id"],
        unique=False,
        schema="catalogue",
    )
    op.create_table(
        "staged_offering",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("offering_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("match_key", sa.String(length=32), nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=False),
        sa.Column("institution_id", sa.String(length=36), nullable=False),
        sa.Column("institution_key", sa.String(length=32), nullable=False),
        sa.Column("institution_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["catalogue.sync_run.id"],
            name="fk_staged_offering_run_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "offering_id", name="pk_staged_offering"),
        schema="catalogue",
    )
    op.create_table(
        "staged_page",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["catalogue.sync_run.id"], name="fk_staged_page_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_staged_page"),
        schema="catalogue",
    )
    op.create_table(
        "staged_session",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("offering_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["catalogue.sync_run.id"],
            name="fk_staged_session_run_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "offering_id", "key", name="pk_staged_session"),
        schema="catalogue",
    )
    op.create_table(
        "unknown_term",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["catalogue.sync_run.id"], name="fk_unknown_term_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "field", "text", name="pk_unknown_term"),
        schema="catalogue",
    )
    op.create_table(
        "offering",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=False),
        sa.Column("match_key", sa.String(length=32), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("added_run", sa.Integer(), nullable=False),
        sa.Column("changed_run", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["catalogue.course.id"], name="fk_offering_course_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_offering"),
        schema="catalogue",
    )
    op.create_index(
        "ix_offering_changed_run", "offering", ["changed_run"], unique=False, schema="catalogue"
    )
    op.create_index(
        "ix_offering_course_id", "offering", ["course_id"], unique=False, schema="catalogue"
    )
    op.create_index(
        "ix_offering_partner_withdrawn",
        "offering",
        ["partner", "withdrawn"],
        unique=False,
        schema="catalogue",
    )
    op.bulk_insert(revision_table, [{"id": 1, "number": 0}])
