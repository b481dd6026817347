"""What a declaration demands of a table's rows: the projection onto expectations.

Belongs here: what shape, key and fields imply, beside the rules declared. Does not: running an
expectation (``quality``), or the words of its message (``schemas/tables/_words.yaml``).
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cchc_pipeline.contracts.declarations import shared_words
from cchc_pipeline.contracts.model import ROW_CONDITION, Expectation, Field, Text

if TYPE_CHECKING:
    from cchc_pipeline.contracts.contract import Contract

YEARMONTH = r"\d{4}-(0[1-9]|1[0-2])"


def expectations_of(contract: "Contract") -> Iterator[Expectation]:
    """All that must hold: shape and key, then each field, then the table's rules."""
    names = [field.name for field in contract.fields]
    yield Expectation(
        f"{contract.table}.columns", "expect_table_columns_to_match_ordered_list",
        {"column_list": names}, "error", _message("columns"),
    )  # fmt: skip
    yield _key_expectation(contract)
    for field in contract.fields:
        for kind, type_, kwargs, message in _implied(field):
            yield Expectation(
                f"{contract.table}.{field.name}.{kind}", type_, kwargs, "error", message
            )
    texts = [field.name for field in contract.fields if field.type == "string" and not field.enum]
    if contract.public and texts:
        yield Expectation(
            f"{contract.table}.text", ROW_CONDITION,
            {"sql": " AND ".join(_clean_text(name) for name in texts)}, "error", _message("text"),
        )  # fmt: skip
    for rule in contract.rules:
        yield Expectation(
            f"{contract.table}.{rule.id}", rule.expectation, rule.kwargs, rule.severity,
            rule.message,
        )  # fmt: skip


def _key_expectation(contract: "Contract") -> Expectation:
    """GX takes a compound key from two columns on."""
    columns = list(contract.primary_key)
    titles = [contract.field(name).title for name in columns]
    message = Text(
        _message("primary_key", columns=", ".join(title.vi for title in titles)).vi,
        _message("primary_key", columns=", ".join(title.en for title in titles)).en,
    )
    kind, kwargs = "expect_column_values_to_be_unique", dict[str, Any](column=columns[0])
    if len(columns) > 1:
        kind, kwargs = "expect_compound_columns_to_be_unique", {"column_list": columns}
    return Expectation(f"{contract.table}.primary_key", kind, kwargs, "error", message)


def _implied(field: Field) -> Iterator[tuple[str, str, Mapping[str, Any], Text]]:
    """What a field's declaration implies: kind, GX type or row condition, arguments, message."""
    column, quoted = {"column": field.name}, f'"{field.name}"'
    pattern = YEARMONTH if field.type == "yearmonth" else field.pattern
    if field.required:
        yield (
            "required", "expect_column_values_to_not_be_null", column, _message("required", field)
        )  # fmt: skip
    if field.enum:
        yield (
            "allowed", "expect_column_values_to_be_in_set",
            {**column, "value_set": list(field.enum)},
            _message("allowed", field, values=", ".join(field.enum)),
        )  # fmt: skip
    if pattern is not None:
        yield (
            "pattern", "expect_column_values_to_match_regex",
            {**column, "regex": f"^(?:{_without_captures(pattern)})$"}, _message("pattern", field),
        )  # fmt: skip
    if field.minimum is not None or field.maximum is not None:
        yield (
            "range", "expect_column_values_to_be_between",
            {**column, "min_value": field.minimum, "max_value": field.maximum},
            _message("range", field, bounds=field.bounds),
        )  # fmt: skip
    if field.decimals is not None:
        exact = f"isfinite({quoted}) AND {quoted} = round({quoted}, {field.decimals})"
        yield (
            "decimals", ROW_CONDITION, {"sql": f"{quoted} IS NULL OR ({exact})"},
            _message("decimals", field, decimals=str(field.decimals)),
        )  # fmt: skip


def _without_captures(pattern: str) -> str:
    """The pattern with groups that capture nothing: pandas warns of those that do.

    Escapes and character classes are stepped over, since a bracket in them opens no group.
    """
    return re.sub(
        r"\\.|\[(?:\\.|[^\]\\])*\]|\((?!\?)",
        lambda found: "(?:" if found[0] == "(" else found[0],
        pattern,
    )


def _clean_text(column: str) -> str:
    """A condition: no empty text, stray space or control character; NFC; not like a formula.

    A plain negative number, such as an old value in the log of revisions, is not run by any.
    """
    name = f'"{column}"'
    return (
        f"({name} IS NULL OR ({name} <> '' AND {name} = trim({name})"
        f" AND {name} = nfc_normalize({name})"
        rf" AND NOT regexp_matches({name}, '^[=+@]|[\x00-\x1f\x7f]')"
        rf" AND ({name}[1] <> '-' OR regexp_full_match({name}, '-\d+(\.\d+)?'))))"
    )


def _message(kind: str, field: Field | None = None, **values: str) -> Text:
    """The message of a derived expectation; it names the column by its heading."""
    words = shared_words()["messages"][kind]
    if field is None:
        return Text(words.vi.format(**values), words.en.format(**values))
    return Text(
        words.vi.format(column=field.title.vi, **values),
        words.en.format(column=field.title.en, **values),
    )
