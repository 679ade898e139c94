"""The doctor on a site: all green when all is well, and for each thing that is not, what to do."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from bot.core import Core, build
from bot.doctor import exposure
from bot.doctor.examination import examine
from bot.doctor.findings import Bad, Result, Verdict
from conversion.worlds import made_with
from loans.loan import State
from loans.made_with import MadeWith
from loans.nodes import NodeName
from sandbox.faults import Fault
from sandbox.slack import seed
from store.db import Store
from tests.conversion.rig import UNHURRIED, Rig, rigged

KEY = "the key"
Broken = Callable[[str, str], None]


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    # Sixty examinations in a minute are not what Slack's limits are for: without this the tests mostly wait for them.
    slack = replace(UNHURRIED, are_rates_enforced=False)
    with rigged(speed=1.0, busy=0.0, gpu_nodes=3, cpu_nodes=0, slack=slack) as found:
        yield found


@pytest.fixture
def core(rig: Rig) -> Iterator[Core]:
    """Build the product anew, as the command does: no answer and no connection is left over from the test before."""
    built = build(rig.site.paths / "lendbot.toml")
    yield built
    built.close()


@pytest.fixture
def fault(rig: Rig) -> Iterator[Broken]:
    """Return a function that breaks a side of the site for this test."""
    yield lambda side, mode: rig.site.call(lambda: rig.site.faults.set(Fault(side, mode)))
    rig.site.call(rig.site.faults.clear)


def with_slack(core: Core, **changes: Any) -> Core:
    slack = core.settings.slack.model_copy(update=changes)
    return replace(core, settings=core.settings.model_copy(update={"slack": slack}))


def with_class(core: Core, **changes: Any) -> Core:
    return replace(core, classes={"gpu": replace(core.classes["gpu"], **changes)})


def with_rules(core: Core, **changes: Any) -> Core:
    return with_class(core, rules=replace(core.classes["gpu"].rules, **changes))


def rows(core: Core, node: str | None = None) -> dict[str, Result]:
    return {result.what: result for result in examine(core, len, NodeName(node) if node else None)}


def bad(core: Core) -> dict[str, Result]:
    return {what: result for what, result in rows(core).items() if result.verdict is Verdict.BAD}


def not_asked(core: Core, node: str | None = None) -> dict[str, str]:
    return {what: row.found for what, row in rows(core, node).items() if row.verdict is Verdict.NOT_ASKED}


def test_a_site_in_order_is_all_green_and_untouched(rig: Rig, core: Core) -> None:
    """An installer sees that it is done; nothing was changed by looking."""
    before = rig.room()
    found = rows(core)
    assert [row for row in found.values() if row.verdict is not Verdict.FINE] == []
    asked = " ".join(found)
    for side in ("settings", "store", "Slack", "Slurm", "Kubernetes", "SSH", "BMC"):
        assert side in asked
    assert {n: (v["slurm"]["state"], v["power"]) for n, v in rig.room().items()} == {
        n: (v["slurm"]["state"], v["power"]) for n, v in before.items()
    }


@pytest.mark.parametrize(
    ("side", "mode", "what"),
    [
        ("slack", "refuse", "Slack: bot token and scopes"),
        ("slack", "rubbish", "Slack: bot token and scopes"),
        ("slurm", "refuse", "Slurm: reading"),
        ("slurm", "rubbish", "Slurm: reading"),
        ("kube", "refuse", "Kubernetes: reading"),
        ("kube", "rubbish", "Kubernetes: rights"),
        ("ssh", "refuse", "SSH: a gpu node"),
        ("ssh", "hostkey", "SSH: a gpu node"),
        ("bmc", "refuse", "BMC: a gpu node"),
        ("bmc", "rubbish", "BMC: a gpu node"),
        ("bmc", "password", "BMC: a gpu node"),
    ],
)
def test_each_side_that_is_broken_is_named_with_what_to_do(
    core: Core, fault: Broken, side: str, mode: str, what: str
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
            lambda c: with_class(c, partition="gone"),
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


def test_a_slurm_that_is_away_is_asked_once_and_blamed_once(rig: Rig, core: Core, fault: Broken) -> None:
    """At 3 a.m. the table comes after one time-out, and red stands only where something is to be mended."""
    fault("slurm", "refuse")
    before = Counter(rig.site.site.management.calls)
    found = rows(core)
    assert [what for what, row in found.items() if row.verdict is Verdict.BAD] == ["Slurm: reading"]
    assert {w: row.found for w, row in found.items() if row.verdict is Verdict.NOT_ASKED} == {
        "Slurm: rights": "not asked: Slurm did not answer",
        "Slurm: class gpu": "not asked: Slurm did not answer",
        "Slurm: version": "not asked: Slurm did not answer",
        "Slurm: power saving of gpu": "not asked: Slurm did not answer",
        "Slurm: of the open loans": "not asked: Slurm did not answer",
        "Slurm: clock of the management host": "not asked: Slurm did not answer",
        "SSH: a gpu node": "not asked: Slurm did not say which nodes are gpu, and the settings list none",
        "BMC: a gpu node": "not asked: Slurm did not say which nodes are gpu, and the settings list none",
        "Slurm: clock": "not asked: Slurm did not answer",
        "SSH: clock of a gpu node": "not asked: Slurm did not say which nodes are gpu, and the settings list none",
    }
    assert found["Slurm: rights"].do == "mend `Slurm: reading` first"
    assert "--node" in found["SSH: a gpu node"].do
    assert sum((Counter(rig.site.site.management.calls) - before).values()) == 1


def test_a_named_node_is_tried_without_slurm(core: Core, fault: Broken) -> None:
    """Whoever knows a node learns tonight whether SSH and the BMCs work, Slurm or no Slurm."""
    fault("slurm", "refuse")
    found = rows(core, "gpu002")
    for side in ("SSH", "BMC"):
        row = found[f"{side}: a gpu node"]
        assert (row.verdict, row.found.startswith("gpu002")) == (Verdict.FINE, True)
    assert found["Slurm: node gpu002"].verdict is Verdict.NOT_ASKED


def test_the_settings_say_which_nodes_a_class_has_when_slurm_does_not(core: Core, fault: Broken) -> None:
    """A class that lists its nodes needs no Slurm for a log-in, and is not tried on a node of another class."""
    fault("slurm", "rubbish")
    listed = with_class(core, nodes=frozenset({NodeName("gpu002"), NodeName("gpu003")}))
    assert "gpu002" in rows(listed)["SSH: a gpu node"].found
    assert "gpu003" in rows(listed, "gpu003")["BMC: a gpu node"].found
    assert "gpu002" in rows(listed, "cpu001")["SSH: a gpu node"].found
    other = replace(listed, classes={**listed.classes, "cpu": replace(core.classes["gpu"], name="cpu")})
    assert "which nodes are cpu" in rows(other, "gpu003")["SSH: a cpu node"].found


def test_a_named_node_that_slurm_or_the_classes_lack_is_said(core: Core) -> None:
    """A typing error does not end in green rows about another node."""
    assert "no such node" in rows(core, "gpu999")["Slurm: node gpu999"].found
    elsewhere = with_class(core, nodes=frozenset({NodeName("gpu001")}))
    assert rows(elsewhere, "gpu002")["Slurm: node gpu002"].verdict is Verdict.BAD
    assert rows(core, "gpu002")["Slurm: node gpu002"].found == "of class gpu"


def test_a_class_without_nodes_is_blamed_once(core: Core) -> None:
    """The row of the class is red; its SSH and BMC rows say that they had nothing to ask."""
    gone = with_class(core, partition="gone")
    assert list(bad(gone)) == ["Slurm: class gpu"]
    assert list(not_asked(gone)) == ["SSH: a gpu node", "BMC: a gpu node", "SSH: clock of a gpu node"]


def test_a_slack_that_is_away_is_blamed_once(core: Core, fault: Broken) -> None:
    """Six red rows about one network would hide the seventh."""
    fault("slack", "refuse")
    assert list(bad(core)) == ["Slack: bot token and scopes"]
    spared = not_asked(core)
    assert "Slack: app token" in spared
    assert set(spared.values()) == {"not asked: Slack did not answer"}


def test_a_refused_bot_token_spares_the_channels_and_not_the_app_token(core: Core) -> None:
    """The app's token is another one: it may be wrong as well, and both are told at once."""
    wrong = with_slack(core, bot_token=SecretStr("xoxb-wrong"), app_token=SecretStr("xapp-wrong"))
    assert list(bad(wrong)) == ["Slack: bot token and scopes", "Slack: app token"]
    assert f"Slack: channel {seed.C_RANDOM}" not in not_asked(wrong)
    assert set(not_asked(wrong).values()) == {"not asked: Slack gave no answer that could be used"}


