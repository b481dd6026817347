"""What goes wrong at a CKAN, by hand: what is told, and that the next round ends it.

Belongs here: a line to it that errs, what its people do to the data set by hand, rights and parts
that lack. Does not: publishing (``ckan_trial``), starting it (``ckan_server``).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from publish.places import ckan as asking
from publish.places.ckan_tables import ckan_words
from publish.places.declared import DeclaredPlace, token_name
from tests.ops.ckan_reading import Trial, one_percent, require, require_equal, revise, say
from tests.ops.ckan_server import without_datastore

Turn = Callable[[str, int], int | None]
"""Of the path and number of a call with the token: an HTTP status that is answered instead."""
_WORDS = ckan_words()


@contextmanager
def erring(address: str, turn: Turn) -> Iterator[str]:
    """The address of a server before a CKAN, which answers some calls with the token by itself."""
    calls = iter(range(1, 10**6))

    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = turn(self.path, next(calls)) if self.command == "POST" else None
            if status is None:
                asked = {k: v for k, v in self.headers.items() if k.lower() != "host"}
                answer = httpx.request(
                    self.command, address + self.path, content=content, headers=asked, timeout=120
                )
                self._answer(answer.status_code, answer.content, answer.headers["content-type"])
            else:
                self._answer(status, b"<html><h1>Internal Server Error</h1></html>", "text/html")

        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _answer(self, status: int, content: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def fails_at(number: int, status: int) -> Turn:
    """One call meets an error of the server."""
    return lambda _, call: status if call == number else None


def slow_at(word: str, seconds: float) -> Turn:
    """Calls of one action take their time."""

    def turn(path: str, _: int) -> None:
        time.sleep(seconds if word in path else 0)

    return turn


def faults_between(
    trial: Trial,
) -> Iterator[tuple[str, str, AbstractContextManager[DeclaredPlace]]]:
    """Faults while a release is sent: the name, the kind that is told, and the place meanwhile."""
    for number in (2, 5, 9):
        for status, kind in ((500, "failing"), (503, "unreachable"), (403, "refused")):
            yield f"{status} at call {number}", kind, over(trial, fails_at(number, status))
    yield "slow answers, within the bound", "", over(trial, slow_at("datastore_upsert", 1))
    yield "slow answers, beyond the bound", "unreachable", impatient(trial)


@contextmanager
def over(trial: Trial, turn: Turn) -> Iterator[DeclaredPlace]:
    """The place behind a server that errs."""
    with erring(trial.server.address, turn) as address:
        yield trial.place.model_copy(update={"shown_at": address})


@contextmanager
def impatient(trial: Trial) -> Iterator[DeclaredPlace]:
    """Answers take longer than is waited."""
    with (
        pytest.MonkeyPatch.context() as patch,
        over(trial, slow_at("datastore_upsert", 4)) as place,
    ):
        patch.setattr(asking, "ckan_words", lambda: replace(_WORDS, seconds=2))
        yield place


def deeds(trial: Trial) -> Iterator[tuple[str, Callable[[], object]]]:
    """What the people of a CKAN do to a data set by hand."""
    ask, ids = trial.server.ask, trial.ids()
    package = trial.place.package
    some = next(i for url, i in ids.items() if url.endswith("/scores.csv"))
    extras = [e for e in trial.package()["extras"] if not e["key"].startswith("cchc_")]
    yield "another title", lambda: ask("package_patch", id=package, title="Thử")
    yield (
        "other words and terms",
        lambda: ask("package_patch", id=package, notes="x", license_id="cc-by"),
    )
    yield "our extras removed", lambda: ask("package_patch", id=package, extras=extras)
    yield "private", lambda: ask("package_patch", id=package, private=True)
    yield (
        "a resource leads elsewhere",
        lambda: ask("resource_patch", id=some, url="https://example.org/khac.csv"),
    )
    yield "a resource is renamed", lambda: ask("resource_patch", id=some, name="Thử")
    yield "a resource is removed", lambda: ask("resource_delete", id=some)
    yield "rows and resource are removed", lambda: (
        ask("datastore_delete", resource_id=some, force=True), ask("resource_delete", id=some)
    )  # fmt: skip
    yield "the data set is deleted", lambda: ask("package_delete", id=package)


def faults_on_the_way(trial: Trial) -> None:
    """Errors in the middle of a sending: told by their kind; the next round ends it."""
    for number, (name, kind, wrong) in enumerate(faults_between(trial), 1):
        revise(trial.latest, "scores", one_percent(number))
        old = trial.extras()["cchc_site"]
        with wrong as place:
            outcome = trial.bring(place=place)
        require(outcome.fault == kind, f"{name}: {outcome}")
        require(not kind or trial.extras()["cchc_site"] == old, "the data set names what was whole")
        require(trial.bring().state == ("confirmed" if kind else "stands"), "the next one ends it")
        say(name, outcome.state, outcome.line, f"then {require_equal(trial)} rows equal")


def done_by_hand(trial: Trial) -> None:
    """What people there change is told by `cchc mirror`, or mended at once; then all is ours."""
    ids = trial.ids()
    for name, act in deeds(trial):
        act()
        told = [trial.bring(), trial.bring(), trial.bring()]
        require("confirmed" in [one.state for one in told[:2]], f"{name}: {told}")
        require(told[2].state == "stands", f"{name}: {told[2]}")
        require(trial.ids() == ids, "the first resource ids")
        said = [f"{one.state} {one.line}".strip() for one in told]
        say(name, *said, f"{require_equal(trial)} rows equal")


def lacking(trial: Trial, program: Path) -> None:
    """An account without rights; a CKAN without its DataStore."""
    name = token_name(trial.place)
    with pytest.MonkeyPatch.context() as patch:
        revise(trial.latest, "scores", one_percent(77))
        patch.setenv(name, trial.server.stranger)
        outcome = trial.bring()
        require((outcome.state, outcome.fault) == ("behind", "refused"), str(outcome))
        say("a token without rights", outcome.line)
    with without_datastore(program, trial.server) as address:
        outcome = trial.bring(place=trial.place.model_copy(update={"shown_at": address}))
        require((outcome.state, outcome.fault) == ("behind", "no_datastore"), str(outcome))
        say("no DataStore", outcome.line)
    require(trial.bring().state == "confirmed", "then it follows")
    say("then", f"{require_equal(trial)} rows equal")
