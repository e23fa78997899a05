"""The words suites are written in, and the result a check gives. Knows nothing of Great Expectations beyond the names of its classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Severity = Literal["block", "warn"]
Status = Literal["passed", "failed", "errored", "not_run"]
Gate = Literal["landing", "mart", "audience"]

_COLUMN_ARGUMENTS = ("column", "column_A", "column_B")


@dataclass(frozen=True)
class Expectation:
    """One thing that must hold.

    kind       class name in `great_expectations.expectations`; arguments: what it takes
    protects   what would go wrong downstream if it did not hold; asks: who is asked when it fails
    shows_keys False where a failing row's key may itself be personal
    """

    kind: str
    arguments: Mapping[str, Any]
    protects: str
    asks: str
    severity: Severity = "block"
    shows_keys: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that must be there for it to be evaluated."""
        single = [self.arguments[name] for name in _COLUMN_ARGUMENTS if name in self.arguments]
        return (*single, *self.arguments.get("column_list", ()))

    @property
    def name(self) -> str:
        """Such as `ColumnValuesToNotBeNull(customer_key)`; distinct within a suite."""
        return f"{self.kind.removeprefix('Expect')}({', '.join(self.columns)})"


@dataclass(frozen=True)
class Suite:
    """What must hold of one table at one gate.

    key        names a row in examples; never a personal column
    closed     the table may have no columns but these (audiences: nothing leaves that was not declared); None = open
    """

    gate: Gate
    table_name: str
    key: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    closed: tuple[str, ...] | None = field(default=None)

    @property
    def name(self) -> str:
        """Such as `mart:fct_orders`."""
        return f"{self.gate}:{self.table_name}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns a frame needs; fetch no others. A closed suite looks at all columns of its table: fetch `*`."""
        listed = [*self.key, *(column for expectation in self.expectations for column in expectation.columns)]
        return tuple(dict.fromkeys(listed))


@dataclass(frozen=True)
class CheckResult:
    """What became of one expectation; the fields are the columns of `ops.check_results`.

    status   passed · failed · errored (it could not be evaluated) · not_run (there was nothing to evaluate)
    success  True only when passed; None when not_run
    examples at most ten keys of failing rows, never values
    """

    suite: str
    expectation: str
    table_name: str
    status: Status
    success: bool | None
    observed: str
    unexpected_count: int | None
    severity: Severity
    description: str
    examples: list[str] = field(default_factory=list)

    @property
    def column(self) -> str:
        """What the expectation names: `country` of `Drift(country)`."""
        return self.expectation.partition("(")[2].rstrip(")")


def blocking(results: Sequence[CheckResult]) -> list[CheckResult]:
    """Those that must stop everything downstream: not proven true, although they were evaluated, and not mere warnings."""
    return [result for result in results if result.severity == "block" and result.status in ("failed", "errored")]


@dataclass(frozen=True)
class Owner:
    """Makes the expectations of one suite, all of which ask the same person when they fail."""

    asks: str

    def _make(self, kind: str, protects: str, severity: Severity = "block", shows_keys: bool = True, **arguments: Any) -> Expectation:
        return Expectation(kind, arguments, protects, self.asks, severity, shows_keys)

    def filled(self, column: str, protects: str, *, severity: Severity = "block") -> Expectation:
        """Every row has a value."""
        return self._make("ExpectColumnValuesToNotBeNull", protects, severity, column=column)

    def one_of(self, column: str, values: Sequence[Any], protects: str, *, severity: Severity = "block") -> Expectation:
        """A value is one of a closed list; missing values are left alone."""
        return self._make("ExpectColumnValuesToBeInSet", protects, severity, column=column, value_set=list(values))

    def unique(self, column: str, protects: str) -> Expectation:
        """No value twice."""
        return self._make("ExpectColumnValuesToBeUnique", protects, column=column)

    def unique_together(self, columns: Sequence[str], protects: str) -> Expectation:
        """No combination twice."""
        return self._make("ExpectCompoundColumnsToBeUnique", protects, column_list=list(columns), ignore_row_if="never")

    def between(
        self, column: str, low: float | None, high: float | None, protects: str, *, open_low: bool = False, severity: Severity = "block"
    ) -> Expectation:
        """A number from low to high, both included unless `open_low`; missing values are left alone."""
        return self._make(
            "ExpectColumnValuesToBeBetween", protects, severity, column=column, min_value=low, max_value=high, strict_min=open_low
        )

    def no_less(self, column: str, than: str, protects: str, *, severity: Severity = "block") -> Expectation:
        """Where both have a value, `column` is not below (or before) the column `than`."""
        return self._make(
            "ExpectColumnPairValuesAToBeGreaterThanB",
            protects,
            severity,
            column_A=column,
            column_B=than,
            or_equal=True,
            ignore_row_if="either_value_is_missing",
        )

    def since(self, column: str, year: int, protects: str, *, severity: Severity = "warn") -> Expectation:
        """No time lies before the year. Asked of the earliest one: judging every time by itself is thirty times slower."""
        return self._make("ExpectColumnMinToBeBetween", protects, severity, column=column, min_value=datetime(year, 1, 1))

    def not_like(self, column: str, pattern: str, protects: str, *, severity: Severity = "warn") -> Expectation:
        """No value matches the pattern; failing keys are not shown, for they may be what the pattern looks for."""
        return self._make("ExpectColumnValuesToNotMatchRegex", protects, severity, shows_keys=False, column=column, regex=pattern)

    def rows(self, protects: str, *, least: int = 1, severity: Severity = "block") -> Expectation:
        """The table has at least so many rows."""
        return self._make("ExpectTableRowCountToBeBetween", protects, severity, min_value=least)

    def exists(self, column: str, protects: str) -> Expectation:
        """The column is there."""
        return self._make("ExpectColumnToExist", protects, column=column)

    def only_columns(self, columns: Sequence[str], protects: str) -> Expectation:
        """The table has these columns and no others, in any order."""
        return self._make("ExpectTableColumnsToMatchSet", protects, column_set=list(columns), exact_match=True)
