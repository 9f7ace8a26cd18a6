"""Inbound mail."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS: tuple[str, ...] = (
    # A Message-ID as its hash: it is only ever compared.
    "CREATE TABLE mail_thread (message bytea PRIMARY KEY, thread uuid NOT NULL, seen_at timestamptz NOT NULL)",
    "CREATE TABLE mail_sender (identity bytea NOT NULL, hour timestamptz NOT NULL, mails int NOT NULL, PRIMARY KEY (identity, hour))",
    """
    CREATE TABLE attachment (
        sha256 bytea PRIMARY KEY, media_type text NOT NULL, size int NOT NULL, content bytea NOT NULL, stored_at timestamptz NOT NULL)
    """,
    # Mostly compressed already: trying again costs time and gains nothing.
    "ALTER TABLE attachment ALTER COLUMN content SET STORAGE EXTERNAL",
    # Files last as long as an interaction that has them; where that is gone, by retention or erasure, they go after it.
    """
    CREATE TABLE attachment_use (
        interaction_id uuid NOT NULL, sha256 bytea NOT NULL, received_at timestamptz NOT NULL, checked_at timestamptz NOT NULL,
        PRIMARY KEY (interaction_id, sha256))
    """,
    "CREATE INDEX attachment_use_file ON attachment_use (sha256)",
    "CREATE INDEX attachment_use_checked ON attachment_use (checked_at)",
    "CREATE INDEX attachment_stored ON attachment (stored_at)",
    "CREATE INDEX message_entry_message ON message_entry (message_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
