"""How doctor looks: a line that says what is being asked, on a terminal only; then the table, and one line under it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.doctor.asking import Tell
from bot.doctor.findings import Result, Verdict

_SIGNS: Final = {
    Verdict.FINE: "[green]✓[/green]",
    Verdict.BAD: "[red]✗[/red]",
    Verdict.NOT_ASKED: "[yellow]?[/yellow]",
}


@contextmanager
def progress(console: Console) -> Iterator[Tell]:
    """Show what is being asked and for how long, and take it away at the end. Silent where no terminal is."""
    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("")

        def tell(under_way: Sequence[str]) -> None:
            shown.update(task, description=escape(f"asking {', '.join(under_way)}"))

        yield tell


def table(results: Sequence[Result]) -> Table:
    """Return the table that a person reads."""
    drawn = Table("", "checked", "found", "what to do", show_lines=True)
    for result in results:
        drawn.add_row(_SIGNS[result.verdict], escape(result.what), escape(result.found), escape(result.do))
    return drawn


def summary(results: Sequence[Result]) -> str:
    """Return the line under the table: what is on the screen when the table is longer than that."""
    bad = [result.what for result in results if result.verdict is Verdict.BAD]
    spared = sum(result.verdict is Verdict.NOT_ASKED for result in results)
    if not bad and not spared:
        return "All is well."
    mend = f"To mend (✗): {', '.join(bad) or 'nothing'}."
    return f"{mend} Not asked (?): {spared}, and of these nothing is known." if spared else mend
