"""`--at`: the moment at which a site's clock starts, so that a Sunday can be rehearsed on a Tuesday."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from sandbox.world import WorldOptions


def moment(text: str) -> datetime:
    """Read an ISO 8601 moment; one without an offset is a wall clock's in the site's zone.

    raises   typer.BadParameter
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as e:
        raise typer.BadParameter(f"{text!r} is no moment; 2027-03-14T01:50 and 2027-03-14T01:50-05:00 are") from e
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(WorldOptions().zone))


At = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        parser=moment,
        metavar="MOMENT",
        help="What the site's clock shows at the start, such as 2027-03-14T01:50. Without it: the real time.",
    ),
]


def passed_on(at: datetime | None) -> tuple[str, ...]:
    """Return the option as `python -m sandbox` takes it."""
    return ("--at", at.isoformat()) if at else ()
