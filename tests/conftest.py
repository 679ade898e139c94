"""What every test may ask for: `lab` and `idle_lab`, the real daemons (tests marked lab)."""

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes is a matter of who else is at work on the machine.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

pytest_plugins = ["tests.lab.site.fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one flag that rewrites the golden files."""
    parser.addoption("--golden", action="store_true", help="rewrite tests/golden from what is drawn now; read the diff")
