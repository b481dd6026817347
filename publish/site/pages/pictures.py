"""What the pictures say that stand for a month's or a unit's page where its address is shared.

Belongs here: the words, the figure and the bars of each, and where the files lie. Does not: drawing
(``share_image``), the tags that name a picture (``templates/base.html``), or the facts themselves.

A picture can only be named by an absolute address: none is drawn where the site's own is not known.
A unit has one picture for both languages: drawing takes longer than all else of its page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from publish.model import Identity
from publish.site.forms import Forms, is_sample
from publish.site.kept import ATTACHMENTS
from publish.site.pages.month import MonthFacts, MonthWindow
from publish.site.pages.unit import UnitFacts
from publish.site.share_image import ShareImage, share_image
from publish.site.words import LANGUAGES, Language, load_words


@dataclass(frozen=True)
class Pictures:
    """The pictures of a page: the path in the site by language, and the files to be attached."""

    paths: Mapping[Language, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


def month_pictures(page: str, facts: MonthFacts, identity: Identity) -> Pictures:
    """The pictures of a month, one in each language."""
    if not identity.public_url:
        return Pictures()
    names = {language: f"{_folder(page)}/chia-se.{language}.png" for language in LANGUAGES}
    return Pictures(
        {language: f"{ATTACHMENTS}/{name}" for language, name in names.items()},
        {name: share_image(month_picture(facts, _forms(lang))) for lang, name in names.items()},
    )


def unit_pictures(page: str, facts: UnitFacts, identity: Identity) -> Pictures:
    """The picture of a unit, in Vietnamese for both languages."""
    if not identity.public_url:
        return Pictures()
    name = f"{_folder(page)}/chia-se.png"
    paths = dict.fromkeys(LANGUAGES, f"{ATTACHMENTS}/{name}")
    return Pictures(paths, {name: share_image(unit_picture(facts, _forms("vi")))})


def month_picture(facts: MonthFacts, forms: Forms) -> ShareImage:
    """The publishing unit's total of the month, its rank, its change and its groups."""
    words, window = forms.words, facts.headline
    title = words.text(
        "share.month", unit=forms.name(facts.root), period=forms.month(facts.month, inside=True)
    )
    if window is None:
        return _picture(
            title, None, (words.text("share.nothing"),), facts.sample is not None, forms
        )
    kind = "province" if window.is_among_provinces else "other"
    lines = [
        _rank(window, window.peers, f"headline.rank.{kind}", forms),
        _change(window, forms) if window.change is not None else "",
    ]
    return _picture(title, window, tuple(lines), _is_sample(window), forms, facts)


def unit_picture(facts: UnitFacts, forms: Forms) -> ShareImage:
    """The unit's total, its rank, its change and its groups."""
    words, window = forms.words, facts.window
    title = words.text("unit.title", unit=forms.name(facts.unit))
    if window is None:
        return _picture(title, None, (words.text("share.nothing"),), facts.is_sample, forms)
    change = facts.change.points
    said = f"headline.change.{window.basis.value}"
    lines = (
        _rank(window, facts.peers, "unit.rank", forms),
        words.text(said, points=forms.signed(change)) if change is not None else "",
    )
    return _picture(title, window, lines, facts.is_sample or _is_sample(window), forms, facts)


def _picture(
    title: str,
    window: MonthWindow | None,
    lines: tuple[str, ...],
    sample: bool,
    forms: Forms,
    facts: MonthFacts | UnitFacts | None = None,
) -> ShareImage:
    words = forms.words
    scored = window is not None and window.total["score"] is not None
    return ShareImage(
        site=words.text("site.name"),
        title=title,
        figure=forms.plain(window.total, "score") if window and scored else "",
        figure_note=_note(window, forms) if window and scored else "",
        lines=tuple(line for line in lines if line),
        sample=sample,
        sample_text=words.text("sample.heading"),
        bars=_bars(window, facts, forms) if window and facts else (),
    )


def _note(window: MonthWindow, forms: Forms) -> str:
    maximum = forms.plain(window.total, "max_score")
    span = forms.window(window.month, window.basis, inside=True)
    return forms.words.text("share.note", maximum=maximum, window=span)


def _rank(window: MonthWindow, peers: int, key: str, forms: Forms) -> str:
    rank = window.total["rank"]
    if rank is None:
        return ""
    return forms.words.text(key, rank=forms.count(rank), peers=forms.count(peers))


def _change(window: MonthWindow, forms: Forms) -> str:
    assert window.change is not None  # noqa: S101 - asked for just before
    key = f"headline.change.{window.basis.value}"
    return forms.words.text(key, points=forms.signed(window.change))


def _bars(
    window: MonthWindow, facts: MonthFacts | UnitFacts, forms: Forms
) -> tuple[tuple[str, float | None], ...]:
    """The groups as shares of their maximum; none of a share where there is no score."""
    return tuple(
        (
            forms.name(facts.names.metric(block.group["metric_code"])),
            None if _is_empty(block.group) else block.group["score"] / block.group["max_score"],
        )
        for block in window.blocks
    )


def _is_empty(group: Mapping[str, float | None]) -> bool:
    return group["score"] is None or not group["max_score"]


def _is_sample(window: MonthWindow) -> bool:
    return is_sample((window.total, *(block.group for block in window.blocks)))


def _forms(language: Language) -> Forms:
    return Forms(load_words(language), {})


def _folder(page: str) -> str:
    return page.removesuffix(".html")
