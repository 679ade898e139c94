"""The command line: the service, its doctor, and the same commands as in Slack for the night when Slack is down.

Decides what is typed and what `--help` says. What a command does is in the module that it imports when it is called:
nobody waits for Kubernetes' and Slack's libraries to read a help text.
"""

from pathlib import Path
from typing import Annotated, Final

import typer

from bot.cli.formats import Format, View
from conversion.plans import RETURN
from loans.runbook import StepName

SERVICE: Final = "The service"
LOANS: Final = "Loans, as in Slack: for the night when Slack is down"
WORDS: Final = "Words to try out"
STEPS: Final = tuple(step.name for step in RETURN)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The settings. Without it: $LENDBOT_CONFIG, else ./lendbot.toml, else /etc/lendbot/lendbot.toml.",
    ),
]

OutputOption = Annotated[View, typer.Option("--output", "-o", help="As text for people, or as JSON for scripts.")]
YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Go on without being asked: for scripts, which have no terminal.")
]

app = typer.Typer(
    name="lendbot",
    help="Lends idle Slurm nodes to Kubernetes from Slack, and brings them home.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command(rich_help_panel=SERVICE)
def serve(config: ConfigOption = None) -> None:
    """Run lendbot: Slack, the engine and the clock, until SIGTERM or Ctrl-C."""
    from bot.cli import service

    service.serve(config, with_slack=True)


@app.command(rich_help_panel=SERVICE)
def worker(config: ConfigOption = None) -> None:
    """Run lendbot without Slack: nodes move and come home in time, and Slack is told when `serve` runs again."""
    from bot.cli import service

    service.serve(config, with_slack=False)


@app.command(rich_help_panel=SERVICE)
def doctor(
    config: ConfigOption = None,
    node: Annotated[
        str | None, typer.Option(help="Try SSH and the BMC of this node. Without it: of the first of each class.")
    ] = None,
) -> None:
    """Check settings, store, Slack, Slurm, Kubernetes, SSH and BMCs; say what to do about each failure.

    Changes nothing. A row is fine (✓), to be mended (✗), or was not asked
    (?), because a side that it builds on gave no answer. Ends with 0 only
    when every row is fine, else with 1.
    """
    from bot.cli.doctor import run

    run(config, node)


@app.command(rich_help_panel=SERVICE)
def upgrade(config: ConfigOption = None) -> None:
    """Bring the store's tables up to this version; `serve` and `worker` do so by themselves."""
    from bot.cli import service

    service.upgrade(config)


@app.command(rich_help_panel=LOANS)
def status(
    loan: Annotated[str | None, typer.Argument(help="A loan's number, such as 12. Without it: all open loans.")] = None,
    output: OutputOption = View.TEXT,
    config: ConfigOption = None,
) -> None:
    """Show the open loans, or everything about one loan: each node, its step, and what it waits for.

    The list counts the nodes of each loan that are stuck or blocked, which
    means that they need a person.
    """
    from bot.cli import say

    say.status(config, _number(loan) if loan is not None else None, output)


@app.command(rich_help_panel=LOANS)
def loans(output: OutputOption = View.TEXT, config: ConfigOption = None) -> None:
    """List the latest loans, ended ones too."""
    from bot.cli import say

    say.loans(config, output)


@app.command(rich_help_panel=LOANS)
def history(
    of: Annotated[
        str,
        typer.Argument(
            metavar="[LOAN or NODE]", help="A loan's number or a node's name, such as 12 or gpu010. Without it: all."
        ),
    ] = "",
    *,
    steps: Annotated[
        bool, typer.Option("--steps", help="Also every step of each node, and every try that failed.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Show who decided what and why, then each node's part in a line; all of it, the newest last.

    Without a loan or a node it shows the latest that happened anywhere;
    `lendbot audit export` writes everything.
    """
    from bot.cli import say

    say.history(config, of, has_steps=steps)


@app.command(rich_help_panel=LOANS)
def approve(
    loan: Annotated[str, typer.Argument(help="The loan's number, such as 12.")],
    *,
    yes: YesOption = False,
    config: ConfigOption = None,
) -> None:
    """Approve a request, or a later deadline, after showing what will happen.

    Whoever may log in to lendbot's host may decide; the history names their
    account. If the loan changes before you answer, nothing is done.
    """
    from bot.cli import decide

    decide.approve(config, _number(loan), yes=yes)


@app.command(rich_help_panel=LOANS)
def decline(
    loan: Annotated[str, typer.Argument(help="The loan's number, such as 12.")],
    because: Annotated[str, typer.Option("--because", help="Why, in a sentence that the requester reads.")] = "",
    *,
    yes: YesOption = False,
    config: ConfigOption = None,
) -> None:
    """Decline a request, or a later deadline."""
    from bot.cli import decide

    decide.decline(config, _number(loan), because, yes=yes)


@app.command(rich_help_panel=LOANS)
def force(
    node: Annotated[str, typer.Argument(help="The node whose way home is blocked, such as gpu006.")],
    loan: Annotated[
        int | None, typer.Option("--loan", help="The loan that the node is in. Without it: it is found.")
    ] = None,
    *,
    yes: YesOption = False,
    config: ConfigOption = None,
) -> None:
    """Delete the pods that keep a node from going home, against their disruption budgets.

    Somebody loses work: what would be deleted is shown first. A running
    `serve` or `worker` does it.
    """
    from bot.cli import decide

    decide.force(config, node, loan, yes=yes)


@app.command("give-back", rich_help_panel=LOANS)
def give_back(
    what: Annotated[str, typer.Argument(help="A loan's number, or a node or hostlist: 12, gpu010, gpu[003-005].")],
    loan: Annotated[
        int | None, typer.Option("--loan", help="The loan that the nodes are in. Without it: it is found.")
    ] = None,
    from_step: Annotated[
        str,
        typer.Option(
            "--from", help=f"For nodes whose first steps were done by hand: the step to begin at. {', '.join(STEPS)}."
        ),
    ] = "",
    config: ConfigOption = None,
) -> None:
    """Send a loan, or some of its nodes, home before the deadline; a running `serve` or `worker` does the work.

    Safe to say again: every step first asks what is so.
    """
    from bot.cli import say

    if (number := _as_number(what)) is not None and from_step:
        raise typer.BadParameter("--from is for nodes: name them instead of the loan")
    if number is not None:
        say.give_back_loan(config, number)
    else:
        say.give_back_nodes(config, what, loan, _step(from_step))


@app.command("go-on", rich_help_panel=LOANS)
def go_on(
    node_class: Annotated[str, typer.Argument(metavar="CLASS", help="The class of which several nodes failed alike.")],
    *,
    send_home: Annotated[
        bool, typer.Option("--send-home", help="Give its loans up instead that are still on their way out.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Take nodes of a class again after several have failed for one reason, or give its loans up."""
    from bot.cli import say

    say.decide_on_class(config, node_class, is_end=send_home)


audit = typer.Typer(no_args_is_help=True, help="Check that the history is as it was written, or export all of it.")
app.add_typer(audit, name="audit", rich_help_panel=SERVICE)


@audit.command()
def verify(
    head: Annotated[
        str, typer.Option(help="A head that was noted earlier, as NUMBER:HASH: the chain has to go through it.")
    ] = "",
    config: ConfigOption = None,
) -> None:
    """Say whether every fact is as it was written, and none is missing; else where not.

    Ends with 0 when the chain holds and prints its head; with 1 when it does
    not. Note a head elsewhere: who can write the database can also make a
    new chain, but not one that goes through a head that you have.
    """
    from bot.cli import audit as audited

    audited.verify(config, head)


@audit.command()
def export(
    since: Annotated[str, typer.Option(help="From when on: 2026-11-24, or 2026-11-24T10:00+01:00. Else all.")] = "",
    output: Annotated[Format, typer.Option("--output", "-o", help="How it is written.")] = Format.JSONL,
    config: ConfigOption = None,
) -> None:
    """Write every fact to standard output, oldest first."""
    from bot.cli import audit as audited

    audited.export(config, since, output)


@app.command(rich_help_panel=WORDS)
def when(
    phrase: Annotated[str | None, typer.Argument(help='The phrase, such as "until Friday 6pm".')] = None,
    now: Annotated[
        str | None, typer.Option(help="When it is said, such as 2026-11-24T10:00. Without it: this moment.")
    ] = None,
    tz: Annotated[str, typer.Option(help="The zone it is said in: a name such as Europe/Berlin, or +HH:MM.")] = "UTC",
    *,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read objects {phrase, now, tz} from standard input, one a line.")
    ] = False,
) -> None:
    """Say how lendbot reads a time phrase: a JSON object with deadline, interval, duration_s, ask or refused."""
    from bot.cli.when import run

    run(phrase, now, tz, jsonl=jsonl)


def _as_number(word: str) -> int | None:
    """Return a loan's number, as it is typed: 12, or #12 where the shell lets it."""
    number = word.removeprefix("#")
    return int(number) if number.isascii() and number.isdigit() else None


def _number(word: str) -> int:
    if (number := _as_number(word)) is None:
        raise typer.BadParameter(f"{word!r} is no loan's number; it looks like 12")
    return number


def _step(word: str) -> StepName | None:
    if word and word not in STEPS:
        raise typer.BadParameter(f"{word!r} is no step; there are {', '.join(STEPS)}")
    return StepName(word) if word else None


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        from importlib.metadata import version

        typer.echo(version("lendbot"))
        raise typer.Exit


@app.callback()
def _root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command line."""
    app()
