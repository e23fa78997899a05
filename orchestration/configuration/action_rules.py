"""Rules over features, as people write them, compiled to SQL that both engines read.

Comes in: a text such as `mrr > 20 and plan in ("team", "pro")`. Goes out: SQL over columns of `features`.
The grammar is that of Python's comparisons; nothing else is understood, and names must be features of `customer_features`.
"""

from __future__ import annotations

import ast
import difflib
import io
import math
import re
import tokenize
from functools import cache
from pathlib import Path

_FEATURES = Path(__file__).resolve().parents[2] / "dbt_project" / "macros" / "feature_columns.sql"
_SIGNS: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=", ast.NotEq: "<>"}
_LISTS: dict[type[ast.cmpop], str] = {ast.In: "in", ast.NotIn: "not in"}
_NULLS: dict[type[ast.cmpop], str] = {ast.Is: "is null", ast.IsNot: "is not null"}
_TYPES: dict[str, tuple[type, ...]] = {"boolean": (bool,), "number": (int, float), "text": (str,)}  # a bool is an int too: asked first
_WORDS = {"true": True, "false": False, "null": None}


def sql_of(rule: str) -> str:
    """`rule` as SQL. Raises ValueError with one line that says what is wrong and what to write."""
    text = " ".join(rule.split())
    try:
        tree = ast.parse(text, mode="eval")
        _refuse_comments(text)
        return _condition(tree.body)
    except SyntaxError as error:
        hint = "; write == to compare" if re.search(r"(?<![<>=!])=(?!=)", rule) else ""
        raise ValueError(f"cannot be read near position {error.offset or 0} of {rule!r}{hint}") from None
    except (RecursionError, MemoryError):  # either, by which limit of the reader is met first
        raise ValueError("is nested too deeply; write it with fewer brackets and fewer `not`") from None


def _refuse_comments(text: str) -> None:
    """On one line a comment would swallow all conditions after it."""
    if any(token.type == tokenize.COMMENT for token in tokenize.generate_tokens(io.StringIO(text).readline)):
        raise ValueError(f"a rule holds no comments; take the part after # out of {text!r}, or put it into `description`")


@cache
def features() -> dict[str, str]:
    """Every feature and its kind (number, text, boolean), as dbt's macros list them."""
    source = re.sub(r"\{#.*?#\}", "", _FEATURES.read_text(encoding="utf-8"), flags=re.DOTALL)
    macros = re.findall(r"macro (\w+)\(\).*?%\}(.*?)\{%-? endmacro", source, re.DOTALL)
    lists = {name: re.findall(r"'(\w+)'(?!\s*:)", body) for name, body in macros}
    texts = {*lists["attribute_columns"], *lists["text_features"]}
    names = ["tenure_days", *lists["attribute_columns"], *lists["feature_topics"]]
    booleans = set(lists["boolean_features"])
    return {name: "text" if name in texts else "boolean" if name in booleans else "number" for name in names}


def _condition(node: ast.expr) -> str:
    if isinstance(node, ast.BoolOp):
        word = " and " if isinstance(node.op, ast.And) else " or "
        return f"({word.join(_condition(value) for value in node.values)})"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return f"(not {_condition(node.operand)})"
    if isinstance(node, ast.Compare):
        return _comparison(node)
    if isinstance(node, ast.Name) and _kind(node.id) == "boolean":
        return f"features.{node.id}"
    raise ValueError(f"{ast.unparse(node)!r} is no condition; compare a feature with a value, such as mrr > 20")


def _comparison(node: ast.Compare) -> str:
    if len(node.ops) > 1 or not isinstance(node.left, ast.Name):
        raise ValueError(f"{ast.unparse(node)!r}: write the feature first and one comparison at a time, such as mrr > 20 and mrr < 90")
    name, operator, value = node.left.id, type(node.ops[0]), node.comparators[0]
    kind = _kind(name)
    if operator in _NULLS:
        if _value(value) is not None:
            raise ValueError(f"{ast.unparse(node)!r}: write {name} is null, or {name} is not null")
        return f"(features.{name} {_NULLS[operator]})"
    if operator in _LISTS:
        if not isinstance(value, (ast.Tuple, ast.List)) or not value.elts:
            raise ValueError(f"{ast.unparse(node)!r}: give a list in brackets, such as {name} in (1, 2)")
        return f"(features.{name} {_LISTS[operator]} ({', '.join(_literal(name, kind, _value(one)) for one in value.elts)}))"
    return f"(features.{name} {_SIGNS[operator]} {_literal(name, kind, _value(value))})"


def _kind(name: str) -> str:
    if name not in features():
        close = difflib.get_close_matches(name, features(), 1)
        raise ValueError(f"{name!r} is no feature" + (f"; did you mean {close[0]}?" if close else "; docs/marts.md lists them"))
    return features()[name]


def _value(node: ast.expr) -> object:
    if isinstance(node, ast.Name) and node.id in _WORDS:
        return _WORDS[node.id]
    try:
        value = ast.literal_eval(node)
    except ValueError:
        raise ValueError(f"{ast.unparse(node)!r} is no value; texts are put in quotes") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is too large a number; no feature comes near")
    return value


def _literal(name: str, kind: str, value: object) -> str:
    found = next((word for word, types in _TYPES.items() if isinstance(value, types)), "nothing")
    if found != kind:
        raise ValueError(f"{name} is a {kind} and cannot be compared with {value!r}")
    if isinstance(value, str):
        if "\\" in value or "'" in value:
            raise ValueError(f"{value!r}: a text in a rule holds neither quotes nor backslashes")
        return f"'{value}'"
    return str(value).lower()
