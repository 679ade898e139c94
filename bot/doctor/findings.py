"""What a check found: fine, bad with what to do, or not asked. Knows the ports' errors, no far side."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum

import structlog

from conversion.ports import Denied, FarSideError, UnexpectedAnswer, Unreachable
from store.errors import StoreError

log = structlog.get_logger()


class Verdict(StrEnum):
    """What a row of the table says."""

    FINE = "fine"
    BAD = "bad"
    NOT_ASKED = "not asked"


class Heard(Enum):
    """What came back from the far side, for the checks that build on this one: bad news is an answer, too."""

    ANSWER = "answered"
    NO_USE = "gave no answer that could be used"
    NOTHING = "did not answer"


@dataclass(frozen=True)
class Result:
    """One check. do: what to do when it is not fine."""

    what: str
    verdict: Verdict
    found: str
    do: str = ""
    heard: Heard = Heard.ANSWER

    @property
    def side(self) -> str:
        """Return the far side: "Slurm" of "Slurm: rights"."""
        return self.what.partition(":")[0]


class Bad(Exception):  # noqa: N818 - a finding on its way to the table
    """A check failed. found, do, heard: as in Result."""

    def __init__(self, found: str, do: str, heard: Heard = Heard.ANSWER) -> None:
        super().__init__(found)
        self.found = found
        self.do = do
        self.heard = heard


class NotAsked(Exception):  # noqa: N818 - a finding on its way to the table
    """A check has nothing to ask with. why: after "not asked:"; do: as in Result."""

    def __init__(self, why: str, do: str) -> None:
        super().__init__(why)
        self.why = why
        self.do = do


def judged(what: str, ask: Callable[[], str]) -> Result:
    """Ask, and return what is to be said of it, whatever comes back."""
    try:
        return Result(what, Verdict.FINE, ask())
    except NotAsked as e:
        return Result(what, Verdict.NOT_ASKED, f"not asked: {e.why}", e.do)
    except Bad as e:
        return Result(what, Verdict.BAD, e.found, e.do, e.heard)
    except FarSideError as e:
        heard = Heard.NOTHING if isinstance(e, Unreachable) else Heard.NO_USE
        return Result(what, Verdict.BAD, str(e), _advice(e), heard)
    except StoreError as e:
        return Result(what, Verdict.BAD, str(e), "see [store] url; the folder must be writable")
    except Exception as e:
        # One row that we did not think of must not take the others from whoever needs the table now.
        log.exception("doctor.failed", check=what)
        return Result(what, Verdict.BAD, f"{type(e).__name__}: {e}", "a bug of lendbot's: report it", Heard.NO_USE)


def not_asked(what: str, before: Result) -> Result:
    """Return the row of a check that an earlier one has spared us."""
    found = f"not asked: {before.side} {before.heard.value}"
    return Result(what, Verdict.NOT_ASKED, found, f"mend `{before.what}` first", before.heard)


def _advice(error: FarSideError) -> str:
    match error:
        case Denied():
            return "grant the right, or mend the key or password (docs/operators.md)"
        case UnexpectedAnswer():
            return "is that the right address? The far side speaks differently"
        case _:
            return "is it up, and is the address in the settings right?"
