"""The Slurm adapter on its bad days, against the sandbox's Slurm; its good days are in the contract suite."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.command import SshRunner
from adapters.meanings import meaning
from adapters.slurm import _MEANINGS, SlurmCommands
from adapters.ssh import SshConnections, SshLogin
from conversion.permit import Permit
from conversion.ports import Busy, Denied, FarSideError, Ran, UnexpectedAnswer, Unreachable
from loans.nodes import NodeName
from sandbox.faults import Fault
from sandbox.testing import Handle, running
from tests.moment import MOMENT
from tests.patience import PATIENCE_S

MARK = "lendbot #12"
LONG = timedelta(hours=1)


@dataclass(frozen=True)
class Bench:
    """A sandbox, and adapters made for it. They share answers for an hour unless told otherwise."""

    handle: Handle
    connections: SshConnections
    gpus: tuple[NodeName, ...] = field(default_factory=lambda: tuple(NodeName(f"gpu{i:03}") for i in range(1, 21)))

    def slurm(
        self,
        *,
        max_age: timedelta = LONG,
        timeout: timedelta = timedelta(seconds=PATIENCE_S),
        keep: frozenset[str] = frozenset(),
    ) -> SlurmCommands:
        where = self.handle.site_json["slurm"]
        runner = SshRunner(self.connections, (where["host"], where["port"]), keep)
        return SlurmCommands(runner, timeout=timeout, max_age=max_age)

    def breaks(self, mode: str) -> None:
        self.handle.call(lambda: self.handle.faults.set(Fault("slurm", mode)))

    def heals(self) -> None:
        self.handle.call(self.handle.faults.clear)

    def calls(self) -> Mapping[str, int]:
        return dict(self.handle.call(lambda: self.handle.site.management.calls))


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return a site where nobody else is at work."""
    with running(at=MOMENT, busy=0.0) as handle:
        ssh = handle.site_json["ssh"]
        connections = SshConnections(SshLogin(ssh["user"], Path(ssh["key_file"]), Path(ssh["known_hosts"])))
        yield Bench(handle, connections)
        connections.close()


def test_many_readers_cost_one_call(bench: Bench) -> None:
    """What Slurm is asked does not grow with the nodes that wait."""
    slurm = bench.slurm()
    with ThreadPoolExecutor(50) as pool:
        assert len({len(found) for found in pool.map(lambda _: slurm.nodes(), range(200))}) == 1
    assert bench.calls() == {"scontrol show node": 1, "scontrol show config": 1}


def test_taking_twenty_nodes_asks_as_often_as_taking_two(bench: Bench) -> None:
    """A loan of many nodes is as cheap for slurmctld as a loan of few."""
    counted = []
    for count in (2, 20):
        slurm = bench.slurm()
        slurm.cluster()
        bench.handle.call(bench.handle.site.management.calls.clear)
        name = f"lendbot_{count}_1"
        slurm.reserve(name, bench.gpus[:count], LONG)
        slurm.drain(bench.gpus[:count], MARK)
        slurm.nodes()
        slurm.unreserve(name)
        slurm.down(bench.gpus[:count], MARK)
        counted.append(sum(bench.calls().values()))
        slurm.resume(bench.gpus[:count])
    assert counted[0] == counted[1] == 8


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("refuse", Unreachable),
        ("hang", Unreachable),
        ("rubbish", UnexpectedAnswer),
        ("half", UnexpectedAnswer),
        ("empty", UnexpectedAnswer),
    ],
)
@pytest.mark.parametrize("ask", ["nodes", "jobs", "reservations", "cluster", "clock"])
def test_a_slurm_that_fails_is_never_read_as_an_answer(
    bench: Bench, mode: str, error: type[FarSideError], ask: str
) -> None:
    """Nothing is decided on half an answer; and when Slurm is back, so are we."""
    bench.handle.call(lambda: bench.handle.world.sneak_job("gpu020", timedelta(days=9)))
    slurm = bench.slurm(timeout=timedelta(seconds=0.5))
    bench.breaks(mode)
    with pytest.raises(error) as caught:
        getattr(slurm, ask)()
    assert caught.value.side.startswith("Slurm")
    bench.heals()
    assert bench.slurm().nodes()


