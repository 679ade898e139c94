"""From settings to the domain's values: classes, rules and pace."""

from collections.abc import Callable, Mapping

from bot.settings.site import ClassSettings, PaceSettings, SiteSettings
from conversion.pace import Pace
from loans.classes import Check, NodeClass, Rules
from loans.nodes import NodeName, Taint

Expand = Callable[[str], tuple[NodeName, ...]]


def classes(settings: SiteSettings, expand: Expand) -> Mapping[str, NodeClass]:
    """Return every class of the site by name.

    expand   turns a hostlist into names
    raises   ValueError with the key when a class's nodes are no hostlist
    """
    return {name: _node_class(name, of, expand) for name, of in settings.classes.items()}


def _node_class(name: str, of: ClassSettings, expand: Expand) -> NodeClass:
    return NodeClass(
        name=name,
        partition=of.partition,
        rules=Rules(
            requesters=of.requesters,
            approvers=of.approvers,
            operators=of.operators,
            oncall=of.oncall,
            oncall_second=of.oncall_second,
            floor=of.floor,
            max_nodes=of.max_nodes,
            max_length=of.max_length,
            max_waiting=of.max_waiting,
            lapse_after=of.lapse_after,
            reminders=of.reminders,
            to_convert=of.to_convert,
            to_return=of.to_return,
        ),
        aliases=of.aliases,
        nodes=_nodes(name, of.nodes, expand),
        features=of.features,
        gres=of.gres,
        role=of.role,
        prepare=of.prepare,
        kube_name=of.kube_name,
        labels=of.labels,
        taints=tuple(Taint(taint.key, taint.value, taint.effect) for taint in of.taints),
        skip_daemonsets=of.skip_daemonsets,
        allocatable=of.allocatable,
        images=of.images,
        pull=of.pull,
        verify=tuple(Check(check.run, check.says, check.expect) for check in of.verify),
        unit=of.unit,
        power=of.power,
        channel=of.channel,
    )


def _nodes(name: str, hostlist: str, expand: Expand) -> frozenset[NodeName]:
    try:
        return frozenset(expand(hostlist))
    except ValueError as e:
        raise ValueError(f"classes.{name}.nodes: {e}; for example 'gpu[001-020]'") from e


def pace(settings: PaceSettings) -> Pace:
    """Return the engine's pace."""
    return Pace(
        look_every=settings.look_every,
        evict_every=settings.evict_every,
        ask_after=settings.ask_after,
        call_again=tuple(sorted(settings.call_again)),
        passing=settings.passing,
        settle_for=settings.settle_for,
        command_timeout=settings.command_timeout,
        puppet_timeout=settings.puppet_timeout,
        waves=settings.waves,
        breaker_nodes=settings.breaker_nodes,
        breaker_within=settings.breaker_within,
        breaker_asks=settings.breaker_asks,
        role_file=settings.role_file,
        run_dir=settings.run_dir,
        puppet=settings.puppet,
        patience=settings.patience,
    )
