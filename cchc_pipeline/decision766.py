"""Decision 766: its groups, metrics and dated thresholds, and scores computed again from counts.

Belongs here: the methodology as typed data, how a score follows from counts, how decimals are
rounded, the rating of a total. Does not: reading a source's answers, ranking units, or replacing a
score that a source published.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from itertools import combinations, pairwise
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.errors import SchemaDataError
from cchc_pipeline.reference import read_yaml

Language = Literal["vi", "en"]
Level = Literal["province", "agency", "commune"]
Confidence = Literal["confirmed", "recomputed", "believed", "open"]
RuleKind = Literal["proportional", "capped", "fixed", "tracked"]
ZeroRule = Literal["none", "zero", "full", "unknown"]
RatioInput = Literal["exact", "rounded_percent"]
Filled = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Points = Annotated[Decimal, Field(ge=0, le=100)]

TOTAL_POINTS = Decimal(100)
_CODE = re.compile(r"766-(\d{4})")
_CENT = Decimal("0.01")
_NO_EXTRAS = ConfigDict(extra="forbid")
_RATINGS = "decision-766/ratings.yaml"


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
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


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
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


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
class Metric:
    """One metric of the decision, its counts in words and its rule."""

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

    @property
    def is_tracked_only(self) -> bool:
        """Whether the metric is followed and never scored."""
        return self.rule.kind == "tracked"

    @property
    def is_scored_by_source(self) -> bool:
        """Whether the source itself gives the metric a score, and not only its group."""
        return self.published_by_source and not self.is_tracked_only


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
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


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
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


@dataclass(frozen=True)
class Recomputed:
    """A score computed from counts.

    ``known`` is False where nothing can be said (counts missing, no rule for the case). A score of
    None that is known is null by rule: it is published as null and counts 0 in sums.
    """

    score: Decimal | None
    known: bool


UNKNOWN = Recomputed(None, known=False)


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
class Methodology:
    """One way of scoring by Decision 766, in force from a day on, with the source that applies it.

    ``tolerance`` is how far, in points, a published score may lie from the recomputed one.
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

    def scored_metrics(self, level: str) -> tuple[Metric, ...]:
        """The metrics that earn points at a level (``province``, ``agency``, ``commune``)."""
        return tuple(m for m in self.metrics if level in m.applies_to and not m.is_tracked_only)

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


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
class Rating:
    """The name of a band of totals; ``at_least`` belongs to it."""

    code: Filled
    name_vi: Filled
    name_en: Filled
    at_least: Points


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
class RatingScale:
    """The bands, the highest first, and how well their names and thresholds are known."""

    valid_from: date
    valid_to: date | None
    names_confidence: Confidence
    thresholds_confidence: Confidence
    basis: Filled
    bands: Annotated[tuple[Rating, ...], Field(min_length=1)]


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


def parse_methodology(content: Any, where: str) -> Methodology:
    """Type and judge the content of a methodology file.

    Args:
        content: The decoded file.
        where: Its name, for the reader of an error.

    Raises:
        SchemaDataError: Something lacks or contradicts; one line names all of it.
    """
    methodology = _typed(TypeAdapter(Methodology), content, where)
    rules = (_sum_problems, _reference_problems, _rule_problems, _word_problems)
    _refuse([problem for rule in rules for problem in rule(methodology)], where)
    return methodology


@cache
def load_ratings() -> RatingScale:
    """The rating bands, from ``schemas/decision-766/ratings.yaml``.

    Raises:
        SchemaDataError: The data are not usable.
    """
    return parse_ratings(read_yaml(_RATINGS), f"schemas/{_RATINGS}")


def parse_ratings(content: Any, where: str) -> RatingScale:
    """Type and judge the content of a file of rating bands.

    Raises:
        SchemaDataError: Something lacks, or the bands are not in falling order down to 0.
    """
    scale = _typed(TypeAdapter(RatingScale), content, where)
    starts = [band.at_least for band in scale.bands]
    falling = all(upper > lower for upper, lower in pairwise(starts))
    _refuse([] if falling and starts[-1] == 0 else ["bands do not fall from the best to 0"], where)
    return scale


_Data = TypeVar("_Data")


def _typed(adapter: TypeAdapter[_Data], content: Any, where: str) -> _Data:
    try:
        return adapter.validate_python(content)
    except ValidationError as error:
        problems = [
            f"{_name_of(item['loc'], content)}: {item['msg']}"
            for item in error.errors(include_url=False)
        ]
    raise SchemaDataError("; ".join(problems), where=where)


def _name_of(location: tuple[int | str, ...], content: Any) -> str:
    """A place in the file, where list entries are called by their code."""
    names, at = [], content
    for step in location:
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            at = None
        names.append(str(at.get("code", step)) if isinstance(at, dict) else str(step))
    return ".".join(names) or "content"