def test_a_write_that_got_no_answer_makes_the_next_read_new(bench: Bench) -> None:
    """A drain that timed out may have happened: only Slurm knows, so it is asked."""
    slurm = bench.slurm(timeout=timedelta(seconds=0.5))
    slurm.nodes()
    bench.breaks("hang")
    with pytest.raises(Unreachable):
        slurm.drain(bench.gpus[:1], MARK)
    bench.heals()
    slurm.nodes()
    assert bench.calls()["scontrol show node"] == 2


def test_down_trusts_no_answer_from_before(bench: Bench) -> None:
    """A job that came after the last look is seen, because DOWN looks again itself."""
    slurm = bench.slurm()
    slurm.drain(bench.gpus[:1], MARK)
    slurm.nodes()
    bench.slurm().resume(bench.gpus[:1])
    bench.handle.call(lambda: bench.handle.world.sneak_job("gpu001", timedelta(hours=1)))
    with pytest.raises(UnexpectedAnswer, match="not marked DOWN"):
        slurm.down(bench.gpus[:1], MARK)


@pytest.mark.parametrize("mode", ["refuse", "rubbish", "half", "empty"])
def test_down_without_a_readable_answer_does_nothing(bench: Bench, mode: str) -> None:
    """When Slurm cannot be read, nothing is marked DOWN."""
    slurm = bench.slurm()
    slurm.drain(bench.gpus[:1], MARK)
    bench.handle.call(lambda: bench.handle.faults.set(Fault("slurm", mode, times=1)))
    with pytest.raises((Unreachable, UnexpectedAnswer)):
        slurm.down(bench.gpus[:1], MARK)
    assert bench.slurm().nodes()[bench.gpus[0]].state == "IDLE+DRAIN"


def test_down_of_a_node_that_slurm_does_not_list_does_nothing(bench: Bench) -> None:
    """A node that is missing from the answer is not known to be drained."""
    slurm = bench.slurm()
    slurm.drain(bench.gpus[:1], MARK)
    with pytest.raises(UnexpectedAnswer, match="knows no node ghost001"):
        slurm.down([bench.gpus[0], NodeName("ghost001")], MARK)
    assert slurm.nodes()[bench.gpus[0]].state == "IDLE+DRAIN"


@pytest.mark.parametrize("act", ["drain", "down", "resume"])
def test_no_nodes_are_no_call(bench: Bench, act: str) -> None:
    """An empty list changes nothing and asks for nothing to be changed."""
    slurm = bench.slurm()
    slurm.resume([]) if act == "resume" else getattr(slurm, act)([], MARK)
    assert not any("update" in call for call in bench.calls())


SAID = [
    ("Error creating the reservation: Requested nodes are busy", Busy),
    ("Error creating the reservation: Requested reservation overlaps with another reservation", Busy),
    ("slurm_update error: Invalid user id", Denied),
    ("slurm_update error: Access/permission denied", Denied),
    ("slurm_load_node error: Unable to contact slurm controller (connect failure)", Unreachable),
    ("slurm_load_jobs error: Socket timed out on send/recv operation", Unreachable),
    ("Error creating the reservation: Unexpected message received", Unreachable),
    (
        "scontrol: error: Munge encode failed: Failed to access socket\nProtocol authentication error",
        Unreachable,
    ),
    ("slurm_load_node error: Protocol authentication error", Denied),
    ("slurm_load_node error: Authentication credential expired", Denied),
    (
        "scontrol: error: sack_connect: failed to connect() to any sack sockets\nProtocol authentication error",
        Unreachable,
    ),
    ("slurm_update error: Slurm temporarily unable to accept job, please retry later", Unreachable),
    ("slurm_load_node error: Something that nobody has read before", UnexpectedAnswer),
    ("slurm_update error: Invalid node name specified", UnexpectedAnswer),
    ("scontrol: fatal: Could not establish a configuration source", UnexpectedAnswer),
    ("", UnexpectedAnswer),
]


@pytest.mark.parametrize(("words", "kind"), SAID)
def test_slurms_words_have_their_meanings(words: str, kind: type[FarSideError]) -> None:
    """Whose turn it is, is told by the kind of error; what happened, by Slurm's own words."""
    note = "Note, unless nodes are directly requested a reservation must exist in a single partition.\n"
    error = meaning("Slurm", "scontrol", Ran(1, "", note + words), _MEANINGS)
    assert type(error) is kind
    assert words.splitlines()[0] in error.said if words else error.said


