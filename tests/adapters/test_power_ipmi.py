"""IPMI, against OpenIPMI's simulated BMC where it is installed."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.command import LocalRunner
from adapters.meanings import meaning
from adapters.power.ipmi import _MEANINGS, IpmiPower
from conversion.ports import Denied, Distrusted, FarSideError, Ran, UnexpectedAnswer, Unreachable
from loans.nodes import NodeName, PowerState

NODE = NodeName("gpu003")
Eventually = Callable[[Callable[[], bool]], None]

SIMULATED = """\
name "bmc"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 {port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "{hook} {power}"
  user 1 true "" "test" user 10 none md2 md5 straight
  user 2 true "operator" "sim-password" admin 10 none md2 md5 straight
"""
COMMANDS = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
mc_enable 0x20
"""
HOOK = """\
#!/bin/sh
file=$1; what=$2; shift 2
if [ "$what" = get ]; then
  for name in "$@"; do [ "$name" = power ] && echo "power:$(cat "$file")" || echo "$name:default"; done
else
  while [ $# -gt 1 ]; do [ "$1" = power ] && echo "$2" > "$file"; shift 2; done
fi
exit 0
"""


@dataclass(frozen=True)
class Bmc:
    """A simulated BMC. power: the file that holds 1 or 0."""

    port: int
    power: Path

    def driver(self, *, wrong: str = "", timeout: timedelta = timedelta(seconds=20)) -> IpmiPower:
        """Return a driver for it; wrong: what of the account is not right."""
        return IpmiPower(
            LocalRunner(),
            bmc=lambda _: ("127.0.0.1", self.port),
            user="operator" if wrong != "user" else "nobody",
            password=SecretStr("sim-password" if wrong != "password" else "not-it"),
            timeout=timeout,
        )


@pytest.fixture
def bmc(tmp_path: Path, eventually: Eventually) -> Iterator[Bmc]:
    """Return a BMC that answers."""
    if not (shutil.which("ipmi_sim") and shutil.which("ipmitool")):
        pytest.skip("ipmi_sim (Debian: openipmi) and ipmitool are not installed")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    power, hook, state = tmp_path / "power", tmp_path / "hook", tmp_path / "state"
    power.write_text("1\n")
    hook.write_text(HOOK)
    hook.chmod(0o755)
    state.mkdir()
    (tmp_path / "lan.conf").write_text(SIMULATED.format(port=port, hook=hook, power=power))
    (tmp_path / "commands").write_text(COMMANDS)
    simulator = subprocess.Popen(
        ["ipmi_sim", "-c", tmp_path / "lan.conf", "-f", tmp_path / "commands", "-s", state, "-n"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    found = Bmc(port, power)
    eventually(lambda: _listens(port))
    yield found
    simulator.kill()
    simulator.wait()


def _listens(port: int) -> bool:
    return f":{port:04X} " in Path("/proc/net/udp").read_text()


def test_the_power_is_read_cut_and_brought_back(bmc: Bmc) -> None:
    """The power cycle on the way home works over IPMI, and each verb may come twice."""
    power = bmc.driver()
    assert power.state(NODE) is PowerState.ON
    for _ in range(2):
        power.off(NODE)
        assert power.state(NODE) is PowerState.OFF
    assert bmc.power.read_text() == "0\n"
    for _ in range(2):
        power.on(NODE)
        assert power.state(NODE) is PowerState.ON


@pytest.mark.parametrize("wrong", ["password", "user"])
def test_a_wrong_account_is_denied_and_not_taken_for_silence(bmc: Bmc, wrong: str) -> None:
    """Retries with a wrong password lock accounts: it is told apart from a BMC that is away."""
    with pytest.raises(Denied, match="RAKP"):
        bmc.driver(wrong=wrong).state(NODE)


def test_silence_is_unreachable_at_the_time_out() -> None:
    """A BMC that hangs costs the time-out."""
    if not shutil.which("ipmitool"):
        pytest.skip("ipmitool is not installed")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable):
            Bmc(silent.getsockname()[1], Path()).driver(timeout=timedelta(seconds=0.5)).state(NODE)


def test_the_password_is_in_no_argument(tmp_path: Path) -> None:
    """Every account of the machine can read the arguments of our commands."""
    spy = tmp_path / "ipmitool"
    spy.write_text(
        '#!/bin/sh\necho "$@" > "$0.args"; echo "$IPMITOOL_PASSWORD" > "$0.env"; echo "Chassis Power is off"\n'
    )
    spy.chmod(0o755)
    power = IpmiPower(
        LocalRunner(),
        bmc=lambda _: ("bmc", 623),
        user="operator",
        password=SecretStr("s3cret"),
        timeout=timedelta(seconds=20),
        program=os.fspath(spy),
    )
    assert power.state(NODE) is PowerState.OFF
    assert "s3cret" not in Path(f"{spy}.args").read_text()
    assert Path(f"{spy}.env").read_text() == "s3cret\n"
    assert "s3cret" not in repr(vars(power))


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("> RAKP 2 HMAC is invalid\nError: Unable to establish IPMI v2 / RMCP+ session", Denied),
        ("RAKP 2 message indicates an error : unauthorized name\nError: Unable to establish IPMI v2", Denied),
        ("Set Chassis Power Control to Down/Off failed: Insufficient privilege level", Denied),
        ("RAKP 2 message indicates an error : insufficient resources for session", Unreachable),
        ("Get Auth Capabilities error\nError: Unable to establish IPMI v2 / RMCP+ session", Unreachable),
        ("Address lookup for no.such.host failed", Unreachable),
        ("Error in open session response message : no matching cipher suite\n\nError: Unable to establish", Distrusted),
        ("Error in open session response message : no cipher suite match with proposed algorithms", Distrusted),
        ("Error in open session response message : invalid integrity algorithm\nError: Unable to", Distrusted),
        ("Unsupported cipher suite ID : 17", Distrusted),
        ("Error in open session response message : moon in wrong phase\nError: Unable to establish", Unreachable),
        ("Invalid completion code received: Insufficient privilege level\nError: Unable to establish LAN", Unreachable),
        ("Set Chassis Power Control to Up/On failed: Command not supported in present state", UnexpectedAnswer),
    ],
)
def test_ipmitools_words_have_their_meanings(words: str, kind: type[FarSideError]) -> None:
    """What ipmitool says under -v is told apart, as 1.8.19 words it."""
    assert type(meaning("gpu003 (BMC)", "ipmitool", Ran(1, "", words), _MEANINGS)) is kind


