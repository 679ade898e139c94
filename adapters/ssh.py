"""SSH connections that are kept and shared: one a host, many commands.

Decides when a connection is reused, reopened or let go. A command is sent once: a cached connection that proves broken
before the command was sent is opened again, one that breaks afterwards is an error. This is the one place where
arguments become the line that a login shell reads.
"""

import shlex
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import paramiko

from adapters.addresses import Address
from adapters.ssh_channel import Done, Exchange
from adapters.ssh_deadline import READ, FarClock, came_too_late
from adapters.ssh_login import SshLogin, saying, transport_of
from conversion.permit import Overtaken, Permit
from conversion.ports import Away, Unreachable

__all__ = ["SshConnections", "SshLogin"]

_SESSIONS_EACH: Final = 8
"""OpenSSH's MaxSessions is 10 a connection; a ninth command waits for its turn."""

_CLOCK_BYTES: Final = 200


class _Line:
    """What we keep of one host: a connection when there is one, and who uses it."""

    def __init__(self) -> None:
        self.opening = threading.Lock()
        self.turns = threading.BoundedSemaphore(_SESSIONS_EACH)
        self.client: paramiko.SSHClient | None = None
        self.clock: FarClock | None = None
        self.users = 0
        self.used = time.monotonic()

    def drop(self, client: paramiko.SSHClient) -> None:
        """Let a broken connection go, unless another thread has replaced it already."""
        with self.opening:
            if self.client is client:
                self.client = None
        client.close()


class SshConnections:
    """Runs commands on many hosts. Safe for many threads; two on one host share a connection."""

    def __init__(self, login: SshLogin, *, jump: Address | None = None, idle: timedelta = timedelta(minutes=5)) -> None:
        """Connect to nothing yet. jump: a host to go through; idle: an unused connection is closed after this."""
        self._login = login
        self._jump = jump
        self._idle_s = idle.total_seconds()
        self._lines: dict[Address, _Line] = {}
        self._lock = threading.Lock()

    def run(
        self,
        address: Address,
        argv: Sequence[str],
        *,
        side: str,
        timeout: timedelta,
        keep_bytes: int,
        whole: bool,
        stdin: str | None = None,
        permit: Permit | None = None,
    ) -> Done:
        """Run one command to its end.

        side     the far side's name in errors
        whole    True for an answer of which every line counts, False for a command that may leave a daemon behind
        permit   of a command that changes something: the host refuses to begin it when it is over
        raises   Unreachable, Denied; Overtaken when it is too late to begin
        """
        line = self._enter(address)
        try:
            if not line.turns.acquire(timeout=timeout.total_seconds()):
                raise Unreachable(side, f"{_SESSIONS_EACH} commands are under way there; no turn in {timeout}")
            try:
                channel, clock = self._channel_and_clock(address, line, side, permit)
                words = argv if clock is None or permit is None else clock.bounded(argv, permit, timeout)
                exchange = Exchange(channel, side=side, timeout=timeout, keep_bytes=keep_bytes, whole=whole)
                done = exchange.run(shlex.join(words), stdin.encode() if stdin is not None else None)
            finally:
                line.turns.release()
            if permit is not None and came_too_late(done):
                line.clock = None  # it, or we, stood still since it was read
                raise Overtaken
            return done
        finally:
            self._leave(line)

    def close(self) -> None:
        """Close every connection, also those in use."""
        with self._lock:
            lines, self._lines = list(self._lines.values()), {}
        _close(lines)

    def _enter(self, address: Address) -> _Line:
        now = time.monotonic()
        with self._lock:
            line = self._lines.setdefault(address, _Line())
            line.users += 1
            stale = [a for a, each in self._lines.items() if not each.users and now - each.used > self._idle_s]
            gone = [self._lines.pop(a) for a in stale if a != self._jump]
        _close(gone)
        return line

    def _leave(self, line: _Line) -> None:
        with self._lock:
            line.users -= 1
            line.used = time.monotonic()

    def _channel_and_clock(
        self, address: Address, line: _Line, side: str, permit: Permit | None
    ) -> tuple[paramiko.Channel, FarClock | None]:
        """Return a fresh channel, and for what has a permit the host's clock as read over the same connection."""
        if permit is None:
            return self._channel(address, line, side), None
        for _ in range(2):
            clock = self._clock(address, line, side, permit)
            channel = self._channel(address, line, side)
            if channel.get_transport() is clock.connection:
                return channel, clock
            channel.close()  # it was opened anew in between, and the host may have rebooted: its clock too
        raise Unreachable(side, "its connection breaks again and again")

    def _clock(self, address: Address, line: _Line, side: str, permit: Permit) -> FarClock:
        client, _ = self._client(address, line, side)
        clock = line.clock
        if clock is not None and clock.serves(transport_of(client), permit.uptime()):
            return clock
        channel = self._channel(address, line, side)
        patience = self._login.connect_timeout
        exchange = Exchange(channel, side=side, timeout=patience, keep_bytes=_CLOCK_BYTES, whole=True)
        ask = partial(exchange.run, shlex.join(READ), None)
        line.clock = clock = FarClock.read(channel.get_transport(), ask, permit.uptime, side)
        return clock

    def _channel(self, address: Address, line: _Line, side: str) -> paramiko.Channel:
        client, cached = self._client(address, line, side)
        try:
            return self._session(client, line, side)
        except Unreachable:
            if not cached or line.client is client:  # the host refused the channel: the connection itself is sound
                raise
        client, _ = self._client(address, line, side)
        return self._session(client, line, side)

    def _session(self, client: paramiko.SSHClient, line: _Line, side: str) -> paramiko.Channel:
        try:
            return transport_of(client).open_session(timeout=self._login.connect_timeout.total_seconds())
        except paramiko.ChannelException as error:
            raise Unreachable(side, f"it opens no channel: {error.text}") from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            line.drop(client)
            raise Unreachable(side, f"the connection broke: {saying(error)}") from error

    def _client(self, address: Address, line: _Line, side: str) -> tuple[paramiko.SSHClient, bool]:
        """Return a host's connection, and True when it was open before."""
        with line.opening:
            if line.client is not None and _is_alive(line.client):
                return line.client, True
            if line.client is not None:
                line.client.close()
                line.client = None
            client = self._open(address, side)
            line.client = client
            return client, False

    def _open(self, address: Address, side: str) -> paramiko.SSHClient:
        if self._jump is None or address == self._jump:
            return self._login.open(address, side)
        line = self._enter(self._jump)
        try:
            return self._login.open(address, side, self._gateway(line, self._jump))
        finally:
            self._leave(line)

    def _gateway(self, line: _Line, jump: Address) -> paramiko.SSHClient:
        """Return the jump host's connection; while it does not answer no node can be reached."""
        try:
            client, _ = self._client(jump, line, f"jump host {jump[0]}")
        except Away:
            raise
        except Unreachable as e:
            raise Away(e.side, e.said) from e
        return client


def _is_alive(client: paramiko.SSHClient) -> bool:
    transport = client.get_transport()
    return transport is not None and transport.is_active()


def _close(lines: list[_Line]) -> None:
    for line in lines:
        if line.client is not None:
            line.client.close()
