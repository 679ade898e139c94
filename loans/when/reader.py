"""From a phrase to all it can mean: cut it, derive it every way the grammar allows, and work each derivation out.

The parser is built once. The right side of an interval is worked out after its left side, and from it.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, lru_cache
from itertools import product
from typing import Any, Final

from lark import Lark, Token, Tree

from loans.when import clocks, counted, days, moments, spans
from loans.when.context import Context
from loans.when.values import Clock, Day, Moment, Not, Stretch, Why, Zone
from loans.when.words import Words

Node = Tree[Token] | Token
Values = tuple[Any, ...]
LONG_NIGHT: Final = timedelta(hours=12)
"""Judged: a span of the clock that runs past midnight and is longer than this was more likely typed the wrong way
round.
"""
PHRASE_KINDS: Final = 512
"""Sets of kinds of words whose parser is kept; seven kilobytes each."""
_LEXER: Final = Words(None)
MAX_WAYS: Final = 64
"""More ways to work out one part than this is not a phrase a person typed. It is refused whole: a way that was dropped
could have been the one that was meant.
"""


@cache
def parser() -> Lark:
    """The grammar, ready to derive; built at the first phrase, in about 0.1 s."""
    built = Lark.open("grammar.lark", rel_to=__file__, parser="earley", lexer=Words, ambiguity="explicit")
    _predict_once(built.parser.parser.predictions)
    return built


def _predict_once(predictions: dict[Any, list[Any]]) -> None:
    """Let lark predict a symbol by its own rules only.

    lark adds every rule that can begin a symbol wherever the symbol is expected, then the same again for each.
    Its own rules are enough, since the predictor runs on what it adds: the same trees in a third of the time.
    """
    for symbol, rules in predictions.items():
        predictions[symbol] = [rule for rule in rules if rule.origin == symbol]


def derive(text: str) -> Tree[Token]:
    """Every derivation of a tidy phrase, as one tree. Raises UnknownWord, or lark's UnexpectedInput."""
    cut = _Cut(list(_LEXER.lex(text)))
    tree: Tree[Token] = _parser_of(frozenset(token.type for token in cut.tokens)).parse(cut, "start")
    return tree


@dataclass(frozen=True)
class _Cut:
    """A phrase cut already, in the place of lark's lexer."""

    tokens: list[Token]

    def lex(self, _expected: object) -> Iterator[Token]:
        return iter(self.tokens)


@lru_cache(maxsize=PHRASE_KINDS)
def _parser_of(kinds: frozenset[str]) -> Any:
    """The parser, without the rules that need a kind of word this phrase lacks: the same trees, sooner. A copy: threads
    share the one it is taken from.
    """
    pruned = copy(parser().parser.parser)
    rules = pruned.predictions
    while True:
        usable = {symbol: [rule for rule in held if _may_match(rule, rules, kinds)] for symbol, held in rules.items()}
        if usable == rules:
            pruned.predictions = usable
            return pruned
        rules = usable


def _may_match(rule: Any, rules: Mapping[Any, list[Any]], kinds: frozenset[str]) -> bool:
    return all(part.name in kinds if part.is_term else rules[part] for part in rule.expansion)


def work_out(ctx: Context, node: Node) -> Values:
    """Everything a part of the phrase can mean here, without repeats."""
    if isinstance(node, Token):
        return (str(node),)
    if node.data == "_ambig":
        return _distinct(value for way in node.children for value in work_out(ctx, way))
    if sided := _SIDED.get(str(node.data)):
        return _distinct(sided(ctx, *node.children))
    parts = [work_out(ctx, child) for child in node.children]
    return _distinct(value for combination in product(*parts) for value in _apply(ctx, str(node.data), combination))


def _distinct(values: Iterator[Any]) -> Values:
    found: dict[Any, None] = {}
    for value in values:
        found[value] = None
        if len(found) > MAX_WAYS:
            return (Not(Why.VAGUE, "That can mean too many different times."),)
    return tuple(found)


def _apply(ctx: Context, rule: str, combination: Values) -> Iterator[Any]:
    """One rule on one choice of its parts; a part that cannot be makes the whole that."""
    refusal = next((part for part in combination if isinstance(part, Not)), None)
    if refusal is not None:
        yield refusal
        return
    try:
        yield from _RULES[rule](ctx, *combination)
    except OverflowError:
        yield spans.TOO_FAR


def _from_until(ctx: Context, left: Node, *rest: Node) -> Iterator[Stretch | Not]:
    """The right side is read from where the left side starts. A zone that only the right side names holds for both."""
    zone = _zone_of(ctx, rest[-1])
    if zone is not None and _zone_of(ctx, left) is None:
        there = replace(ctx, tz=zone.region or zone.fixed or ctx.tz)
        for start in work_out(there, left):
            if isinstance(start, Moment) and start.clocked:
                sure = start.sure and there.today == ctx.today
                yield from moments.stretch(
                    replace(start, zoned=True, sure=sure), work_out(_later(ctx, start), rest[-1])
                )
                continue
            yield from _from(ctx, start, rest[-1])
        return
    for start in work_out(ctx, left):
        yield from _from(ctx, start, rest[-1])


