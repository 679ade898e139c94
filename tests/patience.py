"""How long a test waits for what takes a moment on a quiet machine: this one may be busy with a dozen other things.

Only a test that fails spends it. What is shown by a time-out, or by nothing that comes, has a span of its own.
"""

from typing import Final

PATIENCE_S: Final = 90
