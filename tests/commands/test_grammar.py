"""Words become an Ask: every example in help, every typo's way out, and no text that breaks it."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commands import grammar
from commands.blocked import Force, Wait
from commands.cancel import Cancel
from commands.decide import Approve, Decline
from commands.desk import Caller, Desk
from commands.extend import Extend
from commands.give_back import GiveBack
from commands.grammar import LONGEST, VERBS, AskHelp, Misread, Thanks, read
from commands.history import AskHistory
from commands.lend import Lend, LendNamed, LendSome
from commands.look import AskFree, ListLoans, Status, Waiting
from commands.refusals import NotUnderstood
from commands.replies import HelpAll, HelpOn
from commands.verb import Verb
from loans.policy import Person
from tests.moment import MOMENT

EXAMPLES = [(verb, said) for verb in VERBS for said in verb.examples]

_NOTHING: Any = None
NOBODY, BARE = Caller(Person("U0NOBODY01")), Desk(_NOTHING, _NOTHING, {}, _NOTHING, _NOTHING, MOMENT)
"""Somebody at a desk with nothing on it."""


@pytest.mark.parametrize(("verb", "said"), EXAMPLES, ids=[said for _, said in EXAMPLES])
def test_every_example_in_help_is_read_by_its_own_verb(verb: Verb, said: str) -> None:
    """What help shows works when it is copied."""
    found = verb.pattern.fullmatch(said)
    assert found is not None
    assert read(said) == verb.read(found)
    assert not isinstance(read(said), Misread)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_has_help(verb: Verb) -> None:
    """Two examples, a usage and a line each."""
    nobody: Any = None
    answer = grammar.run(read(f"help {verb.name}"), nobody, nobody)
    assert isinstance(answer, HelpOn)
    assert (answer.verb, len(answer.examples) >= 2, bool(answer.usage), bool(answer.summary)) == (
        verb.name,
        True,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("said", "ask"),
    [
        ("", AskHelp()),
        ("   ", AskHelp()),
        ("help", AskHelp()),
        ("?", AskHelp()),
        ("lend 8 gpu nodes to k8s until Friday", Lend(8, "gpu", "until Friday")),
        ("LEND 8 GPU NODES TO K8S UNTIL FRIDAY", Lend(8, "GPU", "UNTIL FRIDAY")),
        ("lend  1 node\tnodes   until Friday", Lend(1, "node", "until Friday")),
        ("lend 8 gpu nodes until Friday!", Lend(8, "gpu", "until Friday")),
        ("*status* `#12`", Status(12)),
        ("lend 1,000,000 gpu until Friday", Lend(1_000_000, "gpu", "until Friday")),
        ("lend 0 gpu until Friday", Lend(0, "gpu", "until Friday")),
        ("lend -3 gpu until Friday", Lend(-3, "gpu", "until Friday")),
        ("lend 8 a100 nodes to kubernetes for \u201cFastML\u201d", Lend(8, "a100", 'for "FastML"')),
        ("can I get 4 gpu nodes until Friday?", Lend(4, "gpu", "until Friday")),
        ("Hi, could we please borrow two gpu nodes for 3 days please", Lend(2, "gpu", "for 3 days")),
        ("I need a dozen cpu nodes for 2 hours, thanks", Lend(12, "cpu", "for 2 hours")),
        ("need a gpu node until tomorrow", Lend(1, "gpu", "until tomorrow")),
        ("lend eight gpu nodes", Lend(8, "gpu", "")),
        ("lend 8gpu until Friday", Lend(8, "gpu", "until Friday")),
        ("lend 4 gpu-nodes to the k8s cluster until Friday", Lend(4, "gpu", "until Friday")),
        ("we would like four of the gpu machines from Monday to Wednesday", Lend(4, "gpu", "from Monday to Wednesday")),
        ("lend up to 4 gpu nodes until Friday", LendSome("gpu", "until Friday")),
        ("lend as many gpu nodes as possible until Friday", LendSome("gpu", "until Friday")),
        ("lend gpu nodes until Friday", LendSome("gpu", "until Friday")),
        ("lend gpu016, gpu017 and gpu018 to k8s until Friday", LendNamed("gpu016,gpu017,gpu018", "until Friday")),
        ("lend gpu[016-018] until Friday", LendNamed("gpu[016-018]", "until Friday")),
        ("lend 2 gpu for 1 day for <@U0STUDENT1>", Lend(2, "gpu", "for 1 day for <@U0STUDENT1>")),
        ("give back gpu003 and gpu005", GiveBack(None, "gpu003,gpu005")),
        ("free gpu", AskFree()),
        ("what is free?", AskFree()),
        ("how many gpu nodes are free right now?", AskFree()),
        ("my loans", ListLoans(mine=True)),
        ("status gpu004", Status(None, "gpu004")),
        ("what's the status of #3?", Status(3)),
        ("hi", AskHelp()),
        ("Thanks!", Thanks()),
        ("give back #12", GiveBack(12)),
        ("return 12", GiveBack(12)),
        ("give back gpu003 from #12", GiveBack(12, "gpu003")),
        ("give back gpu003, gpu005", GiveBack(None, "gpu003,gpu005")),
        ("give back gpu[003-005,007],gpu011 of loan 12", GiveBack(12, "gpu[003-005,007],gpu011")),
        ("extend #12 until Monday", Extend(12, "until Monday")),
        ("extend 12 for 2 more days", Extend(12, "for 2 days")),
        ("approve #12", Approve(12)),
        ("approve", Waiting()),
        ("Approve it, please", Waiting()),
        ("decline #12", Decline(12)),
        ("decline #12 because of the benchmark", Decline(12, "of the benchmark")),
        ("reject 12: no", Decline(12, "no")),
        ("cancel #12", Cancel(12)),
        ("status", Status()),
        ("status #12.", Status(12)),
        ("loans", ListLoans()),
        ("free?", AskFree()),
        ("history", AskHistory()),
        ("history #12", AskHistory(12)),
        ("history gpu003", AskHistory(None, "gpu003")),
        ("force gpu006 of #12", Force(12, "gpu006")),
        ("wait for gpu006 of #12", Wait(12, "gpu006")),
    ],
)
def test_a_sentence_is_read_as_people_write_it(said: str, ask: object) -> None:
    """Case, spaces, mentions, curly quotes and a phone's punctuation do not matter."""
    assert read(said) == ask