class Scripted:
    """A Slurm whose answers are written down: (command, answer) in order, and every call is kept."""

    def __init__(self, *answers: Ran) -> None:
        self.answers = list(answers)
        self.asked: list[Sequence[str]] = []
        self.env: Mapping[str, str] = {}

    def run(
        self,
        argv: Sequence[str],
        *,
        side: str,
        timeout: timedelta,
        env: Mapping[str, str] | None = None,
        permit: Permit | None = None,
    ) -> Ran:
        assert (side, permit) == ("Slurm", None)
        assert timeout > timedelta(0)
        if argv == ["scontrol", "show", "config"]:
            return Ran(0, "ClusterName             = anvil\nSlurmUser               = slurm(64030)\n")
        self.asked.append(argv)
        self.env = env or {}
        return self.answers.pop(0)


def nodes_in(state: str, *names: str) -> str:
    return "".join(
        f"NodeName={name} Gres=gpu:4 State={state} Partitions=gpu BootTime=None SlurmdStartTime=None\n"
        for name in names
    )


def test_a_down_that_lost_its_drain_is_drained_again() -> None:
    """Where a Slurm drops DRAIN with DOWN, it is put back: a reboot would return the node to work."""
    slurm = Scripted(
        Ran(0, nodes_in("IDLE+DRAIN", "gpu001", "gpu002")),
        Ran(0),
        Ran(0, nodes_in("DOWN", "gpu001") + nodes_in("DOWN+DRAIN", "gpu002")),
        Ran(0),
        Ran(0, nodes_in("DOWN+DRAIN", "gpu001", "gpu002")),
    )
    SlurmCommands(slurm).down([NodeName("gpu001"), NodeName("gpu002")], MARK)
    assert slurm.asked[3] == ["scontrol", "update", "NodeName=gpu001", "State=DRAIN", f"Reason={MARK}"]


def test_a_down_that_did_not_happen_is_said() -> None:
    """Slurm's success is believed only after it has been read back."""
    slurm = Scripted(Ran(0, nodes_in("IDLE+DRAIN", "gpu001")), Ran(0), Ran(0, nodes_in("IDLE+DRAIN", "gpu001")))
    with pytest.raises(UnexpectedAnswer, match=r"gpu001 IDLE\+DRAIN"):
        SlurmCommands(slurm).down([NodeName("gpu001")], MARK)


def test_times_are_asked_for_in_utc_and_in_one_form() -> None:
    """The account's own zone and time format change nothing; a SLURM_CONF of ours is handed on."""
    slurm = Scripted(Ran(0, nodes_in("IDLE", "gpu001")))
    SlurmCommands(slurm, conf=Path("/srv/slurm.conf")).nodes()
    assert slurm.env == {
        "LC_ALL": "C",
        "SLURM_TIME_FORMAT": "standard",
        "TZ": "UTC",
        "SLURM_CONF": "/srv/slurm.conf",
    }


def test_a_list_too_long_for_one_call_goes_in_several() -> None:
    """Thousands of long irregular names do not break the command line."""
    names = [NodeName(f"{'n' * 40}{i}-ib") for i in range(4000)]
    slurm = Scripted(*[Ran(0)] * 10)
    SlurmCommands(slurm).drain(names, MARK)
    assert 1 < len(slurm.asked) <= 4
    assert all(len(argv[2]) <= 100_100 for argv in slurm.asked)


def test_never_does_it_ask_to_ignore_jobs() -> None:
    """IGNORE_JOBS takes nodes that work."""
    slurm = Scripted(Ran(0, "No reservations in the system\n"), Ran(0))
    SlurmCommands(slurm).reserve("lendbot_12_1", [NodeName("gpu001")], timedelta(seconds=90))
    assert slurm.asked[1] == [
        "scontrol",
        "create",
        "reservation",
        "ReservationName=lendbot_12_1",
        "StartTime=now",
        "Duration=2",
        "Users=root",
        "Nodes=gpu001",
    ]


ALREADY = ["Invalid node state specified", "Invalid node state transition", "Invalid node state transition requested"]


