"""What the program ``rclone`` says is told by its kind, on one line."""

import pytest

from publish.places.rclone import fault_of

STAMP = "2026/11/30 15:43:38 "


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (
            "NewFs: couldn't connect SSH: ssh: handshake failed: knownhosts: key mismatch",
            "host_key",
        ),
        ("ssh: handshake failed: ssh: unable to authenticate, attempted methods [none]", "refused"),
        ('a.csv: Failed to copy: sftp: "Failure" (SSH_FX_FAILURE)', "failing"),
        ("a.csv: Failed to copy: 507 Insufficient Storage", "full"),
        ("a.csv: Failed to copy: write a.csv.partial: no space left on device", "full"),
        ("Put: tls: failed to verify certificate: x509: certificate has expired", "insecure"),
        ("a.csv: Failed to copy: StatusCode: 500, InternalError", "failing"),
        (".current.next: Read-only file system", "not_writable"),
        ("copy mkParentDir failed: Conflict: 409 Conflict", "not_writable"),
        ("copy mkParentDir failed: Locked: 423 Locked", "failing"),
        ("stat failed: failed to send packet: EOF", "unreachable"),
        ("what nobody knows", "other"),
    ],
)
def test_a_refusal_is_told_by_its_kind_without_the_stamp(said: str, kind: str) -> None:
    fault = fault_of(f"{STAMP}NOTICE: something before\n{STAMP}ERROR : {said}\n")
    assert (fault.kind, fault.line) == (kind, said)
    assert fault_of(f"ERROR : {said}").line == said


def test_a_long_line_ends_with_what_was_wrong() -> None:
    line = fault_of(f"ERROR : {'a/' * 200}: permission denied").line
    assert line.startswith("…")
    assert line.endswith(": permission denied")
