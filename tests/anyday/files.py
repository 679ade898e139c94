"""Which test files know the time: those that come to tests/moment.py by their imports, or by a conftest's above them.

Nothing else tells a test what day it is (tests/test_anyday.py sees to that), so the list needs no keeping.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = ROOT / "tests"
MOMENT: Final = TESTS / "moment.py"
ELSEWHERE: Final = {
    "lab": "real daemons keep the machine's time, and `make lab` runs them",
    "bench": "it measures; it judges nothing",
}
"""Folders that are no part of it, each with its reason."""


def knowing() -> list[Path]:
    """Return the test files that know the time, in order."""
    found = (path for path in TESTS.rglob("test_*.py") if path.relative_to(TESTS).parts[0] not in ELSEWHERE)
    return sorted(path for path in found if knows(path))


def knows(path: Path) -> bool:
    """Return True when the moment is among what a test file, or a conftest for it, imports."""
    above = (folder / "conftest.py" for folder in path.parents if folder.is_relative_to(TESTS))
    return MOMENT in _reached(path) or any(MOMENT in _reached(each) for each in above if each.is_file())


def _reached(path: Path) -> frozenset[Path]:
    """Return a file and all files of tests/ that it imports, directly or through others."""
    reached, waiting = set[Path](), [path]
    while waiting:
        at = waiting.pop()
        if at not in reached:
            reached.add(at)
            waiting.extend(_imported(at))
    return frozenset(reached)


@cache
def _imported(path: Path) -> tuple[Path, ...]:
    """Return the files of tests/ that a file imports itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return tuple(file for name in _names(tree) if name.startswith("tests.") and (file := _file(name)))


def _names(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names that are imported; what is taken from a package may be a module of it, or a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _file(name: str) -> Path | None:
    at = ROOT.joinpath(*name.split("."))
    return next((found for found in (at.with_suffix(".py"), at / "__init__.py") if found.is_file()), None)
