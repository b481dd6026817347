"""Reading a methodology from ``schemas/decision-766``, and judging that its parts agree.

Belongs here: sums, references, rules and words that must fit together. Does not: the type of each
part (``methodology``), or the bands of a total (``scoring``).
"""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import combinations
from typing import Any, get_args

from cchc_pipeline.core.data import read_yaml, refuse, typed
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.methodology.methodology import (
    TOTAL_POINTS,
    Language,
    Methodology,
    RuleKind,
    ScoreRule,
    ZeroRule,
)

_CODE = re.compile(r"766-(\d{4})")


@cache
def load_methodology(code: str = "766-2026") -> Methodology:
    """The methodology of a code such as ``766-2026``, from ``schemas/decision-766``.

    Raises:
        SchemaDataError: There is no such methodology, or its data are not usable.
    """
    match = _CODE.fullmatch(code)
    if match is None:
        raise SchemaDataError(
            f"{code!r} is not the code of a methodology", todo="write it as 766-2026, say"
        )
    path = f"decision-766/methodology-{match[1]}.yaml"
    methodology = parse_methodology(read_yaml(path), f"schemas/{path}")
    if methodology.code != code:
        raise SchemaDataError(f"code is {methodology.code}, not {code}", where=f"schemas/{path}")
    return methodology


def methodology_in_force(chosen: Methodology, on: date) -> Methodology:
    """The methodology of a day: the chosen one, or of those before it the one in force then.

    Of a day before all of them, the earliest.
    """
    found = chosen
    while found.valid_from > on and found.preceded_by:
        found = load_methodology(found.preceded_by)
    return found


def parse_methodology(content: Any, where: str) -> Methodology:
    """Type and judge the content of a methodology file.

    Args:
        content: The decoded file.
        where: Its name, for the reader of an error.

    Raises:
        SchemaDataError: Something lacks or contradicts; one line names all of it.
    """
    methodology = typed(Methodology, content, where)
    rules = (_sum_problems, _reference_problems, _rule_problems, _word_problems)
    refuse([problem for rule in rules for problem in rule(methodology)], where)
    return methodology


def _sum_problems(methodology: Methodology) -> Iterable[str]:
    total = sum(group.max_score for group in methodology.groups)
    if total != TOTAL_POINTS:
        yield f"groups add up to {total}, not {TOTAL_POINTS}"
    for group in () if methodology.has_groups_only else methodology.groups:
        metrics = sum(m.max_score for m in methodology.metrics if m.group == group.code)
        if metrics != group.max_score:
            yield f"{group.code}: its metrics add up to {metrics}, not {group.max_score}"
    maxima = {group.code: group.max_score for group in methodology.groups}
    for merged in methodology.merged_groups:
        parts = sum(maxima.get(part, Decimal(0)) for part in merged.parts)
        if parts != merged.max_score:
            yield f"{merged.code}: its parts add up to {parts}, not {merged.max_score}"


def _reference_problems(methodology: Methodology) -> Iterable[str]:
    groups = {group.code for group in methodology.groups}
    for metric in methodology.metrics:
        if metric.group not in groups:
            yield f"{metric.code}: there is no group {metric.group}"
    for merged in methodology.merged_groups:
        for part in merged.parts:
            if part not in groups:
                yield f"{merged.code}: there is no group {part}"
    codes = [group.code for group in methodology.groups]
    codes += [group.code for group in methodology.merged_groups]
    codes += [metric.code for metric in methodology.metrics]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield f"{code} stands twice"


def _rule_problems(methodology: Methodology) -> Iterable[str]:
    for metric in methodology.metrics:
        rule = metric.rule
        if (rule.kind == "capped") != bool(rule.full_marks_at):
            yield f"{metric.code}: a capped rule, and no other, has full_marks_at"
        if metric.is_tracked_only and metric.max_score:
            yield f"{metric.code}: a tracked metric has max_score 0"
        yield from (f"{metric.code}: {problem}" for problem in _threshold_problems(rule))


def _threshold_problems(rule: ScoreRule) -> Iterable[str]:
    for item in rule.full_marks_at:
        if item.valid_to is not None and item.valid_to < item.valid_from:
            yield f"the threshold of {item.valid_from} ends before it begins"
    for one, other in combinations(rule.full_marks_at, 2):
        if one.overlaps(other):
            yield f"the thresholds of {one.valid_from} and {other.valid_from} overlap"


def _word_problems(methodology: Methodology) -> Iterable[str]:
    if methodology.has_groups_only:
        return
    rules = {f"rule_words.{kind}": methodology.rule_words.get(kind) for kind in get_args(RuleKind)}
    zeros = {f"zero_words.{kind}": methodology.zero_words.get(kind) for kind in get_args(ZeroRule)}
    for place, words in {**rules, **zeros}.items():
        if words is None or len(words) < len(get_args(Language)):
            yield f"{place}: lacks vi or en"
