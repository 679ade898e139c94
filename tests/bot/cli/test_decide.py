"""approve, decline, force as somebody at night types them: what will happen is said first, and a no is an exit code."""

import os
import pty
import pwd
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from loans import facts
from loans.loan import Extension, Loan, NodeState, State
from loans.nodes import NodeName
from store.db import Store
from tests.bot.cli.test_main import OK, REFUSED, ROOT, SETTINGS, config, loan, run, store
from tests.store.values import NOW, a_loan, a_node

__all__ = ["config", "loan", "store"]
ME = f"cli:{pwd.getpwuid(os.getuid()).pw_name}"


@pytest.fixture
def request_(store: Store) -> Loan:
    """A request that awaits its decision."""
    with store.write() as tx:
        return tx.loans.add(a_loan(state=State.REQUESTED, requester="U0REQUESTER", purpose="a workshop"))


@pytest.fixture
def blocked(store: Store) -> Loan:
    """A loan on its way home, one node of which is blocked by a pod."""
    with store.write() as tx:
        saved = tx.loans.add(a_loan(state=State.RETURNING))
        blocked = a_node(saved.id, "gpu001", state=NodeState.RETURNING)
        tx.nodes.add(replace(blocked, blocked=True, note="pod `jupyter/hub-0` stays: budget jupyter/hub allows none"))
        tx.nodes.add(a_node(saved.id, "gpu002", state=NodeState.HOME))
    return saved


def told(store: Store, of: Loan, kind: type[facts.Fact]) -> list[str]:
    """Return who did it, each time."""
    with store.read() as tx:
        return [each.who.id for each in tx.facts.of(of.id, kind)]


def on_a_terminal(config: Path, typed: str, *argv: object) -> tuple[int, str]:
    """Run a command with a terminal as its standard input, and type there."""
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    ran = subprocess.run(
        [sys.executable, "-m", "bot.cli", *map(str, argv), "-c", config],
        stdin=theirs, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60,
    )  # fmt: skip
    os.close(theirs)
    os.close(ours)
    return ran.returncode, ran.stdout + ran.stderr


def test_a_request_is_approved_with_the_name_of_the_account_and_says_first_what_will_happen(
    config: Path, store: Store, request_: Loan
) -> None:
    """Slack is down and a workshop begins: whoever signs reads what they sign, and the history names them."""
    code, said = run("approve", f"#{request_.id}", "--yes", "-c", config)
    assert (code, "a workshop" in said, "leave Slurm at once" in said) == (OK, True, True)
    assert "You approved loan" in said
    assert told(store, request_, facts.Decided) == [ME]
    code, said = run("approve", request_.id, "--yes", "-c", config)
    assert (code, "approved by" in said) == (REFUSED, True)
    assert told(store, request_, facts.Decided) == [ME]


def test_a_request_is_declined_with_a_reason(config: Path, request_: Loan) -> None:
    """The requester reads why, as from Slack."""
    code, said = run("decline", request_.id, "--because", "the nodes are broken", "-y", "-c", config)
    assert (code, "No node leaves Slurm" in said) == (OK, True)
    code, said = run("history", request_.id, "-c", config)
    assert f"{ME} declined it: the nodes are broken" in said


def test_a_later_deadline_is_decided_on_too(config: Path, store: Store, loan: Loan) -> None:
    """Both deadlines are read before it counts."""
    with store.write() as tx:
        later = Extension(loan.until.replace(year=loan.until.year + 1), "U0REQUESTER", NOW, loan.until)
        tx.loans.save(replace(loan, extension=later))
    code, said = run("approve", loan.id, "--yes", "-c", config)
    assert (code, "to extend it until" in said) == (OK, True)
    assert told(store, loan, facts.ExtensionDecided) == [ME]


def test_pods_are_removed_by_force_after_saying_whose_they_are(config: Path, store: Store, blocked: Loan) -> None:
    """Whoever forces reads which pod it is, and that its owner loses it."""
    code, said = run("force", "gpu001", "--yes", "-c", config)
    assert (code, "jupyter/hub-0" in said, "Their owners lose them" in said) == (OK, True, True)
    assert told(store, blocked, facts.Forced) == [ME]


@pytest.mark.parametrize(
    "argv",
    [
        ("approve", 99),
        ("decline", 99),
        ("approve", 1),
        ("decline", 1),
        ("force", "gpu099"),
        ("force", "gpu001"),
        ("force", "gpu002", "--loan", 99),
    ],
)
def test_what_cannot_be_decided_is_said_without_a_question_and_ends_with_1(
    config: Path, store: Store, loan: Loan, argv: tuple[object, ...]
) -> None:
    """Nobody is asked "are you sure?" about what is refused anyway."""
    code, said = run(*argv, "-c", config)
    assert (code, "[y/N]" in said, bool(said.strip())) == (REFUSED, False, True)
    with store.read() as tx:
        assert tx.loans.get(loan.id) == loan


def test_a_script_without_a_terminal_says_yes_itself_or_changes_nothing(
    config: Path, store: Store, request_: Loan
) -> None:
    """A cron job that forgot --yes does not sign a loan, and does not hang."""
    code, said = run("approve", request_.id, "-c", config)
    assert (code, "--yes" in said, "Nothing has changed" in said) == (SETTINGS, True, True)
    assert told(store, request_, facts.Decided) == []


def test_a_person_is_asked_once_more(config: Path, store: Store, request_: Loan) -> None:
    """A number typed wrong is a loan read wrong: it is seen before it counts."""
    code, said = on_a_terminal(config, "n\n", "approve", request_.id)
    assert (code, "Nothing has changed." in said) == (REFUSED, True)
    assert told(store, request_, facts.Decided) == []
    code, said = on_a_terminal(config, "y\n", "approve", request_.id)
    assert (code, "You approved" in said) == (OK, True)
    assert told(store, request_, facts.Decided) == [ME]


@pytest.mark.parametrize("argv", [("approve",), ("approve", "twelve"), ("decline", "\u00b2"), ("force",)])
def test_what_was_typed_wrong_ends_with_2(argv: tuple[str, ...]) -> None:
    """Usage is shown before any settings are read."""
    assert run(*argv)[0] == SETTINGS


def test_no_node_is_forced_in_a_loan_that_it_is_not_in(config: Path, store: Store, blocked: Loan) -> None:
    """Two loans at night: the wrong number is named, and no pod is touched."""
    with store.write() as tx:
        other = tx.loans.add(a_loan(state=State.LENT))
        tx.nodes.add(a_node(other.id, NodeName("gpu003"), state=NodeState.LENT))
    code, said = run("force", "gpu001", "--loan", other.id, "--yes", "-c", config)
    assert (code, "has no gpu001" in said) == (REFUSED, True)
    assert told(store, blocked, facts.Forced) == []
