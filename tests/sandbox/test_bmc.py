"""The BMCs, as sushy sees them."""

from collections.abc import Iterator

import pytest
import sushy
from sushy import exceptions
from sushy.resources.system.system import System

from sandbox.faults import Fault
from sandbox.testing import Handle, running
from tests.moment import MOMENT
from tests.patience import PATIENCE_S
from tests.sandbox.site_rig import broken, eventually, tile


@pytest.fixture(scope="module")
def site() -> Iterator[Handle]:
    with running(at=MOMENT, speed=200, busy=0.0, gpu_nodes=6, cpu_nodes=1) as handle:
        yield handle


def board(site: Handle, node: str, password: str | None = None, *, patience_s: float = PATIENCE_S) -> System:
    redfish = site.site_json["redfish"]
    auth = sushy.auth.BasicAuth(redfish["user"], password or redfish["password"])
    client = sushy.Sushy(redfish["url"], auth=auth, verify=False, read_timeout=patience_s, server_side_retries=1)
    return client.get_system(f"/redfish/v1/Systems/{node}")


def says(system: System, state: sushy.PowerState) -> bool:
    system.refresh()
    return bool(system.power_state == state)


def test_power_goes_off_and_comes_on_in_the_sites_own_time(site: Handle) -> None:
    """Seconds to go off, minutes to boot; the BMC tells of both a little late."""
    system = board(site, "gpu001")
    assert system.power_state == sushy.PowerState.ON
    system.reset_system(sushy.ResetType.FORCE_OFF)
    eventually(lambda: says(system, sushy.PowerState.OFF), "the BMC says off")
    system.reset_system(sushy.ResetType.ON)
    eventually(lambda: says(system, sushy.PowerState.ON), "the BMC says on")
    assert tile(site, "gpu001")["power"] == "booting"
    eventually(lambda: tile(site, "gpu001")["power"] == "on", "it has booted")


def test_a_power_cycle_is_a_new_boot(site: Handle) -> None:
    """Off is passed through, and all that ran is gone."""
    before = site.call(lambda: site.world.machines["gpu002"].boots)
    board(site, "gpu002").reset_system(sushy.ResetType.POWER_CYCLE)
    eventually(lambda: site.call(lambda: site.world.machines["gpu002"].boots) == before + 1, "it has booted")


def test_the_kinds_of_reset_are_told(site: Handle) -> None:
    """A driver that asks first finds what it needs."""
    assert board(site, "gpu001").get_allowed_reset_system_values() == {
        sushy.ResetType.ON,
        sushy.ResetType.FORCE_OFF,
        sushy.ResetType.GRACEFUL_SHUTDOWN,
        sushy.ResetType.FORCE_RESTART,
        sushy.ResetType.POWER_CYCLE,
    }


def test_a_wrong_password_and_an_unknown_node_are_told_apart(site: Handle) -> None:
    """One is for whoever keeps the secrets, the other for whoever wrote the settings."""
    with pytest.raises(exceptions.AccessError):
        board(site, "gpu001", password="wrong")
    with broken(site, "bmc", "password", "gpu001"), pytest.raises(exceptions.AccessError):
        board(site, "gpu001")
    with pytest.raises(exceptions.ResourceNotFoundError):
        board(site, "gpu999")


@pytest.mark.parametrize("mode", ["refuse", "hang", "rubbish"])
def test_a_broken_bmc_raises_and_does_nothing(site: Handle, mode: str) -> None:
    """No reset is done behind an error."""
    system = board(site, "gpu003", patience_s=3.0 if mode == "hang" else PATIENCE_S)
    with broken(site, "bmc", mode, "gpu003"), pytest.raises((exceptions.SushyError, ValueError)):
        system.refresh(force=True)
    assert tile(site, "gpu003")["power"] == "on"


def test_a_stale_bmc_tells_of_the_past(site: Handle) -> None:
    """For up to a minute it says on when the node is off."""
    system = board(site, "gpu004")
    with broken(site, "bmc", "stale", "gpu004"):
        off_at = site.call(lambda: site.world.agenda.now)
        site.call(site.world.machines["gpu004"].switch_off)
        system.refresh()
        said, asked_at = system.power_state, site.call(lambda: site.world.agenda.now)
    if (asked_at - off_at).total_seconds() < 40:
        assert said == sushy.PowerState.ON
    eventually(lambda: says(system, sushy.PowerState.OFF), "it learns of it")


def test_the_bmcs_speak_tls_when_told_to() -> None:
    """The certificate is the site's own: who checks has to be given it."""
    with running(at=MOMENT, gpu_nodes=1, cpu_nodes=1, busy=0.0, redfish_tls=True) as site:
        redfish = site.site_json["redfish"]
        assert redfish["url"].startswith("https://")
        auth = sushy.auth.BasicAuth(redfish["user"], redfish["password"])
        client = sushy.Sushy(redfish["url"], auth=auth, verify=redfish["ca_file"])
        assert client.get_system("/redfish/v1/Systems/gpu001").power_state == sushy.PowerState.ON
        strict = sushy.auth.BasicAuth(redfish["user"], redfish["password"])
        with pytest.raises(exceptions.SushyError):
            sushy.Sushy(redfish["url"], auth=strict, verify=True, server_side_retries=1)


def test_a_fault_can_last_for_one_request(site: Handle) -> None:
    """So that a story can break a thing once and watch the retry."""
    site.call(lambda: site.faults.set(Fault("bmc", "password", "gpu005", times=1)))
    with pytest.raises(exceptions.AccessError):
        board(site, "gpu005")
    assert board(site, "gpu005").power_state == sushy.PowerState.ON
