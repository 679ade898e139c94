"""Who may speak to lendbot at all: the matrix of people, teams and settings."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.settings.site import SlackSettings
from bot.slack.admission import Admission
from bot.slack.people import People
from loans.policy import Person
from sandbox.faults import Fault
from sandbox.slack import seed
from sandbox.slack.records import User
from tests.bot.house import APPROVALS, APPROVER, House, eventually, shown

HOME, OTHER = "T0HOME0001", "T0OTHER001"
MEMBER = {"id": "U0SAME0001", "team_id": HOME, "tz": "Europe/Zurich"}


@dataclass
class Slack:
    """What Slack says of one user, whoever asks; and a group that everybody of that id is in."""

    user: dict[str, Any] = field(default_factory=lambda: dict(MEMBER))
    trouble: Exception | None = None

    def users_info(self, user: str) -> dict[str, Any]:
        if self.trouble:
            raise self.trouble
        return {"user": self.user | {"id": user}}

    def auth_test(self) -> dict[str, Any]:
        return {"team_id": HOME}

    def usergroups_users_list(self, usergroup: str) -> dict[str, Any]:
        del usergroup
        return {"users": [MEMBER["id"]]}


def settings(**allowed: Any) -> SlackSettings:
    secrets = {"bot_token": "xoxb-1", "app_token": "xapp-1"}
    return SlackSettings.model_validate({"oncall_channel": "C0ONCALL01", **secrets, **allowed})


def admission(slack: Slack, **allowed: Any) -> Admission:
    client: Any = slack
    return Admission(client, settings(**allowed))


GUEST, SINGLE, BOT = {"is_restricted": True}, {"is_restricted": True, "is_ultra_restricted": True}, {"is_bot": True}
STRANGER, GONE = {"team_id": OTHER, "is_stranger": True}, {"deleted": True}


@pytest.mark.parametrize(
    ("is_like", "team", "allowed", "may"),
    [
        pytest.param({}, HOME, {}, True, id="a member"),
        pytest.param({}, "", {}, True, id="a member whose envelope names no team"),
        pytest.param(GUEST, HOME, {}, False, id="a guest"),
        pytest.param(SINGLE, HOME, {}, False, id="a guest of one channel"),
        pytest.param(GUEST, HOME, {"allow_guests": True}, True, id="a guest where guests may"),
        pytest.param(GUEST, HOME, {"allow_bots": True, "allow_teams": [OTHER]}, False, id="a guest where others may"),
        pytest.param(BOT, HOME, {}, False, id="a bot"),
        pytest.param(BOT, HOME, {"allow_bots": True}, True, id="a bot where bots may"),
        pytest.param(STRANGER, OTHER, {}, False, id="another team"),
        pytest.param(STRANGER, OTHER, {"allow_teams": [OTHER]}, True, id="a team that may"),
        pytest.param(STRANGER, OTHER, {"allow_teams": ["T0THIRD001"]}, False, id="a third team"),
        pytest.param(STRANGER, "", {}, False, id="another team whose envelope does not say so"),
        pytest.param({}, OTHER, {}, False, id="our member's id in another team's envelope"),
        pytest.param({"team_id": HOME, "is_stranger": True}, HOME, {}, False, id="a stranger who says to be ours"),
        pytest.param({"team_id": None}, "", {}, False, id="of no team that Slack knows"),
        pytest.param(STRANGER | GUEST, OTHER, {"allow_teams": [OTHER]}, False, id="another team's guest"),
        pytest.param(GONE, HOME, {"allow_guests": True}, False, id="somebody whose account is gone"),
    ],
)
def test_whoever_is_not_of_the_workspace_is_turned_away_unless_settings_say_so(
    is_like: dict[str, Any],
    team: str,
    allowed: dict[str, Any],
    may: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """A shared channel with a vendor is no way to a site's nodes."""
    said = admission(Slack(MEMBER | is_like), **allowed).turned_away(str(MEMBER["id"]), team)
    assert (said == "") is may
    assert may or said.startswith("I only answer to")


def test_whom_slack_does_not_tell_of_is_turned_away() -> None:
    """Nothing is concluded from silence: a missing scope makes nobody a member."""
    refused: Any = {"ok": False, "error": "missing_scope"}
    unknown = Slack(trouble=SlackApiError("no", refused))
    assert "doesn't tell me who you are" in admission(unknown).turned_away("U0SAME0001", HOME)
    with pytest.raises(OSError, match="away"):
        admission(Slack(trouble=OSError("away"))).turned_away("U0SAME0001", HOME)


