"""The users: a stream of jobs, random but seeded, that keeps a share of each partition in use."""

import random
from datetime import timedelta
from typing import Final

from sandbox.agenda import Agenda
from sandbox.slurm.controller import Controller
from sandbox.slurm.records import Job

from .options import NodeClass

_NAMES: Final = ("train", "md-run", "fold", "cfd", "sweep", "render", "assembly", "eval")
_USERS: Final = 9
_LENGTH_MIN: Final = (10.0, 240.0)
_MEAN_LENGTH: Final = timedelta(minutes=sum(_LENGTH_MIN) / 2)
_LIMITS_H: Final = (1, 2, 4, 8, 12)
_COUNTS: Final = (1, 1, 1, 1, 1, 2, 2, 4)
_MEAN_COUNT: Final = sum(_COUNTS) / len(_COUNTS)


class JobStream:
    """Submits jobs to one partition for ever, at the rate that fills `busy` of it."""

    def __init__(self, kind: NodeClass, busy: float, controller: Controller, agenda: Agenda, seed: int) -> None:
        self._kind = kind
        self._busy = busy
        self._controller = controller
        self._agenda = agenda
        self._dice = random.Random(f"{seed}/stream/{kind.name}")

    def begin(self) -> None:
        """Let jobs have started before the story does, and go on from there."""
        if not self._busy or not self._kind.count:
            return
        free = list(self._kind.node_names())
        self._dice.shuffle(free)
        for name in free[: round(self._busy * self._kind.count)]:
            job = self._submit(count=1)
            self._controller.start(job, (name,), ran_for=job.length * self._dice.uniform(0.0, 0.8))
        self._next()

    def _next(self) -> None:
        a_second = self._busy * self._kind.count / (_MEAN_LENGTH.total_seconds() * _MEAN_COUNT)
        self._agenda.after(timedelta(seconds=self._dice.expovariate(a_second)), self._arrive)

    def _arrive(self) -> None:
        self._submit(count=min(self._dice.choice(_COUNTS), self._kind.count))
        self._next()

    def _submit(self, count: int) -> Job:
        length = timedelta(minutes=self._dice.uniform(*_LENGTH_MIN))
        limit = next(timedelta(hours=hours) for hours in _LIMITS_H if timedelta(hours=hours) >= length)
        whole = self._dice.random() < 0.7  # noqa: PLR2004 - most users ask for whole nodes; the rest make nodes MIXED
        share = 1 if whole else 4
        return self._controller.submit(
            user=f"u{self._dice.randint(1, _USERS)}",
            name=self._dice.choice(_NAMES),
            partition=self._kind.name,
            length=length,
            limit=limit,
            count=count,
            cpus=self._kind.cpus // share,
            gpus=self._kind.gpus // share,
        )
