"""The management host, as a real SSH client sees it."""

from collections.abc import Iterator

import paramiko
import pytest

from sandbox.testing import Handle, running
from tests.moment import MOMENT
from tests.sandbox.site_rig import MANAGEMENT, address_of, broken, eventually, run, shell, tile


@pytest.fixture(scope="module")
def site() -> Iterator[Handle]:
    with running(at=MOMENT, speed=600, busy=0.0, gpu_nodes=6, cpu_nodes=2) as handle:
        yield handle


def test_slurm_answers_over_ssh_in_utc_when_asked(site: Handle) -> None:
    """The adapter's whole way: a session, an argv, a zone."""
    with shell(site, MANAGEMENT) as client:
        code, out, _ = run(client, "env TZ=UTC scontrol show node gpu[001-002] -o")
    assert code == 0
    assert len(out.splitlines()) == 2
    assert site.site.clock.origin.strftime("SlurmdStartTime=%Y-%m-%dT%H:%M:%S") in out


def test_a_person_without_rights_is_told_so(site: Handle) -> None:
    """doctor can find it out with a harmless update."""
    with shell(site, MANAGEMENT, user="u1") as client:
        result = run(client, "scontrol update NodeName=gpu001 State=RESUME")
    assert result == (1, "", "slurm_update error: Invalid user id\n")


def test_an_unknown_program_is_127(site: Handle) -> None:
    """As bash has it."""
    with shell(site, MANAGEMENT) as client:
        assert run(client, "nonesuch --x")[::2] == (127, "bash: line 1: nonesuch: command not found\n")


def test_only_the_sites_key_comes_in(site: Handle) -> None:
    """No password, no other key."""
    stranger = paramiko.ECDSAKey.generate()
    client = paramiko.SSHClient()
    client.load_host_keys(site.site_json["ssh"]["known_hosts"])
    with pytest.raises(paramiko.AuthenticationException):
        client.connect(MANAGEMENT, site.site_json["ssh"]["port"], "root", pkey=stranger, look_for_keys=False)
    client.close()


def test_the_management_host_is_a_jump_host(site: Handle) -> None:
    """Nodes that are reached only through it are reached, by address or by name."""
    port = site.site_json["ssh"]["port"]
    with shell(site, MANAGEMENT) as jump:
        transport = jump.get_transport()
        assert transport is not None
        for target in (address_of(site, "gpu002"), "gpu002"):
            channel = transport.open_channel("direct-tcpip", (target, port), ("127.0.0.1", 0))
            with shell(site, address_of(site, "gpu002"), sock=channel) as node:
                assert run(node, "hostname") == (0, "gpu002\n", "")
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("127.0.0.1", 80), ("127.0.0.1", 0))


def test_rpower_speaks_as_xcat_does(site: Handle) -> None:
    """One call, a noderange, a line a node."""
    with shell(site, MANAGEMENT) as client:
        assert run(client, "rpower gpu[003-004] stat") == (0, "gpu003: on\ngpu004: on\n", "")
        assert run(client, "rpower gpu003 off") == (0, "gpu003: off\n", "")
        eventually(lambda: tile(site, "gpu003")["power"] == "off", "gpu003 is off")
        eventually(lambda: run(client, "rpower gpu003 stat")[1] == "gpu003: off\n", "the BMC knows it too")
        assert run(client, "rpower gpu003 boot") == (0, "gpu003: on\n", "")
        assert run(client, "rpower gpu004 boot") == (0, "gpu004: on reset\n", "")
        assert run(client, "rpower gpu009 stat")[0] == 1


@pytest.mark.parametrize("command", ["scontrol show node -o", "scontrol show res -o", "squeue -h", "sinfo"])
def test_a_slurmctld_that_is_away_is_not_an_empty_answer(site: Handle, command: str) -> None:
    """No nodes and no answer are different things."""
    with broken(site, "slurm", "refuse"), shell(site, MANAGEMENT) as client:
        code, out, err = run(client, command)
    assert (code, out) == (1, "")
    assert "Unable to contact slurm controller (connect failure)" in err


def test_rubbish_and_half_answers_come_with_exit_code_0(site: Handle) -> None:
    """A reader that trusts the exit code alone is caught here."""
    with shell(site, MANAGEMENT) as client:
        whole = run(client, "scontrol show node gpu001 -o")[1]
        with broken(site, "slurm", "half"):
            code, half, _ = run(client, "scontrol show node gpu001 -o")
        assert (code, half) == (0, whole[: len(whole) // 2])
        with broken(site, "slurm", "rubbish"):
            code, rubbish, _ = run(client, "scontrol show node gpu001 -o")
        assert code == 0
        assert "NodeName" not in rubbish


def test_a_slurmctld_that_hangs_never_answers(site: Handle) -> None:
    """The caller's own time-out has to end it."""
    with broken(site, "slurm", "hang"), shell(site, MANAGEMENT) as client:
        _, out, _ = client.exec_command("scontrol show node -o", timeout=0.2)
        with pytest.raises(TimeoutError):
            out.read()


def test_the_site_counts_what_slurm_is_asked(site: Handle) -> None:
    """That calls do not grow with the nodes is measured, not believed."""
    before = site.call(site.site.traffic)["slurm"].get("scontrol show node", 0)
    with shell(site, MANAGEMENT) as client:
        run(client, "scontrol show node -o")
    assert site.call(site.site.traffic)["slurm"]["scontrol show node"] == before + 1
