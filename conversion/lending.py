"""The steps that take one node from DOWN+DRAIN in Slurm to Ready in Kubernetes."""

from collections.abc import Sequence

from conversion import boots
from conversion.ports import DaemonPods, Ran
from conversion.slurm_view import node_of
from conversion.steps import Done, NodeWork, NotYet, Seen, TryIsOver
from loans.facts import StepFinished
from loans.nodes import is_drained, is_out_of_slurm
from loans.runbook import StepName
from loans.whose import Whose, whose

_LOCKED = 75
"""What flock is told to answer when somebody else holds the lock (EX_TEMPFAIL of sysexits.h)."""
_CAME_CORDONED = "it registered cordoned"
_PUPPET_FINE = (0, 2)
"""puppet apply --detailed-exitcodes: nothing to do, or changed."""


def check_out(work: NodeWork) -> Seen:
    """Make sure that Slurm cannot use the node: nothing is changed on it before that.

    IDLE+DRAIN will do as well: it is what a node says that rebooted where ReturnToService=2 (measured).
    """
    node = node_of(work.far.slurm, work.node)
    found = whose(node, work.loan.mark)
    ours = found is Whose.OURS or (found is Whose.SLURM and work.memory.has_set(node.name))
    if ours and (is_out_of_slurm(node) or is_drained(node)):
        return Done()
    return NotYet(f'Slurm says {node.state}, reason "{node.reason or ""}"')


def check_prepared(work: NodeWork) -> Seen:
    """Ask for the note that the last prepare command left on the node."""
    return noted(work, "prepared", str(work.loan.mark))


def prepare(work: NodeWork) -> None:
    """Run the class's commands, GPUs included, in order; the first that fails ends the try."""
    work.note_boot(boots.seen(work))
    for argv in work.node_class.prepare:
        ran = work.far.shell.run(work.node, argv, timeout=work.pace.command_timeout)
        if ran.exit != 0:
            raise TryIsOver(f"`{' '.join(argv)}` failed with {ran.exit}: {last_line(ran)}")
    note(work, "prepared", str(work.loan.mark))


def check_role(work: NodeWork) -> Seen:
    """Read the role file."""
    ran = _ask(work, "cat", work.pace.role_file)
    return Done() if ran.exit == 0 and ran.out.strip() == work.node_class.role else NotYet("the role is not written")


def write_role(work: NodeWork) -> None:
    """Write the role file in one move: Puppet must never read half a word."""
    work.note_boot(boots.seen(work))
    _run(work, "tee", f"{work.pace.role_file}.new", stdin=f"{work.node_class.role}\n")
    _run(work, "mv", "-f", f"{work.pace.role_file}.new", work.pace.role_file)


def check_applied(work: NodeWork) -> Seen:
    """Ask for the note that a good Puppet run of this loan left on the node, or for what such a run brings about."""
    seen = noted(work, "puppet", f"{work.loan.mark} {work.node_class.role}")
    return seen if isinstance(seen, Done) else _has_registered(work) or seen


def _has_registered(work: NodeWork) -> Done | None:
    """Say done of a node that is Ready in Kubernetes although no run is noted: lendbot died before it could note it.

    Pods may be there by now, and Puppet must not run again under them; the steps after this one ask for the rest.
    """
    node = work.far.kubernetes.node(work.kube_name)
    if node is None or not node.ready or node.mark not in (None, work.loan.mark):
        return None
    lock = f"{work.pace.run_dir}/puppet.lock"
    free = _ask(work, "flock", "--nonblock", "--conflict-exit-code", str(_LOCKED), lock, "true")
    return Done("Puppet has registered the node; its end was not noted") if free.exit == 0 else None


def run_puppet(work: NodeWork) -> Seen | None:
    """Run Puppet under a lock: `puppet apply` has none, and two at once both answer 0 (measured).

    Without the role Puppet would make it a batch node, and answer 0: a reboot since then wipes the role.
    """
    if isinstance(check_role(work), NotYet):
        raise TryIsOver("the role is gone from the node: has it rebooted?")
    work.note_boot(boots.seen(work))
    lock = f"{work.pace.run_dir}/puppet.lock"
    _keep(work, "mkdir", "-p", work.pace.run_dir)
    argv = ("flock", "--nonblock", "--conflict-exit-code", str(_LOCKED), lock, *work.pace.puppet)
    ran = work.far.shell.run(work.node, argv, timeout=work.pace.puppet_timeout)
    if ran.exit == _LOCKED:
        return NotYet("an earlier Puppet run is still at work there")
    if ran.exit not in _PUPPET_FINE:
        raise TryIsOver(f"Puppet failed with {ran.exit}: {last_line(ran)}")
    note(work, "puppet", f"{work.loan.mark} {work.node_class.role}")
    return None


def check_joined(work: NodeWork) -> Seen:
    """Ask Kubernetes for the node; one that another loan has marked is nobody's to take.

    Whether it registered cordoned is noted: only that cordon is ours to lift.
    """
    node = work.far.kubernetes.node(work.kube_name)
    if node is None:
        return NotYet("Kubernetes has not seen the node register")
    if node.mark not in (None, work.loan.mark):
        raise TryIsOver(f"in Kubernetes the node carries the mark of {node.mark.said}")
    return Done() if node.schedulable else Done(_CAME_CORDONED)


