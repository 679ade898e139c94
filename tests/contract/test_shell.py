"""What the node shell promises, on whichever nodes."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from conversion.permit import Overtaken, Permit, permitted
from conversion.ports import Denied, Unreachable
from loans.nodes import NodeName
from tests.contract.sites import SOON, SiteUnderTest

Eventually = Callable[[Callable[[], bool]], None]


def test_a_command_runs_as_root_on_that_very_node(site: SiteUnderTest) -> None:
    """What is meant for one node is done on that node."""
    for node in site.nodes[:2]:
        assert site.shell.run(node, ["hostname"], timeout=SOON).out.strip() == node


def test_exit_codes_come_back(site: SiteUnderTest) -> None:
    """A command that failed is known to have failed, also one that does not exist."""
    assert site.shell.run(site.nodes[0], ["true"], timeout=SOON).exit == 0
    assert site.shell.run(site.nodes[0], ["false"], timeout=SOON).exit == 1
    missing = site.shell.run(site.nodes[0], ["no-such-program"], timeout=SOON)
    assert missing.exit == 127
    assert "no-such-program" in missing.err


def test_a_file_is_written_from_input_and_read_back_unchanged(site: SiteUnderTest) -> None:
    """The role file holds what was sent: quotes, dollars and newlines included."""
    text = 'cloud_compute\nit\'s "$HOME" & more\n'
    assert site.shell.run(site.nodes[0], ["tee", "/etc/lendbot-contract"], timeout=SOON, stdin=text).exit == 0
    assert site.shell.run(site.nodes[0], ["cat", "/etc/lendbot-contract"], timeout=SOON).out == text
    assert site.shell.run(site.nodes[1], ["cat", "/etc/lendbot-contract"], timeout=SOON).exit == 1
    assert site.shell.run(site.nodes[0], ["rm", "-f", "/etc/lendbot-contract"], timeout=SOON).exit == 0


def test_a_node_refuses_by_its_own_clock_what_comes_too_late(site: SiteUnderTest) -> None:
    """An order that was on its way while its sender stood still does nothing, whatever the sender believes."""
    stood_still_s = [0.0]

    def uptime() -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME) - stood_still_s[0]

    def permit() -> Permit:
        return Permit(uptime, uptime, uptime(), uptime())

    node, path = site.nodes[0], "/etc/lendbot-too-late"
    with permitted(permit()):
        assert site.shell.run(node, ["tee", path], timeout=SOON, stdin="in time\n").exit == 0
    stood_still_s[0] = 60.0
    with permitted(permit()), pytest.raises(Overtaken):
        site.shell.run(node, ["tee", path], timeout=SOON, stdin="too late\n")
    assert site.shell.ask(node, ["cat", path], timeout=SOON).out == "in time\n"
    with permitted(permit()):  # the clock is read anew, and the next look goes on
        assert site.shell.run(node, ["rm", "-f", path], timeout=SOON).exit == 0


def test_an_unknown_host_key_is_denied(site: SiteUnderTest, tmp_path: Path) -> None:
    """A node that nobody vouched for gets no command."""
    empty = tmp_path / "known_hosts"
    empty.write_text("")
    with pytest.raises(Denied, match="host key unknown"):
        site.shell_trusting(empty).run(site.nodes[0], ["true"], timeout=SOON)


def test_a_node_without_power_is_unreachable_and_comes_back(site: SiteUnderTest, eventually: Eventually) -> None:
    """The connection that was kept from before a power cycle is replaced without anybody noticing."""
    node = site.nodes[3]
    site.shell.run(node, ["true"], timeout=SOON)
    power = site.powers["redfish"](site.account)
    power.off(node)
    eventually(lambda: not answers(site, node))
    with pytest.raises(Unreachable):
        site.shell.run(node, ["true"], timeout=timedelta(seconds=2))
    power.on(node)
    eventually(lambda: answers(site, node))


def answers(site: SiteUnderTest, node: NodeName) -> bool:
    """Return True when a command comes through."""
    try:
        return site.shell.run(node, ["true"], timeout=timedelta(seconds=2)).exit == 0
    except Unreachable:
        return False
