"""Asking once more before something is decided on a terminal: what will happen, and whether to go on.

`--yes` answers it beforehand, for scripts. Without it, and without a terminal to ask on, nothing is done.
"""

import sys

import typer

from bot.cli.opened import EXIT_REFUSED, EXIT_SETTINGS


def be_sure(what_will_happen: str, question: str, *, yes: bool) -> None:
    """Go on when the person says so; else end the process, with nothing changed."""
    typer.echo(what_will_happen)
    if yes:
        return
    if not sys.stdin.isatty():
        typer.echo(
            "Nothing has changed: there is no terminal to ask on. Add --yes to go on without being asked.", err=True
        )
        raise typer.Exit(EXIT_SETTINGS)
    if not typer.confirm(question):
        typer.echo("Nothing has changed.")
        raise typer.Exit(EXIT_REFUSED)
