"""Cards, histories and news of loans that really ran: what a store of real runs on the sandbox draws.

`python -m tests.bot.views.record_runs` makes the store anew. It is read here as an upgrade would read it, so that an
old recording is also a store of its version that still draws.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from bot.views.loan_card import card
from bot.views.news import news
from bot.views.rendered import Rendered
from bot.views.replies import reply
from commands.desk import Desk
from commands.look import one_loan
from commands.replies import History
from conversion.news import hears
from conversion.pace import Pace
from loans.facts import Fact, Told
from loans.loan import Loan, State
from loans.readers.history import story
from loans.readers.summary import summary
from store.db import Store, Tx
from tests.bot.views.samples import GPU

RECORDED: Final = Path(__file__).parents[2] / "golden" / "runs.sql"


def drawn() -> Mapping[str, Rendered]:
    """Return every card, every history and one of each piece of news, by name."""
    with tempfile.TemporaryDirectory(prefix="lendbot-runs-") as folder:
        file = Path(folder) / "store.db"
        connection = sqlite3.connect(file)
        connection.executescript(RECORDED.read_text())
        connection.close()
        store = Store.open(f"sqlite:///{file}")
        store.upgrade()
        try:
            with store.read() as tx:
                return dict(_drawn(tx, store))
        finally:
            store.close()


def _drawn(tx: Tx, store: Store) -> Iterator[tuple[str, Rendered]]:
    everything = tx.facts.recent(100_000)
    now = max(told.at for told in everything)
    desk = Desk(store, None, {"gpu": GPU}, Pace(), lambda text: (text,), now)  # type: ignore[arg-type] - nothing out there is asked
    told_of: dict[type[Fact], Rendered] = {}
    for loan in tx.loans.recent(99):
        happened = tx.facts.of(loan.id)
        one = one_loan(tx, loan, desk)
        ended = summary(happened) if loan.state is State.RETURNED else None
        yield f"run_card_{_name(loan)}", card(one, ended)
        yield f"run_history_{_name(loan)}", reply(History(story(happened), loan))
        for told in _news(happened):
            told_of[type(told.fact)] = news(told, one, {"jupyter": 3})
    for kind, said in told_of.items():
        yield f"run_news_{kind.__name__.lower()}", said


def _news(happened: tuple[Told[Fact], ...]) -> Iterator[Told[Fact]]:
    return (told for told in happened if hears(told.fact))


def _name(loan: Loan) -> str:
    return f"{loan.id:02}_{loan.state}"
