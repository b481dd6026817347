"""The gates: a good release passes each, and each stops the release that breaks its rule.

Belongs here: a failing case for every gate. Does not: the expectations of single tables, which the
tests of contracts hold.
"""

import io
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.contracts import load_contract
from publish.gates.gates import CHECKS, GATES, judge
from publish.model import (
    DESCRIPTOR,
    REVISIONS,
    STATISTICS,
    Acceptance,
    Draft,
    ReleaseId,
    TableChange,
)
from publish.package.bundle import bundle_name
from publish.package.croissant import CROISSANT
from publish.package.formats import to_csv, to_json, to_parquet
from publish.package.workbook import to_xlsx
from publish.release.comparison import Candidate
from publish.release.revisions import Causes
from publish.store.state import Renewal
from tests.publish.small_release import (
    APRIL,
    FIRST,
    FIRST_RELEASE,
    IDENTITY,
    MARCH,
    ROOT,
    SECOND,
    Row,
    candidate,
    edited,
    full_statistics,
    second_release,
    small_draft,
    source,
    table,
    with_table,
    written_once,
)
from tests.publish.verify.damaged_release import DAMAGES, Damage, whole_release

Case = Callable[[Draft, Path], Candidate]
CSV = "data/scores.csv"


def failing(judged: Candidate, good: Draft) -> set[str]:
    """The gates that a candidate fails; the slowest judges only the tables that were changed.

    That the unchanged ones pass it is known from the good release.
    """
    slow = "tables_meet_their_contracts"
    changed = {n: t for n, t in judged.draft.tables.items() if not t.equals(good.tables[n])}
    narrowed = replace(judged, draft=replace(judged.draft, tables=changed))
    results = (
        *judge(judged, {name: gate for name, gate in GATES.items() if name != slow}),
        *judge(narrowed, {slow: GATES[slow]}),
    )
    return {result.name for result in results if not result.passed}


# What breaks exactly one gate: changes of the tables, of the draft, of the bytes, of the descriptor


def tables(name: str, change: Callable[[Row], Row | None], **how: Any) -> Case:
    return lambda draft, folder: candidate(with_table(draft, name, change), folder, **how)


def parts(**changes: Any) -> Case:
    return lambda draft, folder: candidate(replace(draft, **changes), folder)


def judged(**how: Any) -> Case:
    return lambda draft, folder: candidate(draft, folder, **how)


def content(path: str, change: Callable[[bytes], bytes], **how: Any) -> Case:
    def case(draft: Draft, folder: Path) -> Candidate:
        files = {path: change(written_once(draft)[path])}
        return candidate(draft, folder, files=files, **how)

    return case


def described(change: Callable[[Row], None], **changes: Any) -> Case:
    return lambda draft, folder: candidate(replace(draft, **changes), folder, describing=change)


def other_score(row: Row) -> Row:
    """A score that differs from the published one; the total is left alone."""
    return row | ({"score": 8.26} if row["metric_code"] == "CKMB" else {})


def form_of_other_cells(ending: str) -> Case:
    """One format is made of a table that differs in a cell."""
    contract = load_contract("scores")
    writers: dict[str, Callable[[Any, Draft], bytes]] = {
        "csv": lambda table, _: to_csv(table, contract),
        "parquet": lambda table, _: to_parquet(table, contract),
        "json": lambda table, _: to_json(table),
        "xlsx": lambda table, draft: to_xlsx(table, contract, draft),
    }
    path = CSV if ending == "csv" else f"formats/scores.{ending}"

    def case(draft: Draft, folder: Path) -> Candidate:
        other = edited(draft.tables["scores"], "scores", other_score)
        return candidate(draft, folder, files={path: writers[ending](other, draft)})

    return case


BUNDLE = bundle_name(IDENTITY.package)


