"""One loan through all its states, every reply and every piece of news: what the golden files and validators read.

The people are ids, as the product knows them; the moment is a Tuesday, two days before the deadline.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.views.actions import FormRef
from commands import refusals as no
from commands import replies as r
from commands.fill import Fill, Kept
from commands.replies import OneLoan
from commands.strange_cards import LostLoan, OldButton, StrangersCard
from conversion.estimate import Estimate
from conversion.skips import NotSo
from loans import facts as f
from loans.book import Kept as KeptAside
from loans.book import Pool, Promise, Room
from loans.classes import NodeClass, Rules
from loans.facts import Actor, Fact, Told
from loans.loan import Decision, Extension, Loan, NodeLoan, NodeState, State, Taking, TakingState
from loans.nodes import NodeName, Taint
from loans.policy import NoNodes, NotInGroup, NotLater, OwnRequest, TooLong, TooMany, TooManyWaiting, TooShort
from loans.readers.breakdown import Breakdown, Failure
from loans.readers.history import of_node, story
from loans.readers.summary import Summary
from loans.runbook import PlanName, StepName
from loans.selection import (
    Choice,
    GivenUp,
    HeldBy,
    KeptAway,
    KeptByFloor,
    NotFree,
    NotNeeded,
    PassedOver,
    ReservedFor,
    RunsJobs,
)
from loans.shown import Change, ForcedBefore, NotBlocked, OtherAsker, OtherDeadline, OtherStage, OtherTerms
from store.away import AwaySide
from store.breakers import Breaker

NOW = datetime(2026, 11, 24, 15, 12, 5, tzinfo=UTC)
UNTIL = datetime(2026, 11, 28, 4, 59, tzinfo=UTC)
MIN = timedelta(minutes=1)
REQUESTER, APPROVER, ONCALL, APPROVERS = "U0REQUESTER", "U0APPROVER", "U0ONCALL", "S0APPROVERS"

RULES = Rules(approvers=frozenset({APPROVERS, APPROVER}), operators=frozenset({"S0OPERATORS"}), floor=8)
TAINTS = (Taint("lendbot/lent", "gpu"), Taint("nvidia.com/gpu", effect="NoExecute"))
LABELS = {"node-role.kubernetes.io/lent": "true"}
GPU = NodeClass("gpu", "gpu", RULES, unit="4 A100", channel="C0APPROVALS", labels=LABELS, taints=TAINTS)
STEPS = {
    StepName("prepare"): timedelta(seconds=20),
    StepName("Puppet"): timedelta(seconds=90),
    StepName("join"): timedelta(seconds=25),
    StepName("ready"): timedelta(seconds=50),
    StepName("daemons"): timedelta(seconds=30),
    StepName("evict"): timedelta(seconds=40),
    StepName("power off"): timedelta(seconds=15),
    StepName("boot"): timedelta(seconds=220),
}
ESTIMATE = Estimate(timedelta(seconds=215), timedelta(seconds=330), STEPS)

STAYING = tuple(f'nanohub/run-{n} (safe-to-evict: "false")' for n in range(6))


def node(number: int) -> NodeName:
    return NodeName(f"gpu{number:03}")


def loan(state: State, **changes: object) -> Loan:
    """Return loan #12 where it stands, signed when it must have been."""
    made = Loan(
        requester=REQUESTER,
        node_class="gpu",
        count=8,
        until=UNTIL,
        asked_at=NOW - 70 * MIN,
        lapses_at=NOW + 410 * MIN,
        purpose="FastML workshop, 25 seats",
        channel="C0HPCOPS",
        id=12,
        state=state,
    )
    if state not in (State.REQUESTED, State.DECLINED, State.WITHDRAWN, State.LAPSED):
        made = replace(made, decision=Decision(APPROVER, NOW - 67 * MIN, approved=True), started_at=NOW - 66 * MIN)
    return replace(made, **changes)  # type: ignore[arg-type]


def part(number: int, state: NodeState, step: str | None = None, **changes: object) -> NodeLoan:
    at = StepName(step) if step else None
    made = NodeLoan(12, node(number), 1, since=NOW - MIN, look_at=NOW, state=state, step=at)
    if state in (NodeState.LENT, NodeState.RETURNING, NodeState.HOME, NodeState.STUCK):
        made = replace(made, lent_at=NOW - 60 * MIN)
    if state is NodeState.HOME:
        made = replace(made, left_at=NOW)
    return replace(made, **changes)  # type: ignore[arg-type]


