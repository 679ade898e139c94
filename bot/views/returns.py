"""Why nodes come home, in words."""

from collections.abc import Mapping
from typing import Final

from loans.facts import WhyReturn

_WHY: Final[Mapping[WhyReturn, str]] = {
    WhyReturn.DEADLINE: "the deadline has come",
    WhyReturn.ASKED: "returned early",
    WhyReturn.RECALLED: "recalled",
    WhyReturn.ALL_GIVEN_BACK: "every node has been given back",
    WhyReturn.AGAIN: "tried again",
}


def why_home(why: WhyReturn) -> str:
    """Return the reason, to follow "coming home:"."""
    return _WHY[why]
