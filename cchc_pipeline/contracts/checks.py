"""Running a table's expectations, and what came of each.

Belongs here: the two engines (Great Expectations on pandas for shape, keys and patterns, one DuckDB
query for what can be asked of a row by itself) behind one result type. Does not: the expectations
themselves, which a table's contract declares, or what follows from a failure.
"""

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from cchc_pipeline.contracts import Contract, Expectation, Text
from cchc_pipeline.core.late_imports import unused_modules_late
from cchc_pipeline.core.sql import identifier, literal

ROW_CONDITION = "row_condition"
_HOLDS_OF_NO_ROWS = (
    ROW_CONDITION, "expect_column_values_", "expect_compound_columns_",
    "expect_table_columns_to_match_ordered_list",
)  # fmt: skip


@dataclass(frozen=True)
class CheckResult:
    """What came of one expectation: ``unexpected`` counts offending rows, if it can be counted."""

    id: str
    severity: str
    passed: bool
    message: Text
    unexpected: int = 0
    detail: str = ""

    @property
    def blocks(self) -> bool:
        """Whether a failure must stop what comes after."""
        return self.severity == "error" and not self.passed

    def line(self) -> str:
        """The failure in one line of English."""
        tail = self.detail or f"{self.unexpected} row(s)"
        return f"{self.id}: {self.message.en} ({tail})"


def check_table(table: pa.Table, contract: Contract) -> tuple[CheckResult, ...]:
    """Judge a table by every expectation of its contract, in the contract's order.

    Offending values are not copied into the results: they could be personal.
    """
    judged = [(item, _condition(item, table)) for item in contract.expectations()]
    conditions = [(item, sql) for item, sql in judged if sql is not None]
    columnar = [item for item, sql in judged if sql is None]
    if table.num_rows == 0 and table.schema.names == contract.arrow_schema().names:
        return tuple(_of_no_rows(item) for item in contract.expectations())
    found = {
        result.id: result
        for result in (*_run_conditions(table, conditions), *_run_suite(table, columnar, contract))
    }
    return tuple(found[expectation.id] for expectation in contract.expectations())


def _condition(expectation: Expectation, table: pa.Table) -> str | None:
    """The condition that every row must fulfil; None if Great Expectations is to judge.

    Gaps, bounds and lists of words are most of what is declared, and take it some ms for each
    column; here they are counted in the pass that the row conditions need anyway.
    """
    if expectation.type == ROW_CONDITION:
        return str(expectation.kwargs["sql"])
    counted, said = _COUNTED.get(expectation.type), expectation.kwargs
    if counted is None or said["column"] not in table.column_names or not said.keys() <= _ASKED:
        return None
    return counted(identifier(said["column"]), said)


def _within(name: str, kwargs: Mapping[str, Any]) -> str:
    bounds = ((">=", kwargs["min_value"]), ("<=", kwargs["max_value"]))
    held = (f"{name} {sign} {bound}" for sign, bound in bounds if bound is not None)
    return f"{name} IS NULL OR ({' AND '.join(held)})"


def _one_of(name: str, kwargs: Mapping[str, Any]) -> str:
    words = ", ".join(map(literal, kwargs["value_set"]))
    return f"{name} IS NULL OR {name} IN ({words})"


_ASKED = {"column", "min_value", "max_value", "value_set"}
"""An argument beyond these (``mostly``, ``strict_min`` …) is Great Expectations' to understand."""
_COUNTED: Mapping[str, Callable[[str, Mapping[str, Any]], str]] = {
    "expect_column_values_to_not_be_null": lambda name, _: f"{name} IS NOT NULL",
    "expect_column_values_to_be_between": _within,
    "expect_column_values_to_be_in_set": _one_of,
}


def _of_no_rows(expectation: Expectation) -> CheckResult:
    """What is asked of each row, or of columns that are as declared, holds of a table without any.

    Most of a month's sources may be silent, and each suite costs a third of a second.
    """
    if not expectation.type.startswith(_HOLDS_OF_NO_ROWS):
        raise ValueError(
            f"{expectation.id}: nobody said whether {expectation.type} holds of no rows"
        )
    return CheckResult(expectation.id, expectation.severity, True, expectation.message)


def blocking_lines(results: Iterable[CheckResult]) -> list[str]:
    """One line for each failure that must stop the run."""
    return [result.line() for result in results if result.blocks]


def _run_conditions(
    table: pa.Table, conditions: Sequence[tuple[Expectation, str]]
) -> Iterable[CheckResult]:
    """Count the rows that break each condition, all in one pass over the table."""
    if not conditions:
        return
    counts = ", ".join(
        f"count(*) FILTER (WHERE NOT coalesce(({sql}), false))" for _, sql in conditions
    )
    with _database().cursor() as connection:
        connection.register("judged", table)
        row = connection.execute(f"SELECT {counts} FROM judged").fetchone()  # noqa: S608 - the SQL is the contract's own
    for (expectation, _), broken in zip(conditions, row or (), strict=True):
        yield CheckResult(
            expectation.id, expectation.severity, broken == 0, expectation.message, int(broken)
        )


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One in memory for all checks: opening it costs more than most of them."""
    return duckdb.connect()


def _run_suite(
    table: pa.Table, expectations: Sequence[Expectation], contract: Contract
) -> Iterable[CheckResult]:
    """Ask whether each holds; only where one does not, on how many rows, which costs as much."""
    gx = _great_expectations()
    suite = gx.ExpectationSuite(
        name=contract.table, expectations=[_configured(gx, item) for item in expectations]
    )
    batch = _whole_frame().get_batch(batch_parameters={"dataframe": table.to_pandas()})
    outcome = batch.validate(suite, result_format="BOOLEAN_ONLY")
    if not outcome.success:
        outcome = batch.validate(
            suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0}
        )
    by_id = {item.expectation_config.meta["id"]: item for item in outcome.results}
    for expectation in expectations:
        yield _result(expectation, by_id[expectation.id])


def _configured(gx: Any, expectation: Expectation) -> Any:
    name = "".join(part.capitalize() for part in expectation.type.split("_"))
    return getattr(gx.expectations, name)(**expectation.kwargs, meta={"id": expectation.id})


def _result(expectation: Expectation, said: Any) -> CheckResult:
    """Great Expectations reports a missing column as an exception, not as a count."""
    raised = [
        info.get("exception_message") or ""
        for info in [said.exception_info, *_nested(said.exception_info)]
        if info and info.get("raised_exception")
    ]
    detail = " ".join(raised[0].split()) if raised else ""
    unexpected = said.result.get("unexpected_count") if said.result else 0
    return CheckResult(
        expectation.id, expectation.severity, bool(said.success), expectation.message,
        int(unexpected or 0), detail,
    )  # fmt: skip


def _nested(info: Any) -> list[Any]:
    return [value for value in (info or {}).values() if isinstance(value, dict)]


@cache
def _great_expectations() -> Any:
    """Import the library once, late (it costs seconds), with its telemetry off."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with unused_modules_late():
        import great_expectations as gx  # noqa: PLC0415

    return gx


@cache
def _context() -> Any:
    gx = _great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


@cache
def _whole_frame() -> Any:
    """Every table is a batch of one definition: a source of its own would cost as much as it."""
    source = _context().data_sources.add_pandas("judged")
    return source.add_dataframe_asset("judged").add_batch_definition_whole_dataframe("judged")
