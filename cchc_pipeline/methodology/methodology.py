"""The methodology as typed data: groups, metrics, their rules and dated thresholds.

Belongs here: what the decision and its source say of a metric or a group, and which groups an
answer speaks of; reading them from ``schemas/decision-766``, and the sums, references, rules and
words that must fit together. Does not: computing a score, or the bands of a total (``scoring``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import combinations
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import Field, StringConstraints
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, read_yaml, refuse, typed
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.period import Month

Language = Literal["vi", "en"]
Level = Literal["province", "agency", "commune"]
Confidence = Literal["confirmed", "recomputed", "believed", "open"]
RuleKind = Literal["proportional", "capped", "fixed", "tracked"]
ZeroRule = Literal["none", "zero", "full", "unknown"]
RatioInput = Literal["exact", "rounded_percent"]
Filled = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Points = Annotated[Decimal, Field(ge=0, le=100)]

FIRST_MONTH = Month(2022, 6)
"""Decision 766/QĐ-TTg took effect on 23/6/2022; nothing can be published for an earlier month."""
TOTAL_POINTS = Decimal(100)
_CODE = re.compile(r"766-(\d{4})")


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Threshold:
    """The ratio that earns full marks in a span of days, in per cent; ``valid_to`` is inclusive."""

    valid_from: date
    valid_to: date | None
    value: Annotated[Decimal, Field(gt=0, le=100)]
    basis: Filled

    def holds_on(self, day: date) -> bool:
        """Whether the threshold is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def overlaps(self, other: "Threshold") -> bool:
        """Whether there is a day on which both are in force."""
        return self.holds_on(other.valid_from) or other.holds_on(self.valid_from)


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class ScoreRule:
    """How a score follows from a ratio.

    ``ratio_input`` tells whether the exact quotient enters or the per cent rounded to 2 decimals.
    """

    kind: RuleKind
    zero_denominator: ZeroRule = "unknown"
    ratio_input: RatioInput = "exact"
    full_marks_at: tuple[Threshold, ...] = ()

    def threshold(self, on: date) -> Decimal | None:
        """The per cent that earns full marks on a day; None where a capped rule has none then."""
        if self.kind != "capped":
            return TOTAL_POINTS
        return next((item.value for item in self.full_marks_at if item.holds_on(on)), None)


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Metric:
    """One metric of the decision, its counts in words and its rule.

    ``of_province``: Units below repeat the figure of their province; it is no loss of theirs, and
    they are not ranked by it.
    """

    code: Filled
    number: Filled
    group: Filled
    name_vi: Filled
    name_en: Filled
    max_score: Points
    numerator_vi: Filled
    numerator_en: Filled
    denominator_vi: Filled
    denominator_en: Filled
    rule: ScoreRule
    applies_to: tuple[Level, ...]
    published_by_source: bool
    basis: Filled
    confidence: Confidence
    note_vi: str = ""
    note_en: str = ""
    of_province: bool = False

    @property
    def is_tracked_only(self) -> bool:
        """Whether the metric is followed and never scored."""
        return self.rule.kind == "tracked"

    @property
    def is_scored_by_source(self) -> bool:
        """Whether the source itself gives the metric a score, and not only its group."""
        return self.published_by_source and not self.is_tracked_only


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Group:
    """A group of metrics; ``endpoint`` is where the source answers for it.

    ``ratio_confidence`` and ``ratio_evidence`` tell how its metrics' ``ratio_input`` is known.
    """

    code: Filled
    name_vi: Filled
    name_en: Filled
    max_score: Points
    endpoint: Filled
    basis: Filled
    confidence: Confidence
    ratio_confidence: Confidence
    ratio_evidence: Filled


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class MergedGroup:
    """Groups that a source shows as one, under one of ``answer_keys``."""

    code: Filled
    name_vi: Filled
    name_en: Filled
    max_score: Points
    parts: Annotated[tuple[Filled, ...], Field(min_length=2)]
    answer_keys: Annotated[tuple[Filled, ...], Field(min_length=1)]
    basis: Filled
    confidence: Confidence


