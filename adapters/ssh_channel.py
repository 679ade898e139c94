"""One command on one SSH channel: its input, the end of its output, its exit code, and its time-out.

Decides how much output is kept: a command may print 100 MB, and only the end of it is ever looked at.
"""

import contextlib
import select
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import paramiko

from adapters.meanings import until_then
from adapters.ssh_login import saying
from conversion.ports import Unreachable
from loans.lengths import exact

_CHUNK: Final = 65536
_SLICE_S: Final = 0.5
"""The exit code makes no file descriptor readable, so it is looked at this often when nothing is said."""

_WAKE_AGAIN_S: Final = 0.05
_QUIET_AFTER_EXIT_S: Final = 1.0
"""A daemon that a command started may hold its output open for ever: this long after the exit we stop listening.

Not for an answer that is to be whole: its tail may be stalled on the way, and no rest of a list says that it is one.
"""


@dataclass(frozen=True)
class Done:
    """A command that ended; out and err are the last bytes of what it said."""

    exit: int
    out: bytes
    err: bytes


class Tail:
    """The last bytes of a stream, in bounded memory."""

    def __init__(self, keep_bytes: int) -> None:
        self._keep = keep_bytes
        self._kept = bytearray()

    def add(self, said: bytes) -> None:
        """Add what was said; what is older than the last keep_bytes is let go, now and then."""
        self._kept += said
        if len(self._kept) > 2 * self._keep:
            del self._kept[: -self._keep]

    def value(self) -> bytes:
        """Return the last keep_bytes."""
        return bytes(self._kept[-self._keep :])


class Exchange:
    """One run of one command on a fresh channel. The channel is closed at the end, however it comes."""

    def __init__(
        self, channel: paramiko.Channel, *, side: str, timeout: timedelta, keep_bytes: int, whole: bool
    ) -> None:
        """Say nothing yet. whole: listen until the far host says that no more will come."""
        self._whole = whole
        self._channel = channel
        self._side = side
        self._timeout_s = timeout.total_seconds()
        self._deadline = time.monotonic() + self._timeout_s
        self._out, self._err = Tail(keep_bytes), Tail(keep_bytes)

    def run(self, command: str, stdin: bytes | None) -> Done:
        """Run the command to its end; Unreachable when the time-out passes or the connection breaks."""
        try:
            self._start(command)
            if stdin is not None:
                self._say(stdin)
            self._listen()
            return Done(self._exit(), self._out.value(), self._err.value())
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise self._gone(error) from error
        finally:
            self._close()

    def _close(self) -> None:
        """Close the channel, which says so on the wire: a connection that is gone by then is no trouble."""
        with contextlib.suppress(paramiko.SSHException, OSError, EOFError):
            self._channel.close()

    def _start(self, command: str) -> None:
        """Send the command. paramiko waits without end for the answer to that, so somebody watches."""
        self._channel.settimeout(self._left_s())
        is_answered = threading.Event()
        threading.Thread(target=self._watch, args=(is_answered,), name="ssh-watch", daemon=True).start()
        try:
            self._channel.exec_command(command)
        finally:
            is_answered.set()

    def _watch(self, is_answered: threading.Event) -> None:
        """Close the channel when the time is over, and wake who waits on one that is closed.

        Not once: paramiko takes back the wake-up of a channel that closes just before it begins to wait.
        """
        while not is_answered.wait(max(0.0, min(self._deadline - time.monotonic(), _SLICE_S))):
            if time.monotonic() >= self._deadline:
                self._close()
            if self._channel.closed:
                self._channel.event.set()
            is_answered.wait(_WAKE_AGAIN_S)

    def _say(self, stdin: bytes) -> None:
        try:
            self._channel.sendall(stdin)
        except TimeoutError:
            raise
        except OSError:  # the command ended without reading it all; its exit code will tell
            return
        self._end_input()

    def _end_input(self) -> None:
        """Say the end of input. Not sooner than needed: paramiko may send it after it has answered the server's close,
        and a server ends the whole connection over that, with every other command on it.
        """
        self._channel.shutdown_write()

    def _listen(self) -> None:
        poller = select.poll()
        poller.register(self._channel.fileno(), select.POLLIN)
        quiet_since: float | None = None
        while True:
            poller.poll(1000 * min(self._left_s(), _SLICE_S))
            ended = self._channel.eof_received or self._channel.closed  # before taking: what came first is not lost
            if self._take():
                quiet_since = None
            elif ended:
                return
            elif not self._channel.exit_status_ready():
                self._end_input()  # it takes its time: should it wait for input, there is none
            elif not self._whole:
                quiet_since = quiet_since or time.monotonic()
                if time.monotonic() - quiet_since > _QUIET_AFTER_EXIT_S:
                    return

    def _take(self) -> bool:
        """Move what has arrived to the tails; False when there was nothing."""
        took = False
        for ready, receive, tail in (
            (self._channel.recv_ready, self._channel.recv, self._out),
            (self._channel.recv_stderr_ready, self._channel.recv_stderr, self._err),
        ):
            if ready():
                tail.add(receive(_CHUNK))
                took = True
        return took

    def _exit(self) -> int:
        self._channel.status_event.wait(self._left_s())
        code = self._channel.exit_status
        if code < 0:
            raise Unreachable(self._side, "a command ended without an exit code: killed, or the connection was cut")
        return code

    def _left_s(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _gone(self, error: Exception) -> Unreachable:
        if time.monotonic() >= self._deadline:
            span = exact(timedelta(seconds=self._timeout_s))
            self._take()
            if self._channel.exit_status_ready():
                why = f"it ended, and its answer had no end in {span}: does what it started hold its output open?"
                return Unreachable(self._side, why)
            said = until_then(self._err.value())
            return Unreachable(self._side, f"no end after {span}; the command may still be running{said}")
        return Unreachable(self._side, f"the connection broke while a command ran: {saying(error)}")
