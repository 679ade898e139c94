"""The pages that are computed from the code, and the word that writes them anew."""

from pathlib import Path

import pytest

from tests.generated_docs import PAGES, ROOT, WORD, stale, write
from tests.generated_docs.__main__ import main


def check(root: Path) -> None:
    """Do what `make check` does, on another checkout."""
    main(["--check", "--root", str(root)])


def test_the_pages_of_this_checkout_are_current() -> None:
    """Nobody reads a setting, a verb or a step that is not so any more."""
    assert stale() == [], f"run `{WORD}`"


def test_a_page_that_was_changed_by_hand_fails_the_check_by_its_name(tmp_path: Path) -> None:
    """Whoever edits a generated page learns of it, and of the word to run, before it is merged."""
    write(tmp_path)
    (tmp_path / "docs/settings.md").write_text("# Settings\n\nby hand\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        check(tmp_path)
    said = str(ended.value.code)  # a sentence as the code: it goes to standard error, and the exit code is 1
    assert "docs/settings.md" in said
    assert WORD in said
    assert "docs/commands.md" not in said


def test_a_page_that_is_absent_is_stale(tmp_path: Path) -> None:
    """A page that somebody forgot to commit fails the check too."""
    write(tmp_path)
    (tmp_path / "docs/states.md").unlink()
    assert stale(tmp_path) == ["docs/states.md"]


def test_writing_makes_every_page_current_and_the_check_pass(tmp_path: Path) -> None:
    """The word that the check names mends what it found."""
    assert set(write(tmp_path)) == set(PAGES)
    assert write(tmp_path) == []
    check(tmp_path)


@pytest.mark.parametrize("path", sorted(PAGES))
def test_every_generated_page_says_so(path: str) -> None:
    """Nobody mends by hand what the next run overwrites."""
    assert WORD in (ROOT / path).read_text(encoding="utf-8").splitlines()[2]
