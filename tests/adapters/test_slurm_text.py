"""What Slurm prints, read. The lines are in the shape of Slurm 22.05, 23.11 and 24.05."""

from datetime import UTC, datetime

import pytest

from adapters import slurm_text
from conversion.ports import UnexpectedAnswer
from loans.classes import NodeClass, Rules
from loans.marks import Mark
from loans.nodes import (
    NodeName,
    SlurmNode,
    has_lost_drain,
    is_drained,
    is_free,
    is_kept_away,
    may_run_jobs,
    runs_nothing,
)
from loans.selection import Seen, Wish, choose
from loans.whose import marked_by

UNTIL = datetime(2026, 11, 27, tzinfo=UTC)

LINE = (
    "NodeName=gpu003 Arch=x86_64 CoresPerSocket=1 CPUAlloc=0 CPUEfctv=8 CPUTot=8 CPULoad=0.52 "
    "AvailableFeatures=a100,ib ActiveFeatures=a100,ib Gres=gpu:a100:4(S:0-1) NodeAddr=10.77.0.10 NodeHostName=gpu003 "
    "Version=22.05.8 OS=Linux 6.1.0-13-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)  RealMemory=1000 "
    "AllocMem=0 FreeMem=9 Sockets=8 Boards=1 State=IDLE ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A "
    "Partitions=gpu,debug  BootTime=2026-11-23T10:00:00 SlurmdStartTime=2026-11-23T10:00:09 "
    "LastBusyTime=2026-11-23T11:00:00 CfgTRES=cpu=8,mem=1000M,billing=8 AllocTRES= CapWatts=n/a CurrentWatts=0 "
    "AveWatts=0 ExtSensorsJoules=n/s ExtSensorsWatts=0 ExtSensorsTemp=n/s"
)


def line(tail: str = "", **changes: str) -> str:
    """Return one node's line with other fields, and with what stands at its end."""
    words = LINE
    for key, value in changes.items():
        start = words.index(f" {key}=") + 1
        words = words[:start] + f"{key}={value}" + words[words.index(" ", start) :]
    return f"{words}{tail}\n"


def read(tail: str = "", **changes: str) -> SlurmNode:
    (node,) = slurm_text.nodes(line(tail, **changes)).values()
    return node


def test_a_node_is_read_whole() -> None:
    """All that selection, the plans and the proof of a reboot look at is there."""
    node = read()
    assert node.name == "gpu003"
    assert (node.base, set(node.flags)) == ("IDLE", set())
    assert node.partitions == {"gpu", "debug"}
    assert node.features == {"a100", "ib"}
    assert node.gres == {"gpu": 4}
    assert node.boot_time == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    assert node.slurmd_start == datetime(2026, 11, 23, 10, 0, 9, tzinfo=UTC)
    assert (node.reason, node.reason_by, node.reason_at) == (None, None, None)


@pytest.mark.parametrize(
    ("said", "base", "flags"),
    [
        ("IDLE", "IDLE", set()),
        ("IDLE+DRAIN", "IDLE", {"DRAIN"}),
        ("DOWN+DRAIN+NOT_RESPONDING", "DOWN", {"DRAIN", "NOT_RESPONDING"}),
        ("MIXED+PLANNED", "MIXED", {"PLANNED"}),
        ("IDLE+DYNAMIC_NORM", "IDLE", {"DYNAMIC_NORM"}),
        ("IDLE+CLOUD+POWERED_DOWN", "IDLE", {"CLOUD", "POWERED_DOWN"}),
        ("ALLOCATED+COMPLETING", "ALLOCATED", {"COMPLETING"}),
        ("DOWN+INVALID_REG", "DOWN", {"INVALID_REG"}),
        ("UNKNOWN", "UNKNOWN", set()),
        ("HIBERNATING", "HIBERNATING", set()),
        ("IDLE*", "IDLE", {"NOT_RESPONDING"}),
        ("DOWN*+DRAIN", "DOWN", {"DRAIN", "NOT_RESPONDING"}),
        ("IDLE~", "IDLE", {"POWERED_DOWN"}),
        ("MIXED-", "MIXED", {"PLANNED"}),
        ("IDLE$", "IDLE", {"MAINTENANCE"}),
        ("idle+drain", "IDLE", {"DRAIN"}),
    ],
)
def test_states_are_kept_with_every_flag(said: str, base: str, flags: set[str]) -> None:
    """A flag that was dropped could make a node look free that is not."""
    node = read(State=said)
    assert (node.base, set(node.flags)) == (base, flags)


