"""The same row rules by other libraries, beside how ``cchc`` reads a month: seconds and memory.

Belongs here: fifteen rules on single cells that every library can say, the ways to run them, one
process each, and whether all find the same rows. Does not: the rules that ``cchc`` has beyond them
(dates, contradictions, units, duplicates), which its own line includes.

    python -m benchmarks.alternatives --folder DIR [--rows 100000 1000000] [--runs 3]

Pandera is no requirement of the project: ``uv pip install pandera``, or its line says that it is
absent. Figures of a machine stand in ``docs/performance.md``.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.dossiers import MONTH, inbox_of
from benchmarks.process_cost import Cost, cost_of
from cchc_pipeline.core.late_imports import unused_modules_late
from cchc_pipeline.sources.dossiers.values import DOSSIER_CODE

_DAY = r"\d{2}/\d{2}/\d{4}"
_MOMENT = rf"{_DAY}( \d{{2}}:\d{{2}}:\d{{2}})?"
_YES_NO = ("Có", "Không")


@dataclass(frozen=True)
class Rule:
    """What a column's texts must be: there at all, of a form, or one of some words."""

    column: str
    required: bool = False
    form: str = ""
    words: tuple[str, ...] = ()


RULES = (
    Rule("Mã hồ sơ", required=True, form=DOSSIER_CODE),
    Rule("Mã TTHC", required=True, form=r"\d\.\d{6}(\.\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})?"),
    Rule("Hình thức tiếp nhận", words=("Trực tiếp", "Trực tuyến", "Bưu chính công ích")),
    Rule("Mức độ DVC", words=("Toàn trình", "Một phần", "Cung cấp thông tin")),
    Rule("Ngày nộp", form=_MOMENT),
    Rule("Ngày tiếp nhận", required=True, form=_MOMENT),
    Rule("Ngày hẹn trả", form=_MOMENT),
    Rule("Đơn vị xử lý", required=True),
    Rule(
        "Thanh toán trực tuyến",
        words=("Không", "Cổng DVCQG", "Cổng bộ, ngành, địa phương"),
    ),
    Rule("Tổng lệ phí", form=r"\d{1,3}(\.\d{3})*"),
    Rule("Số hóa hồ sơ", words=_YES_NO),
    Rule("Xác thực VNeID", words=_YES_NO),
    Rule("Đồng bộ DVCQG", words=_YES_NO),
    Rule("Mức độ hài lòng", words=("1", "2", "3", "4", "5")),
    Rule("Số lần bổ sung", form=r"\d{1,4}"),
)
Found = Mapping[str, int]
"""Of each column, how many rows break its rule."""


def duckdb_query(file: Path) -> Found:
    """One query over the file."""
    import duckdb

    counts = ", ".join(f"count(*) FILTER (WHERE NOT ({_condition(rule)}))" for rule in RULES)
    source = f"read_csv('{file}', delim = ';', header = true, all_varchar = true)"
    (row,) = duckdb.sql(f"SELECT {counts} FROM {source}").fetchall()  # noqa: S608 - our own rules
    return {rule.column: count for rule, count in zip(RULES, row, strict=True)}


def _condition(rule: Rule) -> str:
    column = f'"{rule.column}"'
    words = ", ".join(f"'{word}'" for word in rule.words)
    holds = [
        f"regexp_full_match({column}, '{rule.form}')" if rule.form else "true",
        f"{column} IN ({words})" if rule.words else "true",
    ]
    return f"coalesce({' AND '.join(holds)}, {str(not rule.required).lower()})" + (
        f" AND {column} IS NOT NULL" if rule.required else ""
    )


def _frame(file: Path) -> Any:
    import pandas as pd

    return pd.read_csv(file, sep=";", dtype=str)


