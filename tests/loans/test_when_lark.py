"""What loans/when/reader.py relies on inside lark, past what lark promises: why pyproject.toml pins it exactly.

A new lark is taken by changing the pin there and in the locks. What breaks then is named here, rather than found in a
deadline.
"""

import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from lark import Lark, Token, Tree

from loans.when import reader
from loans.when.words import Words, tidy

ROOT = Path(__file__).parents[2]
PHRASES = (
    "until Friday 6pm",
    "for 3 days",
    "from Monday 9:00 until Wednesday",
    "tomorrow from 16:00 to 18:00",
    "6 Jan - 6:37am",
    "until 10/11",
    "until next Friday at 5",
    "for 2 days and 3 hours from Monday",
)
TWO_WAYS = "6 Jan - 6:37am"


def untouched() -> Lark:
    """Lark as it comes, with nothing left out of its predictions."""
    grammar = (ROOT / "loans/when/grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="earley", lexer=Words, ambiguity="explicit")


def derivations(node: Any) -> Any:
    """A tree as a value; the ways of an ambiguity have no order."""
    if isinstance(node, Token):
        return node.type, str(node)
    ways = [derivations(child) for child in node.children]
    return node.data, frozenset(ways) if node.data == "_ambig" else tuple(ways)


def test_lark_is_pinned_to_the_version_that_was_looked_into() -> None:
    """An update that came by itself would change what a deadline means."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    [pin] = [line for line in wanted if line.startswith("lark")]
    assert pin == f"lark=={version('lark')}"
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert f"\n{pin} \\\n" in (ROOT / lock).read_text(encoding="utf-8"), lock


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_parser_with_fewer_predictions_finds_the_same_trees(phrase: str) -> None:
    """Speed comes from leaving out what adds nothing: a derivation that is lost is a reading nobody is asked about."""
    text = tidy(phrase)
    assert derivations(reader.derive(text)) == derivations(untouched().parse(text))


def test_two_derivations_are_two_children_of_ambig() -> None:
    """A phrase that can be read in two ways is asked about, never settled by lark."""
    [node, *_] = reader.derive(tidy(TWO_WAYS)).find_data("_ambig")
    assert len({derivations(way) for way in node.children}) >= 2
    assert all(isinstance(way, Tree) for way in node.children)


def test_the_predictions_are_rules_by_symbol_that_may_be_left_out() -> None:
    """Both prunings read these and no others; were they elsewhere, every rule would be kept, or none."""
    predictions = untouched().parser.parser.predictions
    rules = [(symbol, rule) for symbol, held in predictions.items() for rule in held]
    assert any(rule.origin != symbol for symbol, rule in rules), "lark lists only a symbol's own: _predict_once can go"
    for _, rule in rules:
        for part in rule.expansion:
            assert isinstance(part.name, str)
            assert part.is_term or part in predictions


def test_a_word_that_the_grammar_filters_out_leaves_no_token() -> None:
    """Rules are called with what matters: `until` and the dash are no arguments."""
    seen = {token.type for token in reader.derive(tidy("until Friday 6pm")).scan_values(lambda v: isinstance(v, Token))}
    assert seen
    assert not any(kind.startswith("_") for kind in seen)


def test_threads_that_share_a_parser_find_the_same_trees() -> None:
    """Two people say a time at once: neither gets the other's."""
    alone = {phrase: derivations(reader.derive(tidy(phrase))) for phrase in PHRASES}
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda phrase: (phrase, derivations(reader.derive(tidy(phrase)))), PHRASES * 8))
    assert all(alone[phrase] == tree for phrase, tree in found)
