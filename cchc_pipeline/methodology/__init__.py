"""Decision 766: its groups, metrics and dated thresholds, and scores computed again from counts.

``methodology`` types the decision's groups, metrics and rules, ``reading`` reads and judges its
file, ``scoring`` computes, rounds, and rates a total.

Belongs here: the methodology as typed data, and how a score follows from counts. Does not: reading
a source's answers, ranking units, or replacing a score that a source published.
"""

from cchc_pipeline.methodology.methodology import (
    FIRST_MONTH,
    TOTAL_POINTS,
    Confidence,
    Filled,
    Group,
    Language,
    Layout,
    Level,
    MergedGroup,
    Methodology,
    Metric,
    Points,
    RatioInput,
    RuleKind,
    ScoreRule,
    Threshold,
    ZeroRule,
)
from cchc_pipeline.methodology.reading import (
    load_methodology,
    methodology_in_force,
    parse_methodology,
)
from cchc_pipeline.methodology.scoring import (
    UNKNOWN,
    Rating,
    RatingScale,
    Recomputed,
    add_up,
    cases_needed,
    difference,
    load_ratings,
    parse_ratings,
    percent,
    rate,
    recompute_group,
    recompute_metric,
    recompute_total,
    round_score,
)

__all__ = [
    "FIRST_MONTH",
    "TOTAL_POINTS",
    "UNKNOWN",
    "Confidence",
    "Filled",
    "Group",
    "Language",
    "Layout",
    "Level",
    "MergedGroup",
    "Methodology",
    "Metric",
    "Points",
    "Rating",
    "RatingScale",
    "RatioInput",
    "Recomputed",
    "RuleKind",
    "ScoreRule",
    "Threshold",
    "ZeroRule",
    "add_up",
    "cases_needed",
    "difference",
    "load_methodology",
    "load_ratings",
    "methodology_in_force",
    "parse_methodology",
    "parse_ratings",
    "percent",
    "rate",
    "recompute_group",
    "recompute_metric",
    "recompute_total",
    "round_score",
]
