"""The quality report: what was asked of a release, what failed, and who handed in what."""

import json
from dataclasses import replace

from cchc_pipeline.core.data import read_yaml
from publish.gates.gates import GATES, Verdict, quality_report
from publish.model import QUALITY, Draft
from publish.portal.publication import build
from publish.release.comparison import Terms
from publish.store.store import Portal
from tests.publish.small_release import MOMENT, ROOT, THRESHOLD, with_table

TERMS = Terms(production=False, threshold=THRESHOLD)


def test_every_gate_is_explained_in_both_languages_and_nothing_else_is() -> None:
    words = read_yaml("release/gates.yaml")["gates"]
    assert list(words) == list(GATES)
    assert all(set(asked) == {"vi", "en"} and all(asked.values()) for asked in words.values())


def test_a_built_release_carries_the_verdict_of_every_gate(
    good_draft: Draft, portal: Portal
) -> None:
    built = build(good_draft, portal, MOMENT, TERMS)
    report = json.loads((built.folder / QUALITY).read_text(encoding="utf-8"))
    assert [check["name"] for check in report["checks"]] == list(GATES)
    assert all(check["passed"] for check in report["checks"])


def test_a_release_that_was_stopped_names_its_failures(good_draft: Draft, portal: Portal) -> None:
    twice = with_table(good_draft, "scores", lambda row: row | {"score": 99.0})
    built = build(twice, portal, MOMENT, TERMS)
    report = json.loads((built.folder / QUALITY).read_text(encoding="utf-8"))
    failed = {check["name"]: check["failures"] for check in report["checks"] if check["failures"]}
    assert "groups_sum_to_total" in failed
    assert built.failures()


def test_what_came_and_what_did_not_is_counted(good_draft: Draft) -> None:
    report = quality_report(good_draft, [Verdict("period_is_over", "")])
    assert report["observations"]["scores"] == {"A": 21}
    received = next(row for row in report["submissions"] if row["status"] == "received")
    assert (received["rows"], received["accepted"], received["quarantined"]) == (21, 20, 1)
    assert report["not_handed_in"] == {"2024-03": {"dossiers": [ROOT]}}


def test_only_what_was_handed_in_for_the_whole_is_added_up(good_draft: Draft) -> None:
    other = with_table(good_draft, "submissions", lambda row: row | {"unit_code": "Z00.01"})
    report = quality_report(replace(other), [])
    assert report["submissions"] == []
