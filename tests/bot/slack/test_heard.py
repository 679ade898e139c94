"""What a person typed, out of what Slack sends."""

import pytest

from bot.slack.heard import heard
from commands import grammar
from commands.lend import Lend

ME = "U0LENDBOT1"


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        (f"<@{ME}> lend 2 gpu nodes", "lend 2 gpu nodes"),
        (f"<@{ME}>: lend 2 gpu nodes", "lend 2 gpu nodes"),
        (f"hey <@{ME}>, free", "hey  free"),
        (f"<@{ME}|lendbot> lend 2 gpu for 1 day for <@U0OTHER01>", "lend 2 gpu for 1 day for <@U0OTHER01>"),
        ("status <http://gpu004.hpc.example.edu|gpu004.hpc.example.edu>", "status gpu004.hpc.example.edu"),
        ("see <https://example.edu/a?b=1&amp;c=2>", "see example.edu/a?b=1&c=2"),
        ("mail <mailto:a@example.edu|a@example.edu>", "mail a@example.edu"),
        ("for R&amp;D &lt;&gt;", "for R&D <>"),
        ("for &amp;lt;", "for &lt;"),
        ("until ~Friday~ Saturday", "until  Saturday"),
        ("until ~5pm", "until ~5pm"),
        ("_please_ lend 2 gpu_large nodes", "please lend 2 gpu_large nodes"),
        ("&gt; lend 2 gpu nodes until Friday", "lend 2 gpu nodes until Friday"),
        ("for <#C0HPC0001|hpc-ops> and <!subteam^S0STAFF01|@staff>", "for #hpc-ops and @staff"),
        ("until <!date^1795132740^{date}|Fri 20 Nov>", "until Fri 20 Nov"),
    ],
)
def test_slacks_marks_become_the_words_that_were_typed(sent: str, typed: str) -> None:
    """A host's name, an ampersand and a colleague in a purpose survive; what was struck out does not count."""
    assert heard(sent, ME) == typed


def test_invisible_marks_do_not_hide_a_wish() -> None:
    """A phone's right-to-left mark or zero-width blank in a sentence is not seen, and not read."""
    sent = f"<@{ME}> \u200flend\u200b 2 gpu nodes until _Friday_"
    assert grammar.read(heard(sent, ME)) == Lend(2, "gpu", "until Friday")