def one(of: Loan, parts: tuple[NodeLoan, ...] = (), takings: tuple[Taking, ...] = ()) -> OneLoan:
    return OneLoan(of, GPU, parts, takings, ESTIMATE, NOW)


DONE = Taking(12, 1, 8, NOW, state=TakingState.DONE)
FLOOR_KEEPS = "the floor of 8 keeps the last 8 idle gpu nodes in Slurm; I'll try again for up to 30 min"
LENT = tuple(part(n, NodeState.LENT) for n in range(3, 11))
HOME = tuple(part(n, NodeState.HOME) for n in range(3, 11))
LENDING = (
    *(part(n, NodeState.LENT, lent_at=NOW - 62 * MIN) for n in range(3, 8)),
    part(9, NodeState.LENDING, "Puppet", since=NOW - timedelta(seconds=70)),
    part(
        10, NodeState.LENDING, "ready", since=NOW - timedelta(seconds=40), note="waiting to be Ready: KubeletNotReady"
    ),
    part(11, NodeState.UNWINDING, "power off"),
    part(13, NodeState.LENDING, "out of Slurm", wave=2),
)
BLOCKED = part(
    6,
    NodeState.RETURNING,
    "evict",
    note="pod `jupyter/hub-0` stays: budget `jupyter/hub` allows 0 disruptions",
    blocked=True,
    ask_at=NOW + 17 * MIN,
)
STUCK = part(
    10,
    NodeState.STUCK,
    "boot",
    note="BMC says on; Slurm says DOWN+DRAIN, no registration yet (for 20 min), after 3 tries",
)
UNHEALTHY = part(
    10,
    NodeState.STUCK,
    "health",
    note='MIG is still on: `nvidia-smi --query-gpu=mig.mode.current` printed "Enabled", after 6 tries',
)
SUMMARY = Summary(
    home=8,
    lent_for=timedelta(days=3, hours=13, minutes=7),
    slowest=(node(10), StepName.BOOT, timedelta(seconds=220)),
    medians={
        StepName.PUPPET: timedelta(seconds=88),
        StepName.LABEL: timedelta(seconds=1),
        StepName.BOOT: timedelta(seconds=205),
    },
)
FORM = FormRef("America/Indiana/Indianapolis")
KEPT = Kept("until Fri 27 Nov 2026 23:59", NOW + timedelta(days=3, hours=13, minutes=47, seconds=59))
CHANGED_FORM = replace(FORM, channel="C0HPCOPS", url="https://slack.invalid/response", kept=KEPT)
WISH = Fill("8", "gpu", KEPT.words, "FastML workshop, 25 seats", KEPT)
BROKE = {node(11): Breakdown(StepName.PUPPET, "exit 4: Could not apply complete catalog")}
REPLACED = {node(11): node(13)}
FAILURE = Failure((node(3), node(4), node(5)), Breakdown(StepName.PUPPET, "Puppet failed with 6: Service[containerd]"))
EXTENSION = Extension(UNTIL + timedelta(days=3), REQUESTER, NOW - 5 * MIN, NOW + 400 * MIN)


AWAY = AwaySide("Kubernetes", NOW - 29 * MIN, "connection refused")
BREAKER = Breaker("gpu", StepName.PUPPET, "Puppet failed with 6", (node(3), node(4), node(5)), 3, NOW - 5 * MIN)
OF_THE_SITE: Mapping[str, Told[Fact]] = {
    "side_away": Told(f.SideAway("Kubernetes", NOW - 29 * MIN, "connection refused", 7, (12, 14)), NOW),
    "side_away_waves": Told(f.SideAway("Slurm", NOW - 29 * MIN, "connection refused", 0, (12,)), NOW),
    "side_away_in_part": Told(
        f.SideAway("SSH to the nodes", NOW - 9 * MIN, "timed out", 3, (12,), (node(3), node(4), node(5))), NOW
    ),
    "side_back": Told(f.SideBack("Kubernetes", NOW - 29 * MIN), NOW),
    "breaker_opened": Told(
        f.BreakerOpened("gpu", StepName.PUPPET, BREAKER.reason, BREAKER.failed, 3, (12,), NOW + 55 * MIN), NOW
    ),
    "breaker_arrived": Told(f.BreakerClosed("gpu", f.WhyClosed.ARRIVED), NOW),
    "breaker_goes_on": Told(f.BreakerClosed("gpu", f.WhyClosed.GO_ON), NOW, Actor(APPROVER)),
    "breaker_sent_home": Told(f.BreakerClosed("gpu", f.WhyClosed.SENT_HOME), NOW, Actor(APPROVER)),
}