def test_a_cluster_that_is_away_is_blamed_once(core: Core, fault: Broken) -> None:
    """Ten rights are not asked of a cluster that does not answer."""
    fault("kube", "refuse")
    assert list(bad(core)) == ["Kubernetes: reading"]
    assert not_asked(core) == dict.fromkeys(
        ["Kubernetes: rights", "Kubernetes: clock", "Kubernetes: of the open loans"],
        "not asked: Kubernetes did not answer",
    )


def test_everything_at_once_is_told_at_once(core: Core, fault: Broken) -> None:
    """One broken side never hides another."""
    for side in ("slack", "slurm", "kube", "ssh", "bmc"):
        fault(side, "refuse")
    found = rows(core, "gpu001")
    for first in ("Slack: bot token and scopes", "Slurm: reading", "Kubernetes: reading", "SSH: a gpu node"):
        assert found[first].verdict is Verdict.BAD
    assert found["BMC: a gpu node"].verdict is Verdict.BAD
    assert found["store"].verdict is Verdict.FINE


@pytest.mark.parametrize(
    ("side", "what", "said"),
    [
        ("slurm", "Slurm: clock", "Slurm's clock is"),
        ("nodes", "SSH: clock of a gpu node", "gpu001's clock is"),
    ],
)
def test_a_clock_that_is_off_is_named_with_by_how_much(rig: Rig, core: Core, side: str, what: str, said: str) -> None:
    """Whoever wonders at the times on a card finds out whose they are before a night of it."""
    for hours, way in ((50, "ahead of"), (-50, "behind")):
        rig.site.call(lambda off=timedelta(hours=hours): rig.site.world.set_clock(side, off))
        try:
            row = bad(core)[what]
        finally:
            rig.site.call(lambda: rig.site.world.set_clock(side, timedelta()))
        assert row.found.startswith(said)
        assert row.found.endswith(f"{way} lendbot's")
        assert "timedatectl" in row.do
    assert what not in bad(core)


