"""The records as `scontrol show` prints them, field by field in 22.05's order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from .hostlist import fold
from .records import Job, NodeRecord, Reservation
from .times import span, stamp
from .versions import Version

_USERS_FIRST_UID: Final = 5000
_KERNEL: Final = "Linux 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1"


def record_text(lines: Sequence[str], *, one_line: bool) -> str:
    """Return a record's lines as one, or one under the other as for a person."""
    return " ".join(lines) if one_line else "\n   ".join(lines) + "\n"


def user_id(user: str) -> int:
    """Return a job user's uid."""
    return 0 if user == "root" else _USERS_FIRST_UID + int("".join(c for c in user if c.isdigit()) or 0)


def node_lines(node: NodeRecord, zone: ZoneInfo, now: datetime, version: Version) -> list[str]:
    """Return `scontrol show node`'s lines."""
    used, free = node.cpus_used, node.memory_mb * 95 // 100
    lines = [
        f"NodeName={node.name} Arch=x86_64 CoresPerSocket={max(1, node.cpus // 2)} ",
        f"CPUAlloc={used} CPUEfctv={node.cpus} CPUTot={node.cpus} CPULoad={used:.2f}",
        "AvailableFeatures=(null)",
        "ActiveFeatures=(null)",
        f"Gres={node.gres or '(null)'}",
        f"NodeAddr={node.address} NodeHostName={node.name} Version={version.full}",
        f"OS={_KERNEL} ",
        f"RealMemory={node.memory_mb} AllocMem=0 FreeMem={free} Sockets=2 Boards=1",
        f"State={node.state} ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A",
        f"Partitions={node.partition} ",
        f"BootTime={stamp(node.booted, zone, 'None')} SlurmdStartTime={stamp(node.slurmd_started, zone, 'None')}",
        f"LastBusyTime={stamp(now if node.running else node.last_busy or node.slurmd_started, zone)}",
        f"CfgTRES={_tres(node.cpus, node.memory_mb, node.gpus)}",
        f"AllocTRES={_tres(used, 0, node.gpus_used) if used else ''}",
        "CapWatts=n/a",
        "CurrentWatts=0 AveWatts=0",
        "ExtSensorsJoules=n/s ExtSensorsWatts=0 ExtSensorsTemp=n/s",
    ]
    if node.reason is not None:
        when = f" [{node.reason_by}@{stamp(node.reason_at, zone)}]" if node.reason_at else ""
        lines.append(f"Reason={node.reason}{when}")
    return [*lines, *version.behind_reason]


def reservation_lines(made: Reservation, nodes: dict[str, NodeRecord], zone: ZoneInfo, now: datetime) -> list[str]:
    """Return `scontrol show reservation`'s lines."""
    cores = sum(nodes[name].cpus for name in made.nodes if name in nodes)
    flags = ",".join([*sorted(made.flags), *(["SPEC_NODES"] if made.specified else [])])
    return [
        (
            f"ReservationName={made.name} StartTime={stamp(made.start, zone)} EndTime={stamp(made.end, zone)}"
            f" Duration={span(made.end - made.start)}"
        ),
        (
            f"Nodes={fold(made.nodes, '(null)')} NodeCnt={len(made.nodes)} CoreCnt={cores} Features=(null)"
            f" PartitionName={made.partition or '(null)'} Flags={flags}"
        ),
        f"TRES=cpu={cores}",
        (
            f"Users={','.join(made.users) or '(null)'} Groups=(null) Accounts={','.join(made.accounts) or '(null)'}"
            f" Licenses=(null) State={'ACTIVE' if made.is_active(now) else 'INACTIVE'} BurstBuffer=(null) Watts=n/a"
        ),
        "MaxStartDelay=(null)",
    ]


