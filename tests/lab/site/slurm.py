"""munge, slurmctld and their settings. The nodes start their slurmd themselves when they boot."""

import os
import re
import subprocess
import time
from dataclasses import dataclass

from tests.lab.site import processes
from tests.lab.site.layout import Layout

SLURMCTLD_PORT = 16817  # it listens on all addresses, so each slot has its own


@dataclass(frozen=True)
class Knobs:
    """What tests change in slurm.conf."""

    return_to_service: int = 0
    slurmd_timeout_s: int = 10


def start(layout: Layout, knobs: Knobs) -> None:
    """A new, empty cluster."""
    layout.munge_socket.parent.mkdir(mode=0o755)
    layout.slurm_conf.parent.mkdir()
    (layout.dir / "slurm-state").mkdir()
    _start_munge(layout)
    _write(layout, knobs)
    _start_slurmctld(layout, "-c")


def reconfigure(layout: Layout, knobs: Knobs) -> None:
    """Restart slurmctld with other settings; jobs and node states stay."""
    stop_slurmctld(layout)
    _write(layout, knobs)
    start_slurmctld(layout)


def stop_slurmctld(layout: Layout) -> None:
    processes.stop(layout, "slurmctld")


def start_slurmctld(layout: Layout) -> None:
    _start_slurmctld(layout)


def run(layout: Layout, *argv: str, within_s: float = 60) -> subprocess.CompletedProcess[str]:
    """Run one of Slurm's commands on the management side."""
    return subprocess.run(
        argv,
        env={**os.environ, "SLURM_CONF": str(layout.slurm_conf)},
        text=True,
        capture_output=True,
        timeout=within_s,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def show_node(layout: Layout, node: str) -> dict[str, str]:
    """`scontrol show node -o` of one node, by field. Reason, which has spaces, is whole."""
    return _fields(run(layout, "scontrol", "show", "node", "-o", node).stdout)


def why(fields: dict[str, str]) -> str:
    """The words of a node's reason without the signature; none, and blank ones, are ""."""
    return re.sub(r"\s*\[\S+@\S+\]", "", fields.get("Reason", ""))


def states(layout: Layout) -> dict[str, str]:
    """Each node's state in one question; "" for one that Slurm does not tell of."""
    lines = run(layout, "scontrol", "show", "node", "-o").stdout.splitlines()
    told = {fields.get("NodeName", ""): fields.get("State", "") for fields in map(_fields, lines)}
    return {node: told.get(node, "") for node in layout.nodes}


def state(layout: Layout, node: str) -> str:
    return show_node(layout, node).get("State", "")


def wait_for_state(layout: Layout, nodes: tuple[str, ...], wanted: str, within_s: float = 30) -> None:
    def is_so() -> bool:
        told = states(layout)
        return all(told[node] == wanted for node in nodes)

    try:
        processes.wait_until(f"{','.join(nodes)} {wanted} in Slurm", is_so, within_s)
    except processes.DidNotHappen as late:
        said = run(layout, "sinfo", "-N", "-h", "-O", "NodeList,StateComplete,Reason:60").stdout
        raise processes.DidNotHappen(f"{late}; Slurm says\n{said}") from None


def started(layout: Layout, node: str) -> str:
    """When the node's slurmd started, as Slurm was told; "None" until it has heard from it."""
    return show_node(layout, node).get("SlurmdStartTime", "None")


def wait_for_new_start(layout: Layout, node: str, since: str, within_s: float = 60) -> None:
    """since: a local time as Slurm writes it; what started in that second counts as new."""

    def is_new() -> bool:
        return started(layout, node) not in {"None", ""} and started(layout, node) >= since

    processes.wait_until(f"Slurm heard from {node}'s new boot", is_new, within_s, every_s=0.2)


def next_second_after(earlier: str) -> str:
    """Wait for it and return it: start times have whole seconds, so two boots in one second look the same."""
    processes.wait_until("a second went by", lambda: _now() > earlier or earlier == "None", 5)
    return _now()


def next_second() -> str:
    """Wait until this second is over: what starts from now on has a later start time than what started before."""
    return next_second_after(_now())


def _fields(line: str) -> dict[str, str]:
    return {name: value.strip() for name, value in re.findall(r"(\w+)=(.*?)(?=\s+\w+=|\s*$)", line)}


def _now(shift_s: int = 0) -> str:
    """As Slurm writes it: local time without a zone."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() + shift_s))


def resume(layout: Layout, *nodes: str) -> None:
    """Give nodes back to jobs; for one that is idle already Slurm says no, which is as good.

    A slurmd younger than 2 s would register once more with a boot time that Slurm takes for another reboot: down again.
    """
    young = [started(layout, node) for node in nodes]
    starts = [start for start in young if start != "None"]
    processes.wait_until("every boot is 3 s old", lambda: all(_now(-3) > start for start in starts), 10)
    for node in nodes:
        run(layout, "scontrol", "update", f"NodeName={node}", "State=RESUME")
        if why(show_node(layout, node)):  # 24.11 leaves it, and a blank takes it off
            run(layout, "scontrol", "update", f"NodeName={node}", "Reason= ")


def _start_munge(layout: Layout) -> None:
    key = layout.keys / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    run_dir = layout.munge_socket.parent
    argv = ["munged", "--foreground", "--force", "--num-threads=10", f"--key-file={key}"]
    argv += [f"--socket={layout.munge_socket}", f"--pid-file={run_dir}/munged.pid", f"--seed-file={run_dir}/seed"]
    processes.start(layout, "munged", [*argv, f"--log-file={layout.log}/munged-dated.log"])
    processes.wait_until("munge's socket is there", layout.munge_socket.is_socket, 10)


def _start_slurmctld(layout: Layout, *options: str) -> None:
    processes.start(layout, "slurmctld", ["slurmctld", "-D", "-f", str(layout.slurm_conf), *options])
    processes.wait_until("slurmctld answers", lambda: run(layout, "scontrol", "ping").returncode == 0, 20)


def _write(layout: Layout, knobs: Knobs) -> None:
    folder = layout.slurm_conf.parent
    last = layout.node_count - 1
    addresses = f"10.77.{layout.slot}.[10-{10 + last}]"
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")  # slurmd dies looking for v2
    (folder / "gres.conf").write_text(f"NodeName=gpu[000-{last:03}] Name=gpu File=/run/fakegpu/nvidia[0-3]\n")
    layout.slurm_conf.write_text(f"""\
ClusterName=lab
SlurmctldHost={os.uname().nodename}({layout.gateway})
SlurmctldPort={SLURMCTLD_PORT + layout.slot}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={layout.munge_socket}
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
GresTypes=gpu
SlurmdParameters=config_overrides
ReturnToService={knobs.return_to_service}
SlurmctldTimeout=10
SlurmdTimeout={knobs.slurmd_timeout_s}
KillWait=2
MinJobAge=300
StateSaveLocation={layout.dir}/slurm-state
SlurmctldPidFile={layout.run}/slurmctld.own.pid
SlurmctldLogFile={layout.log}/slurmctld-dated.log
SlurmdSpoolDir=/var/spool/slurmd
SlurmdPidFile=/run/slurmd.pid
SlurmdLogFile=/var/log/slurmd.log
NodeName=gpu[000-{last:03}] NodeAddr={addresses} CPUs=8 RealMemory=1000 Gres=gpu:4 State=UNKNOWN
PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
""")
