"""Slurm through its own command line, here or on a management host.

Decides when an answer of Slurm's is shared, and is the last guard before a node goes DOWN, which kills what runs there.
Knows nothing of loans: whose mark a reason carries is judged above. Never says IGNORE_JOBS.
"""

import math
import time
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import structlog

from adapters import slurm_config, slurm_text
from adapters.command import Runner
from adapters.hostlist import folded, folded_parts
from adapters.meanings import Meanings, meaning, says
from adapters.shared_read import SharedRead
from adapters.slurm_lines import SIDE
from conversion.permit import Permit, current
from conversion.ports import Busy, Denied, UnexpectedAnswer, Unreachable
from loans.nodes import NodeName, Reservation, SlurmJob, SlurmNode, is_drained, is_out_of_slurm

T = TypeVar("T")

_log: structlog.stdlib.BoundLogger = structlog.get_logger()

_MEANINGS: Final[Meanings] = (
    (says("requested nodes are busy", "overlaps with another reservation"), Busy),
    (
        says("unable to contact slurm controller", "socket timed out", "zero bytes were", "munge", "standby mode"),
        Unreachable,
    ),
    (says("sack sockets?", "sackd?", "please retry later"), Unreachable),
    (says("unexpected message received"), Unreachable),
    (says("connection (refused|timed out|reset)", "no route to host", "resource temporarily unavailable"), Unreachable),
    (says("invalid user id", "access/permission denied", "not authorized"), Denied),
    (says("protocol authentication error", "invalid authentication", "authentication credential"), Denied),
)
"""A dead munged or sackd heals, so they stand before the authentication errors that they cause. "Unexpected message
received" is what `create reservation` says where no slurmctld answers (measured on 22.05, 24.11 and 26.05)."""

_NOTHING_TO_RESUME: Final = ("Invalid node state specified", "Invalid node state transition")
"""The second is 25.11's word for it (measured on 26.05)."""
_BLANK: Final = " "
_CONFIG_AGE: Final = timedelta(seconds=30)
"""ClusterName and SlurmUser change with a restart of slurmctld; and another slurmctld may be the one that answers."""