BEFORE = (
    loan(State.RETURNED, id=9, count=4, lent_at=NOW - 72 * 60 * MIN, ended_at=NOW - 24 * 60 * MIN),
    loan(State.LAPSED, id=7, count=1, ended_at=NOW - 96 * 60 * MIN),
)


def cards() -> Mapping[str, tuple[OneLoan, Summary | None]]:
    """Return every state of a loan, and the turns that some of them take."""
    back = loan(State.RETURNING, return_why=f.WhyReturn.DEADLINE)
    ended = NOW - MIN
    return {
        "requested": (one(loan(State.REQUESTED)), None),
        "requested_with_outlook": (
            replace(one(loan(State.REQUESTED)), choice=choice(), jobs_waiting=3, before=BEFORE),
            None,
        ),
        "requested_for_later": (one(loan(State.REQUESTED, starts_at=NOW + 18 * 60 * MIN, purpose="")), None),
        "approved": (one(loan(State.APPROVED, started_at=None)), None),
        "lending_takes": (
            one(
                loan(State.LENDING),
                tuple(part(n, NodeState.TAKING) for n in range(3, 11)),
                (replace(DONE, state=TakingState.OPEN, step=StepName.QUIET, note="gpu003 still busy"),),
            ),
            None,
        ),
        "lending_kept_by_the_floor": (
            one(
                loan(State.LENDING),
                (),
                (replace(DONE, state=TakingState.OPEN, step=StepName.RESERVE, note=FLOOR_KEEPS),),
            ),
            None,
        ),
        "lending_paused": (replace(one(loan(State.LENDING), LENDING, (DONE,)), away=(AWAY,)), None),
        "lending_broken": (replace(one(loan(State.LENDING), LENDING, (DONE,)), breaker=BREAKER), None),
        "lending": (
            replace(
                one(loan(State.LENDING), LENDING, (DONE, replace(DONE, wave=2, count=1))),
                broke=BROKE,
                replaced=REPLACED,
            ),
            None,
        ),
        "lent": (replace(one(loan(State.LENT, lent_at=NOW), LENT, (DONE,)), pods=214), None),
        "lent_asked_to_stay": (
            replace(one(loan(State.LENT, lent_at=NOW), LENT, (DONE,)), pods=214, staying=STAYING),
            None,
        ),
        "lent_without_pods": (replace(one(loan(State.LENT, lent_at=NOW), LENT, (DONE,)), pods=0), None),
        "lent_kubernetes_silent": (one(loan(State.LENT, lent_at=NOW), LENT, (DONE,)), None),
        "lent_short": (
            replace(
                one(loan(State.LENT, lent_at=NOW), (*LENT[:6], part(11, NodeState.UNWOUND)), (DONE,)),
                no_more="the floor of 8 kept the last 8 idle gpu nodes in Slurm",
            ),
            None,
        ),
        "lent_extension_asked": (one(loan(State.LENT, lent_at=NOW, extension=EXTENSION), LENT, (DONE,)), None),
        "returning": (
            one(back, (*HOME[:5], part(8, NodeState.RETURNING, "boot"), part(9, NodeState.RETURNING, "evict"))),
            None,
        ),
        "returning_blocked": (one(back, (*HOME[:3], BLOCKED, *HOME[4:])), None),
        "returning_forced": (one(back, (*HOME[:3], replace(BLOCKED, forced_by=ONCALL), *HOME[4:])), None),
        "stuck": (one(replace(back, state=State.STUCK), (*HOME[:7], STUCK)), None),
        "unhealthy": (one(replace(back, state=State.STUCK), (*HOME[:7], UNHEALTHY)), None),
        "unhealthy_and_stuck": (
            one(replace(back, state=State.STUCK), (*HOME[:6], UNHEALTHY, replace(STUCK, node=node(9)))),
            None,
        ),
        "second_try": (
            replace(one(back, (*HOME[:7], part(10, NodeState.RETURNING, "boot"))), tries={node(10): 2}),
            None,
        ),
        "returned": (one(replace(back, state=State.RETURNED, ended_at=ended), HOME), SUMMARY),
        "returned_forced": (
            one(replace(back, state=State.RETURNED, ended_at=ended), HOME),
            replace(SUMMARY, forced=((node(6), ONCALL),)),
        ),
        "declined": (
            one(
                loan(
                    State.DECLINED, ended_at=ended, decision=Decision(APPROVER, ended, approved=False, note="Exam week")
                )
            ),
            None,
        ),
        "withdrawn": (one(loan(State.WITHDRAWN, ended_at=ended, returned_by=REQUESTER)), None),
        "lapsed": (one(loan(State.LAPSED, ended_at=ended)), None),
        "failed": (
            replace(
                one(
                    loan(State.FAILED, ended_at=ended),
                    tuple(part(n, NodeState.UNWOUND) for n in (3, 4, 5)),
                    (replace(DONE, wave=4, state=TakingState.FAILED, note="no other gpu node is free"),),
                ),
                failure=FAILURE,
            ),
            None,
        ),
        "failed_without_a_node": (one(loan(State.FAILED, ended_at=ended)), None),
        "many_nodes": (
            one(
                loan(State.LENDING, count=120),
                tuple(part(n, *_many(n)) for n in range(1, 121)),  # type: ignore[misc]
                (DONE,),
            ),
            None,
        ),
    }


