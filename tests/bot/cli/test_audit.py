"""`lendbot audit` as an auditor meets it: what it says, what it ends with, and what it writes."""

import csv
import io
import json
import os
import pwd
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from loans import facts
from loans.facts import Actor, Told
from loans.loan import Loan
from store.db import Store
from tests.bot.cli.test_main import OK, REFUSED, config, loan, run, store
from tests.store.values import NOW

__all__ = ["config", "loan", "store"]
HOUR = timedelta(hours=1)


@pytest.fixture
def signed(store: Store, loan: Loan) -> Loan:
    """A loan that was asked for and signed an hour later."""
    with store.write() as tx:
        tx.facts.tell(Told(facts.Requested("gpu", 2, loan.until), NOW, Actor("U0REQUESTER", "T0HOME"), loan.id))
        tx.facts.tell(Told(facts.Decided(approved=True, note='fine, "go"'), NOW + HOUR, Actor("U0APPROVER"), loan.id))
        tx.facts.tell(Told(facts.Began(), NOW + HOUR, loan_id=loan.id))
    return loan


def change(config: Path, statement: str) -> None:
    connection = sqlite3.connect(config.parent / "lendbot.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_store_that_nobody_touched_is_said_to_hold_with_a_head_to_note(config: Path, signed: Loan) -> None:
    """The head can be kept where lendbot's host cannot reach."""
    code, said = run("audit", "verify", "-c", config)
    assert (code, said.split(" Head: ")[0]) == (OK, "The chain holds: 3 facts.")
    head = said.split(" Head: ")[1].strip()
    assert run("audit", "verify", "--head", head, "-c", config)[0] == OK
    assert signed


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE facts SET who = 'U0SOMEBODY' WHERE id = 2", "fact 2 is not as it was written"),
        ("DELETE FROM facts WHERE id = 3", "fact 3 is missing"),
        ("UPDATE facts SET id = CASE id WHEN 1 THEN -1 ELSE id END", "fact 1 is missing"),
    ],
)
def test_a_store_that_somebody_changed_is_said_where(config: Path, signed: Loan, statement: str, says: str) -> None:
    """The answer names the place, and the exit code is one that a cron job notices."""
    assert signed
    change(config, statement)
    code, said = run("audit", "verify", "-c", config)
    assert code == REFUSED
    assert says in said
    assert "does not hold" in said


def test_a_chain_made_anew_does_not_go_through_a_noted_head(config: Path, signed: Loan) -> None:
    """Who owns the database can make a new chain, but not one with the hash that the auditor has."""
    assert signed
    code, said = run("audit", "verify", "--head", f"3:{'0' * 64}", "-c", config)
    assert (code, "noted as the head" in said) == (REFUSED, True)
    assert run("audit", "verify", "--head", "three", "-c", config)[0] == 2


def test_what_happened_is_exported_as_lines_of_json(config: Path, signed: Loan) -> None:
    """A site keeps it where it keeps such things, and for as long as it likes."""
    code, said = run("audit", "export", "-c", config)
    rows = [json.loads(line) for line in said.splitlines()]
    assert (code, [row["fact"] for row in rows]) == (OK, ["requested", "decided", "began"])
    assert rows[0]["who"] == "U0REQUESTER"
    assert rows[0]["team"] == "T0HOME"
    assert rows[1]["said"]["note"] == 'fine, "go"'
    assert {row["loan"] for row in rows} == {signed.id}


def test_an_export_begins_where_it_is_told_to_and_reads_as_a_table(config: Path, signed: Loan) -> None:
    """Last quarter's decisions go into a spreadsheet."""
    assert signed
    code, said = run("audit", "export", "--since", (NOW + HOUR).isoformat(), "-o", "csv", "-c", config)
    rows = list(csv.DictReader(io.StringIO(said)))
    assert (code, [row["fact"] for row in rows]) == (OK, ["decided", "began"])
    assert json.loads(rows[0]["said"])["note"] == 'fine, "go"'
    assert run("audit", "export", "--since", "lately", "-c", config)[0] == 2


def test_a_command_bears_the_name_of_its_account_whatever_the_environment_says(
    config: Path, store: Store, loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who sent the nodes home is who did, not who they said they were."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert run("give-back", loan.id, "-c", config)[0] == OK
    with store.read() as tx:
        [told] = tx.facts.of(loan.id, facts.ReturnOrdered)
    assert told.who.id == f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
