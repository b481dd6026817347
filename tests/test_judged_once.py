"""What is remembered is what was said of the very same bytes, in this process or in a fork."""

from pathlib import Path

from tests.judged_once import Memory, pages_judged_once, texts_judged_once


class Judge:
    """Finds fault with whatever is bad, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, text: str, *others: object) -> list[str]:
        """What is wrong with a text, whatever lies beside it."""
        self.asked += 1
        return ["bad"] * ("bad" in text)


def test_the_same_text_is_judged_once_and_another_anew() -> None:
    judge = Judge()
    judged = texts_judged_once(judge, Memory())
    assert [judged("good"), judged("good"), judged("a bad one")] == [[], [], ["bad"]]
    assert judge.asked == 2


def test_what_was_said_may_be_changed_by_who_asked(tmp_path: Path) -> None:
    judged = texts_judged_once(Judge(), Memory(tmp_path / "said"))
    judged("bad").clear()
    assert judged("bad") == ["bad"]


def test_a_folder_remembers_for_another_process_and_what_was_cut_off_is_judged_anew(
    tmp_path: Path,
) -> None:
    judge = Judge()
    texts_judged_once(judge, Memory(tmp_path))("bad")
    assert texts_judged_once(judge, Memory(tmp_path))("bad") == ["bad"]
    assert judge.asked == 1
    (kept,) = tmp_path.iterdir()
    kept.rename(kept.with_suffix(".half"))
    assert texts_judged_once(judge, Memory(tmp_path))("bad") == ["bad"]
    assert judge.asked == 2


class _Published:
    def __init__(self, folder: Path) -> None:
        self._folder = folder


def test_a_page_is_judged_anew_beside_other_tables(tmp_path: Path) -> None:
    judge = Judge()
    judged = pages_judged_once(judge, Memory())
    for content in ("one", "one", "other"):
        (tmp_path / "scores.parquet").write_text(content)
        assert judged("good", _Published(tmp_path)) == []
    assert judge.asked == 2
