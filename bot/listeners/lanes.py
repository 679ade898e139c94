"""A lane per person: nobody's flood, and no question that hangs, holds up what somebody else decides.

What is decided goes before what is asked, and has threads that no question may take: Slurm can hang for 20 s under a
`free`. Of one person, orders run one after the other in the order in which they came, and a question waits for the
orders before it, so that `status` shows what was just given back. Persons take turns.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog

log = structlog.get_logger()

Work = Callable[[], None]

THREADS: Final = 16
FOR_QUESTIONS: Final = 10
"""Threads in all, and how many of them questions may have at once. Judged: an order takes milliseconds."""
QUESTIONS_OF_ONE: Final = 2
"""Questions of one person that are asked at once: the far sides' threads are for everybody."""
QUIET_S: Final = 0.03
PATIENCE_S: Final = 0.3
"""Acks come before answers: a question begins when nothing has arrived for so long, and after so long in any case.
Measured with 50 commands at once: answers that are drawn beside the acks double the slowest ack."""
PER_PERSON: Final = 50
IN_ALL: Final = 1000
"""What may wait, of one person and in all. Judged: fifty answers are more than anybody reads."""


@dataclass
class _Lane:
    """What one person said and what of it is under way."""

    orders: "deque[Work]" = field(default_factory=deque)
    questions: "deque[tuple[float, Work]]" = field(default_factory=deque)
    ordering: int = 0
    asking: int = 0

    @property
    def waiting(self) -> int:
        return len(self.orders) + len(self.questions)

    @property
    def is_over(self) -> bool:
        return not (self.waiting or self.ordering or self.asking)


@dataclass(frozen=True)
class _Job:
    person: str
    work: Work
    is_order: bool


class Lanes:
    """Runs what it is given, fairly. What is never begun before close() is dropped: the inbox has it."""

    def __init__(self, threads: int = THREADS, for_questions: int = FOR_QUESTIONS) -> None:
        self._for_questions = for_questions
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()
        self._asking = 0
        self._is_closing = False
        self._arrived_at = 0.0
        self._change = threading.Condition()
        self._threads = [threading.Thread(target=self._run, name=f"desk-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def has_room(self, person: str) -> bool:
        """Return True while one more of this person's may wait."""
        with self._change:
            lane = self._lanes.get(person)
            all_waiting = sum(each.waiting for each in self._lanes.values())
            return (lane is None or lane.waiting < PER_PERSON) and all_waiting < IN_ALL

    def put(self, person: str, work: Work, *, is_order: bool) -> None:
        """Have work done in its turn.

        work       handles its own errors
        is_order   it decides or changes something, and asks no far side
        """
        with self._change:
            lane = self._lanes.setdefault(person, _Lane())
            if is_order:
                lane.orders.append(work)
            else:
                lane.questions.append((time.monotonic(), work))
            self._change.notify()

    def arrived(self) -> None:
        """Hear that something came from Slack that waits for its ack."""
        self._arrived_at = time.monotonic()

    def close(self, within: timedelta) -> bool:
        """Begin nothing more and wait for what is under way; False when something still is, such as a hanging read."""
        with self._change:
            self._is_closing = True
            self._change.notify_all()
        deadline = time.monotonic() + within.total_seconds()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while (job := self._take()) is not None:
            try:
                job.work()
            except Exception:
                # The last resort: a thread of the desk must not end with somebody's work.
                log.exception("desk.failed")
            self._end(job)

    def _take(self) -> _Job | None:
        with self._change:
            while not self._is_closing:
                if job := self._next():
                    return job
                self._change.wait(QUIET_S if self._is_noisy() else None)
            return None

    def _is_noisy(self) -> bool:
        return time.monotonic() - self._arrived_at < QUIET_S

    def _next(self) -> _Job | None:
        """Pick the next order of whoever has waited longest for a turn, or else the next question."""
        for person, lane in self._lanes.items():
            if lane.orders and not lane.ordering:
                lane.ordering += 1
                self._lanes.move_to_end(person)
                return _Job(person, lane.orders.popleft(), is_order=True)
        if self._asking >= self._for_questions:
            return None
        latest = time.monotonic() - (PATIENCE_S if self._is_noisy() else 0.0)
        for person, lane in self._lanes.items():
            if self._may_ask(lane, latest):
                lane.asking += 1
                self._asking += 1
                self._lanes.move_to_end(person)
                return _Job(person, lane.questions.popleft()[1], is_order=False)
        return None

    @staticmethod
    def _may_ask(lane: _Lane, latest: float) -> bool:
        """Return True when a person's next question may begin. latest: when it has to have come by."""
        is_free = not lane.orders and not lane.ordering and lane.asking < QUESTIONS_OF_ONE
        return is_free and bool(lane.questions) and lane.questions[0][0] <= latest

    def _end(self, job: _Job) -> None:
        with self._change:
            lane = self._lanes[job.person]
            if job.is_order:
                lane.ordering -= 1
            else:
                lane.asking -= 1
                self._asking -= 1
            if lane.is_over:
                del self._lanes[job.person]
            self._change.notify()
