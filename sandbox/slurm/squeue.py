"""squeue and scancel."""

import contextlib
import getopt
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sandbox.terminal import Caller, Result

from .controller import Controller
from .formats import heading, render
from .hostlist import fold, unfold
from .records import ENDED, PACKAGE, Job, JobFlag, JobState, SlurmError
from .show import run_time, user_id
from .times import short_span, span, stamp

_DEFAULT: Final = "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R"
_NAMES: Final = {
    "A": "JOBID", "B": "EXEC_HOST", "C": "CPUS", "D": "NODES", "E": "DEPENDENCY", "F": "ARRAY_JOB_ID", "L": "TIME_LEFT",
    "M": "TIME", "N": "NODELIST", "P": "PARTITION", "Q": "PRIORITY", "R": "NODELIST(REASON)", "S": "START_TIME",
    "T": "STATE",
    "U": "USER", "V": "SUBMIT_TIME", "Z": "WORK_DIR", "a": "ACCOUNT", "b": "TRES_PER_NODE", "c": "MIN_CPUS",
    "e": "END_TIME", "i": "JOBID", "j": "NAME", "l": "TIME_LIMIT", "m": "MIN_MEMORY", "n": "REQ_NODES", "o": "COMMAND",
    "q": "QOS", "r": "REASON", "t": "ST", "u": "USER", "v": "RESERVATION",
}  # fmt: skip
_LONG: Final = [
    "noheader", "all", "states=", "partition=", "nodelist=", "jobs=", "format=", "user=", "sort=", "long", "array",
    "name=", "start", "me", "local", "version",
]  # fmt: skip


def squeue(argv: Sequence[str], controller: Controller, who: Caller) -> Result:
    """Run `squeue ARGV...`."""
    try:
        pairs, _ = getopt.gnu_getopt(list(argv), "hat:p:w:j:o:u:S:lrn:V", _LONG)
        options = {**_of_environment(who), **{key.lstrip("-"): value for key, value in pairs}}
        jobs = [job for job in controller.jobs.values() if _matches(job, options, who)]
    except getopt.GetoptError as error:
        return Result(
            1, "", f"squeue: unrecognized option '--{error.opt}'\nTry \"squeue --help\" for more information\n"
        )
    except SlurmError as error:
        return Result(1, "", f"squeue: error: {error}\n")
    if "V" in options or "version" in options:
        return Result(out=f"{PACKAGE} {controller.version.full}\n")
    wanted = _ids(options)
    if len(wanted) == 1 and not any(job.id in wanted for job in controller.jobs.values()):
        return Result(1, "", "slurm_load_jobs error: Invalid job id specified\n")
    layout = options.get("o") or options.get("format") or _DEFAULT
    lines = [] if "h" in options or "noheader" in options else [heading(layout, _NAMES)]
    lines += [_row(job, layout, who, controller.now) for job in sorted(jobs, key=_order)]
    return Result(out="".join(f"{line.rstrip() if layout == _DEFAULT else line}\n" for line in lines))


def scancel(argv: Sequence[str], controller: Controller, who: Caller) -> Result:
    """Run `scancel [-s SIGNAL] ID...`; a job that is not there is passed over without a word, as it was measured."""
    complaints = []
    signals, words = getopt.gnu_getopt(list(argv), "s:", ["signal="])
    for word in words:
        job = controller.jobs.get(int(word)) if word.isdigit() else None
        if job is not None and not who.is_root and job.user != who.user:
            complaints.append(f"scancel: error: Kill job error on job id {word}: Access/permission denied")
            continue
        if signals:
            _signal(job, signals[-1][1])
            continue
        with contextlib.suppress(SlurmError):
            controller.cancel(int(word) if word.isdigit() else 0)
    return Result(int(bool(complaints)), "", "".join(f"{line}\n" for line in complaints))


def _signal(job: Job | None, name: str) -> None:
    """Send a signal: of those that leave a job running, STOP alone shows, until CONT."""
    if job is not None and job.state is JobState.RUNNING and name in {"STOP", "CONT"}:
        job.flag = JobFlag.STOPPED if name == "STOP" else None


