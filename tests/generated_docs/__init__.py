"""The pages of docs/ that are computed from the code, so that they cannot go stale: PAGES, by path."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from tests.generated_docs import command_line, commands, metrics, runbook, settings, states

ROOT: Final = Path(__file__).parents[2]
WORD: Final = "make docs"
"""What writes the pages anew; printed at the top of each."""

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "docs/commands.md": commands.page,
    "docs/command-line.md": command_line.page,
    "docs/settings.md": settings.page,
    "docs/states.md": states.page,
    "docs/runbook.md": runbook.page,
    "docs/metrics.md": metrics.page,
}


@cache
def text_of(path: str) -> str:
    """Return a page as it should stand on the disk."""
    title, _, rest = PAGES[path]().partition("\n")
    note = f"<!-- Written by `{WORD}` from the code; `make check` fails when it is stale. -->"
    return f"{title}\n\n{note}\n{rest.rstrip()}\n"


def write(root: Path = ROOT) -> list[str]:
    """Write every stale page, and return which those were."""
    found = stale(root)
    for path in found:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text_of(path), encoding="utf-8")
    return found


def stale(root: Path = ROOT) -> list[str]:
    """Return the pages that are absent or say something else than the code."""
    return [path for path in PAGES if not _says((root / path), text_of(path))]


def _says(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text
