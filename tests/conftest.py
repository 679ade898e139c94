"""What every test may ask for: `lab` and `idle_lab`, the real daemons (tests marked lab)."""

import pytest

pytest_plugins = ["tests.lab.site.fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one flag that rewrites the golden files."""
    parser.addoption("--golden", action="store_true", help="rewrite tests/golden from what is drawn now; read the diff")