@pytest.mark.parametrize("said", ["IDLE*", "IDLE~", "IDLE+PLANNED", "HIBERNATING", "IDLE+NEW_FLAG", "DOWN*+DRAIN"])
def test_what_is_not_known_is_never_free_nor_drained(said: str) -> None:
    """An unknown answer never counts as safe."""
    node = read(State=said)
    assert not is_free(node)
    assert not is_drained(node)


def test_a_state_without_meaning_runs_no_jobs_for_us() -> None:
    """An unknown base state is not taken for a schedulable one either."""
    assert not may_run_jobs(read(State="HIBERNATING"))


def site(*states: str) -> Seen:
    lines = (line(State=state).replace("gpu003", f"gpu{i:03}") for i, state in enumerate(states, 1))
    return Seen(slurm_text.nodes("".join(lines)))


def test_a_site_of_dynamic_and_cloud_nodes_can_lend_them() -> None:
    """Where every line says DYNAMIC_NORM, as on Kubernetes-run clusters, a loan is possible."""
    seen = site("IDLE+DYNAMIC_NORM", "IDLE+CLOUD", "IDLE+DRAIN+DYNAMIC_NORM", "IDLE+COMPLETING+DRAIN+DYNAMIC_NORM")
    assert choose(seen, Wish(NodeClass("gpu", "gpu"), 4, UNTIL)).taken == ("gpu001", "gpu002")
    assert [is_drained(node) for node in seen.nodes.values()] == [False, False, True, False]


@pytest.mark.parametrize("dead", ["IDLE+INVALID_REG", "IDLE+REBOOT_ISSUED", "IDLE@", "IDLE#", "MIXED^", "IDLE+SOON"])
def test_nodes_that_only_look_idle_are_no_floor(dead: str) -> None:
    """A floor of two is two nodes that can run jobs."""
    seen = site("IDLE", "IDLE", dead, dead)
    assert choose(seen, Wish(NodeClass("gpu", "gpu", Rules(floor=2)), 2, UNTIL)).taken == ()


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ("(null)", {}),
        ("gpu:4", {"gpu": 4}),
        ("gpu:a100:4", {"gpu": 4}),
        ("gpu:a100:4(S:0-1)", {"gpu": 4}),
        ("gpu:a100:4(S:0,1),gpu:v100:2(S:1),mps:100", {"gpu": 6, "mps": 100}),
        ("gpu", {"gpu": 1}),
        ("gpu:a100", {"gpu": 1}),
        ("bandwidth:lustre:no_consume:4G", {"bandwidth": 4 * 2**30}),
        ("gpu:0", {"gpu": 0}),
    ],
)
def test_gres_are_counted_by_name(said: str, counts: dict[str, int]) -> None:
    """The GPUs that a node should have, and has after its reboot, are compared as numbers."""
    assert read(Gres=said).gres == counts


@pytest.mark.parametrize("said", ["None", "Unknown", "N/A"])
def test_a_node_that_never_registered_has_no_times(said: str) -> None:
    """No time is no proof of a boot."""
    node = read(BootTime=said, SlurmdStartTime=said)
    assert (node.boot_time, node.slurmd_start) == (None, None)


