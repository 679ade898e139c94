"""The composition root: core, engine, Slack and clock become one running program. Nothing else wires."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from bot.core import Core
from bot.listeners import buttons, forms, messages
from bot.listeners.answer import Answers
from bot.listeners.errands import Errands
from bot.listeners.front import Front
from bot.process import metrics
from bot.process.lease import RENEW_EVERY, Lease
from bot.process.schedule import Schedule
from bot.publishing.pump import Pump
from bot.publishing.surroundings import Surroundings
from bot.slack.admission import Admission
from bot.slack.line import HttpLine, SocketLine, bolt_app, web_client
from bot.slack.names import Names
from bot.slack.people import People
from conversion import clocks, due, in_book, lost_classes, numbers, reconcile
from conversion.crew import Crew
from conversion.worker import Worker
from loans import when

log = structlog.get_logger()

_GOODBYE: Final = timedelta(seconds=10)
"""How long a look may take to come to its end when we are told to stop."""
_ANSWERS_END: Final = timedelta(seconds=6)
_JOBS_END: Final = timedelta(seconds=4)
"""With the line's own 5 s everything has ended within 30 s, whatever hangs; a service manager kills after 90 s."""
_PUBLISH_EVERY: Final = timedelta(seconds=0.5)
_LEARN_NAMES_EVERY = timedelta(minutes=1)
_RECOUNT_EVERY: Final = timedelta(minutes=1)
"""A card says how old its count of pods is: a fresher one is a comfort, and Slack takes 50 edits a minute."""
_TEND_EVERY: Final = timedelta(seconds=3)
"""How soon what a dead lendbot left is looked for."""
_CHECK_EVERY: Final = timedelta(seconds=10)
_RECONCILE_EVERY: Final = timedelta(minutes=1)
_FORGET_EVERY: Final = timedelta(hours=1)
_REMEMBER_FOR: Final = timedelta(days=30)
_SILENT_JOB_S: Final = 120.0
"""A job that has not come to its end for so long is stuck or failing: unhealthy."""


