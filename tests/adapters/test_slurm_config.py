"""What Slurm says of itself, read: which one it is, and what it powers off."""

from datetime import UTC, datetime

import pytest

from adapters import slurm_config
from conversion.ports import UnexpectedAnswer
from loans.nodes import NodeName, SlurmNode

CONFIG = (
    "Configuration data as of 2026-11-23T10:00:00\nClusterName             = anvil\n"
    "SlurmUser               = slurm(64030)\nSLURM_VERSION           = 24.11.5\n"
)


def config(**settings: str) -> slurm_config.Config:
    return slurm_config.config(CONFIG + "".join(f"{key:<23} = {value}\n" for key, value in settings.items()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        CONFIG[:-3],
        CONFIG.replace("anvil", ""),
        CONFIG.replace("(64030)", ""),
        CONFIG.replace("anvil", "(null)"),
        f"{CONFIG}ClusterName = other\n",
        f"{CONFIG}SlurmUser = root(0)\n",
    ],
)
def test_a_configuration_without_the_clusters_name_is_refused(text: str) -> None:
    """Which Slurm answers is never guessed."""
    with pytest.raises(UnexpectedAnswer):
        slurm_config.config(text)


@pytest.mark.parametrize("text", ["", "slurm_load_ctl_conf error\n", "Configuration data as of Unknown\n"])
def test_a_configuration_without_its_time_is_refused(text: str) -> None:
    """No time is not "the same time"."""
    with pytest.raises(UnexpectedAnswer):
        slurm_config.clock(text)


def test_slurm_dates_its_configuration() -> None:
    """Its first line has slurmctld's clock, in UTC as we ask for it."""
    assert slurm_config.clock(CONFIG) == datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_slurm_says_its_version_or_nothing() -> None:
    """A Slurm that nobody has tried lendbot with is told apart."""
    assert config().version == "24.11.5"
    assert slurm_config.config(CONFIG.replace("SLURM_VERSION", "SLURM_EDITION")).version == ""


@pytest.mark.parametrize(
    ("settings", "after"),
    [
        ({}, ""),
        ({"SuspendTime": "INFINITE", "SuspendProgram": "/sbin/off"}, ""),
        ({"SuspendTime": "NONE", "SuspendProgram": "/sbin/off"}, ""),
        ({"SuspendTime": "300 sec", "SuspendProgram": "(null)"}, ""),
        ({"SuspendTime": "300 sec", "SuspendProgram": "/sbin/off"}, "300 sec"),
        ({"SuspendTime": "when bored", "SuspendProgram": "/sbin/off"}, "when bored"),
    ],
)
def test_power_saving_is_off_only_where_slurm_says_so(settings: dict[str, str], after: str) -> None:
    """A word that nobody knows is told: Slurm would cut the power under a pod."""
    assert config(**settings).suspending.after == after


LENT = SlurmNode(NodeName("gpu003"), "DOWN", frozenset({"DRAIN"}), partitions=frozenset({"gpu", "debug"}))


@pytest.mark.parametrize(
    ("settings", "spared"),
    [
        ({}, False),
        ({"SuspendExcNodes": "gpu[001-004],cpu9"}, True),
        ({"SuspendExcNodes": "cpu[1-3],gpu003"}, True),
        ({"SuspendExcNodes": "gpu[001-004]:2"}, False),
        ({"SuspendExcNodes": "gpu[[001"}, False),
        ({"SuspendExcNodes": "gpu004"}, False),
        ({"SuspendExcParts": "cpu,gpu"}, True),
        ({"SuspendExcParts": "cpu"}, False),
        ({"SuspendExcStates": "DOWN,MAINTENANCE"}, True),
        ({"SuspendExcStates": "DRAIN"}, True),
        ({"SuspendExcStates": "RESERVED"}, False),
        ({"SuspendExcStates": "LENT"}, False),
    ],
)
def test_a_lent_node_is_spared_only_by_what_surely_names_it(settings: dict[str, str], spared: bool) -> None:  # noqa: FBT001 - a column of the table
    """What spares two of four nodes may not spare the lent one."""
    assert config(**settings).suspending.spares(LENT) is spared


PARTITION = (
    "PartitionName={} AllowGroups=ALL Nodes=gpu[001-004] State=UP SuspendTimeout=GLOBAL SuspendTime={} TRES=cpu=4\n"
)


@pytest.mark.parametrize(
    ("said", "own"),
    [("GLOBAL", {}), ("INFINITE", {"gpu": ""}), ("NONE", {"gpu": ""}), ("300", {"gpu": "300 sec"})],
)
def test_a_partition_may_have_a_time_of_its_own(said: str, own: dict[str, str]) -> None:
    """Power saving that only one partition has is found as well."""
    text = PARTITION.format("cpu", "GLOBAL") + PARTITION.format("gpu", said)
    assert slurm_config.suspend_times(text) == own
    assert slurm_config.suspend_times("PartitionName=gpu Nodes=gpu001\n") == {}


@pytest.mark.parametrize("text", ["", "No partitions\n", PARTITION.format("gpu", "300")[:-1]])
def test_partitions_that_cannot_be_read_are_refused(text: str) -> None:
    """Silence is not "no power saving"."""
    with pytest.raises(UnexpectedAnswer):
        slurm_config.suspend_times(text)