def zipped(name: str, text: str) -> bytes:
    """A ZIP of one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, text)
    return out.getvalue()


def only(code: str, **values: Any) -> Callable[[Row], Row]:
    """Change the rows whose first code is ``code``."""
    names = ("metric_code", "task_id", "indicator_id", "unit_code")
    return lambda row: row | values if code in [row.get(name) for name in names] else row


def counted(target: str, month: tuple[int, int], to_date: tuple[int, int]) -> Callable[[Row], Row]:
    """Make a counted target of the first one, with these counts of the month and of the year."""

    def change(row: Row) -> Row:
        if row["indicator_id"] != "II.2":
            return row
        numerator, denominator = month if row["basis"] == "month" else to_date
        return row | {
            "indicator_id": target, "numerator": numerator, "denominator": denominator,
            "value": round(100 * numerator / denominator, 2), "obs_status": "A", "owed_by": None,
        }  # fmt: skip

    return change


def dropping(**wanted: str) -> Callable[[Row], Row | None]:
    return lambda row: None if all(row[k] == v for k, v in wanted.items()) else row


def without_resource(name: str) -> Callable[[Row], None]:
    def change(descriptor: Row) -> None:
        descriptor["resources"] = [r for r in descriptor["resources"] if r["name"] != name]

    return change


def without_foreign_keys(descriptor: Row) -> None:
    """So that frictionless cannot notice what our own gate must."""
    for resource in descriptor["resources"]:
        resource.get("schema", {}).pop("foreignKeys", None)


def set_of_scores(**values: Any) -> Callable[[Row], None]:
    return lambda descriptor: descriptor["resources"][0].update(values)


def scores_typed_as_integers(descriptor: Row) -> None:
    fields = descriptor["resources"][0]["schema"]["fields"]
    next(field for field in fields if field["name"] == "score")["type"] = "integer"


def changed_on_disk(draft: Draft, folder: Path) -> Candidate:
    made = candidate(draft, folder)
    with (folder / CSV).open("ab") as file:
        file.write(b"2024-03,month\n")
    return made


BEFORE = FIRST_RELEASE
SECOND_RELEASE: dict[str, Any] = {"id": ReleaseId(MARCH, 2), "previous": BEFORE}
EARLIER = small_draft().published_at - timedelta(days=60)
CAPTURED_ANEW = Causes(Renewal(replaced=frozenset({("2024-03", "scores")})))
HANDED_IN_ANEW = Causes(Renewal(replaced=frozenset({("2024-03", "agency_reports")})))


def logged(**values: Any) -> Row:
    """An entry of the log of revisions: a note of the plan that was changed by this release."""
    row: Row = {
        "release": "2024-03.r2", "published_at": "2024-05-10T01:00:00Z", "table": "plan_tasks",
        "key": "period=2024-03;task_id=1a", "column": "note", "old_value": "cũ",
        "new_value": "mới", "reason_code": "SRC", "note": None,
        "provenance": "official",
    }  # fmt: skip
    return row | values


OLD_ENTRY = logged(release="2024-03.r1", published_at="2024-04-10T01:00:00Z")


def following(
    causes: Causes | None = None,
    log: list[Row] | None = None,
    earlier: list[Row] | None = None,
    **how: Any,
) -> Case:
    """The second release, in which a note of the plan differs.

    Args:
        causes: What explains it.
        log: The entries of the log; those that the change makes if left out.
        earlier: The entries of the log of the release before.
        how: Other fields of the candidate.
    """

    def case(draft: Draft, folder: Path) -> Candidate:
        made = second_release(draft, "plan_tasks", only("1a", note="khác"), causes)
        if log is not None:
            made = replace(made, tables={**made.tables, REVISIONS: table(REVISIONS, log)})
        if earlier is not None:
            before = {**made.before, REVISIONS: table(REVISIONS, earlier)}
            made = replace(made, before=before)
        return candidate(made, folder, **how)

    return case


FAILING: dict[str, dict[str, Case]] = {
    "profile_is_valid": {
        "no keyword": described(lambda d: d.update(keywords=[])),
    },
    "frictionless_agrees": {
        "a file that changed on the disk": changed_on_disk,
        "a wrong digest": described(set_of_scores(hash=f"sha256:{'0' * 64}")),
        "a type that the cells have not": described(scores_typed_as_integers),
    },
    "every_table_is_there": {
        "a format that is not described": described(without_resource("plan-tasks-xlsx")),
    },
    "tables_meet_their_contracts": {
        "a value with a status that says there is none": tables(
            "scores", only("CKMB", obs_status="O")
        ),
        "a difference of nothing": tables("scores", only("CKMB", difference=0.0)),
    },
    "foreign_keys_resolve": {
        "a target that is in no list": tables(
            "plan_indicators", only("II.2", indicator_id="99z"), describing=without_foreign_keys
        ),
    },
    "groups_sum_to_total": {
        "a total that is half a point off": tables("scores", only("TOTAL", score=50.0)),
        "a total that is 0.02 off": tables("scores", only("TOTAL", score=49.48)),
    },
    "every_unit_has_every_metric": {
        "a unit without a metric of its peers": tables(
            "scores", dropping(unit_code=FIRST, metric_code="MDSH")
        ),
        "a valid unit without any row": tables("scores", dropping(unit_code=SECOND)),
        "no row of the root": tables("scores", dropping(unit_code=ROOT)),
    },
    "every_month_is_current": {
        "a month before it is not": parts(stale={MARCH: ("the months before",)}),
        "the program is another": parts(stale={MARCH: ("the program",)}),
    },
    "year_to_date_is_the_sum_of_months": {
        "cases that no month counts": tables("plan_indicators", counted("II.5", (1, 2), (1, 3))),
        "cases that are counted no more": tables("plan_indicators", counted("28a", (2, 4), (1, 4))),
        "more procedures than the months have": tables(
            "plan_indicators", counted("52", (1, 2), (1, 3))
        ),
        "fewer procedures than a month has": tables(
            "plan_indicators", counted("52", (2, 2), (1, 2))
        ),
        "a publication that no month had": tables(
            "plan_indicators", counted("31", (0, 1), (1, 3))
        ),
    },
    "period_is_over": {
        "judged while the month runs": judged(now=EARLIER),
        "named for another month": parts(id=ReleaseId(APRIL, 1)),
        "no month at all": parts(periods=()),
        "the number of the release before": parts(previous=BEFORE),
        "published before the one before it": parts(
            id=ReleaseId(MARCH, 2), previous=replace(BEFORE, published_at="2024-05-10T01:00:00Z")
        ),
    },
    "text_is_clean": {
        "lines that end with CR LF": content(CSV, lambda b: b.replace(b"\n", b"\r\n")),
        "no newline at the end": content(CSV, lambda b: b.removesuffix(b"\n")),
        "an exponent": content(CSV, lambda b: b.replace(b",8.25,", b",825e-2,")),
        "a decimal too many": content(CSV, lambda b: b.replace(b",8.25,", b",8.250,")),
        "a word for nothing": tables("plan_tasks", only("1a", note="NaN")),
    },
    "formats_are_equal": {
        f"other cells in the {ending}": form_of_other_cells(ending)
        for ending in ("csv", "parquet", "json", "xlsx")
    }
    | {"another file in the ZIP": lambda draft, folder: candidate(
        draft, folder, files={BUNDLE: zipped(f"{IDENTITY.package}/data/units.csv", "x")}
    )},
    "croissant_agrees": {
        "another digest": content(
            CROISSANT, lambda text: text.replace(b'"sha256": "', b'"sha256": "0')
        ),
        "another column": content(
            CROISSANT, lambda text: text.replace(b'"column": "score"', b'"column": "points"')
        ),
    },
    "nothing_personal": {
        "a phone number in a note": tables("plan_tasks", only("1a", note="gọi 0912345678")),
        "an identity number in a note": tables("plan_tasks", only("1a", note="số 031234567890")),
        "a phone number with spaces": tables("plan_tasks", only("1a", note="gọi 0912 345 678")),
        "a dossier code of the newer form": tables(
            "plan_tasks", only("1a", note="hồ sơ H24.16-240115-0001")
        ),
        "an e-mail address in a name": tables("units", only(FIRST, name_en="a.b@example.org")),
        "a dossier code in a note": tables(
            "plan_tasks", only("1a", note="hồ sơ 000.00.16.H24-240115-0001")
        ),
        "an e-mail address beside the data": parts(
            sources=(replace(source(), title="Ông A, a@example.org"),)
        ),
        "a phone number in what is packed": judged(
            files={"all.zip": zipped("x/note.md", "gọi 0912345678")}
        ),
        "a phone number in a cell of a workbook": judged(
            files={"all.xlsx": zipped("xl/sharedStrings.xml", "<t>gọi 0912345678</t>")}
        ),
    },
    "schema_change_is_announced": {
        "a changed column in a minor version": described(
            lambda d: d.update(version="1.1.0"),
            **(SECOND_RELEASE | {"schema_digests": {"scores": "another"}}),
        ),
        "a removed table in a minor version": described(
            lambda d: d.update(version="1.1.0"),
            **(SECOND_RELEASE | {"schema_digests": dict(list(BEFORE.schema_digests.items())[1:])}),
        ),
        "a version in words": described(lambda d: d.update(version="newest")),
    },
    "no_row_is_lost": {
        "a published row that would disappear": parts(changes={"scores": TableChange(removed=1)}),
    },
    "revisions_are_expected": {
        "a value that changed for no known reason": following(),
        "more revisions than the limit": lambda draft, folder: candidate(
            second_release(draft, "scores", only("CKMB", ratio=82.0), CAPTURED_ANEW),
            folder,
            revision_limit=Decimal("0.001"),
        ),
    },
    "revisions_are_logged": {
        "a changed cell that is not logged": following(log=[]),
        "another value than the new one": following(log=[logged(old_value=None, new_value="b")]),
        "a logged cell that did not change": following(
            log=[logged(old_value=None, new_value="khác"), logged(column="title")],
        ),
        "an earlier entry that is lost": following(HANDED_IN_ANEW, earlier=[OLD_ENTRY]),
        "an earlier entry that is told otherwise": following(
            log=[logged(old_value=None, new_value="khác"), OLD_ENTRY | {"reason_code": "ERR"}],
            earlier=[OLD_ENTRY],
        ),
        "an earlier entry that was never published": following(
            log=[logged(old_value=None, new_value="khác"), OLD_ENTRY],
        ),
    },
    "small_counts_are_hidden": {
        "the row of few dossiers": lambda draft, folder: candidate(
            with_table(
                replace(draft, tables={**draft.tables, STATISTICS: full_statistics()}),
                STATISTICS,
                lambda row: row | {"provenance": "official"},
            ),
            folder,
        ),
        "a figure that is not the full one": tables(
            STATISTICS,
            lambda row: row | {"synced": 1} if row["field_code"] == "LV1" else row,
        ),
        "a joined row that is left out": tables(STATISTICS, dropping(field_code="OTHER")),
        "nothing to compare with": parts(full_statistics=None),
    },
    "every_row_says_its_provenance": {
        "a row that says nothing": tables("scores", only("CKMB", provenance=None)),
        "an official figure of a made-up unit": lambda _, folder: candidate(
            with_table(
                small_draft(sample=True), "scores", lambda row: row | {"provenance": "official"}
            ),
            folder,
        ),
    },
    "sample_stays_out_of_production": {
        "a sample source": lambda _, folder: candidate(
            small_draft(sources=(source("sample"),)), folder, production=True
        ),
        "a sample unit": lambda _, folder: candidate(
            small_draft(sample=True, sources=(source(),)), folder, production=True
        ),
        "a sample figure": tables(
            "scores", only("CKMB", provenance="sample"), production=True
        ),
        "samples shown before": judged(
            production=True, shown=(replace(BEFORE, provenance="sample"),)
        ),
    },
}  # fmt: skip


def test_a_good_release_passes_every_gate(good_draft: Draft, tmp_path: Path) -> None:
    results = judge(candidate(good_draft, tmp_path / "x", production=True))
    assert {result.name: result.failures for result in results} == dict.fromkeys(GATES, ())


def test_a_sample_release_passes_every_gate_of_a_portal_that_is_not_production(
    tmp_path: Path,
) -> None:
    results = judge(candidate(small_draft(sample=True), tmp_path / "x"))
    assert all(result.passed for result in results)


def test_every_gate_has_a_case_that_fails_it() -> None:
    assert FAILING.keys() == GATES.keys()


@pytest.mark.parametrize(
    ("gate", "case"), [(gate, case) for gate, cases in FAILING.items() for case in cases]
)
def test_a_release_is_stopped_by_the_gate_whose_rule_it_breaks_and_by_no_other(
    gate: str, case: str, good_draft: Draft, tmp_path: Path
) -> None:
    assert failing(FAILING[gate][case](good_draft, tmp_path / "x"), good_draft) == {gate}


@pytest.mark.parametrize(
    "damage", [d for d in DAMAGES if d.check in CHECKS], ids=lambda damage: damage.name
)
def test_what_is_found_of_a_release_that_is_out_is_found_of_a_draft_too(
    damage: Damage, good_draft: Draft, tmp_path: Path
) -> None:
    folder = whole_release(tmp_path / "r1")
    damage.do(folder)
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
    damaged = replace(candidate(good_draft, tmp_path / "x"), files=files, folder=folder)
    (verdict,) = judge(damaged, {damage.check: GATES[damage.check]})
    assert damage.says in verdict.failures[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b"\xef\xbb\xbf" + b,
        lambda b: unicodedata.normalize("NFD", b.decode()).encode(),
        lambda b: b.replace("Đơn vị thử Z00.01".encode(), b"=HYPERLINK(1)"),
        lambda b: b.replace("Đơn vị thử Z00.01".encode(), b"\tgap"),
        lambda b: b.replace(b"official", b"\xff"),
    ],
    ids=["a BOM", "NFD", "a formula", "a tab in front", "bytes that are not UTF-8"],
)
def test_text_that_spreadsheets_or_readers_stumble_on_is_stopped(
    change: Callable[[bytes], bytes], good_draft: Draft, tmp_path: Path
) -> None:
    stumbling = content("data/units.csv", change)(good_draft, tmp_path / "x")
    assert "text_is_clean" in failing(stumbling, good_draft)


@pytest.mark.parametrize(
    ("change", "gates_named"),
    [
        (only("CKMB", ratio=-1.0), {"tables_meet_their_contracts", "frictionless_agrees"}),
        (only("CKMB", score=8.254), {"tables_meet_their_contracts", "formats_are_equal"}),
        (only("CKMB", unit_code="Z99"), {"foreign_keys_resolve", "frictionless_agrees"}),
    ],
    ids=["out of bounds", "more decimals than declared", "a unit that is in no list"],
)
def test_some_faults_are_noticed_by_more_than_one_gate(
    change: Callable[[Row], Row], gates_named: set[str], good_draft: Draft, tmp_path: Path
) -> None:
    assert gates_named <= failing(tables("scores", change)(good_draft, tmp_path / "x"), good_draft)


def test_a_plain_negative_number_is_no_formula(good_draft: Draft, tmp_path: Path) -> None:
    values = {"recomputed_score": 8.5, "difference": -0.25}
    negative = second_release(good_draft, "scores", only("CKMB", **values), CAPTURED_ANEW)
    assert failing(candidate(negative, tmp_path / "x"), good_draft) == set()
    assert "-0.25" in negative.tables[REVISIONS].column("new_value").to_pylist()


@pytest.mark.parametrize("cell", ["-1+2", "-A1"])
def test_what_only_begins_like_a_negative_number_is_stopped(
    cell: str, good_draft: Draft, tmp_path: Path
) -> None:
    noted = tables("plan_tasks", only("1a", note=cell))(good_draft, tmp_path / "x")
    assert {"text_is_clean", "tables_meet_their_contracts"} <= failing(noted, good_draft)


def test_revisions_that_were_said_to_be_right_may_go_out_whatever_their_share(
    good_draft: Draft, tmp_path: Path
) -> None:
    said = Causes(acceptance=Acceptance("ERR", "Tính sai"))
    accepted = second_release(good_draft, "scores", only("CKMB", ratio=82.0), said)
    made = candidate(accepted, tmp_path / "x", revision_limit=Decimal(0))
    assert failing(made, good_draft) == set()
    log = accepted.tables[REVISIONS].to_pylist()
    assert {(row["reason_code"], row["note"]) for row in log} == {("ERR", "Tính sai")}


def test_the_line_says_the_share_the_place_and_what_to_do(
    good_draft: Draft, tmp_path: Path
) -> None:
    other = second_release(good_draft, "scores", only("CKMB", ratio=82.0), CAPTURED_ANEW)
    made = candidate(other, tmp_path / "x", revision_limit=Decimal("0.001"))
    (line,) = GATES["revisions_are_expected"](made)
    assert "of the published values of 2024 are revised (3 of " in line
    assert "the limit is 0.1%" in line
    assert "mostly scores 2024-03 (3)" in line
    assert "--accept-revisions SRC|LATE|MET|ERR" in line


def test_a_new_column_is_no_revision_of_its_rows(good_draft: Draft, tmp_path: Path) -> None:
    """Its cells were empty before only because there was no such column."""
    noted = second_release(good_draft, "plan_tasks", only("1a", note="khác"))
    columns = {f.name: f.type for f in load_contract("plan_tasks").fields if f.name != "note"}
    without_log = {**noted.tables, REVISIONS: table(REVISIONS, [])}
    widened = replace(noted, tables=without_log, columns_before={"plan_tasks": columns})
    assert failing(candidate(widened, tmp_path / "x"), good_draft) == set()


def test_rows_that_were_received_and_not_accounted_for_are_noticed(
    good_draft: Draft, tmp_path: Path
) -> None:
    lost = with_table(good_draft, "submissions", lambda r: r | ({"rows": 22} if r["rows"] else {}))
    assert "no_row_is_lost" in failing(candidate(lost, tmp_path / "x"), good_draft)


@pytest.mark.parametrize("name", ["successions", "quarantine_summary"])
def test_a_code_list_and_what_was_set_aside_may_lose_a_row(
    name: str, good_draft: Draft, tmp_path: Path
) -> None:
    """The users of a list are checked; a mended file no longer breaks a rule."""
    shorter = replace(good_draft, changes={name: TableChange(removed=1)})
    assert failing(candidate(shorter, tmp_path / "x"), good_draft) == set()


def test_a_basis_that_the_source_left_silent_asks_for_the_root_only(
    good_draft: Draft, tmp_path: Path
) -> None:
    empty: Row = {"score": None, "obs_status": "O", "ratio": None}
    silent = with_table(
        good_draft, "scores", lambda row: row | empty if row["unit_code"] == ROOT else None
    )
    assert failing(candidate(silent, tmp_path / "x"), good_draft) == set()


def test_peers_are_asked_for_no_metric_that_the_source_gives_of_the_root_alone(
    good_draft: Draft, tmp_path: Path
) -> None:
    def is_peer(row: Row) -> Row:
        other = {"level": "province", "parent_code": None}
        return row | (other if row["unit_code"] in (FIRST, SECOND) else {})

    peers = with_table(good_draft, "units", is_peer)
    fewer = with_table(peers, "scores", dropping(unit_code=FIRST, metric_code="MDSH"))
    assert not list(GATES["every_unit_has_every_metric"](candidate(fewer, tmp_path / "x")))


def test_an_absent_file_stops_the_release(good_draft: Draft, tmp_path: Path) -> None:
    made = candidate(good_draft, tmp_path / "x")
    shorter = {path: c for path, c in made.files.items() if path != "formats/units.json"}
    assert {"every_table_is_there", "formats_are_equal"} <= failing(
        replace(made, files=shorter), good_draft
    )


def test_a_descriptor_that_is_not_json_stops_the_release(good_draft: Draft, tmp_path: Path) -> None:
    broken = candidate(good_draft, tmp_path / "x", files={DESCRIPTOR: b"{"})
    assert {"profile_is_valid", "frictionless_agrees"} <= failing(broken, good_draft)


def test_a_gate_that_breaks_has_not_been_passed(good_draft: Draft, tmp_path: Path) -> None:
    def breaks(_: Candidate) -> list[str]:
        raise RuntimeError("the engine is out of order")

    (result,) = judge(candidate(good_draft, tmp_path / "x"), {"breaks": breaks})
    assert not result.passed
    assert result.failures == ("could not be judged: RuntimeError: the engine is out of order",)


def test_the_official_profile_is_carried_and_judges(good_draft: Draft, tmp_path: Path) -> None:
    def without_resources(descriptor: Row) -> None:
        del descriptor["resources"]

    made = candidate(good_draft, tmp_path / "x", describing=without_resources)
    (result,) = judge(made, {"profile_is_valid": GATES["profile_is_valid"]})
    assert not result.passed
    assert "'resources' is a required property" in result.failures[0]


def test_a_wrong_month_does_not_hide_in_a_long_history(good_draft: Draft, tmp_path: Path) -> None:
    """The years that nothing is revised in do not count."""
    revised = second_release(good_draft, "scores", only("CKMB", ratio=82.0), CAPTURED_ANEW)
    earlier = [row | {"period": "2023-03"} for row in revised.before["scores"].to_pylist()]
    longer = table("scores", [*revised.before["scores"].to_pylist(), *earlier])
    limit = Decimal("0.001")
    lines = [
        list(GATES["revisions_are_expected"](candidate(draft, folder, revision_limit=limit)))
        for draft, folder in (
            (revised, tmp_path / "a"),
            (replace(revised, before={**revised.before, "scores": longer}), tmp_path / "b"),
        )
    ]
    assert lines[0] == lines[1] != []
