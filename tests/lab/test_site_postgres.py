"""PostgreSQL is there, is ours alone, and comes back with its rows."""

from collections.abc import Callable

import psycopg
import pytest

from tests.lab.site import postgres
from tests.lab.site.layout import Layout

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("end", [postgres.stop, postgres.kill], ids=["stop", "kill"])
def test_rows_outlive_a_restart(lab: Layout, end: Callable[[Layout], None]) -> None:
    """A loan survives the database's restart only if the database does."""
    address = postgres.url(lab).replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS lab_rows (said text)")
        connection.execute("INSERT INTO lab_rows VALUES ('still here')")
    end(lab)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address, connect_timeout=3)
    postgres.start(lab)
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT said FROM lab_rows LIMIT 1").fetchone() == ("still here",)
        connection.execute("DROP TABLE lab_rows")
