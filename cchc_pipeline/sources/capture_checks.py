"""Whether a capture from the inbox is whole, and can be of the month that it lies in.

Belongs here: the files that a snapshot needs, and what its time of capture allows. Does not:
finding or archiving the files (``file_drop``), or what they say.
"""

from datetime import datetime
from pathlib import Path

from cchc_pipeline.errors import SourceError
from cchc_pipeline.period import Basis
from cchc_pipeline.sources.archive import Snapshot, capture_moment
from cchc_pipeline.sources.legacy_portal.gateway import load_gateway, service_of
from cchc_pipeline.sources.portal_request import Endpoint, load_portal


def check_complete(capture: Path, endpoint: Endpoint, snapshot: Snapshot) -> None:
    """All answers that a snapshot from files needs are there.

    Args:
        capture: The folder, for the message.
        endpoint: What one of the files answers: the legacy gateway is one endpoint.
        snapshot: What was found.

    Raises:
        SourceError: Names every missing file.
    """
    window = "year" if snapshot.basis == Basis.YTD else str(snapshot.basis)
    roots = {"national": "", "root": f".{snapshot.root_code}"}
    is_legacy = endpoint == load_gateway().endpoint
    needed = [
        f"{endpoint.name}{roots[asked]}.{window}.json"
        for endpoint in ((endpoint,) if is_legacy else load_portal().endpoints)
        for asked in endpoint.in_files
    ]
    given = {answer.request["file"] for answer in snapshot.answers}
    missing = [name for name in needed if name not in given]
    if missing:
        raise SourceError(
            f"the capture is not whole, missing: {', '.join(missing)}",
            where=str(capture),
            todo="add them from the same capture, or remove the capture",
        )


def check_time(capture: Path, snapshot: Snapshot, now: datetime) -> None:
    """The figures can be of their month and basis, by the time of their capture.

    Args:
        capture: The folder, for the message.
        snapshot: What was found.
        now: The moment of reading, aware.

    Raises:
        SourceError: The period was still running, the year so far is another month's, or the
            capture lies in the future.
    """
    month, basis, at = snapshot.month, snapshot.basis, snapshot.captured_at
    moment = capture_moment(at)
    if basis == Basis.QUARTER and not month.closes_quarter:
        what, todo = f"holds quarter files, but {month} closes no quarter", "remove them"
    elif moment > now:
        what, todo = f"captured_at {at} lies in the future", "correct manifest.json"
    elif basis != Basis.YTD and moment < month.end:
        what = f"captured_at {at} is before the end of {month}, the {basis} was still running"
        todo = f"capture it again from {month.next().first_day} on"
    elif _is_of_another_month(snapshot):
        what = f"the year so far as captured at {at} is not that of {month}"
        todo = f"use a capture made in {month} or in {month.next()}"
    else:
        return
    raise SourceError(what, where=str(capture), todo=todo)


def _is_of_another_month(snapshot: Snapshot) -> bool:
    """Whether a year so far was captured, as its source says, away from its month."""
    if snapshot.basis != Basis.YTD or snapshot.dated_by != "source":
        return False
    month, moment = snapshot.month, capture_moment(snapshot.captured_at)
    if service_of(snapshot) == "legacy" and month.month == 12:
        return False  # the gateway answered for whole years, also later
    return not month.start <= moment < month.next().end
