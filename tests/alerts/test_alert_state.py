"""Who is told what and when: once a cause, ended ones in the digest, nothing lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from cchc_pipeline.alerts.message import Message
from cchc_pipeline.alerts.rules import Alert
from cchc_pipeline.alerts.telling import Memory, Round, Wish, read_memory, tell, would_be_sent
from cchc_pipeline.core.errors import SourceError
from tests.alerts.causes import DEAF, MIRROR, NOW, every_alert

ALL = every_alert()
BY_KIND = {alert.kind: alert for alert in ALL}
LATE, BEHIND, SILENT = (
    BY_KIND[kind] for kind in ("publication_late", "mirror_behind", "mirror_silent")
)
DIGEST = Wish(digest=True)


@dataclass
class Memo:
    """A channel that writes down what it takes, or takes nothing."""

    name: str
    takes: bool = True
    got: list[str] = field(default_factory=list)

    def send(self, message: Message, at: object) -> None:
        """Take a message."""
        if not self.takes:
            raise SourceError("refused", where=self.name)
        self.got.append(message.key)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the memory is kept."""
    return tmp_path / "home" / "alerts.json"


def round_of(
    path: Path, alerts: Sequence[Alert], *channels: Memo, wish: Wish | None = None
) -> Round:
    return tell(path, alerts, channels, NOW, wish or Wish())


def test_a_new_cause_is_told_at_once_and_an_open_one_is_not_repeated(path: Path) -> None:
    memo = Memo("a")
    for _ in range(3):
        round_of(path, [LATE], memo)
    round_of(path, [LATE, BEHIND], memo)
    assert memo.got == [LATE.key, BEHIND.key]


def test_a_channel_that_fails_is_told_the_next_time_and_does_not_stop_the_other(path: Path) -> None:
    broken, good = Memo("a", takes=False), Memo("b")
    done = round_of(path, [LATE], broken, good)
    assert (good.got, done.failures) == ([LATE.key], ("a: refused",))
    broken.takes = True
    assert round_of(path, [LATE], broken, good).failures == ()
    assert (broken.got, good.got) == ([LATE.key], [LATE.key])


def test_a_channel_that_was_added_later_is_told_what_is_open(path: Path) -> None:
    old, new = Memo("a"), Memo("b")
    round_of(path, [LATE], old)
    round_of(path, [LATE], old, new)
    assert (old.got, new.got) == ([LATE.key], [LATE.key])


def test_what_has_ended_is_told_by_the_next_digest_only_once(path: Path) -> None:
    memo = Memo("a")
    round_of(path, [LATE], memo)
    assert round_of(path, [], memo).sent == ()
    first = round_of(path, [], memo, wish=DIGEST).sent[0].message
    assert "1 việc đã hết" in first.title
    assert "Kỳ 2026-10 chưa công bố" in first.text
    again = round_of(path, [], memo, wish=DIGEST).sent[0].message
    assert "0 việc đã hết" in again.title
    assert read_memory(path) == Memory()


def test_an_end_is_remembered_until_every_channel_has_heard_of_it(path: Path) -> None:
    good, broken = Memo("a"), Memo("b")
    round_of(path, [LATE], good, broken)
    broken.takes = False
    round_of(path, [], good, broken, wish=DIGEST)
    assert list(read_memory(path).ended) == [LATE.key]
    broken.takes = True
    round_of(path, [], good, broken)
    assert (broken.got[-1], good.got[-1]) == ("digest:2026-11-13", "digest:2026-11-13")
    assert len(good.got) == 2
    assert read_memory(path) == Memory()


def test_a_digest_is_one_message_and_tells_new_causes_too(path: Path) -> None:
    memo = Memo("a")
    round_of(path, ALL, memo, wish=DIGEST)
    round_of(path, ALL, memo)
    assert memo.got == ["digest:2026-11-13"]


def test_a_digest_may_be_silent_when_all_is_well(path: Path) -> None:
    memo, quiet = Memo("a"), Wish(digest=True, quiet=True)
    round_of(path, [], memo, wish=quiet)
    assert memo.got == []
    round_of(path, [LATE], memo)
    round_of(path, [], memo, wish=quiet)
    assert memo.got == [LATE.key, "digest:2026-11-13"]


def test_many_causes_at_once_are_one_message_and_not_a_storm(path: Path) -> None:
    memo = Memo("a")
    round_of(path, ALL, memo)
    round_of(path, ALL, memo)
    (one,) = memo.got
    assert one.startswith("several:")


def test_a_cause_that_comes_back_is_told_again(path: Path) -> None:
    memo = Memo("a")
    for alerts in ([LATE], [], [LATE]):
        round_of(path, alerts, memo)
    assert memo.got == [LATE.key] * 2
    assert read_memory(path).ended == {}


def test_what_comes_and_goes_by_itself_is_told_again_only_after_a_digest(path: Path) -> None:
    memo = Memo("a")
    for alerts in ([SILENT], [], [SILENT], [], [SILENT]):
        round_of(path, alerts, memo)
    assert memo.got == [f"mirror_silent:{DEAF}"]
    round_of(path, [], memo, wish=DIGEST)
    round_of(path, [SILENT], memo)
    assert memo.got[-1] == f"mirror_silent:{DEAF}"


def test_since_when_a_cause_is_open_is_kept(path: Path) -> None:
    tell(path, [BEHIND], [Memo("a")], NOW, Wish())
    tell(path, [BEHIND], [Memo("a")], NOW + timedelta(days=2), Wish())
    assert read_memory(path).open[f"mirror_behind:{MIRROR}"].since == NOW


def test_planning_sends_and_remembers_nothing(path: Path) -> None:
    assert [o.message.key for o in would_be_sent(path, [LATE], ["a"], NOW, Wish())] == [LATE.key]
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"{", b'{"open": []}', b"\xff"])
def test_a_memory_that_cannot_be_read_makes_causes_told_twice_not_never(
    path: Path, content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    memo = Memo("a")
    round_of(path, [LATE], memo)
    assert memo.got == [LATE.key]
    assert list(read_memory(path).open) == [LATE.key]
