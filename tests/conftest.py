"""What every test may ask for: `lab` and `idle_lab`, the real daemons (tests marked lab)."""

pytest_plugins = ["tests.lab.site.fixtures"]
