"""The ClickHouse side of the warehouse: its tables and what makes a statement of this package one of ClickHouse (docs/warehouse.md)."""
