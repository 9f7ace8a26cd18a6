"""Analytics: what it means. Facts in one DuckDB file; definitions, memberships, scores and costs in PostgreSQL."""