def check_labelled(work: NodeWork) -> Seen:
    """Ask for our mark, the class's labels and its taints."""
    node = work.far.kubernetes.node(work.kube_name)
    if node is None:
        return NotYet("Kubernetes does not know the node")
    wanted = work.node_class
    has_labels = all(node.labels.get(key) == value for key, value in wanted.labels.items())
    if node.mark == work.loan.mark and has_labels and set(wanted.taints) <= set(node.taints):
        return Done()
    return NotYet("labels and taints are not all there")


def label(work: NodeWork) -> None:
    """Put our mark, the labels and the taints on the node."""
    wanted = work.node_class
    work.far.kubernetes.mark(work.kube_name, work.loan.mark, wanted.labels, wanted.taints)


def check_ready(work: NodeWork) -> Seen:
    """Ask whether the node is Ready and open for pods."""
    node = work.far.kubernetes.node(work.kube_name)
    if node is None:
        return NotYet("Kubernetes does not know the node")
    if not node.ready:
        return NotYet(f"waiting to be Ready{': ' + node.not_ready_why if node.not_ready_why else ''}")
    if node.schedulable:
        return Done()
    if _came_cordoned(work):
        return NotYet("it is cordoned")
    return NotYet("it has been cordoned since it joined, and not by me: whoever did that may have a reason")


def open_for_pods(work: NodeWork) -> None:
    """Uncordon a node that registered cordoned, as some sites have it; a later cordon is somebody's."""
    node = work.far.kubernetes.node(work.kube_name)
    if node is not None and not node.schedulable and _came_cordoned(work):
        work.far.kubernetes.uncordon(work.kube_name, work.loan.mark)


def _came_cordoned(work: NodeWork) -> bool:
    """Ask the journal what the node was when it joined; without a word of it nobody knows whose the cordon is."""
    joined = [told.fact for told in work.journal if told.fact.step is StepName.JOIN]
    ends = [fact.said for fact in joined if isinstance(fact, StepFinished)]
    return ends[-1:] == [_CAME_CORDONED]


def check_daemons(work: NodeWork) -> Seen:
    """Ask whether every DaemonSet that belongs on the node has a ready pod there, those of the settings aside."""
    pods = work.far.kubernetes.daemon_pods(work.kube_name)
    missing = _waited_for(work, pods)
    if missing:
        return NotYet(f"{', '.join(missing)} not ready ({pods.expected - len(pods.missing)} of {pods.expected})")
    return Done(f"{pods.expected - len(pods.missing)} DaemonSet pods ready")


def leave_hopeless_daemons(work: NodeWork) -> Seen:
    """Go on without those that are ready on no node of the cluster: another node would fare no better."""
    pods = work.far.kubernetes.daemon_pods(work.kube_name)
    seen, missing = check_daemons(work), _waited_for(work, pods)
    if isinstance(seen, Done) or not set(missing) <= pods.nowhere:
        return seen
    return Done(f"{', '.join(missing)}: ready nowhere in the cluster, so not waited for")


def _waited_for(work: NodeWork, pods: DaemonPods) -> list[str]:
    return [name for name in pods.missing if name not in work.node_class.skip_daemonsets]


def last_line(ran: Ran) -> str:
    """Return the last line that a command said, errors first, cut to what a card can hold."""
    lines = [line.strip() for line in (ran.err or ran.out).splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"


def _ask(work: NodeWork, *argv: str) -> Ran:
    return work.far.shell.ask(work.node, argv, timeout=work.pace.command_timeout)


def _must(argv: Sequence[str], ran: Ran) -> None:
    if ran.exit != 0:
        raise TryIsOver(f"`{argv[0]}` failed with {ran.exit}: {last_line(ran)}")


def _run(work: NodeWork, *argv: str, stdin: str | None = None) -> None:
    _must(argv, work.far.shell.run(work.node, argv, timeout=work.pace.command_timeout, stdin=stdin))


def _keep(work: NodeWork, *argv: str, stdin: str | None = None) -> None:
    _must(argv, work.far.shell.note(work.node, argv, timeout=work.pace.command_timeout, stdin=stdin))


def note(work: NodeWork, name: str, text: str) -> None:
    """Leave a note under run_dir, which a reboot wipes: what it says is true of this boot.

    It is no change that the far sides have a say in: once Puppet has run, pods may be on the node before we note it.
    """
    path = f"{work.pace.run_dir}/{name}"
    _keep(work, "mkdir", "-p", work.pace.run_dir)
    _keep(work, "tee", f"{path}.new", stdin=f"{text}\n")
    _keep(work, "mv", "-f", f"{path}.new", path)


def noted(work: NodeWork, name: str, text: str) -> Seen:
    ran = _ask(work, "cat", f"{work.pace.run_dir}/{name}")
    return Done() if ran.exit == 0 and ran.out.strip() == text else NotYet("not done on this boot")
