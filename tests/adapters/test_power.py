"""The power drivers on their bad days, against the sandbox's BMCs; their good days are in the contract suite."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.command import SshRunner
from adapters.power.redfish import RedfishPower, RedfishSystem
from adapters.power.xcat import XcatPower
from adapters.ssh import SshConnections, SshLogin
from conversion.ports import Denied, FarSideError, Power, Ran, UnexpectedAnswer, Unreachable
from loans.nodes import NodeName, PowerState
from sandbox.faults import Fault
from sandbox.testing import Handle, running
from tests.moment import MOMENT
from tests.patience import PATIENCE_S

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


def test_a_state_that_is_neither_on_nor_off_is_unknown(handle: Handle, power: Power) -> None:
    """A blade's `on (Chassis)` is neither proof that the node runs nor that its power is cut."""
    handle.call(lambda: handle.faults.set(Fault("bmc", "odd", node=NODE)))
    assert power.state(NODE) is PowerState.UNKNOWN


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


class Rpower:
    """An rpower whose answer is written down."""

    def __init__(self, out: str) -> None:
        self._out = out

    def run(self, argv: Sequence[str], **_options: Any) -> Ran:
        assert argv[1:] == ["gpu003", "stat"]
        return Ran(0, self._out)


@pytest.mark.parametrize(
    ("out", "state"),
    [
        ("gpu003: on\n", PowerState.ON),
        ("gpu003: off\r\n", PowerState.OFF),
        ("gpu002: off\ngpu003: on\n", PowerState.ON),
        ("gpu003: on (Chassis)\n", PowerState.UNKNOWN),
        ("gpu003: off (slot 4)\n", PowerState.UNKNOWN),
        ("gpu003: hibernating\n", PowerState.UNKNOWN),
        ("gpu003: on\ngpu003: off\n", PowerState.UNKNOWN),
        ("", None),
        ("\n", None),
        ("gpu003:\n", None),
        ("gpu0031: off\n", None),
        ("off\n", None),
        ("gpu003: [mgmt]: Error: no such luck\n", None),
    ],
)
def test_rpowers_words_are_on_off_unknown_or_no_answer(out: str, state: PowerState | None) -> None:
    """What xCAT says of another node, or of none, switches nothing on or off in our mind."""
    power = XcatPower(Rpower(out), timeout=SHORT)
    if state is not None:
        assert power.state(NODE) is state
    else:
        with pytest.raises(UnexpectedAnswer):
            power.state(NODE)


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
        self.server.asked.append(self.path)
        if self.path in self.server.gone:
            self._say(404, '{"error": {"code": "Base.1.0.ResourceMissingAtURI", "message": "no such resource"}}')
            return
        reset = {"target": "/reset", "ResetType@Redfish.AllowableValues": ["ForceOn"]}
        actions = {"#ComputerSystem.Reset": reset}
        here = {"Id": "1", "PowerState": self.server.state, "Actions": actions, **self.server.more}
        self._say(200, json.dumps(self.server.pages.get(self.path, here)))

    def do_POST(self) -> None:
        self.server.switched.append(self.path)
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
    """state, more: of every system; pages: what is answered instead, by path; gone: where nothing is any more."""

    state: Any = "PoweringOn"
    said = ""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.asked: list[str] = []
        self.more: dict[str, Any] = {}
        self.pages: dict[str, Any] = {}
        self.gone: set[str] = set()
        self.switched: list[str] = []

    def has(self, number: int, name: str) -> None:
        """Answer at /redfish/v1/Systems/NUMBER with a node that is on, and is switched at a path of its own."""
        path = f"/redfish/v1/Systems/{number}"
        actions = {"#ComputerSystem.Reset": {"target": f"{path}/Actions/ComputerSystem.Reset"}}
        self.gone.discard(path)
        self.pages[path] = {"Id": str(number), "Name": name, "PowerState": "On", "Actions": actions}

    def listing(self, *pages: list[str]) -> None:
        """Answer with a list of systems, on so many pages; each system has its path's end as its Id."""
        self.pages["/redfish/v1/"] = {"Systems": {"@odata.id": "/redfish/v1/Systems"}}
        links = ["/redfish/v1/Systems", *(f"/redfish/v1/Systems?page={n}" for n in range(1, len(pages)))]
        for number, names in enumerate(pages):
            self.pages[links[number]] = {
                "Members": [{"@odata.id": f"/redfish/v1/Systems/{name}"} for name in names],
                **({"Members@odata.nextLink": links[number + 1]} if number + 1 < len(pages) else {}),
            }


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