def job_lines(job: Job, zone: ZoneInfo, now: datetime) -> list[str]:
    """Return `scontrol show job`'s lines."""
    first = job.nodes[0] if job.nodes else ""
    start, submit = stamp(job.started, zone), stamp(job.submitted, zone)
    lines = [
        f"JobId={job.id} JobName={job.name}",
        f"UserId={job.user}({user_id(job.user)}) GroupId=users(100) MCS_label=N/A",
        f"Priority={4294901760 - job.id} Nice=0 Account=(null) QOS=(null)",
        f"JobState={job.shown} Reason={job.why} Dependency=(null)",
        f"Requeue={int(job.requeue)} Restarts={job.restarts} BatchFlag=1 Reboot=0 ExitCode=0:0",
        f"RunTime={span(run_time(job, now))} TimeLimit={span(job.limit)} TimeMin=N/A",
        f"SubmitTime={submit} EligibleTime={submit}",
        f"AccrueTime={submit}",
        f"StartTime={start} EndTime={stamp(job.ends_at, zone)} Deadline=N/A",
        f"SuspendTime=None SecsPreSuspend=0 LastSchedEval={stamp(job.started or now, zone)} Scheduler=Main",
        f"Partition={job.partition} AllocNode:Sid=login01:4711",
        f"ReqNodeList={fold(job.wanted, '(null)')} ExcNodeList=(null)",
        f"NodeList={fold(job.nodes, '(null)')}",
        *([f"BatchHost={first}"] if first else []),
        (
            f"NumNodes={job.count} NumCPUs={job.cpus * job.count} NumTasks={job.count} CPUs/Task={job.cpus}"
            " ReqB:S:C:T=0:0:*:*"
        ),
        f"TRES={_tres(job.cpus * job.count, 0, job.gpus * job.count, job.count)}",
        "Socks/Node=* NtasksPerN:B:S:C=0:0:*:* CoreSpec=*",
        f"MinCPUsNode={job.cpus} MinMemoryNode=0 MinTmpDiskNode=0",
        "Features=(null) DelayBoot=00:00:00",
        "OverSubscribe=OK Contiguous=0 Licenses=(null) Network=(null)",
        f"Command=/home/{job.user}/{job.name}.sh",
        f"WorkDir=/home/{job.user}",
        "Power=",
    ]
    return [*lines, f"TresPerNode=gres:gpu:{job.gpus}"] if job.gpus else lines


def partition_lines(name: str, nodes: Sequence[NodeRecord], *, is_default: bool) -> list[str]:
    """Return `scontrol show partition`'s lines."""
    cpus = sum(node.cpus for node in nodes)
    return [
        f"PartitionName={name}",
        "AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL",
        f"AllocNodes=ALL Default={'YES' if is_default else 'NO'} QoS=N/A",
        "DefaultTime=NONE DisableRootJobs=NO ExclusiveUser=NO GraceTime=0 Hidden=NO",
        "MaxNodes=UNLIMITED MaxTime=UNLIMITED MinNodes=0 LLN=NO MaxCPUsPerNode=UNLIMITED",
        f"Nodes={fold(node.name for node in nodes)}",
        "PriorityJobFactor=1 PriorityTier=1 RootOnly=NO ReqResv=NO OverSubscribe=NO",
        "OverTimeLimit=NONE PreemptMode=OFF",
        f"State=UP TotalCPUs={cpus} TotalNodes={len(nodes)} SelectTypeParameters=NONE",
        "JobDefaults=(null)",
        "DefMemPerNode=UNLIMITED MaxMemPerNode=UNLIMITED",
        f"TRES=cpu={cpus},mem={sum(node.memory_mb for node in nodes)}M,node={len(nodes)},billing={cpus}",
    ]


def run_time(job: Job, now: datetime) -> timedelta:
    """Return how long a job has run, or ran."""
    return (job.ended or now) - job.started if job.started else timedelta()


def _tres(cpus: int, memory_mb: int, gpus: int, nodes: int = 0) -> str:
    parts = [f"cpu={cpus}"]
    if memory_mb:
        parts.append(f"mem={memory_mb}M")
    if nodes:
        parts.append(f"node={nodes}")
    parts.append(f"billing={cpus}")
    if gpus:
        parts.append(f"gres/gpu={gpus}")
    return ",".join(parts)