@pytest.mark.parametrize(
    ("tail", "reason", "by"),
    [
        (" Reason=lendbot #12 [root@2026-11-23T10:00:00]", "lendbot #12", "root"),
        (" Reason=ECC errors [slot 3] [ops@2026-11-23T10:00:00]", "ECC errors [slot 3]", "ops"),
        (" Reason=x State=IDLE Gres=gpu:9 [ops@2026-11-23T10:00:00]", "x State=IDLE Gres=gpu:9", "ops"),
        (" Reason=bad disk [ops@2026-11-23T10:00:00] Comment=see wiki", "bad disk", "ops"),
        (" Reason=first [ops@2026-11-23T10:00:00]         second line", "first second line", "ops"),
        (" Reason=a [x@y] Reason=b [ops@2026-11-23T10:00:00] Extra=e InstanceId=i", "a [x@y] Reason=b", "ops"),
        (" Reason=Not responding", "Not responding", None),
        (" Comment=quiet node", None, None),
    ],
)
def test_a_reason_is_read_without_who_and_when(tail: str, reason: str | None, by: str | None) -> None:
    """Our mark is found, and the words of others are quoted as they wrote them."""
    node = read(tail)
    assert (node.reason, node.reason_by) == (reason, by)
    assert (node.base, node.gres) == ("IDLE", {"gpu": 4}), "nothing in a reason is taken for a field"


def test_a_reason_that_is_ours_names_the_loan() -> None:
    """What we drained is found again after a restart."""
    assert marked_by(read(" Reason=lendbot #12 [root@2026-11-23T10:00:00]")) == Mark(12)


def test_a_node_in_no_partition_is_read() -> None:
    """An administrator's spare node does not stop the reading of all others."""
    (node,) = slurm_text.nodes(line().replace("Partitions=gpu,debug ", "")).values()
    assert node.partitions == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "<html>502</html>\n",
        "\x00\x7fELF\n",
        line()[:400],
        line().rstrip("\n"),
        line().replace("NodeName=gpu003 ", "NodeName= "),
        line().replace("NodeName=gpu003 ", "NodeName=gpu003;reboot "),
        line() + "rubbish\n",
        "scontrol: a warning\n" + line(),
    ],
)
def test_what_cannot_be_read_whole_is_refused_whole(text: str) -> None:
    """Half an answer about the nodes is no answer: what is missing could be the node with the job."""
    with pytest.raises(UnexpectedAnswer):
        slurm_text.nodes(text)


OTHER = line().replace("gpu003", "gpu004")


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (line(State=""), "State="),
        (line(State="IDLE+"), "State=IDLE+"),
        (line(State="<idle>"), "State=<idle>"),
        (line(State="0x40"), "State=0x40"),
        (line()[:300] + "\n", "no State"),
        (line(BootTime="yesterday"), "BootTime=yesterday"),
        (line(BootTime="2026-11-23"), "BootTime=2026-11-23"),
        (line(BootTime="2026-11-23T10:00:00+01:00"), "BootTime=2026-11-23T10:00:00+01:00"),
        (line(SlurmdStartTime="2026-13-23T10:00:00"), "SlurmdStartTime=2026-13-23T10:00:00"),
        (line(Gres="gpu:a100:plenty"), "Gres=gpu:a100:plenty"),
        (line(Gres="gpu:-4"), "Gres=gpu:-4"),
        (line(Gres="gpu:a100:4(S:0"), "Gres=gpu:a100:4(S:0"),
        (line().replace(" Gres=gpu:a100:4(S:0-1)", ""), "no Gres"),
        (line() + line(State="DOWN+DRAIN"), "two lines about it"),
        (line().replace("OS=Linux ", "OS=Linux State=ALLOCATED "), "no State"),
        (line().replace("SlurmdStartTime=", "BootTime=2026-01-01T00:00:00 SlurmdStartTime="), "no BootTime"),
        (line(Gres="gpu:4").replace(" NodeAddr=", " Gres=gpu:2 NodeAddr="), "no Gres"),
    ],
)
def test_what_cannot_be_read_of_a_node_costs_that_node_alone(odd: str, said: str) -> None:
    """One odd machine stops no loan of the others, and is nobody's to take, to count on, or to call home."""
    found = slurm_text.nodes(odd + OTHER)
    assert is_free(found[NodeName("gpu004")])
    node = found[NodeName("gpu003")]
    assert (node.base, said in node.unread) == ("UNKNOWN", True)
    assert not any(judge(node) for judge in (is_free, is_drained, may_run_jobs, runs_nothing, has_lost_drain))
    assert choose(Seen(found), Wish(NodeClass("gpu", "gpu"), 2, UNTIL)).taken == ("gpu004",)


