"""`lendbot serve` and `lendbot worker`, a program that runs until it is told to stop; and `lendbot upgrade`."""

import os
import signal
import sys
from pathlib import Path
from threading import Event

import typer

from bot.app import Program
from bot.cli.opened import opened
from bot.core import Core
from conversion import numbers
from conversion.ports import FarSideError


def serve(config: Path | None, *, with_slack: bool) -> None:
    """Run lendbot until SIGTERM or Ctrl-C."""
    with opened(config) as core:
        program = Program(core, with_slack=with_slack)
        stop = Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        program.start()
        stop.wait()
        if not program.close():
            # Threads still wait for a far side. Their journal says where they are, and nobody else may begin before
            # this process is gone.
            sys.stderr.flush()
            os._exit(0)


def upgrade(config: Path | None) -> None:
    """Bring the store's tables up to this version."""
    with opened(config) as core:
        core.store.upgrade()
        typer.echo(f"{core.store.address} is at {core.store.check().at}")
        typer.echo(_numbers(core))
        core.close()


def _numbers(core: Core) -> str:
    """Hold the loans' numbers against what is out there, as far as that answers, and say so."""
    numbers.ask_anew(core.store)
    try:
        numbers.ask_far_sides(core.store, core.far, core.clock.now())
    except FarSideError as e:
        return f"loans' numbers are not compared yet: {e}. The first loan waits for that"
    return "loans' numbers begin above all that Slurm and Kubernetes know"
