"""A Redfish service by sushy-tools whose power switch boots and kills the lab's real nodes; TLS and basic auth on.

python -m tests.lab.site.redfish_bmc DIR SLOT NODE_COUNT
"""

import sys
from pathlib import Path

import bcrypt
from sushy_tools import error  # type: ignore[import-untyped]
from sushy_tools.emulator import main as emulator  # type: ignore[import-untyped]
from sushy_tools.emulator.resources.systems import fakedriver  # type: ignore[import-untyped]

from tests.lab.site import bmc, faults, power
from tests.lab.site.layout import REDFISH_PORT, Layout


def serve(layout: Layout) -> None:
    state = layout.dir / "bmc" / "redfish"
    state.mkdir(parents=True, exist_ok=True)
    passwords = state / "htpasswd"
    passwords.write_text(f"{bmc.USER}:{bcrypt.hashpw(bmc.PASSWORD.encode(), bcrypt.gensalt(4)).decode()}\n")
    fakedriver.FakeDriver = _driver(layout)
    emulator.app.config.update(
        SUSHY_EMULATOR_LISTEN_IP=layout.gateway,
        SUSHY_EMULATOR_LISTEN_PORT=REDFISH_PORT,
        SUSHY_EMULATOR_SSL_CERT=str(bmc.certificate(layout)),
        SUSHY_EMULATOR_SSL_KEY=str(layout.keys / "redfish.key"),
        SUSHY_EMULATOR_AUTH_FILE=str(passwords),
        SUSHY_EMULATOR_STATE_DIR=str(state),
        SUSHY_EMULATOR_FAKE_DRIVER=True,
        SUSHY_EMULATOR_FAKE_SYSTEMS=[_system(node) for node in layout.nodes],
    )
    sys.argv = ["sushy-emulator"]
    emulator.main()


def _system(node: str) -> dict[str, object]:
    """power_state is only the emulator's first guess: our driver asks the node."""
    return {"uuid": node, "name": node, "power_state": "Off", "external_notifier": False, "nics": []}


def _driver(layout: Layout) -> type[fakedriver.FakeDriver]:
    class NodeDriver(fakedriver.FakeDriver):  # type: ignore[misc]  # sushy-tools has no types
        def get_power_state(self, identity: str) -> str:
            return power.reported(layout, self._node(identity)).capitalize()

        def set_power_state(self, identity: str, state: str) -> None:
            node = self._node(identity)
            if state in {"On", "ForceOn"}:
                power.turn_on(layout, node)
            elif state in {"ForceOff", "GracefulShutdown"}:
                power.turn_off(layout, node)
            elif state in {"ForceRestart", "GracefulRestart", "PowerCycle"}:
                power.reset(layout, node)
            else:
                raise error.NotSupportedError(f"{node}: no reset type {state}")

        def _node(self, identity: str) -> str:
            node = str(self._get(identity)["name"])
            faults.hang_if_set(layout, node)
            return node

    return NodeDriver


if __name__ == "__main__":
    folder, slot, count = sys.argv[1:]
    serve(Layout(Path(folder), int(slot), int(count)))
