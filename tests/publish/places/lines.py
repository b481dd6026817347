"""Bad lines to a server of this machine: cut, stalled, slow.

Belongs here: passing bytes on, badly. Does not: servers, assertions.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread

_CHUNK = 65536


@contextmanager
def cut_after(port: int, limit: int) -> Iterator[int]:
    """The port of a line to a server that breaks after so many bytes, and stays broken."""
    with _line(_Line(port, limit)) as there:
        yield there


@contextmanager
def stalled_after(port: int, limit: int) -> Iterator[int]:
    """The same of a line that stays open then, and passes nothing on."""
    with _line(_Stalled(port, limit)) as there:
        yield there


@contextmanager
def slow_line(port: int, bytes_a_second: float, latency: float) -> Iterator[int]:
    """A line that takes its time: a rate for all connections together, a latency for each turn."""
    with _line(_Slow(port, bytes_a_second, latency)) as there:
        yield there


@contextmanager
def _line(line: "_Line") -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=line.listen, args=(listener,), daemon=True).start()
        yield int(listener.getsockname()[1])
        line.is_cut = True


class _Line:
    """Connections to a server, the bytes to it counted."""

    ends = True
    """Whether all of them end at the limit."""

    def __init__(self, port: int, limit: int) -> None:
        self.port, self.left, self.is_cut = port, limit, False

    def listen(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                asking, _ = listener.accept()
            except OSError:
                return
            if self.is_cut:
                asking.close()
                continue
            there = socket.create_connection(("127.0.0.1", self.port))
            ways = ((asking, there, True), (there, asking, False))
            for way in ways:
                Thread(target=self._pass_on, args=way, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_counted: bool) -> None:
        try:
            while not self.is_cut and (content := source.recv(_CHUNK)):
                self.give(content, target.sendall)
                self.left -= len(content) if is_counted else 0
                self.is_cut = self.is_cut or (self.ends and self.left < 0)
        except OSError:
            pass
        for one in (source, target):
            with suppress(OSError):  # so that who waits on the other end is told
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def give(self, content: bytes, send: Callable[[bytes], None]) -> None:
        """Pass some bytes on."""
        send(content)


class _Stalled(_Line):
    ends = False

    def give(self, content: bytes, send: Callable[[bytes], None]) -> None:
        """Keep them, once there were too many."""
        if self.left >= 0:
            send(content)


class _Slow(_Line):
    ends = False

    def __init__(self, port: int, bytes_a_second: float, latency: float) -> None:
        super().__init__(port, 0)
        self.rate, self.latency = bytes_a_second, latency
        self.lock, self.free_at = Lock(), 0.0

    def give(self, content: bytes, send: Callable[[bytes], None]) -> None:
        """Pass them on when the line is free, and the way is made."""
        with self.lock:
            self.free_at = max(time.monotonic(), self.free_at) + len(content) / self.rate
            due = self.free_at + self.latency
        time.sleep(max(0.0, due - time.monotonic()))
        send(content)
