"""The commands that Slack has too, said on the command line: the same Ask, the same reply, as text."""

from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from bot.cli.local_zone import local_zone
from bot.cli.opened import EXIT_REFUSED, opened
from bot.cli.whoami import whoami
from bot.views.plain import plain
from bot.views.replies import reply
from commands import grammar
from commands.breaker import GoOn, SendHome
from commands.desk import Caller
from commands.give_back import GiveBack
from commands.grammar import Ask
from commands.look import ListLoans, Status
from commands.replies import REFUSALS
from loans.policy import CLI_GROUP, Person
from loans.runbook import StepName
from store.errors import NotUpgraded


def loans(config: Path | None) -> None:
    """List the latest loans."""
    _say(config, ListLoans())


def status(config: Path | None, loan: int | None) -> None:
    """Show what is open, or one loan."""
    _say(config, Status(loan))


def give_back_loan(config: Path | None, loan: int) -> None:
    """Send a whole loan home."""
    _say(config, GiveBack(loan))


def give_back_nodes(config: Path | None, hostlist: str, loan: int | None, from_step: StepName | None) -> None:
    """Send nodes of a loan home. loan: None to find it; from_step: None for the whole way."""
    _say(config, GiveBack(loan, hostlist, from_step))


def decide_on_class(config: Path | None, node_class: str, *, is_end: bool) -> None:
    """Decide what becomes of a class of which several nodes have failed alike."""
    _say(config, SendHome(node_class) if is_end else GoOn(node_class))


def history(config: Path | None, of: str) -> None:
    """Show what happened to a loan or a node, or of everything when nothing is named."""
    _say(config, grammar.read(f"history {of}"))


def _say(config: Path | None, ask: Ask) -> None:
    """Carry out a command as whoever runs this, and print the reply as text."""
    with opened(config) as core:
        tables = core.store.check()
        if not tables.is_current:
            raise NotUpgraded(tables.at, tables.newest)
        zone = local_zone()
        person = Person(whoami(), frozenset({CLI_GROUP}), zone)
        answer = grammar.run(ask, Caller(person), core.desk())
        typer.echo(plain(reply(answer), ZoneInfo(zone)))
        if isinstance(answer, REFUSALS):
            raise typer.Exit(EXIT_REFUSED)