SAVING = {"SuspendTime": "300 sec", "SuspendProgram": "/usr/sbin/nodes-off"}


@pytest.mark.parametrize(
    ("settings", "what", "said"),
    [
        ({"SLURM_VERSION": "20.11.9"}, "Slurm: version", "20.11.9"),
        ({"SLURM_VERSION": "26.11.0"}, "Slurm: version", "26.11.0"),
        ({"SLURM_VERSION": "next"}, "Slurm: version", "next"),
        ({"SLURM_VERSION": "24.11.5"}, "", ""),
        (SAVING, "Slurm: power saving of gpu", "300 sec"),
        (SAVING | {"SuspendExcNodes": "gpu[001-002]"}, "Slurm: power saving of gpu", "1 nodes, gpu003"),
        (SAVING | {"SuspendExcStates": "DOWN,DRAIN"}, "", ""),
        (SAVING | {"SuspendExcNodes": "gpu[001-003]"}, "", ""),
    ],
)
def test_what_slurm_is_and_does_by_itself_is_told(
    rig: Rig, core: Core, settings: dict[str, str], what: str, said: str
) -> None:
    """A Slurm that nobody has tried, and one that cuts a lent node's power, are found before the first loan."""
    of_slurm = rig.site.site.world.slurm.settings
    rig.site.call(lambda: of_slurm.update(settings))
    try:
        found = bad(core)
    finally:
        rig.site.call(of_slurm.clear)
    assert list(found) == ([what] if what else [])
    assert not what or (said in found[what].found and found[what].do)


def test_the_zone_of_the_management_host_is_told(core: Core) -> None:
    """Whoever compares Slurm's log with lendbot's knows by how much their hours differ."""
    row = rows(core)["Slurm: clock of the management host"]
    assert row.verdict is Verdict.FINE
    assert "zone" in row.found


def test_a_class_that_can_never_be_lent_is_said_so(rig: Rig, core: Core) -> None:
    """A flag of next year's Slurm is named, with what it stops."""
    records = rig.site.site.world.slurm.nodes
    rig.site.call(lambda: [setattr(each, "base", "SLUMBERING") for each in records.values()])
    try:
        row = bad(core)["Slurm: class gpu"]
    finally:
        rig.site.call(lambda: [setattr(each, "base", "IDLE") for each in records.values()])
    assert "none of its 3 nodes can ever be free: lendbot does not know the state SLUMBERING" in row.found


def test_sides_that_the_open_loans_were_not_made_with_are_named(rig: Rig, core: Core) -> None:
    """A kubeconfig or a Slurm that leads elsewhere is found at a desk, and nothing is concluded from it."""
    here = made_with(core.adapters.far, core.classes["gpu"], core.pace)
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")

    def told(made: MadeWith, state: State = State.LENT) -> dict[str, Result]:
        with core.store.write() as tx:
            tx.loans.save(replace(tx.loans.get(loan.id), made_with=made, state=state))
        return {what: row for what, row in bad(core).items() if "open loans" in what}

    assert told(here) == {}
    elsewhere = told(replace(here, slurm_cluster="anvil", kube_cluster="0000-other"))
    assert f"its ClusterName is sandbox, and open loans were made with another: #{loan.id} with anvil" in (
        elsewhere["Slurm: of the open loans"].found
    )
    assert f"#{loan.id} with 0000-other" in elsewhere["Kubernetes: of the open loans"].found
    assert all(row.do for row in elsewhere.values())
    assert told(replace(here, slurm_cluster="anvil"), State.RETURNED) == {}, "it has ended"