@pytest.mark.parametrize("words", ALREADY)
def test_a_resume_of_what_is_idle_already_is_fine_whatever_the_version_calls_it(words: str) -> None:
    """A step that runs twice is content on 25.11 too, and lifts what is still held."""
    slurm = Scripted(
        Ran(1, "", f"slurm_update error: {words}\n"),
        Ran(0, nodes_in("IDLE", "gpu001") + nodes_in("DOWN+DRAIN", "gpu002")),
        Ran(0),
        Ran(0, nodes_in("IDLE", "gpu001", "gpu002")),
    )
    SlurmCommands(slurm).resume([NodeName("gpu001"), NodeName("gpu002")])
    assert slurm.asked[2] == ["scontrol", "update", "NodeName=gpu002", "State=RESUME"]


def test_a_reason_that_outlives_resume_is_taken_off_and_that_of_a_held_node_is_left() -> None:
    """24.11 without accounting: what slurmctld writes next would stand behind our mark, on a node that is home."""
    said = "Reason=lendbot #12 [root@2026-11-23T10:00:00]\n"
    after = nodes_in("IDLE", "gpu001") + nodes_in("IDLE+DRAIN", "gpu002")
    slurm = Scripted(Ran(0), Ran(0, after.replace("Time=None\n", f"Time=None {said}")), Ran(0))
    SlurmCommands(slurm).resume([NodeName("gpu001"), NodeName("gpu002")])
    writes = [asked for asked in slurm.asked if asked[1] == "update"]
    assert writes[1:] == [["scontrol", "update", "NodeName=gpu001", "Reason= "]]


def test_a_refusal_to_resume_that_nobody_knows_is_told() -> None:
    """A word of a later Slurm is not taken for "already"."""
    slurm = Scripted(Ran(1, "", "slurm_update error: Invalid node mood\n"))
    with pytest.raises(UnexpectedAnswer, match="Invalid node mood"):
        SlurmCommands(slurm).resume([NodeName("gpu001")])


def test_the_queue_is_asked_for_with_its_header() -> None:
    """Without it nobody can tell an empty queue from a squeue that printed nothing."""
    slurm = Scripted(Ran(0, "JOBID|STATE|PARTITION|NODELIST|END_TIME|SUBMIT_TIME|REASON\n"), Ran(0, ""))
    commands = SlurmCommands(slurm, max_age=timedelta(0))
    assert commands.jobs() == ()
    assert not {"-h", "--noheader"} & set(slurm.asked[0])
    with pytest.raises(UnexpectedAnswer, match="printed nothing"):
        commands.jobs()


def test_the_accounts_profile_on_the_management_host_changes_no_answer(bench: Bench) -> None:
    """An export in root's .bashrc hides no job and leads to no other cluster."""
    job = bench.handle.call(lambda: bench.handle.world.sneak_job("gpu020", timedelta(days=9))).id
    profile = {"SLURM_CLUSTERS": "other", "SQUEUE_USERS": "root", "SQUEUE_PARTITION": "debug", "TZ": "Asia/Tokyo"}
    bench.handle.call(lambda: bench.handle.site.management.profile.update(profile))
    assert job in [each.id for each in bench.slurm().jobs()]
    assert bench.slurm().cluster() == "sandbox"
    assert abs(bench.slurm().clock() - bench.handle.site.clock.now()) < timedelta(minutes=2)


def test_a_slurm_whose_libraries_lie_elsewhere_has_the_variable_that_the_site_names(bench: Bench) -> None:
    """/opt/slurm/lib is found where the settings say so, and nothing else of the profile comes with it."""
    management = bench.handle.site.management
    profile = {"LD_LIBRARY_PATH": "/opt/tools/lib:/opt/slurm/lib", "SLURM_CLUSTERS": "other", "SQUEUE_USERS": "root"}
    bench.handle.call(lambda: management.profile.update(profile))
    bench.handle.call(lambda: setattr(management, "libraries", "/opt/slurm/lib"))
    with pytest.raises(UnexpectedAnswer, match=r"loading shared libraries: libslurmfull\.so"):
        bench.slurm().nodes()
    kept = bench.slurm(keep=frozenset({"LD_LIBRARY_PATH", "NOT_SET_THERE"}))
    assert kept.nodes()
    assert kept.cluster() == "sandbox"
