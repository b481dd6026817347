"""Alerts and digests in words: Vietnamese first, English below, each with what to do.

Belongs here: filling the words of ``schemas/alerts`` with facts. Does not: which causes are open
(``rules``), or who was told (``telling``). What a program said may quote a file: it is cut to one
line, and whatever looks like personal data or a dossier code is hidden.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from cchc_pipeline.alerts.rules import (
    Alert,
    AlertWords,
    AwaitedMonth,
    Behind,
    Failure,
    FileLeft,
    FilesLeft,
    Late,
    Mirror,
    MissingSource,
    SetAside,
    Severity,
    Shown,
    Unseen,
    load_words,
)
from cchc_pipeline.calendar import CalendarWords
from cchc_pipeline.contracts.sources import source_named
from cchc_pipeline.core.masking import PERSONAL_FORMS, mask
from cchc_pipeline.core.period import TIMEZONE
from cchc_pipeline.government import Government
from cchc_pipeline.plan.due_reports import DueReport

DIGEST, SEVERAL = "digest", "several"
_LONGEST_LINE = 600
Language = Literal["vi", "en"]
Values = Mapping[str, CalendarWords]
_LANGUAGES: tuple[Language, ...] = ("vi", "en")
_RULE = "\n\n----\n\n"


@dataclass(frozen=True)
class Message:
    """What is sent, the same over every channel."""

    key: str
    kind: str
    severity: Severity
    month: str | None
    title: str
    text: str


@dataclass(frozen=True)
class Told:
    """A cause of which somebody was or is to be told, as a digest lists it."""

    title: CalendarWords
    since: datetime


def worded(alert: Alert) -> Message:
    """The message of one cause."""
    kind = load_words().kinds[alert.kind]
    month = str(alert.month) if alert.month else None
    text = f"{_block(alert, 'vi')}\n\n{_block(alert, 'en')}\n"
    return Message(alert.key, alert.kind, kind.severity, month, title_of(alert).vi, text)


def several(alerts: Sequence[Alert], at: datetime) -> Message:
    """One message of many new causes, so that they are no storm."""
    title = _filled(load_words().several["title"], {"count": _same(len(alerts))})
    parts = [f"{_of(title, lang)}\n\n{_blocks(alerts, lang)}" for lang in _LANGUAGES]
    key = f"{SEVERAL}:{at.astimezone(TIMEZONE).isoformat(timespec='minutes')}"
    return Message(key, SEVERAL, _worst(alerts), None, title.vi, f"{_RULE.join(parts)}\n")


def digest(
    alerts: Sequence[Alert], since: Mapping[str, datetime], ended: Sequence[Told], at: datetime
) -> Message:
    """Everything that is open, what has ended since the last digest, or that all is well.

    Args:
        alerts: What is open.
        since: When each became open, by its key.
        ended: What was told and is open no more.
        at: The moment.
    """
    day = at.astimezone(TIMEZONE).date()
    counts = {"day": _day(at), "open": _same(len(alerts)), "ended": _same(len(ended))}
    title = _filled(load_words().digest["title"], counts)
    parts = [f"{_of(title, lang)}\n\n{_digest(alerts, since, ended, lang)}" for lang in _LANGUAGES]
    key = f"{DIGEST}:{day.isoformat()}"
    return Message(key, DIGEST, _worst(alerts), None, title.vi, f"{_RULE.join(parts)}\n")


def of_place(message: Message, place: Government) -> Message:
    """A message about a further place of an installation, which its title and first line say."""
    names = CalendarWords(place.place.vi, place.place.en)
    line = _filled(load_words().of_place, {"place": names, "root": _same(place.code)})
    text = f"{line.vi}\n{line.en}\n\n{message.text}"
    return replace(message, title=f"{names.vi}: {message.title}", text=text)


def title_of(alert: Alert) -> CalendarWords:
    """A cause in one line."""
    return _filled(load_words().kinds[alert.kind].title, _values(alert))


def _digest(
    alerts: Sequence[Alert], since: Mapping[str, datetime], ended: Sequence[Told], lang: Language
) -> str:
    words = load_words().digest
    if not alerts and not ended:
        return _of(words["well"], lang)
    parts = []
    if alerts:
        blocks = [f"* {_block(a, lang)}\n({_since(since[a.key], lang)})" for a in alerts]
        parts += [f"{_of(words['open'], lang)}:", *blocks]
    if ended:
        lines = [f"* {_of(t.title, lang)} ({_since(t.since, lang)})" for t in ended]
        parts.append("\n".join([f"{_of(words['ended'], lang)}:", *lines]))
    return "\n\n".join(parts)


def _since(moment: datetime, lang: Language) -> str:
    return _of(_filled(load_words().digest["since"], {"moment": _moment(moment)}), lang)


def _blocks(alerts: Iterable[Alert], lang: Language) -> str:
    return "\n\n".join(f"* {_block(alert, lang)}" for alert in alerts)


def _block(alert: Alert, lang: Language) -> str:
    """A cause in one language: severity and title, what is the matter, what to do."""
    words = load_words()
    kind, values = words.kinds[alert.kind], _values(alert)
    severity = _of(words.severities[kind.severity], lang)
    title, body, todo = (
        _of(_filled(part, values), lang) for part in (kind.title, kind.body, kind.todo)
    )
    return f"{severity}: {title}\n{body}\n{_of(words.todo, lang)}: {todo}"


def _worst(alerts: Sequence[Alert]) -> Severity:
    severities = {load_words().kinds[alert.kind].severity for alert in alerts}
    if "error" in severities:
        return "error"
    return "warning" if severities else "info"


# What each kind's words are filled with


def _values(alert: Alert) -> Values:
    make: Callable[[Any], Values] = _MAKERS[type(alert.fact)]
    return make(alert.fact)


def _of_awaited(fact: AwaitedMonth) -> Values:
    words = load_words().unreadable
    unreadable = [_filled(words, {"line": _same(line)}) for line in fact.refused]
    missing = _listed([*unreadable, *(_owed(source) for source in fact.missing)], "; ")
    return {"month": _same(fact.month), "due": _moment(fact.due), "missing": missing}


def _owed(source: MissingSource) -> CalendarWords:
    words = load_words()
    owes = source_named(source.table).owes
    names = [_same(_quoted(name)) for name in source.units]
    if owes and not names:
        names = [CalendarWords(owes.vi, owes.en)]
    return _filled(words.owed_by, {"source": _called(source.table), "owes": _listed(names)})


def _called(source: str) -> CalendarWords:
    """What a declared source is called."""
    name = source_named(source).name
    return CalendarWords(name.vi, name.en)


def _of_failure(fact: Failure) -> Values:
    words = load_words()
    where = (
        _filled(words.month, {"month": _same(fact.month)}) if fact.month else words.publication
    )  # fmt: skip
    return {
        "where": where,
        "check": _same(f"{fact.asset}.{fact.check}"),
        "meaning": fact.meaning or _same(""),
        "line": _same(_quoted(fact.line)),
        "codes": _same("SRC|ERR|MET|LATE"),
    }


def _of_set_aside(fact: SetAside) -> Values:
    words = load_words()
    rules = [_filled(words.rule, {"name": r.name, "count": _same(r.rows)}) for r in fact.rules]
    folder = {"folder": _same(fact.sheets)}
    return {
        "month": _same(fact.month),
        "table": _called(fact.table),
        "share": _share(fact.quarantined / fact.rows if fact.rows else 0),
        "limit": _share(fact.limit),
        "rows": _same(fact.rows),
        "quarantined": _same(fact.quarantined),
        "rules": _listed(rules),
        "sheets": _filled(words.sheets, folder) if fact.sheets else words.no_sheets,
    }


def _of_late(fact: Late) -> Values:
    month = fact.awaited
    return {
        "month": _same(month.month),
        "due": _moment(month.due),
        "late": _long(fact.by),
        "waits": _listed(list(_waits(fact)), "; "),
    }


def _waits(fact: Late) -> Iterable[CalendarWords]:
    words, month = load_words().waits, fact.awaited
    if fact.failed:
        yield words["failed"]
    if month.missing:
        names = [_called(source.table) for source in month.missing]
        yield _filled(words["missing"], {"sources": _listed(names)})
    if not fact.failed:
        yield words["publication" if month.computed else "unprocessed"]


def _of_files_left(fact: FilesLeft) -> Values:
    return {
        "month": _same(fact.month),
        "count": _same(len(fact.files)),
        "files": _listed([_left(file) for file in fact.files], "; "),
    }


def _left(file: FileLeft) -> CalendarWords:
    words = load_words()
    values = {"path": _same(_quoted(file.path)), "why": file.why, "place": _same(file.should_be)}
    return _filled(words.file_misplaced if file.should_be else words.file_left, values)


def _of_behind(fact: Behind) -> Values:
    theirs = fact.mirror.shown
    return {
        "address": _same(fact.mirror.address),
        "theirs": _release(theirs) if theirs else load_words().shows_nothing,
        "ours": _release(fact.ours),
        "since": _moment(fact.ours.since) if fact.ours.since else _same("?"),
    }


def _release(shown: Shown) -> CalendarWords:
    return _same(f"{_quoted(shown.release)} ({_quoted(shown.digest[:12])}…)")


def _of_mirror(fact: Mirror) -> Values:
    return {"address": _same(fact.address), "line": _same(_quoted(fact.refused))}


def _of_report(fact: DueReport) -> Values:
    of = {"number": _same(_number_of(fact)), "year": _same(fact.month.year)}
    return {
        "report": _filled(load_words().reports[fact.kind], of),
        "due": CalendarWords(f"{fact.due:%d/%m/%Y}", fact.due.isoformat()),
        "addressee": _same(fact.addressee),
        "command": _same(fact.command),
    }


def _number_of(fact: DueReport) -> str:
    """Which quarter of the year it is of."""
    return ("I", "II", "III", "IV")[fact.month.quarter - 1]


def _of_unseen(fact: Unseen) -> Values:
    place, words = fact.place, load_words()
    return {
        "place": place.title,
        "shows": _same(place.shows) if place.shows else words.shows_nothing,
        "ours": _release(fact.ours),
        "line": _same(_quoted(place.line) or "-"),
    }


_MAKERS: Mapping[type, Callable[[Any], Values]] = {
    AwaitedMonth: _of_awaited,
    Failure: _of_failure,
    SetAside: _of_set_aside,
    Late: _of_late,
    Behind: _of_behind,
    Mirror: _of_mirror,
    FilesLeft: _of_files_left,
    DueReport: _of_report,
    Unseen: _of_unseen,
}


# Small forms


def _of(words: CalendarWords, lang: Language) -> str:
    return words.vi if lang == "vi" else words.en


def _same(value: object) -> CalendarWords:
    return CalendarWords(str(value), str(value))


def _filled(words: CalendarWords, values: Values) -> CalendarWords:
    vi = words.vi.format_map({name: value.vi for name, value in values.items()})
    en = words.en.format_map({name: value.en for name, value in values.items()})
    return CalendarWords(vi.strip(), en.strip())


def _listed(parts: Sequence[CalendarWords], mark: str = ", ") -> CalendarWords:
    """The first of them, and how many more."""
    words: AlertWords = load_words()
    more = len(parts) - words.listed_at_most
    rest = [_filled(words.more, {"count": _same(more)})] if more > 0 else []
    shown = [*parts[: words.listed_at_most], *rest]
    return CalendarWords(mark.join(part.vi for part in shown), mark.join(part.en for part in shown))


def _moment(moment: datetime) -> CalendarWords:
    local = moment.astimezone(TIMEZONE)
    return CalendarWords(f"{local:%d/%m/%Y %H:%M}", f"{local:%Y-%m-%d %H:%M}")


def _day(moment: datetime) -> CalendarWords:
    local = moment.astimezone(TIMEZONE)
    return CalendarWords(f"{local:%d/%m/%Y}", f"{local:%Y-%m-%d}")


def _long(span: timedelta) -> CalendarWords:
    words = load_words()
    hours = int(span.total_seconds() // 3600)
    chosen, count = (words.days, span.days) if span.days >= 2 else (words.hours, hours)
    return _filled(chosen, {"count": _same(count)})


def _share(share: float) -> CalendarWords:
    text = f"{share:.1%}"
    return CalendarWords(text.replace(".", ","), text)


def _quoted(line: str) -> str:
    """What a program said, on one line, with nothing in it that may be personal."""
    hidden = " ".join(line.split())
    for form in PERSONAL_FORMS.values():
        hidden = form.sub("***", hidden)
    return mask(hidden, _LONGEST_LINE)