def test_a_time_that_cannot_be_read_does_not_hide_the_drain() -> None:
    """What is known of a node goes on to count against taking it."""
    node = read(State="IDLE+DRAIN", BootTime="later")
    assert is_kept_away(node)
    assert not is_drained(node)


SEPARATORS = ("\n", "\r", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029")


@pytest.mark.parametrize("between", SEPARATORS)
@pytest.mark.parametrize(
    "tail",
    [
        " Comment=replaced PSU{}ask facilities",
        " Comment=see NodeName=gpu009{}NodeName=gpu009 State=DOWN",
        " Extra={{}}{}State=IDLE Gres=gpu:9",
        " Reason=fan{}loud [ops@2026-11-23T10:00:00] Comment=a{}b Extra=c{}d",
    ],
)
def test_free_text_that_runs_over_lines_costs_no_node(between: str, tail: str) -> None:
    """A note that somebody pasted into a comment does not close the whole partition."""
    found = slurm_text.nodes(line(tail.replace("{}", between), State="MIXED") + OTHER)
    assert not found[NodeName("gpu003")].unread or "gpu009" in tail
    assert found[NodeName("gpu003")].base == "MIXED"
    assert found[NodeName("gpu003")].gres == {"gpu": 4}
    assert is_free(found[NodeName("gpu004")])
    assert not any(is_free(node) for name, node in found.items() if name != "gpu004")


@pytest.mark.parametrize(
    "after",
    [
        " Comment=was gone [ops@2026-11-01T10:00:00] before",
        " Extra=[x@y]",
        " Parameters=a Topology=default:s1",
        " TLSCertTokenSet=No TLSCertLastRenewal=Unknown",
        " WordOf2031=[a@b] Another=2",
        "         \u2028",
        " \r",
    ],
)
def test_what_newer_versions_put_behind_a_reason_does_not_hide_who_signed_it(after: str) -> None:
    """Slurm's own "Not responding" is told from a person's word, whatever else the line has."""
    node = read(f" Reason=Not responding [slurm@2026-11-23T10:00:00]{after}", State="DOWN+NOT_RESPONDING")
    assert (node.reason, node.reason_by) == ("Not responding", "slurm")
    assert node.reason_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert has_lost_drain(node)


@pytest.mark.parametrize(
    ("tail", "reason", "by"),
    [
        (" Reason=ECC [ops@yesterday]", "ECC [ops@yesterday]", None),
        (" Reason=ECC [ops@2026-99-23T10:00:00]", "ECC", "ops"),
        (" Reason=ECC [jd@ad.example.com@2026-11-23T10:00:00]", "ECC", "jd@ad.example.com"),
        (" Reason=was bad [a@2026-11-01T10:00:00] see wiki [b@2026-11-23T10:00:00]", None, "b"),
        (" Reason=", None, None),
        (" Reason=  [root@2026-11-23T10:00:00]", "", "root"),
    ],
)
def test_a_reason_that_cannot_be_read_costs_the_reason(tail: str, reason: str | None, by: str | None) -> None:
    """Its words are kept as they stand, and the node goes by what Slurm says of its state."""
    node = read(tail, State="IDLE+DRAIN")
    assert (node.reason_by, is_drained(node)) == (by, True)
    assert reason is None or node.reason == reason


@pytest.mark.parametrize("before", [" Comment=c", " Comment=c Extra=e", " InstanceId=i InstanceType=t Comment=a\nb"])
def test_a_persons_reason_is_heard_wherever_a_later_slurm_prints_it(before: str) -> None:
    """Their DOWN isn't overwritten with our mark because a Comment stands before their words."""
    node = read(f"{before} Reason=ECC [ops@2026-11-23T10:00:00] Topology=default:s1", State="DOWN")
    assert (node.reason, node.reason_by) == ("ECC", "ops")
    assert not has_lost_drain(node)
    own = read(f"{before} Reason=Not responding [slurm@2026-11-23T10:00:00]", State="DOWN+NOT_RESPONDING")
    assert has_lost_drain(own)


@pytest.mark.parametrize("said", ["DRAINED", "IDLE+DRAINED", "HIBERNATING", "MIXED+KEPT", "FUTURE"])
def test_a_persons_words_under_a_state_that_nobody_knows_are_left(said: str) -> None:
    """A later Slurm's own word for drained is not "the drain is lost": nobody's reason is written over for it."""
    assert not has_lost_drain(read(" Reason=ECC [ops@2026-11-23T10:00:00]", State=said))
    assert not is_free(read(State=said))


def test_a_second_line_behind_our_mark_is_somebodys_word() -> None:
    """Who writes "do not touch" under our mark is heard: the node is not given back over it."""
    node = read(" Reason=lendbot #12 [root@2026-11-23T10:00:00]         do not touch", State="DOWN+DRAIN")
    assert marked_by(node) is None


def test_a_field_in_free_text_is_no_field() -> None:
    """A node in no partition is in none, whatever its comment says."""
    bare = line(" Comment=x Partitions=gpu ActiveFeatures=a100").replace("Partitions=gpu,debug ", "")
    (node,) = slurm_text.nodes(bare).values()
    assert node.partitions == frozenset()


def test_an_unreadable_line_is_kept_for_the_log() -> None:
    """The raw answer is there for whoever looks into it."""
    with pytest.raises(UnexpectedAnswer) as error:
        slurm_text.nodes("slurm_load_node: what?\n")
    assert "what?" in error.value.raw


HEADER = "JOBID|STATE|PARTITION|NODELIST|END_TIME|SUBMIT_TIME|REASON\n"
JOBS = f"""\
{HEADER}\
48211|RUNNING|gpu|gpu[001-002]|2026-11-23T16:40:00|2026-11-22T09:00:00|None
48300|PENDING|gpu,debug||2026-11-24T16:40:00|2026-11-23T09:30:00|Priority
48301|PENDING|gpu||N/A|2026-11-23T09:31:00|launch failed | requeued held
48190|COMPLETING|gpu|rack[1-2]n[3-4]|2026-11-23T09:59:00|2026-11-22T09:00:00|None
48191|SUSPENDED|gpu|gpu007|N/A|N/A|None
"""


def test_jobs_are_read_with_their_nodes_spelled_out() -> None:
    """Which job frees which node, and when, can be said to the requester."""
    running, pending, held, completing, suspended = slurm_text.jobs(JOBS)
    assert (running.id, running.state, running.nodes) == (48211, "RUNNING", ("gpu001", "gpu002"))
    assert running.ends == datetime(2026, 11, 23, 16, 40, tzinfo=UTC)
    assert running.submitted == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    assert (running.reason, pending.reason) == ("", "Priority")
    assert not pending.nodes
    assert pending.ends is None
    assert pending.partitions == {"gpu", "debug"}
    assert held.reason == "launch failed | requeued held"
    assert set(completing.nodes) == {"rack1n3", "rack1n4", "rack2n3", "rack2n4"}
    assert (suspended.state, suspended.ends, suspended.submitted) == ("SUSPENDED", None, None)


def test_no_jobs_are_no_jobs() -> None:
    """An empty queue is a fine answer: its header says that somebody looked."""
    assert slurm_text.jobs(HEADER) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        " \n\n",
        HEADER.rstrip("\n"),
        JOBS.removeprefix(HEADER),
        "48211|RUNNING\n",
        f"{HEADER}48211|RUNNING\n",
        f"{HEADER}x|RUNNING|gpu|gpu001|N/A|N/A|None\n",
        f"{HEADER}48211|RUNNING|gpu|gpu[001|N/A|N/A|None\n",
        "CLUSTER: other\n" + JOBS,
        f"{HEADER}7|RUNNING|gpu||N/A|N/A|None\n",
        f"{HEADER}7|SUSPENDED|gpu|(null)|N/A|N/A|None\n",
        f"{HEADER}7_1|RUNNING|gpu|gpu001|N/A|N/A|None\n",
        f"{HEADER}-7|RUNNING|gpu|gpu001|N/A|N/A|None\n",
        f"{HEADER}7|RUNNING|gpu|gpu[1-9]!gpu2|N/A|N/A|None\n",
        f"{HEADER}7|RUNNING|gpu|gpu001|N/A|N/A|None\n8_1|RUNNING|gpu|gpu002|N/A|N/A|None\n",
        f"{HEADER}7|PENDING|gpu||N/A|N/A|None\n9+0|RUNNING|gpu|gpu002|N/A|N/A|a|b\n",
        JOBS[:-3],
    ],
)
def test_unreadable_jobs_are_refused(text: str) -> None:
    """A queue that was read by halves, or not at all, could hide the job that is about to start."""
    with pytest.raises(UnexpectedAnswer):
        slurm_text.jobs(text)