@pytest.mark.parametrize(
    ("said", "nearest"),
    [
        ("lned 8 gpu nodes until Friday", "lend"),
        ("lend gpu", "lend"),
        ("lend 2.5 gpu nodes", "lend"),
        ("statsu", "status"),
        ("aprove #12", "approve"),
        ("approve #12345678901", "approve"),
        ("exten #12 until Monday", "extend"),
        ("give back", "give back"),
        ("histroy", "history"),
        ("hepl", "help"),
        ("make me a sandwich", None),
        ("\u96f7", None),
    ],
)
def test_a_typo_gets_the_nearest_verb(said: str, nearest: str | None) -> None:
    """The way out is one line away."""
    ask = read(said)
    assert isinstance(ask, Misread)
    answer = grammar.run(ask, NOBODY, BARE)
    assert isinstance(answer, NotUnderstood)
    assert answer.nearest == nearest
    assert answer.usage
    assert answer.examples


def test_help_lists_every_verb_and_guesses_one_that_is_misspelt() -> None:
    """No verb is hidden."""
    nobody: Any = None
    every = grammar.run(AskHelp(), nobody, nobody)
    assert isinstance(every, HelpAll)
    assert [name for name, _, _ in every.verbs] == [verb.name for verb in VERBS]
    assert isinstance(grammar.run(read("help lned"), nobody, nobody), HelpOn)
    assert isinstance(grammar.run(read("help dancing"), nobody, nobody), NotUnderstood)


def test_a_paste_is_not_read() -> None:
    """A page of log is no wish, and is not echoed whole."""
    ask = read("lend 2 gpu nodes until Friday " + "for x " * 200)
    assert isinstance(ask, Misread)
    assert len(ask.text) <= LONGEST


WORDS = """
lend give back return extend approve decline cancel status loans free history force wait help for from of until to
k8s nodes node gpu gpu003 gpu[003-005,007] gpu[1-2][3 , #12 12 0 -1 +7 1e9 <@U1> Friday because loan # ? ! * `
\u201c \u0662 \u00b2 \u8449 \U0001f680 \x00
""".split()  # noqa: SIM905 - it reads as the sentences it makes


@settings(deadline=None, max_examples=100)
@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)))
@example("lend \u00b2 gpu")
@example("status #\u0661\u0662")
@example("***")
@example("<@U0LENDBOT1>")
@example(".")
@example("!?.")
def test_no_text_breaks_it(text: str) -> None:
    """Whatever is typed, there is an answer that helps, and never a traceback."""
    ask = read(text)
    if isinstance(ask, Misread | AskHelp):
        assert isinstance(grammar.run(ask, NOBODY, BARE), NotUnderstood | HelpAll | HelpOn)