def _many(number: int) -> tuple[NodeState, str]:
    return [(NodeState.LENT, ""), (NodeState.LENDING, "Puppet"), (NodeState.LENDING, "join")][number % 3]


def choice(taken: int = 8, wished: int = 8) -> Choice:
    over = (
        PassedOver(node(1), RunsJobs((48211,), NOW + 88 * MIN)),
        PassedOver(node(2), KeptAway("IDLE+DRAIN", "root", "ECC errors")),
        PassedOver(node(17), RunsJobs((48230, 48231), NOW + 183 * MIN)),
        PassedOver(node(18), HeldBy(7)),
        PassedOver(node(19), NotFree("IDLE+COMPLETING")),
        PassedOver(node(20), NotNeeded()),
        PassedOver(node(21), GivenUp()),
        PassedOver(node(22), KeptByFloor(8)),
        PassedOver(node(23), RunsJobs((48240,), None)),
        PassedOver(node(24), ReservedFor("maintenance", NOW + 60 * MIN)),
    )
    return Choice(tuple(node(n) for n in range(3, 3 + taken)), over, wished, taken, 20, 24, 8)


def without_floor(found: Choice) -> Choice:
    """Return a choice that jobs limit, and no floor."""
    return replace(found, passed_over=tuple(p for p in found.passed_over if not isinstance(p.why, KeptByFloor)))


