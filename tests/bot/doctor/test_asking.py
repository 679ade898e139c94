"""How doctor asks and what it shows: side by side, each side's silence paid once, and nothing hidden by anything."""

from io import StringIO
from threading import Barrier

import pytest
from rich.console import Console

from bot.doctor.asking import Check, asked
from bot.doctor.findings import Heard, Result, Verdict
from bot.doctor.shown import progress, summary, table
from conversion.ports import Denied, FarSideError, UnexpectedAnswer, Unreachable


def raising(error: Exception) -> str:
    raise error


def test_checks_are_asked_side_by_side_and_told_in_order() -> None:
    """Three sides that hang cost the longest time-out, not the sum; the table keeps its order."""
    all_here = Barrier(3, timeout=30)

    def ask(name: str) -> str:
        all_here.wait()
        return name

    checks = [Check(name, lambda name=name: ask(name)) for name in ("Slack", "Slurm", "Kubernetes")]
    assert [(r.what, r.found) for r in asked(checks, len)] == [(c.what, c.what) for c in checks]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unreachable("Slurm", "timed out"), "not asked: Slurm did not answer"),
        (UnexpectedAnswer("Slurm", "what?"), "not asked: Slurm gave no answer that could be used"),
        (Denied("Slurm", "no"), "not asked: Slurm gave no answer that could be used"),
    ],
)
def test_what_builds_on_a_failed_check_is_not_asked(error: FarSideError, said: str) -> None:
    """It would wait for the same time-out, and blame the wrong thing."""
    checks = [
        Check("Slurm: reading", lambda: raising(error)),
        Check("Slurm: rights", lambda: raising(AssertionError("asked")), "Slurm: reading"),
        Check("SSH", lambda: "tried", "Slurm: reading", frozenset()),
    ]
    reading, rights, ssh = asked(checks, len)
    assert reading.verdict is Verdict.BAD
    assert (rights.verdict, rights.found, rights.do) == (Verdict.NOT_ASKED, said, "mend `Slurm: reading` first")
    assert (ssh.verdict, ssh.found) == (Verdict.FINE, "tried")


def test_a_failure_that_nobody_thought_of_costs_its_own_row_only() -> None:
    """A bug in one check does not take the table from whoever needs it now."""
    broken, fine = asked([Check("Slack", lambda: raising(KeyError("user"))), Check("Slurm", lambda: "4 nodes")], len)
    assert (broken.verdict, broken.found, bool(broken.do)) == (Verdict.BAD, "KeyError: 'user'", True)
    assert fine.verdict is Verdict.FINE


def test_what_is_asked_now_is_told_and_what_waits_is_not() -> None:
    """Whoever waits sees for whom."""
    told: list[list[str]] = []
    checks = [Check("Slurm: reading", lambda: "4"), Check("Slurm: rights", lambda: "all", "Slurm: reading")]
    asked(checks, lambda now: told.append(list(now)))
    assert told == [["Slurm: reading"], [], ["Slurm: rights"], []]


def test_progress_is_for_terminals() -> None:
    """A person sees what is waited for; a log and a pipe get the table alone."""
    for is_terminal in (True, False):
        out = StringIO()
        with progress(Console(file=out, force_terminal=is_terminal, width=100)) as tell:
            tell(("Slurm: reading", "BMC: a [gpu] node"))
        assert ("asking Slurm: reading, BMC: a [gpu] node" in out.getvalue()) is is_terminal
        assert bool(out.getvalue()) is is_terminal


def test_the_table_shows_what_far_sides_say_as_it_is() -> None:
    """A bracket in an error is no colour, and does not break the table."""
    out = StringIO()
    Console(file=out, width=120).print(table([Result("SSH", Verdict.BAD, "[red] said [/nothing]", "[b]x")]))
    assert "[red] said [/nothing]" in out.getvalue()
    assert "[b]x" in out.getvalue()


def test_the_three_kinds_of_rows_can_be_told_apart_without_colours() -> None:
    """What was not asked is neither well nor broken; the last line names and counts."""
    results = [
        Result("settings", Verdict.FINE, "classes gpu"),
        Result("Slurm: reading", Verdict.BAD, "timed out", "is it up?", Heard.NOTHING),
        Result("Slurm: rights", Verdict.NOT_ASKED, "not asked: Slurm did not answer", "mend it first"),
    ]
    out = StringIO()
    Console(file=out, width=120).print(table(results))
    for sign, result in zip("✓✗?", results, strict=True):
        assert any(sign in line and result.what in line for line in out.getvalue().splitlines())
    assert summary(results) == "To mend (✗): Slurm: reading. Not asked (?): 1, and of these nothing is known."
    assert summary(results[:2]) == "To mend (✗): Slurm: reading."
    assert summary(results[:1]) == "All is well."