def _of_environment(who: Caller) -> dict[str, str]:
    """Return the options that an account's environment gives to every squeue of its."""
    given = {"SQUEUE_USERS": "user", "SQUEUE_PARTITION": "partition", "SQUEUE_STATES": "states"}
    return {option: said for name, option in given.items() if (said := who.environment.get(name))}


def _row(job: Job, layout: str, who: Caller, now: datetime) -> str:
    return render(layout, lambda letter: _VALUES.get(letter, _unknown)(job, who, now))


def _matches(job: Job, options: Mapping[str, str], who: Caller) -> bool:
    nodes = options.get("w") or options.get("nodelist")
    partitions = options.get("p") or options.get("partition")
    users = who.user if "me" in options else options.get("u") or options.get("user")
    wanted = _ids(options)
    return (
        _state_matches(job, options.get("t") or options.get("states"))
        and (not partitions or job.partition in partitions.split(","))
        and (not users or job.user in users.split(","))
        and (not wanted or job.id in wanted)
        and (not nodes or bool(set(unfold(nodes)) & set(job.nodes)))
    )


def _ids(options: Mapping[str, str]) -> set[int]:
    text = options.get("j") or options.get("jobs") or ""
    return {int(word) for word in text.split(",") if word.isdigit()}


def _state_matches(job: Job, states: str | None) -> bool:
    """Tell whether a job is wanted: without a wish its state alone counts, else the whole of it, flag and all."""
    if not states:
        return job.state not in ENDED
    wanted = {word.upper() for word in states.split(",")}
    return "ALL" in wanted or job.shown in wanted or job.shown.compact in wanted


def _order(job: Job) -> tuple[bool, int]:
    return job.state is not JobState.PENDING, job.id


def _unknown(_job: Job, _who: Caller, _now: datetime) -> str:
    return "N/A"


def _nodes_or_reason(job: Job) -> str:
    return f"({job.why})" if job.state is JobState.PENDING else fold(job.nodes)


_VALUES: Final[Mapping[str, Callable[[Job, Caller, datetime], str]]] = {
    "A": lambda job, _who, _now: str(job.id),
    "B": lambda job, _who, _now: job.nodes[0] if job.nodes else "n/a",
    "C": lambda job, _who, _now: str(job.cpus * job.count),
    "D": lambda job, _who, _now: str(job.count),
    "E": lambda _job, _who, _now: "(null)",
    "F": lambda job, _who, _now: str(job.id),
    "L": lambda job, _who, now: short_span(job.limit - run_time(job, now)),
    "M": lambda job, _who, now: short_span(run_time(job, now)),
    "N": lambda job, _who, _now: fold(job.nodes),
    "P": lambda job, _who, _now: job.partition,
    "Q": lambda job, _who, _now: str(4294901760 - job.id),
    "R": lambda job, _who, _now: _nodes_or_reason(job),
    "S": lambda job, who, _now: stamp(job.started, who.zone, "N/A"),
    "T": lambda job, _who, _now: job.shown,
    "U": lambda job, _who, _now: str(user_id(job.user)),
    "V": lambda job, who, _now: stamp(job.submitted, who.zone),
    "Z": lambda job, _who, _now: f"/home/{job.user}",
    "a": lambda _job, _who, _now: "(null)",
    "b": lambda job, _who, _now: f"gres:gpu:{job.gpus}" if job.gpus else "N/A",
    "c": lambda job, _who, _now: str(job.cpus),
    "e": lambda job, who, _now: stamp(job.ends_at, who.zone, "N/A"),
    "i": lambda job, _who, _now: str(job.id),
    "j": lambda job, _who, _now: job.name,
    "l": lambda job, _who, _now: span(job.limit) if job.limit.days else short_span(job.limit),
    "m": lambda _job, _who, _now: "0",
    "n": lambda job, _who, _now: fold(job.wanted),
    "o": lambda job, _who, _now: f"/home/{job.user}/{job.name}.sh",
    "q": lambda _job, _who, _now: "(null)",
    "r": lambda job, _who, _now: job.why,
    "t": lambda job, _who, _now: job.shown.compact,
    "u": lambda job, _who, _now: job.user,
    "v": lambda _job, _who, _now: "(null)",
}
