"""What a question in SQL may contain, judged by its syntax tree: published tables, known functions, reading alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

SCHEMA: Final = "bi"
_NODES: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE"})
_SOURCES: Final = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "EMPTY_FROM", "PIVOT"})
#: Functions that read rows and shape values; what reads files, settings or other queries, or makes values of any size, is not among them.
FUNCTIONS: Final = frozenset(
    """
    count count_star sum avg min max median mode stddev stddev_samp stddev_pop var_samp var_pop variance corr covar_pop covar_samp regr_slope regr_intercept regr_r2
    quantile quantile_cont quantile_disc approx_count_distinct approx_quantile first last any_value arg_min arg_max min_by max_by bool_and bool_or bit_xor
    skewness kurtosis entropy histogram row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
    abs ceil ceiling floor round trunc sqrt cbrt exp ln log log2 log10 pow power sign mod greatest least isnan isfinite pi sin cos tan
    coalesce nullif ifnull if error_on_null constant_or_null lower upper trim ltrim rtrim length strlen substr substring left right replace translate concat concat_ws
    contains starts_with ends_with prefix suffix position strpos instr split_part reverse regexp_matches regexp_extract regexp_replace like_escape ilike_escape
    not_like_escape not_ilike_escape ascii chr md5 hash format_date strftime strptime try_strptime
    date_part date_trunc date_diff datediff date_add date_sub datesub datepart datetrunc year month day quarter week dayofweek isodow dayofyear hour minute second
    epoch epoch_ms epoch_us make_date make_timestamp to_days to_hours to_minutes to_seconds to_months to_weeks to_years age last_day monthname dayname
    now today current_date current_timestamp get_current_timestamp timezone time_bucket century decade
    json_extract json_extract_string json_type json_valid json_array_length json_exists json_keys ->> -> list_contains list_has len array_length struct_extract
    row list_value
    """.split()
)
_OPERATOR: Final = re.compile(r"^[^\w\s]+$")


class Refused(ValueError):
    """A question that is not answered, and why."""


def check(tree: Any, published: frozenset[str], hidden: frozenset[str]) -> None:
    """Raises Refused unless the tree is one reading statement over published tables; `hidden` names no part of it may bear."""
    statements = tree.get("statements", [])
    if tree.get("error") or len(statements) != 1:
        raise Refused("give one SELECT statement")
    nodes = list(_walk(statements[0]))
    named = {entry["key"] for node in nodes for entry in (node.get("cte_map") or {}).get("map", [])}
    if bad := sorted(name for name in named if name.lower() in hidden):
        raise Refused(f"a part of the question cannot be called {bad[0]}")
    for node in nodes:
        _check(node, published | {name.lower() for name in named})


def _check(node: dict[str, Any], tables: frozenset[str]) -> None:
    kind = node.get("type")
    if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _NODES:
        raise Refused(f"only reading is answered, no {kind.removesuffix('_NODE').replace('_', ' ').lower()}")
    if "sample" in node and "class" not in node and kind not in _SOURCES and not str(kind).endswith("_NODE"):
        raise Refused(f"rows cannot be read from a {str(kind).replace('_', ' ').lower()}")
    if kind == "BASE_TABLE":
        name = str(node.get("table_name", "")).lower()
        if node.get("catalog_name") or node.get("schema_name", "").lower() not in {"", SCHEMA} or name not in tables:
            raise Refused(f"there is no table {name}: see GET /api/v1/warehouse/tables")
    if "function_name" in node:
        name = str(node["function_name"]).lower()
        if node.get("schema") or (name not in FUNCTIONS and not _OPERATOR.match(name)):
            raise Refused(f"the function {name} is not answered")


def _walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner)