def scripted(tmp_path: Path, out: str, err: str = "", code: int = 0, **options: Any) -> IpmiPower:
    """Return a driver whose ipmitool says that, and keeps its arguments."""
    program = tmp_path / "ipmitool"
    (tmp_path / "out").write_text(out)
    (tmp_path / "err").write_text(err)
    program.write_text(f'#!/bin/sh\nd={tmp_path}; echo "$@" > $d/args; cat $d/out; cat $d/err >&2; exit {code}\n')
    program.chmod(0o755)
    return IpmiPower(
        LocalRunner(),
        bmc=lambda _: ("b", 1),
        user="u",
        password=SecretStr("p"),
        timeout=timedelta(seconds=20),
        program=os.fspath(program),
        **options,
    )


@pytest.mark.parametrize(
    "out",
    [
        "",
        "\n",
        "Chassis Power is unsettled\n",
        "Chassis Power is \n",
        "Chassis Power is off (Chassis)\n",
        "Chassis Power is offline\n",
        "Chassis Power is on\nChassis Power is off\n",
        "System Power : off\n",
        "off\n",
    ],
)
def test_words_without_a_state_are_no_state(tmp_path: Path, out: str) -> None:
    """A BMC that answers neither on nor off, nothing at all, or both, never counts as off."""
    assert scripted(tmp_path, out).state(NODE) is PowerState.UNKNOWN


def test_the_cipher_suite_is_the_sites_choice(tmp_path: Path) -> None:
    """OpenBMC takes 17 only, older boards 3 only."""
    assert scripted(tmp_path, "Chassis Power is on\n", cipher_suite=17).state(NODE) is PowerState.ON
    assert " -C 17 " in (tmp_path / "args").read_text()


def test_a_failure_is_told_in_the_line_that_says_why(tmp_path: Path) -> None:
    """`Unable to establish` is the end of every failure; the line before it is what helps at night."""
    end = "Error: Unable to establish IPMI v2 / RMCP+ session\n"
    no_cipher = scripted(tmp_path, "", f"Error in open session response message : no matching cipher suite\n\n{end}", 1)
    with pytest.raises(Distrusted, match=r"no matching cipher suite.*`cipher_suite`"):
        no_cipher.state(NODE)
    unheard = scripted(tmp_path, "", f"Loading IANA PEN Registry...\nError in open session: moon phase\n\n{end}", 1)
    with pytest.raises(Unreachable, match="moon phase / Error: Unable") as told:
        unheard.state(NODE)
    assert "IANA" not in told.value.said
