"""The commands that Slack has too, said on the command line: the same Ask, the same reply, as text."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from bot.cli import told
from bot.cli.as_json import as_json
from bot.cli.formats import View
from bot.cli.local_zone import local_zone
from bot.cli.opened import EXIT_REFUSED, opened
from bot.cli.shell_words import typed
from bot.cli.whoami import whoami
from bot.views.plain import Reader
from bot.views.replies import reply
from commands import grammar
from commands.breaker import GoOn, SendHome
from commands.desk import Caller, Desk
from commands.give_back import GiveBack
from commands.grammar import Ask
from commands.history import AskHistory
from commands.look import ListLoans, Status
from commands.replies import REFUSALS, History, Reply
from loans.policy import CLI_GROUP, Person
from loans.runbook import StepName
from store.errors import NotUpgraded


@dataclass(frozen=True)
class Counter:
    """Where somebody stands who types: who they are, what their commands may touch, and how they read."""

    caller: Caller
    desk: Desk
    reader: Reader

    def ask(self, ask: Ask) -> Reply:
        """Carry a command out, and return what it answers."""
        return grammar.run(ask, self.caller, self.desk)

    def carry_out(self, ask: Ask) -> None:
        """Carry a command out, and print its answer."""
        self.answer(self.ask(ask))

    def answer(self, given: Reply) -> None:
        """Print an answer; one that refuses ends the process with 1."""
        typer.echo("\n".join(self.reader.lines(reply(given))))
        if isinstance(given, REFUSALS):
            raise typer.Exit(EXIT_REFUSED)

    def text(self, mrkdwn: str) -> str:
        """Return words as this person reads them."""
        return self.reader.text(mrkdwn)


@contextmanager
def at_the_counter(config: Path | None) -> Iterator[Counter]:
    """Open the store, and stand there as whoever runs this."""
    with opened(config) as core:
        tables = core.store.check()
        if not tables.is_current:
            raise NotUpgraded(tables.at, tables.newest)
        zone = local_zone()
        with core.store.read() as tx:
            names = tx.people.names()
        reader = Reader(ZoneInfo(zone), lambda of: names.get(of, of), typed, has_buttons=False)
        person = Person(whoami(), frozenset({CLI_GROUP}), zone)
        yield Counter(Caller(person), core.desk(), reader)


def loans(config: Path | None, view: View) -> None:
    """List the latest loans."""
    _say(config, ListLoans(), view)


def status(config: Path | None, loan: int | None, view: View) -> None:
    """Show what is open, or one loan."""
    _say(config, Status(loan), view)


def give_back_loan(config: Path | None, loan: int) -> None:
    """Send a whole loan home."""
    _say(config, GiveBack(loan))


def give_back_nodes(config: Path | None, hostlist: str, loan: int | None, from_step: StepName | None) -> None:
    """Send nodes of a loan home. loan: None to find it; from_step: None for the whole way."""
    _say(config, GiveBack(loan, hostlist, from_step))


def decide_on_class(config: Path | None, node_class: str, *, is_end: bool) -> None:
    """Decide what becomes of a class of which several nodes have failed alike."""
    _say(config, SendHome(node_class) if is_end else GoOn(node_class))


def history(config: Path | None, of: str, *, has_steps: bool) -> None:
    """Show what happened to a loan or a node, or lately when nothing is named."""
    with at_the_counter(config) as counter:
        ask = grammar.read(f"history {of}")
        answer = counter.ask(ask)
        if isinstance(ask, AskHistory) and isinstance(answer, History):
            for line in told.lines(answer, counter.reader, has_steps=has_steps):
                typer.echo(line)
        else:
            counter.answer(answer)


def _say(config: Path | None, ask: Ask, view: View = View.TEXT) -> None:
    """Carry out a command as whoever runs this, and print the reply."""
    with at_the_counter(config) as counter:
        answer = counter.ask(ask)
        if view is View.JSON and not isinstance(answer, REFUSALS):
            typer.echo(json.dumps(as_json(answer), indent=1, ensure_ascii=False))
        else:
            counter.answer(answer)
