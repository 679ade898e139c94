"""The part of the composition that Slack is not needed for: settings, clock, store, adapters, and the desk.

`lendbot loans` at night, `lendbot doctor` and `lendbot serve` all begin here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from adapters.hostlist import MOST_SAID, expanded
from bot.far_sides import Adapters, adapters
from bot.process.clock import Clock
from bot.settings import classes as from_settings
from bot.settings.file import BadSettings, find, load
from bot.settings.site import SiteSettings
from commands.desk import Desk
from conversion.fence import Lease, Reach
from conversion.gate import reads_of, through
from conversion.pace import Pace
from conversion.ports import FarSides
from conversion.sides import AT_ONCE, Sides
from conversion.subjects import Ground
from conversion.waits import Waits
from loans.classes import NodeClass
from store.db import Store


@dataclass(frozen=True)
class Core:
    """Everything but Slack. file: where the settings were read."""

    settings: SiteSettings
    clock: Clock
    store: Store
    adapters: Adapters
    classes: Mapping[str, NodeClass]
    pace: Pace
    waits: Waits
    sides: Sides
    file: Path

    @property
    def far(self) -> FarSides:
        """Return the far sides, with somebody who listens whether they answer."""
        return through(self.adapters.far, self.sides)

    def desk(self) -> Desk:
        """Return a desk of this moment."""
        expand = partial(expanded, most=MOST_SAID)
        far = reads_of(through(self.adapters.far, self.sides.for_people()))
        return Desk(self.store, far, self.classes, self.pace, expand, self.clock.now())

    def ground(self, lease: Lease) -> Ground:
        """Return what the engine stands on. lease: what it has to hold to change anything."""
        reach = Reach(self.far, self.store, lease, self.clock.uptime)
        return Ground(self.store, reach, self.classes, self.pace, self.clock.now, self.waits, self.sides)

    def close(self) -> None:
        """Hang up everywhere."""
        self.adapters.close()
        self.store.close()


def build(path: Path | None = None) -> Core:
    """Read the settings and build the core; no far side is asked yet.

    raises   BadSettings
    """
    settings = load(path)
    clock = Clock(settings.clock)
    try:
        node_classes = from_settings.classes(settings, expanded)
        store = Store.open(settings.store.url.get_secret_value())
        built = adapters(settings)
    except ValueError as e:
        raise BadSettings(find(path), [str(e)]) from e
    pace = from_settings.pace(settings.pace)
    # Twice as often as a node is looked at: whoever is turned away once finds the way open at its next look.
    sides = Sides(clock.steady, pace.look_every / 2, clock.wall(AT_ONCE))
    return Core(settings, clock, store, built, node_classes, pace, Waits(clock.steady), sides, find(path))
