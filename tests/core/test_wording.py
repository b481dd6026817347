"""What the program says in English is there in Vietnamese: every error, and what to do about it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import CchcError, CheckFailedError, LockedError, SourceError
from cchc_pipeline.core.wording import PLACE, load_lexicon, worded, worded_error
from tests.english import english_in

ROOT = Path(__file__).parents[2]
LINES = load_lexicon().lines
FOR_ENGINEERS = (
    "cchc_pipeline/alerts/rules.py", "cchc_pipeline/calendar.py", "cchc_pipeline/contracts/",
    "cchc_pipeline/core/data.py", "cchc_pipeline/government.py", "cchc_pipeline/methodology/",
    "cchc_pipeline/plan/", "cchc_pipeline/simulation/", "cchc_pipeline/storage/spark",
    "cchc_pipeline/terms.py", "cchc_pipeline/indicators/dossier_targets.py",
    "publish/site/", "publish/catalogue/",
)  # fmt: skip
"""What only the shipped data or the program's own tables can break is told in English."""

TYPED = re.compile(r"(?:cchc|chmod) .*|[\d\W]*|\d --help|manifest: 7|HTML|apt-get .*", re.DOTALL)
"""What is typed, or has no words but those of its places."""
FILLED = (
    "the content is that of 7, 7 at 7: 7",
    "there is not enough memory7",
    "holds more than 7 MB or ",
    "7",
)
"""Of these a place holds words and no value; below they are asked with what stands there."""


def kinds(base: type[CchcError] = CchcError) -> Iterator[str]:
    yield base.__name__
    for kind in base.__subclasses__():
        yield from kinds(kind)


def sources() -> Iterator[Path]:
    for package in ("cchc_pipeline", "publish", "assets"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if not str(path.relative_to(ROOT)).startswith(FOR_ENGINEERS):
                yield path


def texts_of(node: ast.expr | None, scopes: tuple[ast.AST, ...], depth: int = 0) -> Iterator[str]:
    """The texts that an expression can be, a 7 in each place; none of what cannot be told here."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(v.value if isinstance(v, ast.Constant) else "7" for v in node.values)
    elif isinstance(node, ast.IfExp):
        yield from texts_of(node.body, scopes, depth)
        yield from texts_of(node.orelse, scopes, depth)
    elif isinstance(node, ast.Name) and depth < 2:
        for scope in scopes:
            for value in assigned(scope, node.id):
                yield from texts_of(value, scopes, depth + 1)


def assigned(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """What is assigned to a name, alone or as one of several."""
    for node in ast.walk(scope):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == name:
                yield node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=False)
                yield from (v for t, v in pairs if isinstance(t, ast.Name) and t.id == name)


@cache
def error_texts() -> tuple[tuple[str, str], ...]:
    """Where an error is raised, and a text of it: what is wrong, or what to do."""
    found, names = set(), frozenset(kinds())
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        scopes = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)] + [tree]
        for scope in scopes:
            for call in ast.walk(scope):
                if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
                    continue
                if call.func.id not in names:
                    continue
                parts = call.args[:1] if call.func.id != "DamagedError" else call.args[1:2]
                parts += [k.value for k in call.keywords if k.arg == "todo"]
                place = f"{path.relative_to(ROOT)}:{call.lineno}"
                within: tuple[ast.AST, ...] = (scope,)
                found |= {(place, text) for part in parts for text in texts_of(part, within)}
    return tuple(sorted(found))


def test_every_error_that_an_officer_can_meet_is_there_in_vietnamese() -> None:
    texts = error_texts()
    assert len(texts) > 400
    left = {text: place for place, text in texts if is_english(text)}
    assert {text: place for text, place in left.items() if text not in FILLED} == {}


def is_english(text: str) -> bool:
    """Whether a text stays as it is, or keeps an English word; commands that are typed may."""
    told = worded(text, "vi")
    return bool(english_in(told)) or (told == text and not TYPED.fullmatch(text))


def test_both_languages_have_the_same_places_each_once() -> None:
    for line, told in LINES.items():
        places = PLACE.findall(line)
        assert sorted(places) == sorted(set(places)), line
        assert sorted(PLACE.findall(told)) == sorted(places), line


def test_no_line_stands_twice_and_none_is_left_in_english() -> None:
    text = (ROOT / "schemas/commands/vietnamese.yaml").read_text(encoding="utf-8")
    keys = re.findall(r'^  "((?:[^"\\]|\\.)*)": ', text, re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(LINES)
    assert [told for told in LINES.values() if english_in(PLACE.sub("7", told))] == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("no such folder", "không có thư mục này"),
        ("2024-01 is not current (the program, the lists)",
         "2024-01 không còn khớp (chương trình, các danh mục)"),
        ("a.csv, sheet A: no column for Mã -> add it to the export",
         "a.csv, trang tính A: thiếu cột Mã -> thêm cột đó vào tệp xuất"),
        ("checks failed\n  no_row_is_lost: scores: 3 published row(s) would disappear",
         "có kiểm tra không đạt\n  no_row_is_lost: scores: 3 dòng đã công bố sẽ mất"),
        ("  and 7 more", "  và 7 nữa"),
        ("the content is that of 2024-03.r1, which was retracted at 7: Sai",
         "nội dung giống bản 2024-03.r1 đã thu hồi lúc 7: Sai"),
        ("there is not enough memory at read_dossiers", "không đủ bộ nhớ ở read_dossiers"),
        ("holds more than 7 MB or 9 texts", "có quá 7 MB hoặc 9 đoạn chữ"),
        ("2024-03: the run would stop: /x: nothing is taken, and 1 file(s) lie there: a -> b",
         "2024-03: lần chạy sẽ dừng: /x: không nhận được gì, có 1 tệp nằm ở đó: a -> b"),
        ("inbox: the folder 2024-3 is no month and is not read -> rename it to 2024-03",
         "hộp nhận: thư mục 2024-3 không phải là tháng nên không đọc -> đổi tên thành 2024-03"),
        ("what no list has stays", "what no list has stays"),
    ],
)  # fmt: skip
def test_a_line_is_known_whole_or_by_its_parts(line: str, told: str) -> None:
    assert worded(line, "vi") == told
    assert worded(line, "en") == line


def test_an_error_keeps_its_kind_and_its_exit_code() -> None:
    error = LockedError("another publisher is at work (x)", where="portal", todo="run again")
    told = worded_error(error, "vi")
    assert isinstance(told, LockedError)
    assert str(told) == "portal: đang có lần công bố khác (x) -> chạy lại"
    assert str(error).startswith("portal: another publisher")


def test_what_a_name_holds_is_not_taken_for_a_line() -> None:
    named = SourceError("is empty", where="is empty.csv")
    assert str(worded_error(named, "vi")) == "is empty.csv: rỗng"
    several = CheckFailedError("2 of 3 months failed\n  2024-01: is empty")
    assert str(worded_error(several, "vi")) == "2 trong 3 kỳ bị lỗi\n  2024-01: rỗng"
