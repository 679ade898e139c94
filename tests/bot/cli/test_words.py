"""What is printed on a terminal is what a person types and knows there: no buttons, no ids, no words of Slack's."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.shell_words import typed
from loans import facts
from loans.facts import Actor, Told
from loans.loan import Loan, NodeState, State
from loans.nodes import NodeName
from loans.runbook import PlanName, StepName
from store.db import Store
from tests.bot.cli.test_main import OK, config, loan, run, store
from tests.store.values import NOW, a_loan, a_node

__all__ = ["config", "loan", "store"]
NODE = NodeName("gpu001")


@pytest.mark.parametrize(
    ("said", "in_a_shell"),
    [
        ("status #12", "lendbot status 12"),
        ("status", "lendbot status"),
        ("loans", "lendbot loans"),
        ("history #12", "lendbot history 12"),
        ("history gpu003", "lendbot history gpu003"),
        ("approve #12", "lendbot approve 12"),
        ("decline #12", "lendbot decline 12"),
        ("give back #12", "lendbot give-back 12"),
        ("give back gpu[003-005] from #12", "lendbot give-back 'gpu[003-005]' --loan 12"),
        ("give back NODE from #12", "lendbot give-back NODE --loan 12"),
        ("force gpu006 of #12", "lendbot force gpu006 --loan 12"),
        ("go on with gpu", "lendbot go-on gpu"),
        ("send home gpu", "lendbot go-on gpu --send-home"),
        ("help", "lendbot --help"),
        ("free", "free in Slack"),
        ("cancel #12", "cancel #12 in Slack"),
        ("gpu003", "gpu003"),
        ("default/blocked-gpu005", "default/blocked-gpu005"),
        ("lendbot give-back gpu010 --from verify", "lendbot give-back gpu010 --from verify"),
    ],
)
def test_a_hint_of_slacks_is_one_that_the_shell_takes(said: str, in_a_shell: str) -> None:
    """What is printed can be pasted."""
    assert typed(said) == in_a_shell


@pytest.fixture
def happened(store: Store) -> Loan:
    """A loan with a history: Puppet failed once, and an approver recalled it."""
    with store.write() as tx:
        saved = tx.loans.add(a_loan(state=State.RETURNING, requester="U0REQUESTER", purpose="a workshop"))
        tx.nodes.add(a_node(saved.id, NODE, state=NodeState.STUCK))
        tx.people.call({"U0REQUESTER": "asker", "U0APPROVER": "approver"})
        puppet = (PlanName.LEND, StepName.PUPPET)
        for minute, (fact, who, node) in enumerate(
            (
                (facts.Requested("gpu", 1, saved.until, purpose="a workshop"), "U0REQUESTER", None),
                (facts.Decided(approved=True, note="go on " * 80), "U0APPROVER", None),
                (facts.Taken(1), "lendbot", NODE),
                (facts.StepFailed(*puppet, said="exit 4: " + "a long line " * 60 + "its end"), "lendbot", NODE),
                (facts.StepDid(*puppet), "lendbot", NODE),
                (facts.NodeArrived(), "lendbot", NODE),
                (facts.ReturnOrdered(facts.WhyReturn.RECALLED), "U0NOBODY01", None),
            )
        ):
            at = NOW + timedelta(minutes=minute)
            tx.facts.tell(Told(fact, at, Actor(who), saved.id, node))
    return saved


def test_a_history_names_people_folds_nodes_and_opens_them_whole(config: Path, happened: Loan) -> None:
    """All of it, and nothing is cut: a terminal scrolls."""
    code, said = run("history", happened.id, "-c", config)
    assert code == OK
    assert "@asker asked for 1 gpu node" in said
    assert f"@approver approved it: {'go on ' * 79}go on" in said
    assert "@U0NOBODY01 recalled it" in said, "who is not known by name is not left out"
    assert "gpu001: Puppet failed once; lent in 3:00" in said
    assert f"lendbot history {happened.id} --steps" in said
    assert "its end" not in said
    code, said = run("history", happened.id, "--steps", "-c", config)
    assert (code, "its end" in said) == (OK, True)
    assert "gpu001" in run("history", "gpu001", "--steps", "-c", config)[1]


def test_nothing_on_a_terminal_is_a_button_an_id_or_a_word_for_slack(config: Path, happened: Loan) -> None:
    """Nobody can press there."""
    for argv in (("status",), ("status", happened.id), ("loans",), ("history",), ("history", happened.id)):
        _, said = run(*argv, "-c", config)
        assert "asker" in said
        assert not {"U0REQUESTER", "[Return now]", "[Steps]", "[Try again]", f"#{happened.id} tells"} & set(
            said.split("  ")
        )
        assert "[" not in said.replace("gpu[", "")
    assert f"lendbot status {happened.id}" in run("status", "-c", config)[1]
    assert "1 stuck" in run("status", "-c", config)[1]


def test_scripts_read_loans_as_json(config: Path, happened: Loan) -> None:
    """Monitoring counts stuck nodes without reading a table."""
    code, said = run("status", "-o", "json", "-c", config)
    [of] = json.loads(said)
    assert (code, of["loan"], of["nodes_stuck"], of["state"]) == (OK, happened.id, 1, "returning")
    one = json.loads(run("status", happened.id, "-o", "json", "-c", config)[1])
    assert [(node["node"], node["state"]) for node in one["at"]] == [("gpu001", "stuck")]
    assert json.loads(run("loans", "-o", "json", "-c", config)[1]) == [of]
