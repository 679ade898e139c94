"""What people read is held against what is there: links, paths, make words, commands, sentences, settings."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from bot.cli.main import STEPS, app
from commands import grammar
from tests.generated_docs import settings
from tests.generated_docs.command_line import spelled

ROOT = Path(__file__).parents[1]
NOT_OURS = {".venv", ".git", "run", ".cache", "build", ".pytest_cache", ".hypothesis", "node_modules"}
PAGES = sorted(p for p in ROOT.rglob("*.md") if not NOT_OURS & set(p.relative_to(ROOT).parts))
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
OUR_PATH = re.compile(r"(loans|conversion|store|adapters|commands|bot|sandbox|tests|docs|deploy|puppet)/[\w./-]+")

pages = pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])


def spans(page: Path) -> Iterator[str]:
    """Yield what stands between back quotes in running text."""
    yield from re.findall(r"`([^`\n]+)`", FENCE.sub("", page.read_text(encoding="utf-8")))


def lines_of_code(page: Path) -> Iterator[str]:
    """Yield each line of code: those between fences, and what stands between back quotes."""
    for block in FENCE.findall(page.read_text(encoding="utf-8")):
        yield from (line.partition("   #")[0].strip() for line in block.splitlines()[1:-1])
    yield from spans(page)


def links(page: Path) -> Iterator[str]:
    """Yield the targets of links and pictures that lead to files of ours."""
    prose = re.sub(r"`[^`\n]+`", "", FENCE.sub("", page.read_text(encoding="utf-8")))
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(page: Path) -> set[str]:
    """Return the anchors that a reader's browser makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pages
def test_every_link_leads_somewhere(page: Path) -> None:
    """A reader at 3 a.m. does not land on a page that was renamed."""
    lost = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            lost.append(target)
    assert not lost


@pages
def test_every_path_that_is_named_exists(page: Path) -> None:
    """A contributor finds the file that a page sends them to."""
    base = page.parent if page.is_relative_to(ROOT / "puppet") else ROOT
    named = [span for span in spans(page) if OUR_PATH.fullmatch(span)]
    assert [path for path in named if not (ROOT / path).exists() and not (base / path).exists()] == []


@pages
def test_every_word_of_the_makefile_exists(page: Path) -> None:
    """Whoever types what the page says does not read "No rule to make target"."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    said = {word for line in lines_of_code(page) for word in re.findall(r"\bmake ([a-z][a-z-]*)", line)}
    assert said <= targets


@pages
def test_every_command_and_option_exists(page: Path) -> None:
    """The commands for the night work when they are typed as they stand."""
    commands = dict(spelled(typer.main.get_command(app)))
    for line in lines_of_code(page):
        found = re.match(r"(?:\S*/bin/)?lendbot ([a-z].*)", line)
        if found is None:
            continue
        meant = [words for words in commands if re.match(rf"{words}(?![\w-])", found[1])]
        assert len(meant) == 1, line
        known = {spelling for parameter in commands[meant[0]].params for spelling in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", found[1])) <= known, line


@pages
def test_every_sentence_for_slack_is_understood(page: Path) -> None:
    """What a page tells people to type is not answered with "I do not understand"."""
    said = [line.removeprefix("/nodes ") for line in lines_of_code(page) if line.startswith("/nodes ")]
    whole = [sentence for sentence in said if "..." not in sentence]
    assert [s for s in whole if isinstance(grammar.read(s), grammar.Misread)] == []


@pages
def test_every_setting_that_is_named_exists(page: Path) -> None:
    """An operator who follows a page writes no key that lendbot refuses."""
    known = settings.keys()
    for span in spans(page):
        found = re.match(r"\[([a-z_]+(?:\.[a-zA-Z_]+)*)\] (\w+)", span)
        if found is not None:
            table = re.sub(r"^(power|classes)\.\w+", r"\1.NAME", found[1])
            assert f"{table}.{found[2]}" in known or table in known, span


@pages
def test_every_step_to_begin_at_exists(page: Path) -> None:
    """`give-back --from` is not refused when a node is stuck."""
    said = {step.strip('"') for line in lines_of_code(page) for step in re.findall(r'--from ("[a-z ]+"|[a-z]+)', line)}
    assert said <= set(STEPS)