def replies() -> Mapping[str, r.Reply]:
    """Return one or more of every kind of reply."""
    lent = loan(State.LENT, lent_at=NOW, extension=EXTENSION)
    asked = loan(State.REQUESTED)
    approved = loan(State.APPROVED, started_at=None)
    zone = "America/Indiana/Indianapolis"
    rows = (
        told(f.Requested("gpu", 8, UNTIL, purpose="FastML workshop"), ago=70, by=REQUESTER),
        told(f.Decided(approved=True, on="8 gpu nodes"), ago=67, by=APPROVER),
        told(f.StepDid(PlanName.LEND, StepName.PUPPET, said="exit 2 <changed>"), ago=60, of=3),
        told(f.StepFailed(PlanName.LEND, StepName.PUPPET, said="exit 4"), ago=59, of=11),
        told(f.NodeBroke(StepName.PUPPET, "exit 4"), ago=59, of=11),
        told(f.ExtensionAsked(UNTIL), ago=20, by=REQUESTER),
        told(f.NodeSentHome(), ago=0, of=3, by="cli:operator"),
    )
    standing = (
        told(f.SetInSlurm(f.SlurmChange.DRAINED, "lendbot #12"), ago=65, of=3),
        told(f.MarkedInKubernetes(f.KubeChange.MARKED, "gpu003"), ago=62, of=3),
    )
    later = UNTIL + timedelta(days=7)
    readings = (
        ("Fri 27 Nov 2026, 23:59 EST (UTC-5), 3 days 13 h", 4),
        ("Fri 4 Dec 2026, 23:59 EST (UTC-5), 10 days 13 h", 5),
    )
    reasons = (
        NotInGroup("decide on loans", RULES.approvers),
        OwnRequest(12),
        NoNodes(0),
        TooMany(1_000_000, 16),
        TooLong(timedelta(days=20), timedelta(days=14)),
        TooShort(2 * MIN, 5 * MIN),
        TooManyWaiting(tuple(range(11, 21)), 10),
        NotLater(UNTIL, NOW),
    )
    return {
        "preview": r.Preview(
            4, GPU, choice(), UNTIL, zone, NOW, purpose="FastML workshop", jobs_waiting=3, estimate=ESTIMATE
        ),
        "preview_for_later": r.Preview(4, GPU, choice(5), UNTIL, zone, NOW, starts_at=NOW + 18 * 60 * MIN),
        "which_time": r.WhichTime("next Friday", readings),
        "which_time_guess": r.WhichTime("untill freday", readings[:1], "until Friday"),
        "which_time_extends": r.WhichTime("next Friday", readings, extends=True),
        "bad_time": no.BadTime("yesterday", "that is past"),
        "bad_time_of_a_wish": no.BadTime(
            "whenever",
            "No time is named.",
            "2 gpu nodes for FastML",
            no.Begun("lend 2 gpu nodes whenever for FastML", "2", "gpu", "whenever", "FastML"),
        ),
        "unknown_class": no.UnknownClass("gpuu", ("cpu", "gpu"), "gpu"),
        "how_many": no.HowMany(GPU, 5, "until Friday"),
        "how_many_slurm_away": no.HowMany(GPU, None, ""),
        "not_by_name": no.NotByName(("gpu016", "gpu017"), "gpu", "until Friday"),
        "welcome": r.Welcome(),
        "unknown_nodes": no.UnknownNodes(12, ("gpu099",), (node(3), node(4))),
        "not_lent": no.NotLent((node(3),)),
        "not_enough": no.NotEnough(without_floor(choice(5)), GPU, zone, 4, 5, NOW + 183 * MIN),
        "not_enough_for_the_floor": no.NotEnough(choice(5), GPU, zone, 4),
        "not_enough_none": no.NotEnough(replace(choice(0), passed_over=()), GPU, zone),
        **booked_out(later),
        "not_understood": no.NotUnderstood(
            "lned 8 gpu", "lend", "lend COUNT CLASS ...", ("lend 2 gpu nodes for 3 days",)
        ),
        "forbidden": no.Forbidden(reasons),
        "cannot_tell": no.CannotTell(reasons),
        "no_loan": no.NoLoan(99, (12, 13)),
        "strangers_card": StrangersCard(12, "x7q2"),
        "strangers_card_unnamed": StrangersCard(12, ""),
        "lost_loan": LostLoan(12, is_taken=False),
        "lost_loan_taken": LostLoan(12, is_taken=True),
        "old_button": OldButton(12, "give back gpu003 from #12"),
        **card_differs(lent),
        "already_decided": no.AlreadyDecided(approved, NOW - 67 * MIN + timedelta(seconds=3)),
        "already_lapsed": no.AlreadyDecided(loan(State.LAPSED, ended_at=NOW - MIN), NOW),
        "extension_was_granted": no.ExtensionSettled(
            loan(State.LENT, until=later), later, Decision(APPROVER, NOW - 3 * MIN, approved=True), NOW
        ),
        "extension_was_declined": no.ExtensionSettled(
            loan(State.LENT), later, Decision(APPROVER, NOW - timedelta(seconds=3), approved=False), NOW
        ),
        "extension_had_lapsed": no.ExtensionSettled(
            loan(State.LENT), later, Decision("lendbot", NOW - 3 * MIN, approved=False), NOW
        ),
        "extension_asked_anew": no.ExtensionSettled(lent, later, None, NOW),
        "extension_given_up": no.ExtensionSettled(loan(State.RETURNING), later, None, NOW),
        **{f"not_from_{state}": no.NotFrom(loan(state), "extend") for state in State},
        "stale_draft": no.StaleDraft(),
        "stale_draft_not_theirs": no.StaleDraft(theirs=False),
        "far_side_down": no.FarSideDown("Slurm", "connection to mgmt timed out"),
        "requested": r.Requested(asked, GPU),
        "approved": r.Decided(approved),
        "declined": r.Decided(loan(State.DECLINED, decision=Decision(APPROVER, NOW, approved=False))),
        "withdrawn": r.Withdrawn(loan(State.WITHDRAWN)),
        "going_home": r.GoingHome(loan(State.RETURNING), tuple(node(n) for n in range(3, 11)), ESTIMATE),
        "skips_too_much": r.SkipsTooMuch(
            12, StepName.RESUME, ((node(6), NotSo(StepName.EVICT, "5 pods have to leave first")),)
        ),
        "extension_asked": r.ExtensionAsked(lent, NOW, zone),
        "extension_granted": r.ExtensionDecided(replace(lent, extension=None, until=later), granted=True),
        "extension_declined": r.ExtensionDecided(replace(lent, extension=None), granted=False),
        "forced": r.Forced(loan(State.RETURNING), node(6)),
        "waits_on": r.WaitsOn(node(6), NOW + 60 * MIN),
        "no_breaker": no.NoBreaker("gpu"),
        "no_breaker_newer": no.NoBreaker("gpu", is_newer=True),
        "went_on": r.WentOn("gpu"),
        "sent_home": r.WentOn("gpu", (12, 14), is_end=True),
        "sent_home_of_some": r.WentOn("gpu", (12,), (15,), is_end=True),
        "sent_home_none_left": r.WentOn("gpu", (), (15, 16), is_end=True),
        "preview_of_broken_class": r.Preview(4, GPU, choice(), UNTIL, zone, NOW, breaker=BREAKER),
        "one_loan": one(loan(State.LENT, lent_at=NOW), LENT, (DONE,)),
        "loans": r.Loans("Open loans", (lent, replace(asked, id=13, requester="cli:operator")), {12: 8}, NOW),
        "loans_held_up": r.Loans("Open loans", (lent,), {12: 8}, NOW, (BREAKER,), (AWAY,)),
        "loans_later": r.Loans(
            "Open loans", (loan(State.APPROVED, started_at=None, starts_at=NOW + 18 * 60 * MIN),), {}, NOW
        ),
        "loans_none": r.Loans("Open loans", (), {}, NOW),
        "free": r.Free(((GPU, choice()), (replace(GPU, name="cpu"), replace(choice(0), passed_over=()))), NOW),
        "free_without_floor": r.Free(((GPU, without_floor(choice())),), NOW),
        "free_of_broken_class": r.Free(((GPU, choice()),), NOW, (BREAKER,)),
        "history": r.History(story(rows), lent),
        "history_second_page": r.History(story(rows * 12), lent, page=2),
        "history_opened": r.History(story(rows), lent, opened=story(rows).part("gpu011")),
        "history_of_node": r.History(of_node(rows[2:3]), node=node(3), standing=standing),
        "history_none": r.History(of_node(()), node=node(99)),
        "lately": r.Lately(rows, page=2, has_earlier=True),
        "lately_none": r.Lately(()),
        "help_on": r.HelpOn("lend", "ask for nodes", "lend COUNT CLASS ...", ("lend 2 gpu nodes for 3 days",)),
        "help_all": r.HelpAll((("lend", "lend COUNT CLASS", "ask for nodes"), ("help", "help [VERB]", "this list"))),
    }