@dataclass(frozen=True)
class Layout:
    """The groups of one answer: our code to the key that carries its score there."""

    keys: Mapping[str, str]
    is_merged: bool


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Methodology:
    """One way of scoring by Decision 766, in force from a day on, with the source that applies it.

    ``tolerance`` is how far, in points, a published score may lie from the recomputed one;
    ``preceded_by`` is the methodology that was in force before.
    """

    code: Filled
    name_vi: Filled
    name_en: Filled
    valid_from: date
    valid_to: date | None
    source_system: Filled
    tolerance: Annotated[Decimal, Field(gt=0)]
    basis: Filled
    groups: tuple[Group, ...]
    merged_groups: tuple[MergedGroup, ...]
    rule_words: Mapping[RuleKind, Mapping[Language, Filled]]
    zero_words: Mapping[ZeroRule, Mapping[Language, Filled]]
    metrics: tuple[Metric, ...]
    preceded_by: str = ""

    @property
    def has_groups_only(self) -> bool:
        """Whether nothing is known below the groups."""
        return not self.metrics

    @property
    def _all_groups(self) -> tuple[Group | MergedGroup, ...]:
        return (*self.groups, *self.merged_groups)

    def metric(self, code: str) -> Metric:
        """The metric of a code.

        Raises:
            KeyError: There is none.
        """
        return _by_code(self.metrics, code)

    def group(self, code: str) -> Group | MergedGroup:
        """The group of a code, merged ones included.

        Raises:
            KeyError: There is none.
        """
        return _by_code(self._all_groups, code)

    def is_metric(self, code: str) -> bool:
        """Whether the code is that of a metric."""
        return any(metric.code == code for metric in self.metrics)

    def is_group(self, code: str) -> bool:
        """Whether the code is that of a group, merged ones included."""
        return any(group.code == code for group in self._all_groups)

    def maximum(self, code: str) -> Decimal:
        """The points that a metric or a group can earn.

        Raises:
            KeyError: The code is neither.
        """
        return self.group(code).max_score if self.is_group(code) else self.metric(code).max_score

    def metrics_of(self, group: str) -> tuple[Metric, ...]:
        """The metrics of a group, tracked ones included; of a merged group, those of its parts.

        Raises:
            KeyError: There is no such group.
        """
        found = self.group(group)
        parts = found.parts if isinstance(found, MergedGroup) else (found.code,)
        return tuple(metric for metric in self.metrics if metric.group in parts)

    def layout_of(self, scores: Mapping[str, Any]) -> Layout:
        """Which groups an answer speaks of: the layout that leaves the fewest of its groups out.

        Args:
            scores: The answer's scores by its own keys.
        """
        layouts = [Layout({group.code: group.code for group in self.groups}, is_merged=False)]
        layouts += [
            Layout(self._merged_keys(group, key), is_merged=True)
            for group in self.merged_groups
            for key in group.answer_keys
            if key in scores
        ]
        return min(layouts, key=lambda layout: sum(k not in scores for k in layout.keys.values()))

    def _merged_keys(self, merged: MergedGroup, key: str) -> dict[str, str]:
        keys = {}
        for group in self.groups:
            is_part = group.code in merged.parts
            keys[merged.code if is_part else group.code] = key if is_part else group.code
        return keys

    def summed_groups(self, scores: Mapping[str, float | None]) -> tuple[str, ...]:
        """The groups whose scores add up to the total; none where that cannot be told.

        Args:
            scores: Scores by our codes, null where the source gave none.
        """
        given = {
            merged.code for merged in self.merged_groups if scores.get(merged.code) is not None
        }
        merged = next((item for item in self.merged_groups if item.code in given), None)
        codes = self._merged_keys(merged, merged.code) if merged else [g.code for g in self.groups]
        if any(code not in scores for code in codes) or all(scores[code] is None for code in codes):
            return ()
        return tuple(codes)

    def rule_text(self, metric: Metric, language: Language, on: date) -> str:
        """The rule of a metric in words, with the threshold of a day."""
        full = metric.rule.threshold(on)
        amounts = {"max": _plain(metric.max_score), "full": "?" if full is None else _plain(full)}
        parts = [self.rule_words[metric.rule.kind][language]]
        if metric.rule.kind in ("proportional", "capped"):
            parts.append(self.zero_words[metric.rule.zero_denominator][language])
        return "; ".join(part.format_map(amounts) for part in parts)


_Coded = TypeVar("_Coded", bound=Metric | Group | MergedGroup)


def _by_code(items: Iterable[_Coded], code: str) -> _Coded:
    for item in items:
        if item.code == code:
            return item
    raise KeyError(code)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


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
