"""`lendbot doctor` from its options to its exit code."""

from pathlib import Path

import typer
from rich.console import Console

from bot.cli.opened import EXIT_REFUSED, opened
from bot.core import Core
from bot.doctor.examination import examine
from bot.doctor.findings import Verdict
from bot.doctor.shown import progress, summary, table
from bot.process.log import configure
from loans.nodes import NodeName


def run(config: Path | None, node: str | None) -> None:
    """Ask every far side, print the table, and end with 1 unless every row is fine."""
    with opened(config) as core:
        # A watch that is lost warns every few seconds; the table says it once.
        configure(core.settings.log.model_copy(update={"level": "error"}))
        named = _one_node(core, node) if node is not None else None
        with progress(Console(stderr=True)) as tell:
            results = examine(core, tell, named)
        out = Console()
        out.print(table(results))
        out.print(summary(results), highlight=False, markup=False, soft_wrap=True)
        core.close()
        if any(result.verdict is not Verdict.FINE for result in results):
            raise typer.Exit(EXIT_REFUSED)


def _one_node(core: Core, said: str) -> NodeName:
    try:
        [name] = core.desk().expand(said)
    except ValueError as e:
        raise typer.BadParameter(f"{said!r} is not the name of one node; for example gpu007") from e
    return name
