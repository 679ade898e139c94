"""The command line: the service, its doctor, and the same commands as in Slack for the night when Slack is down."""

import getpass
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from threading import Event
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from bot import doctor as checkup
from bot.app import Program
from bot.core import Core, build
from bot.local_zone import local_zone
from bot.log import configure
from bot.settings_file import BadSettings
from bot.views.plain import plain
from bot.views.replies import reply
from bot.when_cli import when
from commands import grammar
from commands.desk import Caller
from commands.give_back import STEPS, GiveBack
from commands.grammar import Ask
from commands.look import ListLoans, Status
from commands.replies import REFUSALS
from loans.policy import CLI_GROUP, Person
from store.errors import NotUpgraded, StoreError

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The settings; else $LENDBOT_CONFIG, ./lendbot.toml, /etc/lendbot/."),
]

EXIT_REFUSED: Final = 1
EXIT_SETTINGS: Final = 2
EXIT_UNAVAILABLE: Final = 3

app = typer.Typer(
    name="lendbot",
    help="Lends idle Slurm nodes to Kubernetes from Slack, and brings them home.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(when)
err = Console(stderr=True)


@app.command()
def serve(config: ConfigOption = None) -> None:
    """Run lendbot: Slack, the engine and the clock, until SIGTERM or Ctrl-C."""
    _run(config, with_slack=True)


@app.command()
def worker(config: ConfigOption = None) -> None:
    """Run the engine and the clock without Slack: loans go on, come home, and are told of later."""
    _run(config, with_slack=False)


@app.command()
def doctor(
    config: ConfigOption = None,
    node: Annotated[str | None, typer.Option(help="Try SSH and the BMC of this node; else of the first.")] = None,
) -> None:
    """Check settings, store, Slack, Slurm, Kubernetes, SSH and BMCs; say what to do about each failure."""
    with _core(config) as core:
        results = checkup.examine(core, node)
        Console().print(checkup.table(results))
        if any(result.is_bad for result in results):
            raise typer.Exit(EXIT_REFUSED)


@app.command()
def loans(config: ConfigOption = None) -> None:
    """List the latest loans."""
    _say(config, ListLoans())


@app.command()
def status(
    loan: Annotated[int | None, typer.Argument(help="A loan's number; else everything that is open.")] = None,
    config: ConfigOption = None,
) -> None:
    """Show what is open, or everything about one loan."""
    _say(config, Status(loan))


@app.command("give-back")
def give_back(
    what: Annotated[str, typer.Argument(help="A loan's number, or a node or hostlist: 12, gpu010, gpu[003-005].")],
    loan: Annotated[int | None, typer.Option("--loan", help="The loan that the nodes are in; else found.")] = None,
    from_step: Annotated[str, typer.Option("--from", help=f"Begin at a step: {', '.join(STEPS)}.")] = "",
    config: ConfigOption = None,
) -> None:
    """Send a loan, or nodes of one, home; a running `lendbot serve` or `worker` does the work."""
    if from_step and from_step not in STEPS:
        raise typer.BadParameter(f"{from_step!r} is no step; there are {', '.join(STEPS)}")
    number = what.removeprefix("#")
    is_number = number.isascii() and number.isdigit()
    if is_number and from_step:
        raise typer.BadParameter("--from is for nodes: name them instead of the loan")
    _say(config, GiveBack(int(number)) if is_number else GiveBack(loan, what, from_step))


@app.command()
def history(
    of: Annotated[str, typer.Argument(help="A loan's number or a node's name; else the latest of everything.")] = "",
    config: ConfigOption = None,
) -> None:
    """Show who decided what, and what was changed."""
    _say(config, grammar.read(f"history {of}"))


@app.command()
def upgrade(config: ConfigOption = None) -> None:
    """Bring the store's tables up to this version; `serve` and `worker` do so by themselves."""
    with _core(config) as core:
        core.store.upgrade()
        typer.echo(f"{core.store.address} is at {core.store.check().at}")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(version("lendbot"))
        raise typer.Exit


@app.callback()
def _root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None: ...


def _run(config: Path | None, *, with_slack: bool) -> None:
    with _core(config) as core:
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


def _say(config: Path | None, ask: Ask) -> None:
    """Carry out a command as whoever runs this, and print the reply as text."""
    with _core(config) as core:
        tables = core.store.check()
        if not tables.is_current:
            raise NotUpgraded(tables.at, tables.newest)
        zone = local_zone()
        person = Person(f"cli:{getpass.getuser()}", frozenset({CLI_GROUP}), zone)
        answer = grammar.run(ask, Caller(person), core.desk())
        typer.echo(plain(reply(answer), ZoneInfo(zone)))
        if isinstance(answer, REFUSALS):
            raise typer.Exit(EXIT_REFUSED)


@contextmanager
def _core(config: Path | None) -> Iterator[Core]:
    """Build the core, or say in one place why it cannot be."""
    try:
        core = build(config)
        configure(core.settings.log)
        yield core
    except BadSettings as e:
        where = f"{e.path}: " if e.path else ""
        for line in e.lines:
            err.print(f"{where}{line}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(EXIT_SETTINGS)
    except StoreError as e:
        advice = ": run `lendbot upgrade`" if isinstance(e, NotUpgraded) else ""
        err.print(f"{e}{advice}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(EXIT_UNAVAILABLE)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