def test_an_id_means_somebody_only_together_with_its_team() -> None:
    """The same id in another team is in none of our groups, is not our requester, and is named in no rule of ours."""
    slack = Slack()
    client: Any = slack
    people = People(client, ["S0GPUAPPR1"], admission(slack, allow_teams=[OTHER]))
    ours, theirs = people.person("U0SAME0001", HOME), people.person("U0SAME0001", OTHER)
    assert ours == Person("U0SAME0001", frozenset({"S0GPUAPPR1"}), "Europe/Zurich", HOME)
    assert theirs == Person(f"{OTHER}/U0SAME0001", frozenset(), "Europe/Zurich", OTHER)
    assert ours.is_in(frozenset({"U0SAME0001"}))
    assert not theirs.is_in(frozenset({"U0SAME0001", "S0GPUAPPR1"}))


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ({"tz": "Europe/Zurich", "tz_offset": 3600}, "Europe/Zurich"),
        ({"tz": "", "tz_offset": -18000}, "Etc/GMT+5"),
        ({"tz": None, "tz_offset": 20700}, "Asia/Kathmandu"),
        ({"tz": "Mars/Olympus", "tz_offset": 7200}, "Etc/GMT-2"),
        ({"tz": None}, None),
        ({"tz": None, "tz_offset": 12345}, None),
    ],
)
def test_a_zone_is_slacks_or_its_offsets_and_never_utc_in_silence(said: dict[str, Any], zone: str | None) -> None:
    """Whose zone is not known is asked for it: a deadline in another zone ends a workshop hours early."""
    client: Any = Slack({"id": "U0SAME0001", "team_id": HOME} | said)
    person = People(client, [], admission(client)).person("U0SAME0001", HOME)
    assert (person.tz if person.knows_zone else None) == zone


def test_the_last_zone_that_slack_named_is_kept_while_it_names_none() -> None:
    """An outage in the middle of a day moves nobody to Greenwich."""
    slack = Slack()
    client: Any = slack
    at_the_door = admission(slack)
    people = People(client, [], at_the_door)
    assert people.person("U0SAME0001", HOME).tz == "Europe/Zurich"
    at_the_door._users._answers.clear()
    slack.trouble = OSError("away")
    again = people.person("U0SAME0001", HOME)
    assert (again.tz, again.knows_zone) == ("Europe/Zurich", True)
    assert not people.person("U0OTHER001", HOME).knows_zone


@pytest.mark.parametrize("error", ["internal_error", "ratelimited", "service_unavailable"])
def test_an_outage_of_slacks_is_no_you_may_not(error: str) -> None:
    """It is asked again later; a person reads a no only when somebody has said no."""
    refused: Any = {"ok": False, "error": error}
    with pytest.raises(SlackApiError):
        admission(Slack(trouble=SlackApiError("no", refused))).turned_away("U0SAME0001", HOME)


@pytest.mark.parametrize("user", ["U0GUEST001", "U0VENDOR01", "U0ROBOT001"])
def test_a_press_and_a_word_of_theirs_do_nothing(house: House, user: str) -> None:
    """They are told so, and a loan that they approve is not approved."""
    guest = User("U0GUEST001", "guest", "UTC", is_guest=True)
    others = (guest, replace(guest, id="U0VENDOR01", is_guest=False, team=OTHER))
    bot = User("U0ROBOT001", "robot", "UTC", is_bot=True)

    def come_in() -> None:
        workspace = house.site.site.slack.workspace
        for each in (*others, bot):
            workspace.users[each.id] = each
            for channel in (seed.C_OPS, APPROVALS):
                workspace.channels[channel].members.add(each.id)

    house.site.call(come_in)
    loan = house.request()
    card = house.card(loan)
    house.slash(f"give back #{loan}", user)
    house.post("say", user=user, channel=seed.C_OPS, text=f"@lendbot give back #{loan}")
    for action in ("approve", "decline"):
        house.click(card, action, user)
    eventually("a refusal each", lambda: len(refusals(house, user)) == 4)
    house.post("shortcut", user=user, callback_id="lend_nodes")
    house.post("say", user=user, channel="@lendbot", text=f"approve #{loan}")
    house.post("home", user=user)
    eventually("two more", lambda: len([m for m in house.dms(user) if "I only answer to" in shown(m)]) == 2)
    assert house.loan(loan).decision is None
    workspace = house.site.site.slack.workspace
    assert not house.site.call(lambda: workspace.stack(user))
    assert user not in house.site.call(lambda: set(workspace.homes))
    house.click(card, "approve", APPROVER)
    eventually("a decision", lambda: house.loan(loan).decision)


def refusals(house: House, user: str) -> list[str]:
    seen = [*house.seen_by(user), *house.seen_by(user, APPROVALS)]
    return [shown(m) for m in seen if "I only answer to" in shown(m)]


def test_whoever_asks_and_decides_is_known_by_name_where_there_is_no_slack(house: House) -> None:
    """At night on lendbot's host a history reads "@asker", not an id that nobody knows by heart."""
    loan = house.request()
    house.program._names.learn()
    with house.store.read() as tx:
        names, asked = tx.people.names(), tx.loans.get(loan)
    workspace = house.site.call(lambda: house.site.site.slack.workspace)
    assert names[asked.requester] == workspace.users[asked.requester].name
    assert asked.channel is not None
    assert names[asked.channel] == workspace.channels[asked.channel].name
    assert {group: names[group] for group in workspace.usergroups} == {
        group: handle for group, (handle, _) in workspace.usergroups.items()
    }
    house.site.call(lambda: house.site.site.faults.set(Fault("slack", "refuse")))
    house.program._names.learn()
    with house.store.read() as tx:
        assert tx.people.names() == names