def booked_out(later: datetime) -> Mapping[str, no.BookedOut]:
    """Return what is said of a class of 12 nodes of which others have been promised some."""
    zone, nodes = "America/Indiana/Indianapolis", frozenset(node(n) for n in range(1, 13))
    pool = Pool("gpu", 2, nodes, NOW)
    monday = datetime(2026, 11, 30, 13, 30, tzinfo=UTC)
    others = tuple(
        Promise(number, "gpu", count, monday, ends)
        for number, count, ends in ((12, 4, monday + timedelta(hours=8)), (14, 3, monday + timedelta(days=4)))
    )
    stuck = Promise(9, "gpu", 1, NOW, None, frozenset({node(3)}))
    kept = (
        KeptAside(frozenset({node(1)}), NOW),
        KeptAside(frozenset({node(4), node(5)}), monday, monday + timedelta(hours=4), "maint_2026"),
    )
    full = Room(2, monday, pool, others)
    tuesday = monday + timedelta(days=1)
    wish = no.BookedOut(full, 8, zone, fewer=2, fewer_draft="k3f9-4", later_at=tuesday, later_draft="k3f9-5")
    asked = loan(State.REQUESTED, count=8, starts_at=monday, until=monday + timedelta(hours=8))
    lent = loan(State.LENT, started_at=NOW)
    return {
        "booked_out": wish,
        "booked_out_kept": no.BookedOut(Room(0, monday, replace(pool, kept=kept), (stuck, *others), kept), 8, zone),
        "booked_out_request": no.BookedOut(full, 8, zone, asked, fewer=2, later_at=tuesday),
        "booked_out_extension": no.BookedOut(full, 8, zone, lent, latest=later, latest_draft="k3f9-6"),
        "booked_out_extension_signed": no.BookedOut(full, 8, zone, lent, latest=later),
    }