def _from(ctx: Context, start: Moment | Not, right: Node) -> Iterator[Stretch | Not]:
    if isinstance(start, Not):
        yield start
    else:
        yield from moments.stretch(start, work_out(_later(ctx, start), right))


def _zone_of(ctx: Context, node: Node) -> Zone | None:
    """The zone that a part of the phrase names."""
    if isinstance(node, Token):
        return None
    named = node.find_pred(lambda part: part.data in {"zone_name", "zone_offset"})
    return next((zone for part in named for zone in work_out(ctx, part) if isinstance(zone, Zone)), None)


def _later(ctx: Context, start: Moment) -> Context:
    return replace(ctx, after=start.opens or start.at)


def _dashed(ctx: Context, left: Node, right: Node) -> Iterator[Stretch | Not]:
    """A dash joins two of a kind. A day and then a time ("6 Jan - 6:37am") is one moment, not two."""
    for found in _from_until(ctx, left, right):
        if isinstance(found, Not) or found.start.clocked or not found.end.clocked:
            yield found


def _on_day(ctx: Context, day: Node, first: Node, last: Node) -> Iterator[Stretch | Not]:
    """Reads "Tomorrow from 16:00 to 18:00": the end is the next such time after the start."""
    zone = _zone_of(ctx, last)
    for found, clock in product(work_out(ctx, day), _in_zone(ctx, work_out(ctx, first), zone)):
        if isinstance(found, Day) and isinstance(clock, Clock):
            for start in moments.day_clock(ctx, found, clock):
                yield from _until(ctx, start, last)
        else:
            yield found if isinstance(found, Not) else clock


def _in_zone(ctx: Context, found: Values, zone: Zone | None) -> Values:
    """Clocks without a zone of their own, in the one that is named behind them."""
    if zone is None:
        return found
    return tuple(
        shown
        for clock in found
        for shown in (clocks.zoned(ctx, clock, zone) if isinstance(clock, Clock) and clock.zone is None else [clock])
    )


def _until(ctx: Context, start: Moment | Not, last: Node) -> Iterator[Stretch | Not]:
    if isinstance(start, Not):
        yield start
        return
    later = _later(ctx, start)
    for clock in work_out(later, last):
        for found in moments.stretch(start, [clock] if isinstance(clock, Not) else moments.next_clock(later, clock)):
            yield found if isinstance(found, Not) else _by_night(found)


def _by_night(found: Stretch) -> Stretch:
    """Reads "22:15 to 4:55" runs into the next morning; a longer night than LONG_NIGHT is confirmed."""
    long = found.end.rolled and found.end.at - found.start.at > LONG_NIGHT
    return replace(found, end=replace(found.end, sure=found.end.sure and not long))


def _is_year(hour: Node) -> bool:
    """Whether digits that can be an hour, "1915", can be a year as well."""
    digits = str(hour.children[0]) if isinstance(hour, Tree) and hour.data == "hour_digits" else ""
    return len(digits) == 4 and int(digits) in days.YEARS  # noqa: PLR2004 - hhmm


def _hours_on_day(ctx: Context, day: Node, first: Node, last: Node) -> Iterator[Stretch | Not]:
    """Reads "tomorrow 9-5", "Friday 9-17", "Thursday 2-4pm": hours without am or pm, of which at least one is bare.

    Each half of the day is tried; a stretch longer than LONG_NIGHT goes where there is a shorter one. It is sure only
    when the end says its half of the day and leaves one beginning. The "2017" of "6 jan 2017 - 6am" is no hour.
    """
    years = [_is_year(hour) for hour in (first, last)]
    if years[0] and not years[1]:
        return
    found = tuple(_on_day(ctx, day, first, last))
    short = [one for one in found if isinstance(one, Stretch) and one.end.at - one.start.at <= LONG_NIGHT]
    ends_sure = all(isinstance(clock, Clock) and not clock.bare for clock in work_out(ctx, last))
    for one in short or found:
        is_sure = ends_sure and len(short) == 1 and not any(years)
        yield one if isinstance(one, Not) else replace(one, end=replace(one.end, sure=one.end.sure and is_sure))


_SIDED: Final[Mapping[str, Callable[..., Iterator[Stretch | Not]]]] = {
    "from_until": _from_until,
    "dashed": _dashed,
    "on_day": _on_day,
    "hours_on_day": _hours_on_day,
    "hours_day": lambda ctx, first, last, *day: _hours_on_day(ctx, day[-1], first, last),
    "shared_day": lambda ctx, first, *rest: _on_day(ctx, rest[-1], first, rest[-2]),
}
_RULES: Final[Mapping[str, Callable[..., Any]]] = {
    **moments.RULES,
    **days.RULES,
    **counted.RULES,
    **clocks.RULES,
    **spans.RULES,
}
