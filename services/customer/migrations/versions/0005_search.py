"""What search looks through: terms of customers, and the words of names for misspelt ones."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = (
    "DROP INDEX customer_search",
    # Small pending list: what was just written is read by every search until it is worked in.
    """
    CREATE INDEX customer_terms ON customer USING gin (string_to_array(search, ' ')) WITH (gin_pending_list_limit = 256)
        WHERE search IS NOT NULL
    """,
    "ALTER INDEX customer_terms ALTER COLUMN 1 SET STATISTICS 1000",
    "CREATE TABLE search_word (word text PRIMARY KEY)",
    "CREATE INDEX search_word_begin ON search_word (word text_pattern_ops)",
    "CREATE INDEX search_word_end ON search_word (reverse(word) text_pattern_ops)",
    # Trigrams find parts of words; where the server lacks the extension (a contrib package), all words are read.
    """
    DO $$ BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
        CREATE INDEX search_word_parts ON search_word USING gin (word gin_trgm_ops);
    EXCEPTION WHEN feature_not_supported OR undefined_file OR insufficient_privilege OR undefined_object THEN
        NULL;
    END $$
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