class SlurmCommands:
    """The Slurm port on scontrol and squeue. Safe for many threads."""

    def __init__(
        self,
        runner: Runner,
        *,
        timeout: timedelta = timedelta(seconds=20),
        max_age: timedelta = timedelta(seconds=1),
        conf: Path | None = None,
    ) -> None:
        """Read nothing yet. max_age: how old a shared answer may be; conf: SLURM_CONF, where it is not the default."""
        self._runner = runner
        self._timeout = timeout
        self._since = float("-inf")
        self._env = {"LC_ALL": "C", "SLURM_TIME_FORMAT": "standard"}
        if conf is not None:
            self._env["SLURM_CONF"] = str(conf)
        self._nodes = SharedRead(self._read_nodes, max_age)
        self._jobs = SharedRead(self._read_jobs, max_age)
        self._reservations = SharedRead(self._read_reservations, max_age)
        self._config = SharedRead(self._read_config, _CONFIG_AGE)

    def nodes(self) -> Mapping[NodeName, SlurmNode]:
        """Return every node by name."""
        return self._nodes.get(self._since)

    def cluster(self) -> str:
        """Return Slurm's ClusterName."""
        return self._config.get().cluster

    def version(self) -> str:
        """Return slurmctld's version as it prints it, `24.11.5`; empty when it does not."""
        return self._config.get().version

    def suspending(self, partition: str) -> slurm_config.Suspending:
        """Return what slurmctld powers off by itself in a partition."""
        of_all = self._config.get().suspending
        own = slurm_config.suspend_times(self._run(["scontrol", "show", "partition", "-o"]))
        return replace(of_all, after=own.get(partition, of_all.after))

    def host_time(self) -> datetime:
        """Return the time that the host has where the commands run, in that host's own zone."""
        said = self._run(["date", "+%s %z"], zone=None)
        try:
            seconds, zone = said.split()
            return datetime.fromtimestamp(int(seconds), datetime.strptime(zone, "%z").tzinfo)
        except ValueError as error:
            raise UnexpectedAnswer(SIDE, "its host does not say what time it is", said) from error

    def jobs(self) -> Sequence[SlurmJob]:
        """Return the jobs that run, complete or wait, in whatever state; a waiting array is one job."""
        return self._jobs.get(self._since)

    def reservations(self) -> Mapping[str, Reservation]:
        """Return every reservation by name."""
        return self._reservations.get(self._since)

    def fresh(self) -> "SlurmCommands":
        """Return the same, with reads that begin from now on."""
        view = copy(self)
        view._since = time.monotonic()  # noqa: SLF001 - it is one of us
        return view

    def clock(self) -> datetime:
        """Return the time as slurmctld has it, in whole seconds: it dates its answer, wherever the command runs."""
        return slurm_config.clock(self._run(["scontrol", "show", "config"]))

    def reserve(self, name: str, nodes: Sequence[NodeName], span: timedelta) -> None:
        """Reserve job-free nodes from now; Busy when a job runs on one. An existing one of that name is left alone."""
        if name in self._anew(self._reservations):
            return
        minutes = math.ceil(span / timedelta(minutes=1))
        hostlist = folded(nodes)
        when = ["StartTime=now", f"Duration={minutes}"]
        self._write(["create", "reservation", f"ReservationName={name}", *when, "Users=root", f"Nodes={hostlist}"])
        _log.info("slurm.reserved", reservation=name, nodes=hostlist, minutes=minutes)

    def unreserve(self, name: str) -> None:
        """Delete a reservation; one that is gone already is fine."""
        try:
            self._write(["delete", f"ReservationName={name}"])
        except UnexpectedAnswer:
            if name in self._anew(self._reservations):
                raise
            return
        _log.info("slurm.unreserved", reservation=name)

    def drain(self, nodes: Sequence[NodeName], reason: str) -> None:
        """Keep new jobs away; running ones go on."""
        self._update(nodes, "DRAIN", reason)
        _log.info("slurm.drained", nodes=folded(nodes), reason=reason)

    def down(self, nodes: Sequence[NodeName], reason: str) -> None:
        """Mark DOWN those that are exactly IDLE+DRAIN in a read of this moment; refuse all when one is anything else.

        Nodes that are out of Slurm already are left as they are. Afterwards every one carries DRAIN too: without it
        an admin's DOWN is lifted by a reboot where ReturnToService=2 (measured).
        """
        seen = self._read_back(nodes)
        unsafe = [node for node in seen if not is_drained(node) and not is_out_of_slurm(node)]
        if unsafe:
            raise UnexpectedAnswer(
                SIDE, f"not marked DOWN, since not exactly IDLE+DRAIN: {_states(unsafe)}", _states(seen)
            )
        going = [node.name for node in seen if not is_out_of_slurm(node)]
        if not going:
            return
        self._update(going, "DOWN", reason)
        _log.info("slurm.downed", nodes=folded(going), reason=reason)
        self._keep_drained(going, reason)

    def resume(self, nodes: Sequence[NodeName]) -> None:
        """Lift DRAIN and DOWN; one that is idle already is fine."""
        try:
            self._update(nodes, "RESUME")
        except UnexpectedAnswer as error:
            if not any(words in error.raw for words in _NOTHING_TO_RESUME):
                raise
            held = [node.name for node in self._read_back(nodes) if node.base == "DOWN" or "DRAIN" in node.flags]
            self._update(held, "RESUME")
        self._clear_reasons(nodes)
        _log.info("slurm.resumed", nodes=folded(nodes))

    def _clear_reasons(self, nodes: Sequence[NodeName]) -> None:
        """Take off the reason that RESUME clears, but leaves on the node from 23.11 to 25.11 without accounting.

        Slurm would put its own next reason behind it. An empty one changes nothing there, a blank one does (measured
        on 24.11).
        """
        stale = [node.name for node in self._read_back(nodes) if node.reason and not _is_held(node)] if nodes else []
        for hostlist in folded_parts(stale) if stale else ():
            self._write(["update", f"NodeName={hostlist}", f"Reason={_BLANK}"])

    def _keep_drained(self, nodes: Sequence[NodeName], reason: str) -> None:
        seen = self._read_back(nodes)
        bare = [node.name for node in seen if "DRAIN" not in node.flags]
        if bare:
            self.drain(bare, reason)
            seen = self._read_back(nodes)
        left = [node for node in seen if not is_out_of_slurm(node)]
        if left:
            raise UnexpectedAnswer(SIDE, f"asked to be DOWN and DRAIN, it says {_states(left)}", _states(left))

    def _read_back(self, nodes: Sequence[NodeName]) -> list[SlurmNode]:
        """Return these nodes as a read that begins now sees them."""
        found = self._anew(self._nodes)
        missing = [name for name in nodes if name not in found]
        if missing:
            raise UnexpectedAnswer(SIDE, f"it knows no node {folded(missing)}")
        return [found[name] for name in nodes]

    def _update(self, nodes: Sequence[NodeName], state: str, reason: str | None = None) -> None:
        """Ask one state of all nodes; rc 1 may mean that some did change, so nothing read before counts any more."""
        why = [f"Reason={reason}"] if reason is not None else []
        for hostlist in folded_parts(nodes) if nodes else ():
            self._write(["update", f"NodeName={hostlist}", f"State={state}", *why])

    def _write(self, words: Sequence[str]) -> None:
        try:
            self._run(["scontrol", *words], current())
        finally:
            self._forget()

    def _forget(self) -> None:
        for shared in (self._nodes, self._jobs, self._reservations):
            shared.forget()

    @staticmethod
    def _anew(shared: SharedRead[T]) -> T:
        shared.forget()
        return shared.get()

    def _read_nodes(self) -> Mapping[NodeName, SlurmNode]:
        return slurm_text.nodes(self._run(["scontrol", "show", "node", "-o"]), self._config.get())

    def _read_config(self) -> slurm_config.Config:
        return slurm_config.config(self._run(["scontrol", "show", "config"]))

    def _read_jobs(self) -> Sequence[SlurmJob]:
        # Never with -t: it compares whole states, so RUNNING hides what is RUNNING and CONFIGURING, STOPPED, SIGNALING.
        return slurm_text.jobs(self._run(["squeue", "-a", "-o", slurm_text.JOB_FORMAT]))

    def _read_reservations(self) -> Mapping[str, Reservation]:
        return slurm_text.reservations(self._run(["scontrol", "show", "reservation", "-o"]))

    def _run(self, argv: Sequence[str], permit: Permit | None = None, zone: str | None = "UTC") -> str:
        env = {**self._env, "TZ": zone} if zone is not None else self._env
        ran = self._runner.run(argv, side=SIDE, timeout=self._timeout, env=env, permit=permit)
        if ran.exit != 0:
            raise meaning(SIDE, argv[0], ran, _MEANINGS)
        return ran.out


def _is_held(node: SlurmNode) -> bool:
    return node.base in {"DOWN", "UNKNOWN"} or bool({"DRAIN", "FAIL"} & node.flags)


def _states(nodes: Sequence[SlurmNode]) -> str:
    """Return nodes grouped by state, for a sentence: `gpu[01-02] ALLOCATED, gpu07 IDLE`."""
    by_state: dict[str, list[NodeName]] = {}
    for node in nodes:
        by_state.setdefault(node.state, []).append(node.name)
    return ", ".join(f"{folded(names)} {state}" for state, names in sorted(by_state.items()))
