"""What a letter of the outbox says: the one place of the way out that knows the views' names.

A letter is drawn when it is sent: the loan is as it stands then, and what it tells of is as it was when it happened.
"""

from collections.abc import Mapping

from bot.views.news import news
from bot.views.news import orphan as orphan_news
from bot.views.rendered import Rendered
from commands.replies import OneLoan
from conversion.news import Audience
from store.outbox import Letter


def orphan(letter: Letter) -> Rendered:
    """Draw what on-call reads of something that is no loan's."""
    return orphan_news(letter.args)


def letter(letter: Letter, one: OneLoan, pods: Mapping[str, int] | None) -> Rendered:
    """Draw what happened to a loan. pods: for a letter that tells_pods, how many there are, by namespace."""
    return news(letter.args, one, letter.kind, pods)


def tells_pods(letter: Letter) -> bool:
    """Return True for a reminder: it alone tells what an eviction would end, and Kubernetes has to be asked."""
    return letter.args.get("news") == "reminder"


def replaced_question(one: OneLoan) -> Rendered:
    """Draw a question about a later deadline whose asker has thought better of it."""
    return news({"news": "extension_asked", "replaced": 1}, one, Audience.APPROVERS, None)


def closed_question(one: OneLoan) -> Rendered:
    """Draw a question about a later deadline that is settled."""
    return news({"news": "extension_asked"}, one, Audience.APPROVERS, None)