def _refuse(problems: list[str], where: str) -> None:
    if problems:
        raise SchemaDataError("; ".join(problems), where=where)


def _sum_problems(methodology: Methodology) -> Iterable[str]:
    total = sum(group.max_score for group in methodology.groups)
    if total != TOTAL_POINTS:
        yield f"groups add up to {total}, not {TOTAL_POINTS}"
    for group in methodology.groups:
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


def _word_problems(methodology: Methodology) -> Iterable[str]:
    rules = {f"rule_words.{kind}": methodology.rule_words.get(kind) for kind in get_args(RuleKind)}
    zeros = {f"zero_words.{kind}": methodology.zero_words.get(kind) for kind in get_args(ZeroRule)}
    for place, words in {**rules, **zeros}.items():
        if words is None or len(words) < len(get_args(Language)):
            yield f"{place}: lacks vi or en"


def _threshold_problems(rule: ScoreRule) -> Iterable[str]:
    for item in rule.full_marks_at:
        if item.valid_to is not None and item.valid_to < item.valid_from:
            yield f"the threshold of {item.valid_from} ends before it begins"
    for one, other in combinations(rule.full_marks_at, 2):
        if one.overlaps(other):
            yield f"the thresholds of {one.valid_from} and {other.valid_from} overlap"


def round_score(value: float | Decimal) -> Decimal:
    """Round to 2 decimals, ties away from 0, as the source does: a float by its binary value."""
    return Decimal(value).quantize(_CENT, ROUND_HALF_UP)


def percent(numerator: float | None, denominator: float | None) -> Decimal | None:
    """The ratio in per cent, 2 decimals; None at denominator 0 or where a count is missing."""
    if numerator is None or not denominator:
        return None
    return round_score(float(100 * Fraction(numerator) / Fraction(denominator)))


def recompute_metric(
    metric: Metric, numerator: int | None, denominator: int | None, on: date
) -> Recomputed:
    """The score of a metric by its rule, at most its maximum.

    Args:
        metric: The metric.
        numerator: Its count, not negative; None if the source gave none.
        denominator: Likewise.
        on: The day whose threshold applies.
    """
    rule = metric.rule
    full = rule.threshold(on)
    if rule.kind == "fixed":
        return Recomputed(round_score(metric.max_score), known=True)
    if rule.kind == "tracked" or numerator is None or denominator is None or full is None:
        return UNKNOWN
    if denominator == 0:
        return _at_zero(metric)
    ratio = 100 * Fraction(numerator, denominator)
    if rule.ratio_input == "rounded_percent":
        ratio = Fraction(round_score(float(ratio)))
    # One double at the end, of the exact value: the source's ties are those of its binary doubles.
    points = float(Fraction(metric.max_score) * ratio / Fraction(full))
    return Recomputed(min(round_score(points), round_score(metric.max_score)), known=True)


def _at_zero(metric: Metric) -> Recomputed:
    return {
        "none": Recomputed(None, known=True),
        "zero": Recomputed(round_score(0.0), known=True),
        "full": Recomputed(round_score(metric.max_score), known=True),
        "unknown": UNKNOWN,
    }[metric.rule.zero_denominator]


def recompute_group(
    methodology: Methodology, group: str, metrics: Mapping[str, Recomputed]
) -> Recomputed:
    """The sum of a group's scored metrics; unknown where one of them is, null counts 0.

    Args:
        methodology: The methodology.
        group: A group's code, merged ones included.
        metrics: Recomputed metrics by code.

    Raises:
        KeyError: There is no such group.
    """
    scored = (metric for metric in methodology.metrics_of(group) if not metric.is_tracked_only)
    return _sum(metrics.get(metric.code, UNKNOWN) for metric in scored)


def recompute_total(methodology: Methodology, groups: Mapping[str, Recomputed]) -> Recomputed:
    """The plain sum of the groups; unknown where one of them is.

    Args:
        methodology: The methodology.
        groups: Recomputed groups by code; merged ones are not looked at, their parts are.
    """
    return _sum(groups.get(group.code, UNKNOWN) for group in methodology.groups)


def _sum(parts: Iterable[Recomputed]) -> Recomputed:
    known = list(parts)
    if not all(part.known for part in known):
        return UNKNOWN
    return Recomputed(
        sum((part.score or Decimal(0) for part in known), Decimal("0.00")), known=True
    )


def difference(published: float | Decimal | None, recomputed: Recomputed) -> Decimal | None:
    """Published less recomputed, in points; None unless both are numbers."""
    if published is None or recomputed.score is None:
        return None
    return Decimal(str(published)) - recomputed.score


def rate(total: float | Decimal | None) -> Rating | None:
    """The rating of a total as published; None where there is no total.

    The thresholds are believed, not confirmed: see ``load_ratings().thresholds_confidence``.
    """
    if total is None:
        return None
    points = Decimal(str(total))
    return next((band for band in load_ratings().bands if points >= band.at_least), None)