@pytest.mark.parametrize("said", ["", None, "off", "OFF", "Offline", "Hibernating", ["Off"], False, 0])
def test_a_word_that_nobody_knows_is_neither_on_nor_off(odd: tuple[_OddServer, RedfishPower], said: object) -> None:
    """Only the two words that Redfish has for it are believed."""
    server, power = odd
    server.state = said
    assert power.state(NODE) is PowerState.UNKNOWN


@pytest.mark.parametrize("said", [[], None, "On", 7])
def test_an_answer_that_is_no_system_is_no_state(odd: tuple[_OddServer, RedfishPower], said: object) -> None:
    """An empty or half-made answer stops the step, and switches nothing."""
    server, power = odd
    server.pages["/redfish/v1/Systems/1"] = said
    with pytest.raises(UnexpectedAnswer):
        power.state(NODE)
    with pytest.raises(UnexpectedAnswer):
        power.off(NODE)
    assert not server.said


def test_a_system_without_its_state_is_unknown(odd: tuple[_OddServer, RedfishPower]) -> None:
    """A missing word is not the word off."""
    server, power = odd
    server.pages["/redfish/v1/Systems/1"] = {"Id": "1"}
    assert power.state(NODE) is PowerState.UNKNOWN
    with pytest.raises(UnexpectedAnswer, match="where its power is switched"):
        power.off(NODE)


def test_only_what_is_needed_is_asked_and_read(odd: tuple[_OddServer, RedfishPower]) -> None:
    """A BMC that is slow, or odd in what does not concern us, is switched all the same, with one question."""
    server, power = odd
    server.state = "Off"
    server.more = {"Boot": "legacy", "Status": [], "MemorySummary": 3, "Links": None, "Name": None}
    assert power.state(NODE) is PowerState.OFF
    assert server.asked == ["/redfish/v1/Systems/1"]
    with pytest.raises(UnexpectedAnswer):
        power.on(NODE)
    assert json.loads(server.said) == {"ResetType": "ForceOn"}
    assert set(server.asked) == {"/redfish/v1/Systems/1"}


@pytest.fixture
def listed(odd: tuple[_OddServer, RedfishPower]) -> tuple[_OddServer, RedfishPower]:
    """Return a service for many, and a driver that looks for its nodes there."""
    server, _ = odd
    url = f"http://127.0.0.1:{server.server_address[1]}"
    return server, RedfishPower(
        system=lambda _: RedfishSystem(url), user="u", password=SecretStr("p"), timeout=timedelta(seconds=PATIENCE_S)
    )


def test_a_list_of_systems_is_followed_over_all_its_pages(listed: tuple[_OddServer, RedfishPower]) -> None:
    """The sixtieth node of a service is found like the first, and with as few questions."""
    server, power = listed
    server.state, server.more = "On", {"Id": "gpu003"}
    server.listing(["a", "b"], ["c"], ["d", "gpu003"])
    assert power.state(NODE) is PowerState.ON
    assert len(server.asked) == 1 + 3 + 2, "the root, three pages, and the system to know it and to ask it"
    power.state(NODE)
    assert len(server.asked) == 7


