"""Every sample as it is drawn: messages by name, and views by name."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.views import modals
from bot.views.home import home
from bot.views.loan_card import card
from bot.views.news import extension_asked, news, of_the_site
from bot.views.rehearsal import Rehearsal
from bot.views.rendered import Rendered
from bot.views.replies import reply
from commands.refusals import FarSideDown
from commands.replies import Free, Loans
from loans.loan import State
from loans.policy import Person
from tests.bot.views import alarms, runs, samples


def messages() -> Mapping[str, Rendered]:
    return {**dict(_messages()), **runs.drawn()}


def _messages() -> Iterator[tuple[str, Rendered]]:
    for name, (one, summary) in samples.cards().items():
        yield f"card_{name}", card(one, summary)
    yield "card_on_a_fast_clock", card(samples.cards()["lent"][0], None, Rehearsal(60.0))
    yield "card_on_a_set_clock", card(samples.cards()["lent"][0], None, Rehearsal(60.0, is_set=True))
    for name, given in samples.replies().items():
        yield f"reply_{name}", reply(given)
    for name, (told, one, pods) in samples.news().items():
        yield f"news_{name}", news(told, one, pods)
    link = "https://lab.slack.example/archives/C0APPROVALS/p1795532525000100"
    for name in ("lent", "approved"):
        told, one, pods = samples.news()[name]
        yield f"news_{name}_with_link", news(told, one, pods, link)
    for name, told in samples.OF_THE_SITE.items():
        yield f"oncall_{name}", of_the_site(told)
    yield from alarms.drawn()
    yield "news_extension_asked_before", extension_asked(samples.news()["extension_asked"][1], replaced=True)


def views() -> Mapping[str, dict[str, Any]]:
    lent = samples.loan(State.LENT, lent_at=samples.NOW)
    classes = [replace(samples.GPU, name="cpu"), samples.GPU]
    loans, free = samples.replies()["loans"], samples.replies()["free"]
    if not (isinstance(loans, Loans) and isinstance(free, Free)):
        raise TypeError("the samples have lost their kind")
    return {
        "modal_decline": modals.decline(samples.loan(State.REQUESTED)),
        "modal_decline_extension": modals.decline(samples.loan(State.LENT, extension=samples.EXTENSION)),
        "modal_extend": modals.extend(lent, "America/Indiana/Indianapolis"),
        "modal_lend": modals.lend([samples.GPU], samples.FORM),
        "modal_lend_begun": modals.lend(
            classes, samples.FORM, samples.WISH, samples.NOW, "lend 2 gpu nodes whenever for FastML"
        ),
        "modal_change": modals.lend(classes, samples.CHANGED_FORM, samples.WISH),
        "home": _home(loans, free, samples.REQUESTER),
        "home_of_an_approver": _home(loans, free, samples.APPROVER),
        "home_slurm_down": _home(
            Loans("Open loans", (), {}, samples.NOW), FarSideDown("Slurm", "timed out"), samples.REQUESTER
        ),
    }


def _home(loans: Loans, free: Free | FarSideDown, reader: str) -> dict[str, Any]:
    return home(loans, free, Person(reader), lambda _: samples.GPU)