def test_what_only_a_sentence_needs_of_a_job_may_be_odd() -> None:
    """A job whose end or reason is in words that nobody knows still keeps its node."""
    text = f"{HEADER}7|RUNNING|gpu|gpu001|soon|2026-11-23|moved\nby hand\n8|NEW_STATE|gpu|gpu002|N/A|N/A|None\n"
    one, other = slurm_text.jobs(text)
    assert (one.nodes, one.ends, one.submitted, one.reason) == (("gpu001",), None, None, "moved\nby hand")
    assert (other.state, other.nodes) == ("NEW_STATE", ("gpu002",))


RESERVATION = (
    "ReservationName=lendbot_12_1 StartTime=2026-11-23T10:00:00 EndTime=2026-11-23T11:00:00 Duration=01:00:00 "
    "Nodes=gpu[001-002] NodeCnt=2 CoreCnt=16 Features=(null) PartitionName=gpu Flags=SPEC_NODES TRES=cpu=16 Users=root "
    "Groups=(null) Accounts=(null) Licenses=(null) State=ACTIVE BurstBuffer=(null) Watts=n/a MaxStartDelay=(null)\n"
)


def test_reservations_are_read_by_name() -> None:
    """Which nodes the reservation got is read back from Slurm itself."""
    found = slurm_text.reservations(RESERVATION)["lendbot_12_1"]
    assert found.nodes == (NodeName("gpu001"), NodeName("gpu002"))
    assert (found.starts.hour, found.ends.hour) == (10, 11)


