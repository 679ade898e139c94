"""Which driver switches which node. Knows names, and nothing of the drivers."""

from collections.abc import Callable, Mapping

from conversion.ports import Power, UnexpectedAnswer
from loans.nodes import NodeName, PowerState


class PowerRouter:
    """The Power port that hands each node to the driver of its class."""

    def __init__(self, drivers: Mapping[str, Power], driver_of: Callable[[NodeName], str | None]) -> None:
        """drivers: by the names that settings give them; driver_of: a node's driver, a mapping's `get` for one."""
        self._drivers = drivers
        self._driver_of = driver_of

    def state(self, node: NodeName) -> PowerState:
        """Return what the node's BMC says."""
        return self._driver(node).state(node)

    def off(self, node: NodeName) -> None:
        """Cut the power now, without asking the operating system."""
        self._driver(node).off(node)

    def on(self, node: NodeName) -> None:
        """Switch on; no harm when it is on."""
        self._driver(node).on(node)

    def _driver(self, node: NodeName) -> Power:
        name = self._driver_of(node)
        driver = self._drivers.get(name or "")
        if driver is None:
            raise UnexpectedAnswer(f"{node} (BMC)", f"the settings name no power driver for it ({name!r})")
        return driver
