"""The configuration file as text: one YAML mapping, and what is wrong with it in one line that names the place.

Comes in: a path, or what pydantic found wrong. Goes out: the mapping, or a ConfigurationError.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

_WORDS = {
    "missing": "this key is missing",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text; put it in quotes",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "dict_type": "must be a mapping, that is `key: value`",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "model_type": "must be a mapping, that is lines of `key: value` below it",
    "tuple_type": "must be a list, with a dash before each entry",
    "union_tag_not_found": "`type` is missing",
    "union_tag_invalid": "unknown type {tag!r}; use one of {expected_tags}",
}


class ConfigurationError(Exception):
    """The configuration cannot be used; the message is one line that says where and what to do."""


class _Loader(yaml.SafeLoader):
    """YAML takes the later of two equal keys without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"the key {key.value} is there twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def parsed(path: Path, start: str = "start from `python -m orchestration init FOLDER`") -> dict[str, Any]:
    """The mapping that `path` holds. Raises ConfigurationError; `start`: what to do where it holds none."""
    try:
        if not path.is_file():
            raise ConfigurationError(f"{path}: there is no such configuration file; `python -m orchestration init FOLDER` writes one")
        content = yaml.load(path.read_text(encoding="utf-8-sig"), _Loader)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}); let the user of this process read it") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not valid YAML: it is not UTF-8; save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        place = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ConfigurationError(f"{path}: {place}not valid YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ConfigurationError(f"{path}: not valid YAML: it is nested too deeply") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: is empty or not a mapping; {start}")
    return content


def in_words(error: ValidationError, content: Mapping[str, Any], keys: Collection[str]) -> str:
    """The first fault on one line: its place in `content` and what to do; `keys` are all that anything may be called.

    A key that is needed and misspelt is missing as well: what it was written as is the fault.
    """
    faults = error.errors(include_url=False, include_input=False)
    missing = [fault["loc"] for fault in faults if fault["type"] == "missing"]
    misspelt = (one for one in faults if one["type"] == "extra_forbidden" and _meant(one["loc"], keys) in missing)
    first = next(misspelt, faults[0])
    place = ".".join(_place(first["loc"], content)) or "top level"
    if first["type"] == "extra_forbidden":
        if first["loc"][-1] in keys:
            return f"{place}: unknown key here; another type or another part of the file has it"
        meant = _meant(first["loc"], keys)
        return f"{place}: unknown key" + (f"; did you mean {meant[-1]}?" if meant else "")
    said = _WORDS.get(first["type"])
    message = said.format(**first.get("ctx", {})) if said else first["msg"].removeprefix("Value error, ").replace("Input should", "must", 1)
    return f"{place}: {message}"


def _meant(place: tuple[int | str, ...], keys: Collection[str]) -> tuple[int | str, ...]:
    """The place with a key in it that is written nearly so; nothing where none is."""
    close = difflib.get_close_matches(str(place[-1]), keys, 1)
    return (*place[:-1], *close) if close else ()


def _place(location: tuple[int | str, ...], content: Any) -> Iterator[str]:
    """The parts of a place in the file; pydantic puts the type of a source or destination among them, where the file has none."""
    here = content
    for part in location:
        if isinstance(here, dict) and part not in here and here.get("type") == part:
            continue
        yield str(part)
        here = _below(here, part)


def _below(here: Any, part: int | str) -> Any:
    if isinstance(here, list) and isinstance(part, int):
        return here[part]
    return here.get(part) if isinstance(here, dict) else None
