"""What the store says when it cannot do as asked. Nothing here names a row, a password or a person's words."""

from collections.abc import Sequence

from loans.nodes import NodeName


class StoreError(Exception):
    """Any of the errors below."""


class StoreUnavailable(StoreError):  # noqa: N818 - named for what a person reads
    """The database did not answer, or not in time. Asking again later is right.

    A transaction that was being committed at that moment may have been kept or not: read before writing it again.
    """

    def __init__(self, address: str, said: str) -> None:
        super().__init__(f"the store at {address} does not answer: {said}")
        self.address = address
        self.said = said


class StoreUnusable(StoreUnavailable):
    """The database answers, and is not one that lendbot can work with: read-only, or without its tables.

    It's the store's trouble, and no node's: what is under way goes on once somebody has mended it.
    """

    def __init__(self, address: str, said: str) -> None:
        super().__init__(address, said)
        self.args = (f"the store at {address} cannot be used: {said}",)


class StoreBroken(StoreError):  # noqa: N818
    """The database refused what lendbot asked, for a reason that no retry mends: a bug, or tables changed by hand."""


class NotUpgraded(StoreError):  # noqa: N818
    """The tables are not those that this version works with. do: what somebody can do about it."""

    def __init__(self, at: str | None, newest: str, do: str = "run `lendbot upgrade`") -> None:
        super().__init__(f"the store is at version {at or 'none'} and this lendbot works with {newest}: {do}")
        self.at = at
        self.newest = newest


class UnversionedTables(StoreError):  # noqa: N818
    """There are tables of lendbot's names, and nothing says of which version they are."""

    def __init__(self, address: str, tables: Sequence[str]) -> None:
        super().__init__(
            f"the store at {address} has tables ({', '.join(tables)}) and does not say of which version they are: "
            "restore a backup whole, `alembic_version` included, or name an empty database in [store] url"
        )


class WriteInRead(StoreError):  # noqa: N818
    """Our bug: something was to be changed inside `store.read()`."""


class NestedWrite(StoreError):  # noqa: N818
    """Our bug: `store.write()` inside `store.write()` of the same thread, which would wait for itself."""


class NoSuch(StoreError, LookupError):  # noqa: N818
    """What was asked for is not there."""


class NoSuchLoan(NoSuch):
    """No loan has this number."""

    def __init__(self, loan_id: int) -> None:
        super().__init__(f"there is no loan #{loan_id}")
        self.loan_id = loan_id


class NoSuchNode(NoSuch):
    """The loan has, and had, no such node."""

    def __init__(self, loan_id: int, node: NodeName) -> None:
        super().__init__(f"loan #{loan_id} has no node {node}")
        self.loan_id = loan_id
        self.node = node


class NoSuchTaking(NoSuch):
    """The loan has no such wave of taking."""

    def __init__(self, loan_id: int, wave: int) -> None:
        super().__init__(f"loan #{loan_id} has no wave {wave} of taking")
        self.loan_id = loan_id
        self.wave = wave


class Stale(StoreError):  # noqa: N818
    """Somebody else saved it since it was read; nothing was written. Read it again and decide anew."""

    def __init__(self, loan_id: int, part: str = "") -> None:
        super().__init__(f"{part + ' of ' if part else ''}loan #{loan_id} was changed by somebody else meanwhile")
        self.loan_id = loan_id
        self.part = part


class NodeTaken(StoreError):  # noqa: N818
    """The node is in an open loan, or was in this one before; nothing was written."""

    def __init__(self, node: NodeName, by_loan: int) -> None:
        super().__init__(f"{node} is taken by loan #{by_loan}")
        self.node = node
        self.by_loan = by_loan


class NotOurs(StoreError):  # noqa: N818
    """Another process took the errand over, for this one looked dead; nothing was written. It will be done there."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the errand {key} is another process's by now")
        self.key = key
