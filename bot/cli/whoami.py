"""Who types: the account of the process, not what a variable of the environment says."""

import os
import pwd


def whoami() -> str:
    """Return `cli:` and the account's name; its number when it has none, as in a container."""
    number = os.getuid()
    try:
        return f"cli:{pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"cli:{number}"
