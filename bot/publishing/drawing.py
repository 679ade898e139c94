"""What a letter of the outbox says: the one place of the way out that knows the views' names.

A letter is drawn when it is sent: the loan is as it stands then, and the fact is as it was when it happened.
"""

from collections.abc import Mapping

from bot.views.alarm import Standing
from bot.views.alarm import alarm as draw_alarm
from bot.views.blocks import context, message
from bot.views.news import extension_asked, news, posted_anew
from bot.views.news import of_the_site as news_of_the_site
from bot.views.rendered import Rendered
from commands.replies import OneLoan
from loans.facts import Arrived, CardPostedAnew, Decided, Fact, Reminded, Told
from loans.spots import Spot


def of_the_site(told: Told[Fact]) -> Rendered:
    """Draw what on-call reads of something that is no loan's."""
    return news_of_the_site(told)


def letter(told: Told[Fact], one: OneLoan, pods: Mapping[str, int] | None, card_url: str = "") -> Rendered:
    """Draw what happened to a loan.

    pods      for a fact that tells_pods, how many there are, by namespace
    card_url  for a fact that links_card, where the card is
    """
    return news(told, one, pods, card_url)


def links_card(told: Told[Fact]) -> bool:
    """Return True for what begins a wait or ends it: the requester may want to look, and the card is elsewhere."""
    return isinstance(told.fact, Arrived | Decided)


def tells_pods(told: Told[Fact]) -> bool:
    """Return True for a reminder: it alone tells what an eviction would end, and Kubernetes has to be asked."""
    return isinstance(told.fact, Reminded)


def replaced_question(one: OneLoan) -> Rendered:
    """Draw a question about a later deadline whose asker has thought better of it."""
    return extension_asked(one, replaced=True)


def closed_question(one: OneLoan) -> Rendered:
    """Draw a question about a later deadline that is settled."""
    return extension_asked(one)


def with_note(card: Rendered, anew: Told[Fact] | None) -> Rendered:
    """Add to a card that it was posted anew, and why: there is another one above that nobody should press."""
    note = context(posted_anew(anew.fact)) if anew and isinstance(anew.fact, CardPostedAnew) else None
    return message(card.text, *card.blocks, note)


def alarm(standing: Standing, spot: Spot) -> Rendered | None:
    """Draw an alarm as it stands, for one of its places; None where there is nothing to say."""
    return draw_alarm(standing, spot)
