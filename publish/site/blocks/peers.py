"""A unit among its peers: those of its level with a total, and those of like size.

Belongs here: the middle and the quarters of their totals, who is of like size; the dots, axis and
words of the drawing. Does not: ranks, which the domain computes, geometry (``charts``), HTML.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median, quantiles

from markupsafe import Markup

from cchc_pipeline.methodology import round_score
from publish.site.charts.dots import Axis, Dot, dot_plot
from publish.site.charts.frame import round_ends
from publish.site.forms import Forms
from publish.site.words import number_text

FEWEST = 5
"""Below so many units a middle or a spread shows nothing that their table does not show better."""
LIKE = 2
"""A unit is of like size if it received between a half of the dossiers and twice as many."""


@dataclass(frozen=True)
class Peer:
    """A unit's total and the dossiers that it received; None where that is not known."""

    score: float
    size: int | None = None


@dataclass(frozen=True)
class Peers:
    """The units that a unit is ranked among, itself included.

    Args:
        all: Each with its total.
        own: The unit's own; None where it has no total.
    """

    all: tuple[Peer, ...]
    own: Peer | None = None

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.all)

    @property
    def has_spread(self) -> bool:
        """Whether there are enough of them, and their totals differ."""
        return len({peer.score for peer in self.all}) >= FEWEST

    @property
    def median(self) -> float | None:
        """The total in the middle; None of too few."""
        return _median(self.all)

    @property
    def gap(self) -> Decimal | None:
        """How far the unit lies above the middle, as both are shown; None where one is not."""
        if self.own is None or self.median is None:
            return None
        return _exact(self.own.score) - _exact(self.median)

    @property
    def quarters(self) -> tuple[float, float] | None:
        """Between which totals the middle half lies; None of too few."""
        if len(self.all) < FEWEST:
            return None
        exact = [_exact(peer.score) for peer in self.all]
        low, _, high = quantiles(exact, n=4, method="inclusive")
        return float(round_score(low)), float(round_score(high))

    @property
    def like(self) -> tuple[Peer, ...]:
        """Those of like size, itself included; none where its size is not known."""
        size = self.own.size if self.own else None
        if not size:
            return ()
        return tuple(p for p in self.all if p.size and size <= p.size * LIKE <= size * LIKE * LIKE)

    @property
    def like_median(self) -> float | None:
        """The total in the middle of those of like size; None of too few."""
        return _median(self.like)


def _median(peers: Sequence[Peer]) -> float | None:
    return middle_of(peer.score for peer in peers) if len(peers) >= FEWEST else None


def middle_of(scores: Iterable[float]) -> float:
    """The score in the middle, of 2 decimals as any score; half a hundredth is rounded up."""
    return float(round_score(median(map(_exact, scores))))


def _exact(score: float) -> Decimal:
    """A score by its decimals: halves of them are no halves in binary."""
    return Decimal(str(score))


def peers_of(
    scores: Iterable[tuple[float, int | None]], own: float | None, size: int | None = None
) -> Peers:
    """The peers from their totals and sizes, among which one is the unit's own.

    Args:
        scores: The total and the dossiers received of each.
        own: The unit's own total.
        size: The dossiers that it received itself: another may have the same total.
    """
    all_ = tuple(Peer(*one) for one in scores)
    mine = Peer(own, size) if own is not None else None
    return Peers(all_, mine if mine in all_ else None)


def peers_chart(peers: Peers, forms: Forms, identifier: str) -> Markup:
    """The totals of the peers on one axis, the unit's own marked."""
    values = [peer.score for peer in peers.all]
    low, high, ticks = round_ends(values)
    own = [peers.own] if peers.own else []
    others = list(peers.all)
    for peer in own:
        others.remove(peer)
    dots = [Dot(peer.score, _score(peer.score, forms)) for peer in others]
    dots += [Dot(peer.score, _score(peer.score, forms), is_marked=True) for peer in own]
    middle = middle_of(values)
    said = forms.words("spread.median", score=_score(middle, forms))
    axis = Axis(
        low, high, tuple((value, forms.tick(value)) for value in ticks), (middle, str(said)),
        peers.quarters,
    )  # fmt: skip
    names = (peers_finding(peers, forms), forms.words("peers.how"), identifier)
    return dot_plot(dots, axis, names)


def peers_finding(peers: Peers, forms: Forms) -> Markup:
    """Where the middle half of the peers lies, and how far the unit is from the middle."""
    middle, quarters = peers.median, peers.quarters
    if middle is None or quarters is None:
        return forms.words("peers.plain", count=forms.count(peers.count))
    return forms.words(
        "peers.finding", count=forms.count(peers.count), median=_score(middle, forms),
        low=_score(quarters[0], forms), high=_score(quarters[1], forms),
    )  # fmt: skip


def _score(value: float, forms: Forms) -> str:
    return number_text(value, 2, forms.language)
