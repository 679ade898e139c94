"""The moment and the place a phrase is read from, and how a wall-clock reading becomes an instant there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from loans.when import zones
from loans.when.say import spelled
from loans.when.values import Clock, Moment, Not, Why, Zone

DAY_END = time(23, 59)
"""A date alone ends a minute before midnight, so that its weekday is the one the person said."""


@dataclass(frozen=True)
class Context:
    """`now` is when the person speaks, and "today" hangs on it. `after` is what the reading must follow: now, or for
    the right side of an interval its left side; weekdays, dates and hours hang on that.
    """

    now: datetime
    tz: tzinfo
    after: datetime

    @property
    def today(self) -> date:
        """The person's own date."""
        return self.now.astimezone(self.tz).date()

    @property
    def base(self) -> date:
        """The date from which the next weekday or day of the month is counted."""
        return self.after.astimezone(self.tz).date()

    def zone_of(self, clock: Clock) -> Zone:
        """The zone the clock was said in, or the person's own."""
        return clock.zone or Zone(self.tz)

    def place(self, day: date, clock: Clock) -> Iterator[Moment | Not]:
        """The instants at which that clock stands so on that day, those that are past as refusals."""
        try:
            opening = datetime.combine(day, clock.time)
            wall = opening + timedelta(days=1) if clock.end else opening
            found = tuple(zones.place_in(wall, self.zone_of(clock)))
        except (OverflowError, ValueError):
            yield Not(Why.IMPOSSIBLE, "That is further off than a calendar goes.")
            return
        for moment in found:
            yield self.timely(replace(moment, sure=moment.sure and clock.sure))

    def timely(self, moment: Moment) -> Moment | Not:
        """The moment, unless it does not follow what it must."""
        if moment.at.astimezone(UTC) > self.after.astimezone(UTC):
            return moment
        if self.after != self.now:
            return Not(Why.PAST, "It would end before it starts.")
        return Not(Why.PAST, f"{spelled(moment.at, self.tz)} is already past.")

    def whole(self, day: date) -> Iterator[Moment | Not]:
        """The last minute of a day, with its first instant, or `after` where that is later."""
        opens = next(iter(self.opening(day)), None)
        for moment in self.place(day, Clock(DAY_END)):
            yield replace(moment, opens=opens) if isinstance(moment, Moment) else moment

    def opening(self, day: date) -> Iterator[datetime]:
        """The first instant of a day, but not before `after`."""
        try:
            found = tuple(zones.place(datetime.combine(day, time()), self.tz))
        except (OverflowError, ValueError):
            return
        yield from (max(moment.at, self.after, key=lambda at: at.astimezone(UTC)) for moment in found)