def card_differs(lent: Loan) -> Mapping[str, r.CardDiffers]:
    """Return every way in which a loan is not what a pressed card showed."""
    back = loan(State.RETURNING, return_why=f.WhyReturn.DEADLINE)
    shown = one(lent, LENT, (DONE,))
    blocked = one(back, (*HOME[:3], BLOCKED, *HOME[4:]))
    found: Mapping[str, tuple[OneLoan, Change]] = {
        "deadline": (shown, OtherDeadline(UNTIL - timedelta(days=1))),
        "terms": (shown, OtherTerms()),
        "asker": (shown, OtherAsker()),
        "node": (blocked, OtherStage(node(6), NodeState.STUCK, NodeState.RETURNING)),
        "node_again": (blocked, OtherStage(node(6), NodeState.STUCK, NodeState.STUCK)),
        "not_blocked": (one(back, HOME), NotBlocked(node(6))),
        "forced": (blocked, ForcedBefore(node(6), ONCALL)),
    }
    return {f"card_differs_{name}": r.CardDiffers(now, (change,)) for name, (now, change) in found.items()}


def told(fact: Fact, ago: int = 0, of: int | None = None, by: str = "lendbot") -> Told[Fact]:
    """Return a fact of loan #12. ago: in minutes; of: a node's number."""
    return Told(fact, NOW - ago * MIN, Actor(by), 12, node(of) if of is not None else None)


def news() -> Mapping[str, tuple[Told[Fact], OneLoan, Mapping[str, int] | None]]:
    """Return every fact that somebody hears of, as conversion/ and commands/ tell it."""
    lent = one(loan(State.LENT, lent_at=NOW, until=NOW + 60 * MIN), LENT, (DONE,))
    back = loan(State.RETURNING, return_why=f.WhyReturn.DEADLINE)
    blocked = one(back, (*HOME[:3], BLOCKED, *HOME[4:]))
    stuck = one(replace(back, state=State.STUCK), (*HOME[:7], STUCK))
    lending = one(loan(State.LENDING), LENDING, (DONE,))
    failed = one(loan(State.FAILED, ended_at=NOW), (), (replace(DONE, state=TakingState.FAILED),))
    extends = one(loan(State.LENT, lent_at=NOW, extension=EXTENSION), LENT)
    over = one(replace(back, state=State.RETURNED, ended_at=NOW), HOME)
    pods = {"nanohub": 22, "jupyter": 6, "ci": 2, "web": 1}
    no = "the nodes are needed"
    puppet = "Puppet failed with 4: Could not apply complete catalog"
    later = EXTENSION.until
    no_node = f.WaveFailed(1, None, "no other gpu node is free")
    nobody = Failure((), Breakdown(no_node.step, no_node.why))
    return {
        "approved": (told(f.Decided(approved=True), by=APPROVER), one(loan(State.APPROVED)), None),
        "declined": (told(f.Decided(approved=False, note=no), by=APPROVER), one(loan(State.DECLINED)), None),
        "lapsed": (told(f.Lapsed(f.WhyLapsed.NOBODY_DECIDED)), one(loan(State.LAPSED, ended_at=NOW)), None),
        "withdrawn": (told(f.Withdrawn(), by=REQUESTER), one(loan(State.WITHDRAWN, ended_at=NOW)), None),
        "lent": (told(f.Arrived(8, 8)), lent, None),
        "short": (
            told(f.Arrived(6, 8)),
            replace(
                one(loan(State.LENT, lent_at=NOW), LENT[:6]),
                no_more="the floor of 8 kept the last 8 idle gpu nodes in Slurm",
            ),
            None,
        ),
        "failed": (told(f.Failed()), replace(failed, failure=FAILURE), None),
        "failed_without_a_node": (told(f.Failed()), replace(failed, failure=nobody), None),
        "node_broke": (told(f.NodeBroke(StepName.PUPPET, puppet), of=11), lending, None),
        "node_broke_like_others": (
            told(f.NodeBroke(StepName.PUPPET, puppet), of=11),
            replace(lending, breaker=BREAKER),
            None,
        ),
        "node_home": (told(f.NodeHome(was_lent=False), of=11), lending, None),
        "reminder": (told(f.Reminded(UNTIL)), lent, pods),
        "reminder_asked_to_stay": (told(f.Reminded(UNTIL)), replace(lent, staying=STAYING[:1]), pods),
        "reminder_no_pods": (told(f.Reminded(UNTIL)), lent, {}),
        "reminder_kubernetes_silent": (told(f.Reminded(UNTIL)), lent, None),
        "reminder_too_late": (told(f.Reminded(UNTIL)), over, None),
        "returning": (told(f.ReturnOrdered(f.WhyReturn.DEADLINE)), one(back, HOME), None),
        "returning_recalled": (told(f.ReturnOrdered(f.WhyReturn.RECALLED), by=APPROVER), one(back, HOME), None),
        "blocked": (told(f.Blocked(StepName.EVICT, BLOCKED.note), of=6), blocked, None),
        "blocked_no_more": (told(f.Blocked(StepName.EVICT, BLOCKED.note), of=3), blocked, None),
        "slow": (
            told(f.Blocked(StepName.BOOT, "BMC says on", by_others=False), of=6),
            one(back, (*HOME[:3], replace(BLOCKED, blocked=False, step=StepName.BOOT))),
            None,
        ),
        "stuck": (told(f.GotStuck(StepName.BOOT, STUCK.note), of=10), stuck, None),
        "unhealthy": (
            told(f.GotStuck(StepName.HEALTH, UNHEALTHY.note), of=10),
            one(replace(back, state=State.STUCK), (*HOME[:7], UNHEALTHY)),
            None,
        ),
        "stuck_no_more": (told(f.GotStuck(StepName.BOOT, STUCK.note), of=3), stuck, None),
        "home": (told(f.Home()), over, None),
        "extension_asked": (told(f.ExtensionAsked(later), by=REQUESTER), extends, None),
        "extension_decided": (told(f.ExtensionDecided(later, granted=True), by=APPROVER), lent, None),
        "extension_declined": (told(f.ExtensionDecided(later, granted=False, note=no), by=APPROVER), lent, None),
        "extension_lapsed": (told(f.ExtensionLapsed(later, f.WhyLapsed.NOBODY_DECIDED)), lent, None),
        "mismatch": (
            told(f.Mismatch(f.Wrong.SCHEDULABLE, "gpu004 is lent, and Slurm says IDLE: DRAIN was put back"), of=4),
            lent,
            None,
        ),
    }


