"""Which far sides answer: since when, and since when not, over everybody who asks.

A side that is away stops the clock of whoever needs it; it costs no node its patience. Slurm and Kubernetes are one
line each. To SSH and to the BMCs there is a line for each node: one that is silent is that node's trouble, several at
once (one switch, one gateway) are the side's.

It is kept in memory, for each process by itself. A process that starts knows nothing of any side, which is safe: the
second question that finds no answer makes a side away again, and the patience spent so far is in the store.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import Final

from conversion.gate import KUBERNETES, SLURM, Call, Gate
from conversion.ports import Away, Busy, Denied, Elsewhere, FarSideError, PutOff, UnexpectedAnswer, Unreachable
from conversion.waits import steady_seconds
from loans.nodes import NodeName

_ONE_LINE: Final = frozenset({SLURM, KUBERNETES})
"""Sides of which one answer speaks for all."""
_IN_A_ROW: Final = 2
"""How often such a side has to be silent to be away: of a look whose first question is answered and whose second never
is, no more than one silence follows another, and its patience runs."""
_SEVERAL: Final = 3
"""From how many silent nodes on it is the side's trouble although others answer: two nodes die together now and then.
Our judgement."""
AT_ONCE: Final = timedelta(minutes=5)
"""Within how long nodes have to fall silent to have one cause: two time-outs and a few looks."""
_ASK_AGAIN: Final = timedelta(seconds=2.5)


@dataclass(frozen=True)
class Silence:
    """A side that is away. lasted: since the first question without an answer; nodes: whose lines, if it has many."""

    lasted: timedelta
    said: str
    nodes: tuple[NodeName, ...] = ()


@dataclass
class _Line:
    """Times of the steady clock. silent: when the first question without an answer was asked; None while it answers."""

    answered: timedelta | None = None
    silent: timedelta | None = None
    failed: timedelta = timedelta()
    in_a_row: int = 0
    said: str = ""
    asked: timedelta | None = None
    is_asked: bool = False

    def hear(self, now: timedelta) -> None:
        self.answered, self.silent, self.in_a_row = now, None, 0

    def miss(self, began: timedelta, now: timedelta, said: str) -> None:
        if self.silent is None:
            self.silent, self.said = began, said
        self.failed = now
        self.in_a_row += 1

    @property
    def is_away(self) -> bool:
        return self.in_a_row >= _IN_A_ROW


@dataclass
class _Side:
    """whole: of all lines together, which a gateway may cut; failed: when any last did; lines: by node."""

    whole: _Line = field(default_factory=_Line)
    failed: timedelta = timedelta.min
    lines: dict[NodeName, _Line] = field(default_factory=lambda: defaultdict(_Line))


class Sides:
    """A gate that listens to every call. Safe for many threads."""

    def __init__(
        self,
        steady: Callable[[], timedelta] = steady_seconds,
        ask_again: timedelta = _ASK_AGAIN,
        at_once: timedelta = AT_ONCE,
    ) -> None:
        """Know nothing yet.

        steady     time that only ever passes, as fast as lendbot's clock runs
        ask_again  how often one of all who wait asks a side that is away; the others are told without asking
        at_once    within how long nodes fall silent from one cause
        """
        self._steady = steady
        self._ask_again = ask_again
        self._at_once = at_once
        self._sides: dict[str, _Side] = defaultdict(_Side)
        self._lock = Lock()

    def read(self, call: Call) -> AbstractContextManager[None]:
        """Listen to a read."""
        return self._listen(call)

    def change(self, call: Call) -> AbstractContextManager[None]:
        """Listen to a change."""
        return self._listen(call)

    def for_people(self) -> Gate:
        """Return the gate of whoever wants an answer now: it listens, and turns nobody away."""
        return _Asking(self)

    def away(self) -> Mapping[str, Silence]:
        """Return every side that is away, by its name."""
        with self._lock:
            now = self._steady()
            found = {name: self._silence(name, side, now) for name, side in self._sides.items()}
        return {name: silence for name, silence in found.items() if silence is not None}

    def answers(self, side: str) -> bool:
        """Return True when somebody has had an answer of a side since it was last silent."""
        with self._lock:
            found = self._sides.get(side)
            if found is None or self._silence(side, found, self._steady()) is not None:
                return False
            last = _last_answer(found)
            return last is not None and last >= found.failed

    def forget(self, node: NodeName) -> None:
        """Let go of a node that has come to rest: nobody asks it any more."""
        with self._lock:
            for side in self._sides.values():
                side.lines.pop(node, None)

    @contextmanager
    def _listen(self, call: Call, *, always: bool = False) -> Iterator[None]:
        began = self._begin(call, always=always)
        try:
            yield
        except FarSideError as e:
            e.whole = call.side
            away = self._failed(call, began, e)
            if away is not None:
                raise away from e
            raise
        else:
            if not call.is_kept:
                self._answered(call)
        finally:
            self._end(call)

    def _begin(self, call: Call, *, always: bool) -> timedelta:
        """Return the time. While a side is away one asks it, now and then, and with a read; all others hear so."""
        with self._lock:
            now, line = self._steady(), self._sides[call.side].whole
            if call.side in _ONE_LINE:
                if line.is_away and not always and not self._is_to_ask(line, call, now):
                    raise Away(call.side, line.said)
                line.is_asked = True
                if not call.is_kept:
                    line.asked = now
        return now

    def _is_to_ask(self, line: _Line, call: Call, now: timedelta) -> bool:
        is_due = line.asked is None or now - line.asked >= self._ask_again
        return call.kind is None and is_due and not line.is_asked

    def _end(self, call: Call) -> None:
        with self._lock:
            self._sides[call.side].whole.is_asked = False

    def _answered(self, call: Call) -> None:
        with self._lock:
            now, side = self._steady(), self._sides[call.side]
            side.whole.hear(now)
            if call.side not in _ONE_LINE:
                for node in call.nodes:
                    side.lines[node].hear(now)

    def _failed(self, call: Call, began: timedelta, error: FarSideError) -> Away | None:
        """Take note of a failure; return what it is when the whole side is away."""
        if isinstance(error, Denied | Elsewhere | Busy):
            if not call.is_kept:
                self._answered(call)
            return None
        if not _is_silence(call, error):
            return None
        with self._lock:
            now, side = self._steady(), self._sides[call.side]
            line = side.whole if call.side in _ONE_LINE else side.lines[call.nodes[0]]
            if line.answered is not None and line.answered > began:
                return None  # it has answered somebody who asked later
            line.miss(began, now, error.said)
            line.asked = side.failed = now
            if isinstance(error, Away):  # the adapter knows of a gateway that cuts all lines
                side.whole.miss(began, now, error.said)
                side.whole.in_a_row = _IN_A_ROW
            if side.whole.is_away:
                return Away(call.side, side.whole.said)
            is_one_of_several = call.side not in _ONE_LINE and line in self._together(side, line, now)
            return Away(call.side, line.said) if is_one_of_several else None

    def _silence(self, name: str, side: _Side, now: timedelta) -> Silence | None:
        if side.whole.is_away and side.whole.silent is not None:
            return Silence(now - side.whole.silent, side.whole.said)
        if name in _ONE_LINE:
            return None
        for line in side.lines.values():
            group = self._together(side, line, now)
            if group:
                nodes = sorted(node for node, each in side.lines.items() if any(each is one for one in group))
                since = min(one.silent for one in group if one.silent is not None)
                return Silence(now - since, line.said, tuple(nodes))
        return None

    def _together(self, side: _Side, line: _Line, now: timedelta) -> Sequence[_Line]:
        """Return the lines that fell silent with this one, when they are several; nothing otherwise."""
        if line.silent is None:
            return ()
        since = line.silent
        group = [
            each
            for each in side.lines.values()
            if each.silent is not None
            and abs(each.silent - since) <= self._at_once
            and now - each.failed <= self._at_once
        ]
        if len(group) >= _SEVERAL:
            return group
        first = min((each.silent for each in group if each.silent is not None), default=since)
        last_answer = _last_answer(side)
        are_all = len(group) > 1 and (last_answer is None or last_answer < first)
        return group if are_all else ()


class _Asking:
    def __init__(self, sides: Sides) -> None:
        self._sides = sides

    def read(self, call: Call) -> AbstractContextManager[None]:
        return self._sides._listen(call, always=True)  # noqa: SLF001 - of one family

    def change(self, call: Call) -> AbstractContextManager[None]:
        return self._sides._listen(call, always=True)  # noqa: SLF001


def _last_answer(side: _Side) -> timedelta | None:
    times = [line.answered for line in (side.whole, *side.lines.values()) if line.answered is not None]
    return max(times, default=None)


def _is_silence(call: Call, error: FarSideError) -> bool:
    """Tell whether nobody seems to be there. An odd answer to a change may be about one node, or one pod."""
    if isinstance(error, PutOff):
        return call.kind is None
    if isinstance(error, UnexpectedAnswer):
        return call.kind is None and call.side in _ONE_LINE
    return isinstance(error, Unreachable)
