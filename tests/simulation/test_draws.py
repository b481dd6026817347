"""Chance is a function of seed, month, topic and index, and of nothing else."""

import numpy as np

from cchc_pipeline.core.period import Month
from cchc_pipeline.simulation.draws import Draws

MARCH = Draws(7, Month(2024, 3))
INDEX = np.arange(20_000)
FIXED = [0.900301, 0.099582, 0.386029]


def test_a_part_is_drawn_as_the_whole_is() -> None:
    whole = MARCH.share("hour", INDEX)
    assert (MARCH.share("hour", INDEX[500:900]) == whole[500:900]).all()


def test_another_seed_month_or_topic_is_another_chance() -> None:
    shares = [
        MARCH.share("hour", INDEX),
        MARCH.share("day", INDEX),
        Draws(8, Month(2024, 3)).share("hour", INDEX),
        Draws(7, Month(2024, 4)).share("hour", INDEX),
    ]
    correlations = np.corrcoef(shares)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 0.03


def test_shares_are_spread_evenly_from_0_to_below_1() -> None:
    share = MARCH.share("hour", INDEX)
    assert share.min() >= 0
    assert share.max() < 1
    counts = np.bincount((share * 10).astype(np.int64))
    assert np.abs(counts - len(INDEX) / 10).max() < 200


def test_these_numbers_stay_the_same_from_version_to_version() -> None:
    assert MARCH.share("hour", np.arange(3)).round(6).tolist() == FIXED


def test_a_weight_of_nothing_is_never_chosen() -> None:
    chosen = MARCH.choice("unit", INDEX, [1.0, 0.0, 3.0])
    assert set(chosen.tolist()) == {0, 2}
    assert 0.23 < (chosen == 0).mean() < 0.27