def every_fact() -> tuple[Told[Fact], ...]:
    """Return at least one of every kind of fact."""
    told_of = {type(told_.fact): told_ for told_, _, _ in news().values()}
    step = {kind: told(kind(PlanName.LEND, StepName.PUPPET), of=3) for kind in f.StepFact.__subclasses__()}
    others = (
        f.Requested("gpu", 8, UNTIL), f.Forced("a budget"), f.WaitGranted(NOW), f.Began(), f.Jammed(), f.Taken(1),
        f.NodeArrived(), f.WaveFailed(1, None, "none is free"), f.NodeReplaced(node(13)), f.NodeSentHome(),
        f.SetInSlurm(f.SlurmChange.DRAINED, "lendbot #12"), f.MarkedInKubernetes(f.KubeChange.MARKED, "gpu003"),
        f.PowerOrdered(on=False), f.ClockSet(-9 * MIN), f.ClockOff("Slurm", 9 * MIN), f.Noted("an old word"),
        f.SideAway("Slurm", NOW, "connection refused", 7, (12,)), f.SideBack("Slurm", NOW - 29 * MIN),
        f.BreakerOpened("gpu", StepName.PUPPET, "Puppet failed with 6", (node(3), node(4), node(5)), 3, (12,)),
        f.BreakerClosed("gpu", f.WhyClosed.ARRIVED), f.AlarmRaised(4, "gpu003: Slurm refuses"),
        f.AlarmTaken(4, "gpu003: Slurm refuses"), f.CalledAgain(4, "gpu003: Slurm refuses", 1, ("S0GPUAPPR1",)),
        f.TriedAgain(4, (node(3),)), f.AlarmSolved(4, "gpu003: Slurm refuses"), f.ReturnedEarly((node(3),)),
        f.CardPostedAnew("edit_window_closed"),
    )  # fmt: skip
    return (*told_of.values(), *step.values(), *(told(fact, of=3) for fact in others))
