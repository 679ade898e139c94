"""The power drivers on their bad days, against the sandbox's BMCs; their good days are in the contract suite."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.command import SshRunner
from adapters.power.redfish import RedfishPower, RedfishSystem
from adapters.power.xcat import XcatPower
from adapters.ssh import SshConnections, SshLogin
from conversion.ports import Denied, FarSideError, Power, UnexpectedAnswer, Unreachable
from loans.nodes import NodeName, PowerState
from sandbox.faults import Fault
from sandbox.testing import Handle, running
from tests.moment import MOMENT

NODE = NodeName("gpu003")
SHORT = timedelta(seconds=1)
Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture
def handle() -> Iterator[Handle]:
    """Return a site where nobody else is at work."""
    with running(at=MOMENT, gpu_nodes=4, cpu_nodes=1, busy=0.0) as found:
        yield found


@pytest.fixture
def redfish(handle: Handle) -> RedfishPower:
    """Return the Redfish driver, which finds systems by their address."""
    told = handle.site_json["redfish"]
    return RedfishPower(
        system=lambda node: RedfishSystem(told["url"], f"/redfish/v1/Systems/{node}"),
        user=told["user"],
        password=SecretStr(told["password"]),
        timeout=SHORT,
    )


@pytest.fixture
def xcat(handle: Handle) -> Iterator[XcatPower]:
    """Return the xCAT driver, through SSH to the management host."""
    ssh, slurm = handle.site_json["ssh"], handle.site_json["slurm"]
    connections = SshConnections(SshLogin(ssh["user"], Path(ssh["key_file"]), Path(ssh["known_hosts"])))
    yield XcatPower(SshRunner(connections, (slurm["host"], slurm["port"])), timeout=SHORT)
    connections.close()


@pytest.fixture(params=["redfish", "xcat"])
def power(request: pytest.FixtureRequest) -> Power:
    """Return each driver that the sandbox has a far side for."""
    found: Power = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize(
    ("mode", "error"),
    [("refuse", Unreachable), ("hang", Unreachable), ("rubbish", UnexpectedAnswer), ("password", Denied)],
)
@pytest.mark.parametrize("verb", ["state", "off", "on"])
def test_a_bmc_that_fails_is_said_by_its_kind(
    handle: Handle, power: Power, mode: str, error: type[FarSideError], verb: str
) -> None:
    """Retried, stopped or told to the operator: the kind of error decides, and the node is named."""
    handle.call(lambda: handle.faults.set(Fault("bmc", mode, node=NODE)))
    with pytest.raises(error) as caught:
        getattr(power, verb)(NODE)
    assert caught.value.side.startswith("gpu003 (BMC")


def test_a_bmc_that_is_back_is_asked_as_if_nothing_had_been(handle: Handle, power: Power) -> None:
    """A BMC that rebooted under us needs no restart of the bot."""
    handle.call(lambda: handle.faults.set(Fault("bmc", "hang", times=1)))
    with pytest.raises(Unreachable):
        power.state(NODE)
    assert power.state(NODE) is PowerState.ON


def test_off_is_sent_although_the_bmc_says_off(handle: Handle, power: Power, eventually: Eventually) -> None:
    """A BMC's word may be a minute old: a node that was just switched on is still switched off."""
    power.off(NODE)
    eventually(lambda: power.state(NODE) is PowerState.OFF)
    handle.call(lambda: handle.faults.set(Fault("bmc", "stale", node=NODE)))
    handle.call(handle.world.machines[NODE].switch_on)
    assert power.state(NODE) is PowerState.OFF, "the reading is stale"
    power.off(NODE)
    assert handle.call(lambda: handle.world.machines[NODE].power) in {"off", "stopping"}


def test_many_nodes_are_asked_side_by_side(handle: Handle, power: Power) -> None:
    """A loan's nodes are cycled together: no driver shares what is not for sharing."""
    names = [NodeName(name) for name in handle.call(handle.world.names)] * 8
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(power.state, names)) == {PowerState.ON}


def test_a_system_is_found_by_the_name_of_its_node(handle: Handle) -> None:
    """A service that speaks for many BMCs needs no list of addresses; a name that is not there is not guessed."""
    told = handle.site_json["redfish"]
    power = RedfishPower(
        system=lambda _: RedfishSystem(told["url"]),
        user=told["user"],
        password=SecretStr(told["password"]),
        timeout=timedelta(seconds=20),
    )
    power.off(NODE)
    assert handle.call(lambda: handle.world.machines[NODE].power) in {"off", "stopping"}
    with pytest.raises(UnexpectedAnswer, match="0 of its 5 systems are named gpu999"):
        power.off(NodeName("gpu999"))


def test_passwords_are_in_no_representation(redfish: RedfishPower, handle: Handle) -> None:
    """A driver in a log line or a traceback tells no secret."""
    assert handle.site_json["redfish"]["password"] not in repr(vars(redfish))


def at(system: RedfishSystem) -> RedfishPower:
    return RedfishPower(system=lambda _: system, user="u", password=SecretStr("p"), timeout=SHORT)


class _Odd(BaseHTTPRequestHandler):
    """A BMC that is in between: powering on, and refusing every reset."""

    server: "_OddServer"

    def do_GET(self) -> None:
        reset = {"target": "/reset", "ResetType@Redfish.AllowableValues": ["ForceOn"]}
        actions = {"#ComputerSystem.Reset": reset}
        self._say(200, json.dumps({"Id": "1", "PowerState": self.server.state, "Actions": actions}))

    def do_POST(self) -> None:
        self.server.said = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._say(409, '{"error": {"code": "Base.1.0.GeneralError", "message": "present state"}}')

    def _say(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_args: object) -> None:
        pass


class _OddServer(ThreadingHTTPServer):
    state = "PoweringOn"
    said = ""


@pytest.fixture
def odd() -> Iterator[tuple[_OddServer, RedfishPower]]:
    """Return a BMC with habits of its own."""
    with _OddServer(("127.0.0.1", 0), _Odd) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        yield (
            server,
            RedfishPower(
                system=lambda _: RedfishSystem(url, "/redfish/v1/Systems/1"),
                user="u",
                password=SecretStr("p"),
                timeout=SHORT,
            ),
        )
        server.shutdown()
        thread.join()


def test_powering_on_is_neither_on_nor_off(odd: tuple[_OddServer, RedfishPower]) -> None:
    """A state in between never counts as off, nor as done."""
    _, power = odd
    assert power.state(NODE) is PowerState.UNKNOWN


def test_a_refused_switch_is_fine_only_when_it_is_so_already(odd: tuple[_OddServer, RedfishPower]) -> None:
    """Real BMCs refuse what is already so; one that refuses and is not so has failed."""
    server, power = odd
    with pytest.raises(UnexpectedAnswer):
        power.on(NODE)
    server.state = "On"
    power.on(NODE)
    assert "ForceOn" in server.said, "the one way that this BMC knows"


def test_a_host_that_is_not_there_is_unreachable() -> None:
    """A BMC without an answer is asked again."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    power = RedfishPower(
        system=lambda _: RedfishSystem(f"http://127.0.0.1:{port}", "/x"),
        user="u",
        password=SecretStr("p"),
        timeout=SHORT,
    )
    with pytest.raises(Unreachable):
        power.state(NODE)
