"""`scontrol show ...`: which records, and what it says when there are none."""

from collections.abc import Sequence

from sandbox.terminal import Caller, Printer, Result

from .controller import Controller
from .hostlist import fold, unfold
from .records import SlurmError
from .show import job_lines, node_lines, partition_lines, record_text, reservation_lines
from .times import stamp


def show(words: Sequence[str], controller: Controller, who: Caller, *, one_line: bool) -> Result:
    """Run `scontrol show ENTITY [NAME]`."""
    entity = words[0].lower() if words else ""
    name = words[1] if len(words) > 1 else None
    if entity.startswith("hostname"):
        return Result(out="".join(f"{host}\n" for host in unfold(name or "")))
    if entity.startswith("hostlist"):
        return Result(out=fold(unfold(name or "")) + "\n")
    if "node".startswith(entity[:4]) and entity:
        return _nodes(name, controller, who, one_line=one_line)
    if entity.startswith("res"):
        return _reservations(name, controller, who, one_line=one_line)
    if entity.startswith("job"):
        return _jobs(name, controller, who, one_line=one_line)
    if entity.startswith("part"):
        return _partitions(name, controller, one_line=one_line)
    if entity.startswith("conf"):
        return Result(out=_config(controller, who))
    return Result(1, "", f"invalid entity:{entity} for keyword:show \n")


def _nodes(name: str | None, controller: Controller, who: Caller, *, one_line: bool) -> Result:
    printer = Printer()
    try:
        wanted = unfold(name) if name else list(controller.nodes)
    except SlurmError:
        return Result(1, f"Node {name} not found\n")
    for each in wanted:
        record = controller.nodes.get(each)
        if record is None:
            printer.out.append(f"Node {each} not found")
        else:
            printer.out.append(
                record_text(node_lines(record, who.zone, controller.now, controller.version), one_line=one_line)
            )
    return printer.result(int(any(each not in controller.nodes for each in wanted)))


def _reservations(name: str | None, controller: Controller, who: Caller, *, one_line: bool) -> Result:
    found = [made for made in controller.reservations.values() if name in (None, made.name)]
    if not found:
        text = f"Reservation {name} not found" if name else "No reservations in the system"
        return Result(int(name is not None), f"{text}\n")
    lines = (reservation_lines(made, controller.nodes, who.zone, controller.now) for made in found)
    return Result(out="".join(record_text(each, one_line=one_line) + "\n" for each in lines))


def _jobs(name: str | None, controller: Controller, who: Caller, *, one_line: bool) -> Result:
    found = [job for job in controller.jobs.values() if name in (None, str(job.id))]
    if not found:
        if name:
            return Result(1, "", "slurm_load_jobs error: Invalid job id specified\n")
        return Result(out="No jobs in the system\n")
    lines = (job_lines(job, who.zone, controller.now) for job in found)
    return Result(out="".join(record_text(each, one_line=one_line) + "\n" for each in lines))


def _partitions(name: str | None, controller: Controller, *, one_line: bool) -> Result:
    everything = controller.by_partition()
    default = next(iter(everything))
    found = {key: nodes for key, nodes in everything.items() if name in (None, key)}
    if not found:
        return Result(1, f"Partition {name} not found\n")
    lines = (partition_lines(key, nodes, is_default=key == default) for key, nodes in found.items())
    return Result(out="".join(record_text(each, one_line=one_line) + "\n" for each in lines))


def _config(controller: Controller, who: Caller) -> str:
    settings = {
        "BOOT_TIME": stamp(controller.started, who.zone),
        "ClusterName": controller.cluster,
        "GresTypes": "gpu",
        "KillWait": "30 sec",
        "MinJobAge": "300 sec",
        "ReturnToService": str(controller.return_to_service),
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_CORE",
        "SlurmUser": f"{controller.slurm_user}({0 if controller.slurm_user == 'root' else 64030})",
        "SlurmctldHost[0]": "mgmt",
        "SlurmdTimeout": "10 sec",
        "SLURM_VERSION": controller.version.full,
        "SuspendExcNodes": "(null)",
        "SuspendExcParts": "(null)",
        "SuspendExcStates": "(null)",
        "SuspendProgram": "(null)",
        "SuspendTime": "INFINITE",
        **controller.settings,
    }
    head = f"Configuration data as of {stamp(controller.now, who.zone)}\n"
    return (
        head
        + "".join(f"{key:<23} = {value}\n" for key, value in settings.items())
        + "\nSlurmctld(primary) at mgmt is UP\n"
    )