class Engine:
    """The worker and what the clock orders, under the lease."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.lease = Lease("worker", core.store, core.clock)
        self.ground = core.ground(self.lease)
        self.crew = Crew(core.settings.pace.workers)
        self.worker = Worker(self.ground, self.crew)
        self.clocks = clocks.Clocks(self.ground, core.clock.speed)
        self.lost: tuple[str, ...] = ()

    def add_jobs(self, schedule: Schedule) -> None:
        """Put the engine's jobs on the schedule."""
        tick = self._core.settings.pace.tick
        schedule.every(RENEW_EVERY, "lease", self.lease.take)
        schedule.every(tick, "due", self._if_held(self._due))
        schedule.every(tick, "worker", self._if_held(self.worker.tick))
        schedule.every(_RECONCILE_EVERY, "reconcile", self._if_held(self._reconcile), at_once=True)
        schedule.every(_FORGET_EVERY, "forget", self._if_held(self._forget))

    def close(self) -> bool:
        """Stop looking; what is under way resumes from its journal at the next start.

        returns   False when a look is still at work. The lease is kept then: only the end of this process frees it.
        """
        is_idle = self.crew.close(_GOODBYE)
        if is_idle:
            self.lease.release()
        return is_idle

    def _due(self) -> None:
        self.clocks.look()
        if not self.clocks.holds_deadlines:
            due.return_due(self.ground)
            due.lapse_due(self.ground)
        due.remind_due(self.ground)
        due.call_due(self.ground)

    def _reconcile(self) -> None:
        self.lost = lost_classes.tell_all(self.ground)
        reconcile.reconcile(self.ground)
        in_book.keep_pools(self.ground)
        self.clocks.compare()

    def _forget(self) -> None:
        before = self._core.clock.now() - _REMEMBER_FOR
        with self._core.store.write() as tx:
            tx.drafts.forget(before)
            tx.seen.forget(before)
            tx.inbox.forget(before)
            tx.outbox.forget(before)

    def _if_held(self, job: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            if self.lease.held:
                job()

        return run


class Program:
    """`lendbot serve`: the engine, and Slack's side when it is wanted."""

    def __init__(self, core: Core, *, with_slack: bool = True) -> None:
        self._core = core
        self._engine = Engine(core)
        self._schedule = Schedule()
        self._slack = core.settings.slack
        self._client = web_client(self._slack)
        self._answers = Answers(self._client)
        self._admission = Admission(self._client, self._slack)
        self._errands = Errands(core.store, core.clock, self._answers, self._admission.turned_away)
        self._people = People(self._client, _groups(core), self._admission)
        self._names = Names(self._client, core.store)
        self._line = self._listen() if with_slack else None
        self._writing = Lease("publisher", core.store, core.clock)
        self._surroundings = Surroundings(core.store, core.desk)
        self._pump = Pump(
            core.store,
            self._client,
            core.desk,
            self._surroundings,
            oncall=self._slack.oncall_channel,
            clock=core.clock,
            members=self._people.members,
        )

    def start(self) -> None:
        """Bring the tables up to date, then begin everything.

        raises   CannotListen, StoreError
        """
        if self._core.settings.metrics.listen:
            metrics.serve(self._core.settings.metrics.listen, self._core.store, self._engine.clocks, self.problems)
        self._core.store.upgrade()
        numbers.ask_anew(self._core.store)
        self._engine.lost = lost_classes.tell_all(self._engine.ground)
        when.prepare()
        self._engine.lease.take()
        self._engine.add_jobs(self._schedule)
        if self._line is not None:
            self._errands.tend()
            self._line.start()
            self._writing.take()
            self._schedule.every(RENEW_EVERY, "publisher's lease", self._writing.take)
            self._schedule.every(_TEND_EVERY, "inbox", self._errands.tend)
            self._schedule.every(_PUBLISH_EVERY, "publisher", self._publish)
            self._schedule.every(_RECOUNT_EVERY, "pods", self._recount)
            self._schedule.every(_LEARN_NAMES_EVERY, "names", self._learn_names)
            self._schedule.every(_CHECK_EVERY, "slack line", self._line.check)
        self._schedule.start()
        log.info("lendbot.started", store=self._core.store.address, classes=sorted(self._core.classes))

    def close(self) -> bool:
        """End in order: no new commands, no new looks, then hang up. What is not done is kept for the next start.

        returns   False when something is still at work, so that the process has to end at once
        """
        if self._line is not None:
            self._line.close()
        are_answered = self._errands.close(_ANSWERS_END)
        is_idle = self._schedule.close(_JOBS_END)
        if is_idle:
            self._writing.release()
        is_idle = self._engine.close() and is_idle and are_answered
        if is_idle:
            self._core.close()
        log.info("lendbot.stopped", idle=is_idle)
        return is_idle

    def problems(self) -> list[str]:
        """Return what is wrong now, a line each."""
        late = [name for name, seconds in self._schedule.silent_for().items() if seconds > _limit(name)]
        found = [f"the job {name!r} has not come to its end for {_SILENT_JOB_S:.0f} s" for name in late]
        if self._line is not None and self._line.silent_for() > self._slack.silent_after:
            found.append("Slack is silent")
        return [*found, *self._engine.lost]

    def _publish(self) -> None:
        """Write to Slack, unless another process does: two would post two cards for one loan."""
        if self._writing.held:
            self._pump.flush()

    def _recount(self) -> None:
        if self._writing.held:
            self._surroundings.recount()

    def _learn_names(self) -> None:
        if self._writing.held:
            self._names.learn()

    def _listen(self) -> SocketLine | HttpLine:
        bolt = bolt_app(self._slack, self._client)
        front = Front(self._client, self._people, self._core.desk, self._errands, self._answers)
        messages.register(bolt, front, self._slack.command)
        buttons.register(bolt, front)
        forms.register(bolt, front)
        if self._slack.mode == "http":
            return HttpLine(bolt, self._slack)
        return SocketLine(bolt, self._slack, self._client)


def _groups(core: Core) -> set[str]:
    """Return the user groups that the settings name."""
    rules = [node_class.rules for node_class in core.classes.values()]
    return {who for each in rules for who in each.keepers | each.requesters if who.startswith("S")}


def _limit(job: str) -> float:
    every = {"reconcile": _RECONCILE_EVERY, "forget": _FORGET_EVERY}.get(job, timedelta())
    return _SILENT_JOB_S + every.total_seconds()
