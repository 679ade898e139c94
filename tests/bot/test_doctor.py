"""The doctor on a site: all green when all is well, and for each thing that is not, what to do."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console

from bot.core import Core, build
from bot.doctor import Result, examine, table
from sandbox.faults import Fault
from sandbox.slack import seed
from tests.conversion.rig import Rig, rigged


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with rigged(speed=1.0, busy=0.0, gpu_nodes=3, cpu_nodes=0) as found:
        yield found


@pytest.fixture
def core(rig: Rig) -> Iterator[Core]:
    """Build the product anew, as the command does: no answer and no connection is left over from the test before."""
    built = build(rig.site.paths / "lendbot.toml")
    yield built
    built.close()


@pytest.fixture
def fault(rig: Rig) -> Iterator[Callable[[str, str], None]]:
    """Return a function that breaks a side of the site for this test."""
    yield lambda side, mode: rig.site.call(lambda: rig.site.faults.set(Fault(side, mode)))
    rig.site.call(rig.site.faults.clear)


def with_slack(core: Core, **changes: Any) -> Core:
    slack = core.settings.slack.model_copy(update=changes)
    return replace(core, settings=core.settings.model_copy(update={"slack": slack}))


def with_rules(core: Core, **changes: Any) -> Core:
    gpu = core.classes["gpu"]
    return replace(core, classes={"gpu": replace(gpu, rules=replace(gpu.rules, **changes))})


def bad(core: Core) -> dict[str, Result]:
    return {result.what: result for result in examine(core) if result.is_bad}


def test_a_site_in_order_is_all_green_and_untouched(rig: Rig, core: Core) -> None:
    """An installer sees that it is done; nothing was changed by looking."""
    before = rig.room()
    results = examine(core)
    assert [(r.what, r.found, r.do) for r in results if r.is_bad] == []
    asked = " ".join(result.what for result in results)
    for side in ("settings", "store", "Slack", "Slurm", "Kubernetes", "SSH", "BMC"):
        assert side in asked
    assert {n: (v["slurm"]["state"], v["power"]) for n, v in rig.room().items()} == {
        n: (v["slurm"]["state"], v["power"]) for n, v in before.items()
    }


@pytest.mark.parametrize(
    ("side", "mode", "what"),
    [
        ("slack", "refuse", "Slack: bot token and scopes"),
        ("slurm", "refuse", "Slurm: rights"),
        ("slurm", "rubbish", "Slurm: reading"),
        ("kube", "refuse", "Kubernetes: rights"),
        ("ssh", "refuse", "SSH: a gpu node"),
        ("ssh", "hostkey", "SSH: a gpu node"),
        ("bmc", "refuse", "BMC: a gpu node"),
        ("bmc", "rubbish", "BMC: a gpu node"),
        ("bmc", "password", "BMC: a gpu node"),
    ],
)
def test_each_side_that_is_broken_is_named_with_what_to_do(
    core: Core, fault: Callable[[str, str], None], side: str, mode: str, what: str
) -> None:
    """One broken side does not hide the others, and its line says what to do."""
    fault(side, mode)
    found = bad(core)
    assert what in found
    assert found[what].do
    assert found[what].found
    assert "Traceback" not in found[what].found


@pytest.mark.parametrize(
    ("changed", "what", "advice"),
    [
        (lambda c: with_slack(c, bot_token=SecretStr("xoxb-wrong")), "Slack: bot token and scopes", "BOT_TOKEN"),
        (lambda c: with_slack(c, app_token=SecretStr("xapp-wrong")), "Slack: app token", ""),
        (lambda c: with_slack(c, oncall_channel="C0NOWHERE1"), "Slack: channel C0NOWHERE1", "id right"),
        (lambda c: with_slack(c, oncall_channel=seed.C_RANDOM), f"Slack: channel {seed.C_RANDOM}", "/invite"),
        (lambda c: with_slack(c, base_url="http://127.0.0.1:9/api/"), "Slack: bot token and scopes", "reach"),
        (lambda c: with_rules(c, approvers=frozenset({"S0NOBODY01"})), "Slack: user group S0NOBODY01", "group"),
        (lambda c: with_rules(c, floor=3), "Slurm: class gpu", "floor"),
        (
            lambda c: replace(c, classes={"gpu": replace(c.classes["gpu"], partition="gone")}),
            "Slurm: class gpu",
            "scontrol show node",
        ),
    ],
    ids=["bot token", "app token", "no channel", "not invited", "no Slack", "no group", "floor", "no nodes"],
)
def test_each_wrong_setting_is_named_with_what_to_do(
    core: Core, changed: Callable[[Core], Core], what: str, advice: str
) -> None:
    """The words that the installer needs next stand in the last column."""
    found = bad(changed(core))
    assert what in found
    assert advice in found[what].do
    assert found[what].do


def test_the_table_shows_what_far_sides_say_as_it_is() -> None:
    """A bracket in an error is no colour, and does not break the table."""
    out = StringIO()
    Console(file=out, width=120).print(table([Result("SSH", is_bad=True, found="[red] said [/nothing]", do="[b]x")]))
    assert "[red] said [/nothing]" in out.getvalue()
    assert "[b]x" in out.getvalue()