def test_no_reservations_are_no_reservations() -> None:
    """Slurm says that in words, and with success."""
    assert slurm_text.reservations("No reservations in the system\n") == {}


def test_a_reservation_without_nodes_is_read() -> None:
    """A reservation of licences alone is somebody's, and stops nobody."""
    text = RESERVATION.replace("gpu[001-002]", "(null)")
    assert slurm_text.reservations(text)["lendbot_12_1"].nodes == ()


def test_a_reservation_with_a_note_of_two_lines_is_read() -> None:
    """What an admin writes about a workshop does not hide its nodes, nor the next reservation."""
    noted = RESERVATION.rstrip("\n") + " Comment=two\nlines \u2028 Nodes=gpu009\n"
    found = slurm_text.reservations(noted + RESERVATION.replace("lendbot_12_1", "workshop"))
    assert [len(each.nodes) for each in found.values()] == [2, 2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "rubbish\n",
        RESERVATION[:80] + "\n",
        RESERVATION.replace("gpu[001", "gpu[[001"),
        RESERVATION.replace("NodeCnt=", "Nodes=gpu009 NodeCnt="),
        RESERVATION.replace("StartTime=2026-11-23T10:00:00", "StartTime=tomorrow"),
        "No reservations in the system, yet\n",
        "scontrol: a warning\nNo reservations in the system\n",
    ],
)
def test_unreadable_reservations_are_refused(text: str) -> None:
    """A reservation that cannot be read is not taken for none."""
    with pytest.raises(UnexpectedAnswer):
        slurm_text.reservations(text)
