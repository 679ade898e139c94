"""What a library's connection error means, in words for people: they wrap the system's own in names of classes."""

import re
from typing import Final

_SYSTEM: Final = re.compile(r"\[Errno -?\d+\] ([^'\"\])}]+)")
_TLS: Final = re.compile(r"\[SSL: \w+\] ([^('\"]+)")
_TIMED_OUT: Final = re.compile(r"timed? ?out|timeout", re.IGNORECASE)
_CUT: Final = re.compile(r"RemoteDisconnected|Connection aborted|IncompleteRead|ProtocolError")
_INSIDES: Final = re.compile(r"\w+ConnectionPool\([^)]*\): |<[\w.]+ object at 0x[0-9a-f]+>:? ?|\(Caused by .*")


def plainly(error: BaseException | str) -> str:
    """Return why a connection failed: what the system or TLS said, without the classes that it came through."""
    said = str(error)
    if found := _TLS.search(said) or _SYSTEM.search(said):
        return found[1].strip().rstrip(".")
    if _CUT.search(said):
        return "the connection was cut"
    if _TIMED_OUT.search(said):
        return "no answer in time"
    return " ".join(_INSIDES.sub("", said).split()) or "no connection"
