"""What alerts say: both languages, what to do, and nothing that is personal."""

import copy
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.alerts.message import Told, digest, several, title_of, worded
from cchc_pipeline.alerts.rules import KINDS, Alert, load_words, parse_words
from cchc_pipeline.calendar import CalendarWords
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import SchemaDataError
from tests.alerts.causes import FAILED_RUN, NOW, SHARE, every_alert

SHIPPED = read_yaml("alerts/messages.yaml")
ALERTS = {alert.kind: alert for alert in every_alert()}


def bilingual(tree: Any, place: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The places of every text in two languages."""
    if not isinstance(tree, Mapping):
        return []
    if set(tree) == {"vi", "en"}:
        return [place]
    return [found for name, part in tree.items() for found in bilingual(part, (*place, name))]


def changed(place: tuple[str, ...], language: str, text: str | None) -> Any:
    tree = copy.deepcopy(SHIPPED)
    node = tree
    for name in place:
        node = node[name]
    if text is None:
        del node[language]
    else:
        node[language] = text
    return tree


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("place", bilingual(SHIPPED), ids=".".join)
def test_a_text_that_lacks_a_language_is_refused(place: tuple[str, ...], language: str) -> None:
    for text in (None, " "):
        with pytest.raises(SchemaDataError, match=re.escape(place[-1])):
            parse_words(changed(place, language, text), "here")


def test_a_text_that_says_more_in_one_language_is_refused() -> None:
    tree = changed(("kinds", "run_failed", "title"), "en", "The run failed")
    with pytest.raises(SchemaDataError, match="different names in braces"):
        parse_words(tree, "here")


def test_a_kind_without_words_is_refused() -> None:
    tree = copy.deepcopy(SHIPPED)
    del tree["kinds"]["revisions"]
    with pytest.raises(SchemaDataError, match="revisions has no words"):
        parse_words(tree, "here")


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_is_vietnamese_first_english_below_and_says_what_to_do(kind: str) -> None:
    alert, words = ALERTS[kind], load_words()
    message = worded(alert)
    title = title_of(alert)
    vietnamese, _, english = message.text.partition("\n\n")
    assert message.title == title.vi
    assert title.vi in vietnamese
    assert title.en in english
    assert f"\n{words.todo.vi}: " in vietnamese
    assert f"\n{words.todo.en}: " in english
    assert "\n" not in message.title
    assert not re.search(r"[{}]", message.text)
    assert (message.key, message.kind) == (alert.key, kind)


def test_a_missing_source_names_what_is_missing_and_who_owes_it() -> None:
    text = worded(ALERTS["source_missing"]).text
    assert "hồ sơ của hệ thống một cửa (nơi gửi: đơn vị vận hành" in text
    assert "reports of units (owed by: Sở Mẫu 1, Sở Mẫu 2)" in text
    assert "12/11/2026 08:30" in text


def test_a_failed_check_names_itself_what_it_asks_and_its_line() -> None:
    text = worded(ALERTS["check_failed"]).text
    assert "portal_findings.GROUPS_DO_NOT_ADD_UP" in text
    assert "Tổng điểm bằng tổng các nhóm." in text
    assert "1.0 is not the sum of its groups" in text


def test_quarantine_says_the_share_the_rules_and_where_the_sheets_lie() -> None:
    text = worded(ALERTS["quarantine"]).text
    assert "40,2% số dòng" in text
    assert "40.2% of the rows" in text
    assert "Mã hồ sơ sai dạng (603 dòng)" in text
    assert text.count("/srv/cchc/error-sheets/2026-07") == 2


def test_unexpected_revisions_say_how_many_where_and_the_two_ways_on() -> None:
    text = worded(ALERTS["revisions"]).text
    assert text.count("12 published value(s)") == 2
    assert "scores 2026-08 (12)" in text
    assert text.count("--accept-revisions SRC|ERR|MET|LATE") == 2
    assert "mend the file or the program and run again" in text


def test_a_late_publication_says_how_long_and_what_it_waits_for() -> None:
    text = worded(ALERTS["publication_late"]).text
    assert "Đã chậm 30 giờ" in text
    assert "Late by 30 hour(s)" in text
    assert "missing data (dossiers of the one-stop system, reports of units)" in text


def test_a_mirror_that_is_behind_says_what_both_show() -> None:
    text = worded(ALERTS["mirror_behind"]).text
    assert "It shows 2026-09.r1 (aaaaaaaaaaaa…), the portal shows 2026-09.r2 (bbbb" in text


@pytest.mark.parametrize(
    "secret",
    ["H24.16-240115-0001", "000.00.16.H24-240115-0001", "0912 345 678", "001234567890",
     "nguoi.mau@example.org"],
)  # fmt: skip
def test_what_a_program_said_is_told_without_codes_or_personal_data(secret: str) -> None:
    failure = replace(FAILED_RUN, line=f"ho-so.csv row 3: {secret}\nis wrong")
    text = worded(Alert("run_failed", "x", None, failure)).text
    assert secret not in text
    assert "ho-so.csv row 3: " in text
    assert "is wrong" in text


def test_a_long_list_is_cut_and_says_how_many_more() -> None:
    share = replace(SHARE, rules=SHARE.rules * 13)
    text = worded(Alert("quarantine", "x", share.month, share)).text
    assert "và 3 nữa" in text
    assert "and 3 more" in text


def test_a_digest_lists_all_that_is_open_and_what_has_ended() -> None:
    alerts = every_alert()
    since = {alert.key: NOW for alert in alerts}
    ended = [Told(CalendarWords("Kỳ 2026-06 đã ổn", "2026-06 is well again"), NOW)]
    message = digest(alerts, since, ended, NOW)
    assert message.key == "digest:2026-11-13"
    assert message.severity == "error"
    assert f"{len(KINDS)} việc đang mở, 1 việc đã hết" in message.title
    for alert in alerts:
        assert title_of(alert).vi in message.text
        assert title_of(alert).en in message.text
    assert "Kỳ 2026-06 đã ổn" in message.text
    assert "2026-06 is well again" in message.text


def test_a_digest_without_anything_says_that_all_is_well() -> None:
    message = digest([], {}, [], NOW)
    assert message.severity == "info"
    assert load_words().digest["well"].vi in message.text
    assert load_words().digest["well"].en in message.text


def test_many_new_causes_are_one_message() -> None:
    message = several(every_alert(), NOW)
    assert message.title == f"{len(KINDS)} việc mới cần xử lý"
    assert f"{len(KINDS)} new causes" in message.text


def test_every_kind_is_explained_to_the_operator() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"| `{kind}` |" in page, kind