def test_the_names_of_a_services_systems_are_asked_for_once(listed: tuple[_OddServer, RedfishPower]) -> None:
    """200 nodes that look for theirs at once do not ask 200 questions each."""
    server, power = listed
    server.listing(["1", "2"], ["3", "4"])
    for number in range(1, 5):
        server.pages[f"/redfish/v1/Systems/{number}"] = {"Id": str(number), "Name": f"gpu{number}", "PowerState": "On"}
    assert {power.state(NodeName(f"gpu{number}")) for number in range(1, 5)} == {PowerState.ON}
    assert len(server.asked) == 1 + 2 + 4 + 4


def test_a_path_that_has_become_another_nodes_switches_nothing(listed: tuple[_OddServer, RedfishPower]) -> None:
    """Blades are swapped and renamed: the job on the machine that stands where a node stood keeps its power."""
    server, power = listed
    server.listing(["1"], ["2"])
    server.has(1, "gpu003")
    server.has(2, "gpu004")
    assert power.state(NODE) is PowerState.ON
    server.has(1, "gpu007")
    with pytest.raises(UnexpectedAnswer, match="0 of its 2 systems are named gpu003"):
        power.off(NODE)
    assert not server.switched


def test_a_listed_system_that_is_not_there_hides_no_other(listed: tuple[_OddServer, RedfishPower]) -> None:
    """A blade that was pulled keeps nobody else's node from coming home."""
    server, power = listed
    server.listing(["1"], ["2"])
    server.gone.add("/redfish/v1/Systems/1")
    server.has(2, "gpu003")
    assert power.state(NODE) is PowerState.ON


def test_a_node_that_stands_elsewhere_is_found_anew_and_switched_there(
    listed: tuple[_OddServer, RedfishPower],
) -> None:
    """After a swap the cut reaches the node that was meant, without a restart of the bot."""
    server, power = listed
    server.listing(["1"], ["2"])
    server.has(1, "gpu003")
    server.has(2, "gpu007")
    assert power.state(NODE) is PowerState.ON
    server.has(1, "gpu007")
    server.has(2, "gpu003")
    with pytest.raises(UnexpectedAnswer, match="409"):
        power.off(NODE)
    assert server.switched == ["/redfish/v1/Systems/2/Actions/ComputerSystem.Reset"]


def test_a_replaced_board_is_found_at_its_new_path(listed: tuple[_OddServer, RedfishPower]) -> None:
    """A node with a new board comes home: its old path answers 404 for good."""
    server, power = listed
    server.listing(["1"])
    server.has(1, "gpu003")
    assert power.state(NODE) is PowerState.ON
    server.gone.add("/redfish/v1/Systems/1")
    server.listing(["5"])
    server.has(5, "gpu003")
    assert power.state(NODE) is PowerState.ON
    asked = len(server.asked)
    power.state(NODE)
    assert len(server.asked) == asked + 1, "the new path is known now"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Members": [], "Members@odata.nextLink": "/redfish/v1/Systems"}, "leads back"),
        ({"Members": None}, "not an answer"),
        ({}, "not an answer"),
        ({"Members": []}, "0 of its 0 systems"),
    ],
)
def test_half_a_list_of_systems_finds_nothing(
    listed: tuple[_OddServer, RedfishPower], change: dict[str, Any], said: str
) -> None:
    """No system is switched because it was the only one that an answer named."""
    server, power = listed
    server.listing(["other"])
    server.pages["/redfish/v1/Systems"] = change
    with pytest.raises(UnexpectedAnswer, match=said):
        power.off(NODE)
    assert not server.said


def test_a_link_that_leads_elsewhere_is_not_followed_there(listed: tuple[_OddServer, RedfishPower]) -> None:
    """The BMC's password goes to no host that an answer names."""
    server, power = listed
    server.state, server.more = "On", {"Id": "gpu003"}
    server.listing(["gpu003"])
    server.pages["/redfish/v1/"] = {"Systems": {"@odata.id": "http://203.0.113.9:1/redfish/v1/Systems"}}
    assert power.state(NODE) is PowerState.ON


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
