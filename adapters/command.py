"""Running one program to its end, here or on a management host.

Decides how a program that cannot be run is told apart from one that ran and failed. Knows nothing of what the programs
mean: their exit code and their words go back to the adapter that asked.
"""

import os
import signal
import subprocess
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final, Protocol

from adapters.addresses import Address
from adapters.meanings import until_then
from adapters.ssh import SshConnections
from conversion.permit import Permit
from conversion.ports import Ran, UnexpectedAnswer, Unreachable
from loans.lengths import exact

_KEPT_ENVIRONMENT: Final = ("PATH", "HOME", "USER", "LOGNAME")
"""All else would change answers unseen: SQUEUE_STATES and SLURM_TIME_FORMAT of whoever started the bot, for two."""

_MOST_OUTPUT: Final = 64 * 2**20
"""Of `scontrol show node -o` this is some 70,000 nodes; more than that is not an answer."""

_KILL_AFTER: Final = "--kill-after=5"
_GRACE_S: Final = 1.0
"""How much later than we `timeout` ends a program, for the case that we stand still ourselves meanwhile."""


class Runner(Protocol):
    """Somewhere to run a program."""

    def run(
        self,
        argv: Sequence[str],
        *,
        side: str,
        timeout: timedelta,
        env: Mapping[str, str] | None = None,
        permit: Permit | None = None,
    ) -> Ran:
        """Run argv to its end; out and err of a question are whole.

        side    what an error calls the far side: "Slurm"
        permit  of what changes something: it begins within it or not at all, and is ended when its time-out is over
        raises  Unreachable when the time-out passes or the host cannot be had; UnexpectedAnswer when there is no such
                program, or no end to what it says; Overtaken when it is too late to begin
        """


class LocalRunner:
    """Runs programs on this machine, in an environment of their own."""

    def __init__(self, keep: Collection[str] = ()) -> None:
        """keep: variables of ours that programs have as well, where they are set."""
        self._kept = (*_KEPT_ENVIRONMENT, *sorted(keep))

    def run(
        self,
        argv: Sequence[str],
        *,
        side: str,
        timeout: timedelta,
        env: Mapping[str, str] | None = None,
        permit: Permit | None = None,
    ) -> Ran:
        """Run argv to its end; see Runner."""
        words = list(argv)
        if permit is not None:
            words = ["timeout", _KILL_AFTER, f"{timeout.total_seconds() + _GRACE_S:g}", *argv]
            permit.begin()
        kept = {name: os.environ[name] for name in self._kept if name in os.environ}
        try:
            process = subprocess.Popen(
                words,
                env={**kept, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise UnexpectedAnswer(side, f"`{argv[0]}` cannot be run here: {error.strerror}") from error
        with process:
            out, err = _communicate(process, argv[0], side, timeout)
        return Ran(process.returncode, _text(out, argv[0], side), _text(err, argv[0], side))


class SshRunner:
    """Runs programs on a management host over SSH: in an environment of their own, or else in the account's.

    What is given none keeps the account's, for xCAT's client is set up by it.
    """

    def __init__(self, connections: SshConnections, host: Address, keep: Collection[str] = ()) -> None:
        """keep: variables of the account that programs with an environment of their own have as well."""
        self._connections = connections
        self._host = host
        self._clean = _only((*_KEPT_ENVIRONMENT, *sorted(keep)))

    def run(
        self,
        argv: Sequence[str],
        *,
        side: str,
        timeout: timedelta,
        env: Mapping[str, str] | None = None,
        permit: Permit | None = None,
    ) -> Ran:
        """Run argv to its end; see Runner. env is read by others on that host: no secrets in it."""
        own = ["sh", "-c", self._clean, "lendbot", *(f"{name}={value}" for name, value in env.items())] if env else []
        done = self._connections.run(
            self._host,
            [*own, *argv],
            side=f"{side} (through ssh {self._host[0]})",
            timeout=timeout,
            keep_bytes=_MOST_OUTPUT,
            whole=permit is None,
            permit=permit,
        )
        return Ran(done.exit, _text(done.out, argv[0], side), _text(done.err, argv[0], side))


def _only(names: Sequence[str]) -> str:
    """Return the line of shell that runs its arguments with these variables and no others; an unset one stays unset.

    What an account's profile sets there would change answers, too: SQUEUE_USERS hides jobs from us (measured).
    """
    return f"""exec env -i {" ".join(f'${{{name}+"{name}=${name}"}}' for name in names)} "$@"\n"""


def _communicate(
    process: "subprocess.Popen[bytes]", program: str, side: str, timeout: timedelta
) -> tuple[bytes, bytes]:
    try:
        return process.communicate(timeout=timeout.total_seconds())
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        _, err = process.communicate()
        raise Unreachable(side, f"`{program}` gave no answer in {exact(timeout)}{until_then(err)}") from error


def _text(said: bytes, program: str, side: str) -> str:
    text = said.decode(errors="replace")
    if len(said) >= _MOST_OUTPUT:
        raise UnexpectedAnswer(side, f"`{program}` said more than {_MOST_OUTPUT >> 20} MiB", text[:2000])
    return text