@pytest.mark.parametrize(
    ("name", "mode", "is_bad"),
    [
        ("lendbot.toml", 0o640, False),
        ("lendbot.toml", 0o644, True),
        ("lendbot.toml", 0o620, True),
        ("kubeconfig", 0o604, True),
        ("lendbot.db", 0o644, True),
        ("lendbot.db-wal", 0o666, True),
        (KEY, 0o640, True),
        (KEY, 0o400, False),
    ],
)
def test_a_file_that_others_can_read_fails(rig: Rig, core: Core, name: str, mode: int, is_bad: bool) -> None:  # noqa: FBT001 - a column of the table
    """The key of every node, the cluster's token and what people wrote are nobody's on a login host."""
    with core.store.write() as tx:
        tx.seen.first("so that there is a file", core.clock.now())
    file = core.settings.ssh.key_file if name == KEY else rig.site.paths / name
    before = file.stat().st_mode
    file.chmod(mode)
    try:
        row = rows(core)[exposure.FILES]
    finally:
        file.chmod(before)
    assert (row.verdict is Verdict.BAD) is is_bad, row
    assert not is_bad or (str(file) in row.found and "chmod" in row.do)


def test_a_store_that_lendbot_makes_is_nobody_elses(core: Core) -> None:
    """Whatever the umask of whoever starts it."""
    assert [oct(path.stat().st_mode & 0o077) for path in core.store.files() if path.exists()] == ["0o0"] * 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "http://{node}-bmc", "password": SecretStr("calvin")}, "password of [power.bmc] goes to"),
        ({"url": "https://{node}-bmc", "verify": False}, "believes any certificate"),
        ({"url": "https://{node}-bmc", "verify": True}, ""),
        ({"url": "http://127.0.0.1:8000", "password": SecretStr("calvin")}, ""),
    ],
)
def test_a_line_on_which_secrets_go_in_the_clear_fails(core: Core, changes: dict[str, Any], said: str) -> None:
    """A BMC's password opens the machine below its operating system."""
    board = core.settings.power["bmc"].model_copy(update=changes)
    found = rows(replace(core, settings=core.settings.model_copy(update={"power": {"bmc": board}})))[exposure.LINES]
    assert (found.verdict is Verdict.BAD) is bool(said)
    assert said in found.found
    slack = rows(with_slack(core, base_url="http://slack.example/api/"))[exposure.LINES]
    assert "Slack's token goes to http://slack.example/api/ in the clear" in slack.found


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://lendbot:secret@db.example/lendbot", "the store at db.example may be anybody's"),
        ("postgresql://lendbot@db.example/lendbot?sslmode=require", "the store at db.example may be anybody's"),
        ("postgresql://lendbot@db.example/lendbot?sslmode=verify-full", ""),
        ("postgresql://lendbot@127.0.0.1/lendbot", ""),
        ("postgresql:///lendbot?host=/run/postgresql", ""),
    ],
)
def test_a_store_that_anybody_could_answer_for_fails(core: Core, address: str, said: str) -> None:
    """Who answers in the database's place reads its password, and decides what was approved."""
    elsewhere = Store.open(address)
    [check] = [check for check in exposure.checks(replace(core, store=elsewhere)) if check.what == exposure.LINES]
    found = contextlib.nullcontext() if not said else pytest.raises(Bad, match=said)
    with found as raised:
        check.ask()
    assert "secret" not in str(raised)
    elsewhere.close()


def test_a_cluster_whose_certificate_nobody_checks_fails(rig: Rig, core: Core) -> None:
    """Whoever answers in its place could take the token, and say that a node is gone."""
    kubeconfig = rig.site.paths / "kubeconfig"
    before = kubeconfig.read_text()
    told = yaml.safe_load(before)
    cluster = told["clusters"][0]["cluster"]
    cluster.pop("certificate-authority-data", None)
    for changes, said in (
        ({"server": "https://198.51.100.7:6443", "insecure-skip-tls-verify": True}, "insecure-skip-tls-verify"),
        ({"server": "http://198.51.100.7:8080"}, "token goes to http://198.51.100.7:8080 in the clear"),
    ):
        kubeconfig.write_text(
            yaml.safe_dump({**told, "clusters": [{**told["clusters"][0], "cluster": cluster | changes}]})
        )
        try:
            insecure = build(rig.site.paths / "lendbot.toml")
        finally:
            kubeconfig.write_text(before)
        [check] = [check for check in exposure.checks(insecure) if check.what == exposure.LINES]
        with pytest.raises(Bad, match=said):
            check.ask()
        insecure.close()
    assert rows(core)[exposure.LINES].verdict is Verdict.FINE
