"""What the Power port promises, whichever BMC answers and whichever driver asks."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from conversion.ports import Denied, Power
from loans.nodes import PowerState
from tests.contract.sites import SiteUnderTest

Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture(params=["redfish", "ipmi", "xcat"])
def driver(request: pytest.FixtureRequest, site: SiteUnderTest) -> str:
    """Return each driver that the site can be switched with."""
    if request.param not in site.powers:
        pytest.skip(f"this site has no {request.param}")
    return str(request.param)


@pytest.fixture
def power(site: SiteUnderTest, driver: str) -> Power:
    """Return the port, with the right password."""
    return site.powers[driver](site.account)


def test_off_cuts_the_power_and_on_brings_it_back(site: SiteUnderTest, power: Power, eventually: Eventually) -> None:
    """The power cycle on the way home is seen at the BMC, both ways."""
    node = site.nodes[0]
    assert power.state(node) is PowerState.ON
    power.off(node)
    eventually(lambda: power.state(node) is PowerState.OFF)
    power.on(node)
    eventually(lambda: power.state(node) is PowerState.ON)


def test_each_verb_twice_does_no_harm(site: SiteUnderTest, power: Power, eventually: Eventually) -> None:
    """A step may be run twice: a node that is off stays off, one that is on is not cycled."""
    node = site.nodes[1]
    power.on(node)
    assert power.state(node) is PowerState.ON
    power.off(node)
    eventually(lambda: power.state(node) is PowerState.OFF)
    power.off(node)
    assert power.state(node) is PowerState.OFF
    power.on(node)
    eventually(lambda: power.state(node) is PowerState.ON)


def test_only_the_named_node_is_switched(site: SiteUnderTest, power: Power, eventually: Eventually) -> None:
    """The wrong node's power is somebody's job."""
    power.off(site.nodes[2])
    eventually(lambda: power.state(site.nodes[2]) is PowerState.OFF)
    others = [node for node in site.nodes if node != site.nodes[2]]
    assert {power.state(node) for node in others} == {PowerState.ON}
    power.on(site.nodes[2])
    eventually(lambda: power.state(site.nodes[2]) is PowerState.ON)


def test_a_wrong_password_is_denied(site: SiteUnderTest, driver: str) -> None:
    """A changed BMC password is told to the operator, and asked no more: BMCs lock accounts."""
    if driver == "xcat":
        pytest.skip("xCAT holds the passwords itself")
    power = site.powers[driver](replace(site.account, password="not-it"))
    with pytest.raises(Denied):
        power.state(site.nodes[0])
    with pytest.raises(Denied):
        power.off(site.nodes[0])
