"""What in a statement is not of the dialect that Spark has in common with DuckDB.

Comes in: SQL as it is written for Spark. Goes out: what Spark does not know, or answers otherwise, each in a few words.
DuckDB builds every model in other tests, so that what is right here is right on both. What differs belongs in macros/portable.
"""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

# Functions of both engines that answer alike. Whoever adds one has looked it up in the manuals of both.
COMMON = {
    "abs", "avg", "bool_and", "bool_or", "cast", "ceil", "coalesce", "count", "count_if", "date_trunc", "dense_rank", "exp", "extract",
    "first_value", "floor", "greatest", "lag", "last_value", "lead", "least", "length", "ln", "lower", "max", "max_by", "md5", "median",
    "min", "min_by", "ntile", "nullif", "percent_rank", "percentile_cont", "power", "rank", "replace", "round", "row_number", "split_part",
    "sqrt", "substr", "sum", "trim", "try_cast", "upper",
}  # fmt: skip
# What the spark__ macros write.
SPARK = {
    "add_months", "array_join", "array_sort", "collect_set", "conv", "datediff", "explode", "make_interval", "regexp_replace", "sequence",
    "sha2", "split", "struct", "unix_micros", "xxhash64",
}  # fmt: skip
# Words that stand before a parenthesis and call nothing; `decimal` and `varchar` are types with a length.
WORDS = {
    "all", "and", "any", "as", "between", "by", "case", "decimal", "distinct", "else", "end", "except", "exists", "filter", "from",
    "group", "having", "in", "intersect", "join", "not", "on", "or", "over", "qualify", "select", "then", "union", "using", "values",
    "varchar", "when", "where", "with",
}  # fmt: skip
DUCKDB_TYPES = "text|varchar|json|uuid|real|hugeint|uhugeint|utinyint|usmallint|uinteger|ubigint|timestamptz"
SYNTAX = {
    r"->>?": "an arrow: JSON or a lambda",
    r"\[|\{": "a list or a struct in brackets",
    r"\*\s*(exclude|replace)\b": "* exclude",
    r"//|\*\*|\^|!?~": "an operator with another meaning",
    r"\bdistinct\s+on\b": "distinct on",
    r"\b(asof|positional)\s+join\b": "a join of DuckDB",
    r"\bmaterialized\b": "materialized",
    r"\b(pivot|unpivot|columns\s*\(|using\s+sample|similar\s+to)\b": "a clause of DuckDB",
    rf"::\s*({DUCKDB_TYPES})\b(?!\s*\()|\bas\s+({DUCKDB_TYPES})\s*\)": "a type of DuckDB",
    r'"': "a double quote: Spark reads a text",
    r"(^|\()\s*from\b": "from without select",
}


def outside(statement: str) -> list[str]:
    """What Spark would not understand, or understand otherwise; nothing where the statement is common to both engines."""
    bare = _bare(statement)
    called = {name.lower() for name in re.findall(r"\b([a-zA-Z_]\w*)\s*\(", bare)}
    found = sorted(f"{name}()" for name in called - COMMON - SPARK - WORDS)
    found += [said for pattern, said in SYNTAX.items() if re.search(pattern, bare, re.IGNORECASE)]
    return found + _grammar(statement)


def _bare(statement: str) -> str:
    """Without comments and texts. The warehouse's name and its quotes are no part of Spark's names of tables."""
    return re.sub(r"--[^\n]*|'(?:[^']|'')*'", " ", _for_spark(statement))


def _for_spark(statement: str) -> str:
    return re.sub(r'"\w+"\."(\w+)"\."(\w+)"', r"\1.\2", statement)


def _grammar(statement: str) -> list[str]:
    """What does not parse, and aggregates that sort what they gather."""
    try:
        tree = sqlglot.parse_one(_for_spark(statement), read="spark")
    except SqlglotError as error:
        return [f"no grammar: {str(error).splitlines()[0]}"]
    sorting = [node.parent for node in tree.find_all(exp.Order) if isinstance(node.parent, exp.Func)]
    return ["an aggregate with order by"] * bool(sorting)
