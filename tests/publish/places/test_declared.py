"""``places.yaml``: what an entry may say, and what is refused before anything is sent."""

from pathlib import Path

import pytest

from cchc_pipeline.core.errors import SchemaDataError, UsageError
from publish.places.declared import DeclaredPlace, place_named, read_places

SERVER = """
places:
  - name: city_portal
    title: {vi: Cổng Thông tin điện tử thành phố, en: The city portal}
    kind: files
    shown_at: https://example.org/chat-luong
    required: true
    production: true
    remote: {type: sftp, host: may-chu, user: cchc, key_file: id, known_hosts_file: hosts}
    path: /srv/chat-luong
    pointer: link
  - name: one_stop
    title: {vi: Hệ thống một cửa, en: The one-stop system}
    kind: manual
    shown_at: https://mot-cua.example.org/
"""


def declared(home: Path, text: str) -> tuple[DeclaredPlace, ...]:
    (home / "places.yaml").write_text(text, encoding="utf-8")
    return read_places(home)


def refusal(home: Path, old: str, new: str) -> str:
    with pytest.raises(SchemaDataError) as refused:
        declared(home, SERVER.replace(old, new))
    return str(refused.value)


def test_an_installation_without_the_file_has_no_places(tmp_path: Path) -> None:
    assert read_places(tmp_path) == ()


def test_a_place_says_where_it_is_sent_and_where_it_is_read(tmp_path: Path) -> None:
    portal, one_stop = declared(tmp_path, SERVER)
    assert (portal.required, portal.production, portal.pointer) == (True, True, "link")
    assert portal.address == "https://example.org/chat-luong/"
    assert (one_stop.kind, one_stop.required) == ("manual", False)


def test_a_secret_in_the_file_is_refused_with_the_variable_that_takes_it(tmp_path: Path) -> None:
    line = refusal(tmp_path, "user: cchc,", "user: cchc, pass: abc,")
    assert "RCLONE_CONFIG_CITY_PORTAL_PASS" in line
    assert "abc" not in line


def test_a_link_over_sftp_needs_what_the_program_that_makes_it_needs(tmp_path: Path) -> None:
    line = refusal(tmp_path, "known_hosts_file: hosts", "host_keys: ssh-ed25519 AAAA")
    assert "pointer: link over sftp needs key_file and known_hosts_file" in line


def test_a_server_whose_key_is_not_pinned_is_refused(tmp_path: Path) -> None:
    line = refusal(tmp_path, ", known_hosts_file: hosts", "")
    assert "the server's key is pinned" in line


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name: one_stop", "name: city_portal", "city_portal stands twice"),
        ("path: /srv/chat-luong", "path: ''", "needs remote.type and path"),
        ("type: sftp", "type: s3", "pointer: link is for local and sftp"),
        ("kind: manual", "kind: manual\n    path: /srv", "are for kind: files"),
        ("required: true", "requird: true", "city_portal.requird"),
        ("places:", "place:", "has no list of places"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_one_line(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    assert told in refusal(tmp_path, old, new)


def test_a_place_that_is_not_declared_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="known are: city_portal, one_stop"):
        place_named(declared(tmp_path, SERVER), "cong", tmp_path)
