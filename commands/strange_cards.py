"""What is answered to a press on a card of a loan that this store does not know, or does not know it to be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StrangersCard:
    """The card is from another store of lendbot. store: its name; empty when it had none."""

    loan_id: int
    store: str


@dataclass(frozen=True)
class LostLoan:
    """The card's loan was made after the backup that this store was restored from. is_taken: another has its number."""

    loan_id: int
    is_taken: bool


@dataclass(frozen=True)
class OldButton:
    """The button was made before buttons said whose loan they mean. words: the command that says the same."""

    loan_id: int
    words: str