def great_expectations(file: Path) -> Found:
    """Great Expectations on the whole frame."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with unused_modules_late():
        import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("dossiers")
    suite = gx.ExpectationSuite(name="rules")
    for rule in RULES:
        for expectation in _expectations(gx.expectations, rule):
            suite.add_expectation(expectation)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": _frame(file)})
    broken = dict.fromkeys((rule.column for rule in RULES), 0)
    for result in batch.validate(suite, result_format="BASIC").results:
        column = result.expectation_config.kwargs["column"]
        broken[column] += result.result.get("unexpected_count", 0)
    return broken


def _expectations(known: Any, rule: Rule) -> list[Any]:
    column = {"column": rule.column}
    chosen = [known.ExpectColumnValuesToNotBeNull(**column)] if rule.required else []
    if rule.form:
        chosen.append(known.ExpectColumnValuesToMatchRegex(**column, regex=f"^(?:{rule.form})$"))
    if rule.words:
        chosen.append(known.ExpectColumnValuesToBeInSet(**column, value_set=list(rule.words)))
    return chosen


def pandera_frame(file: Path) -> Found:
    """Pandera on the whole frame, all failures collected."""
    import pandera.pandas as pa

    schema = pa.DataFrameSchema(
        {
            rule.column: pa.Column(
                nullable=not rule.required,
                checks=[
                    *([pa.Check.str_matches(f"^(?:{rule.form})$")] if rule.form else []),
                    *([pa.Check.isin(rule.words)] if rule.words else []),
                ],
            )
            for rule in RULES
        }
    )
    broken = dict.fromkeys((rule.column for rule in RULES), 0)
    try:
        schema.validate(_frame(file), lazy=True)
    except pa.errors.SchemaErrors as errors:
        counts = errors.failure_cases.groupby("column")["index"].nunique()
        broken |= {str(column): int(count) for column, count in counts.items()}
    return broken


def frictionless_validate(file: Path) -> Found:
    """Frictionless on the file, by a Table Schema."""
    from frictionless import Dialect, Resource, Schema, formats, system

    heading = file.open(encoding="utf-8").readline().rstrip("\n").split(";")
    by_column = {rule.column: rule for rule in RULES}
    fields = [_field(name, by_column.get(name)) for name in heading]
    with system.use_context(trusted=True):
        resource = Resource(
            path=str(file),
            encoding="utf-8",
            schema=Schema.from_descriptor({"fields": fields}),
            dialect=Dialect(controls=[formats.CsvControl(delimiter=";")]),
        )
        report = resource.validate(limit_errors=10_000_000)
    broken = dict.fromkeys(by_column, 0)
    for (name,) in report.flatten(["fieldName"]):
        broken[name] += 1
    return broken


def _field(name: str, rule: Rule | None) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if rule and rule.required:
        constraints["required"] = True
    if rule and rule.form:
        constraints["pattern"] = rule.form
    if rule and rule.words:
        constraints["enum"] = list(rule.words)
    return {"name": name, "type": "string", "constraints": constraints}


def cchc_validate(file: Path) -> Found:
    """``cchc validate``: every rule of the record, and what came of each row."""
    from cchc_pipeline.cli.app import main

    sys.argv = ["cchc", "validate", str(file), "--inbox", str(file.parents[1])]
    with contextlib.suppress(SystemExit):  # it says by its exit code that rows would be refused
        main()
    return {}


WAYS: Mapping[str, Callable[[Path], Found]] = {
    "one DuckDB query": duckdb_query,
    "cchc validate (all its rules)": cchc_validate,
    "pandera on pandas": pandera_frame,
    "Great Expectations on pandas": great_expectations,
    "frictionless": frictionless_validate,
}
_NEEDS = {"pandera on pandas": "pandera"}


def line_of(way: str, rows: int, folder: Path, runs: int) -> tuple[str, Found | None]:
    """One line of the table, and what was found (None where the way was not gone)."""
    needed = _NEEDS.get(way)
    if needed and not importlib.util.find_spec(needed):
        return f"| {rows:,} | {way} | {needed} is not installed | |", None
    (file,) = (inbox_of(folder, rows) / MONTH).glob("ho-so*.csv")
    costs, found = list[Cost](), None
    for _ in range(runs):
        with tempfile.NamedTemporaryFile(mode="r", suffix=".json") as answer:
            command = [sys.executable, "-m", "benchmarks.alternatives", "--way", way]
            costs.append(cost_of([*command, "--file", file, "--answer", answer.name]))
            found = json.loads(answer.read())
    wall, peak = median(cost.wall for cost in costs), max(cost.peak for cost in costs)
    return f"| {rows:,} | {way} | {wall:.2f} | {peak:.0f} |", found or None


def main() -> None:
    """Print the table, or go one way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--answer", type=Path)
    given = parser.parse_args()
    if given.way:
        given.answer.write_text(json.dumps(WAYS[given.way](given.file)), encoding="utf-8")
        return
    print(f"{os.cpu_count()} processors, median of {given.runs}, a process each\n")
    print("| rows | by | wall s | peak MB |\n|---|---|---|---|")
    for rows in given.rows:
        answers = {}
        for way in WAYS:
            line, answers[way] = line_of(way, rows, given.folder, given.runs)
            print(line, flush=True)
        told = [found for found in answers.values() if found is not None]
        print(f"\nall that count find the same: {all(found == told[0] for found in told)}")
        print("broken rows:", {re.sub(r"\W", " ", k): n for k, n in told[0].items() if n}, "\n")


if __name__ == "__main__":
    main()
