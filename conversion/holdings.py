"""Which nodes are spoken for: what the store adds to Slurm's word about a class."""

from loans.nodes import NodeName
from store.db import Tx


def held(tx: Tx) -> dict[NodeName, int]:
    """Return the loan of every node that an open loan has, or that Slurm has been asked for on its behalf."""
    asked = {node: taking.loan_id for taking in tx.takings.moving() for node in taking.nodes}
    return asked | {part.node: part.loan_id for part in tx.nodes.held()}
