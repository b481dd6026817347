"""Chance that does not depend on the order of asking.

Belongs here: numbers in [0, 1) as a pure function of seed, month, topic and index, so that any part
of a simulation can be made alone, in pieces, and again. Does not: what is drawn.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cchc_pipeline.core.period import Month

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_WORD = (1 << 64) - 1
_STEP, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


@dataclass(frozen=True)
class Draws:
    """The chance of one seed and month of reception."""

    seed: int
    month: Month

    def share(self, topic: str, index: Ints) -> Floats:
        """One number in [0, 1) for each index, by SplitMix64; topics are independent."""
        with np.errstate(over="ignore"):
            mixed = index.astype(np.uint64) * np.uint64(_STEP) + np.uint64(self._key(topic))
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_FIRST)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_SECOND)
            mixed ^= mixed >> np.uint64(31)
        return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, topic: str, index: Ints, chance: float | Floats) -> Bools:
        """Whether each index is among the share ``chance``."""
        drawn: Bools = self.share(topic, index) < chance
        return drawn

    def whole(self, topic: str, index: Ints, limit: int | Ints) -> Ints:
        """A whole number from 0 to below ``limit`` for each index."""
        return (self.share(topic, index) * limit).astype(np.int64)

    def choice(self, topic: str, index: Ints, weights: Sequence[float] | Floats) -> Ints:
        """The place of a weight for each index, by the weights."""
        bounds = np.cumsum(weights)
        return np.searchsorted(bounds / bounds[-1], self.share(topic, index), side="right")

    def _key(self, topic: str) -> int:
        key = self.seed & _WORD
        for part in (self.month.year * 12 + self.month.month, zlib.crc32(topic.encode())):
            key = _mixed((key ^ part) + _STEP)
        return key


def _mixed(value: int) -> int:
    value &= _WORD
    value = (value ^ (value >> 30)) * _FIRST & _WORD
    value = (value ^ (value >> 27)) * _SECOND & _WORD
    return value ^ (value >> 31)


def draw_of_name(seed: int, name: str, topic: str) -> float:
    """One number in [0, 1) for a name, the same in every month."""
    index = np.array([zlib.crc32(name.encode())], dtype=np.int64)
    return float(Draws(seed, Month(1, 1)).share(topic, index)[0])
