"""Our mark, as it stands out there."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans.marks import STORE_LENGTH, STORE_LETTERS, UNREADABLE, Mark, read_label, read_mark, read_reservation

NAMES = st.text(STORE_LETTERS, min_size=STORE_LENGTH, max_size=STORE_LENGTH) | st.just("")
MARKS = st.builds(Mark, st.integers(1, 10**9 - 1), NAMES)


@settings(deadline=None)
@given(MARKS, st.integers(1, 99))
def test_a_mark_names_its_loan_and_its_store_wherever_it_stands(mark: Mark, wave: int) -> None:
    """What we set can be told from what others set, and from what another lendbot did, also after a store was lost."""
    assert read_mark(str(mark)) == mark
    assert read_label(mark.label) == mark
    assert read_reservation(mark.reservation(wave)) == (mark, wave)


def test_a_mark_reads_as_the_manuals_say() -> None:
    """Staff find it with the `grep` that the runbook gives them."""
    mark = Mark(12, "k3f9")
    assert (str(mark), mark.label, mark.reservation(1)) == ("lendbot #12 k3f9", "12 k3f9", "lendbot_k3f9_12_1")
    old = Mark(12)
    assert (str(old), old.label, old.reservation(1)) == ("lendbot #12", "12", "lendbot_12_1")


@pytest.mark.parametrize(
    "words",
    [
        *("", "ECC errors", "lendbot", "lendbot 12", "LENDBOT #12", "see lendbot #12", "lendbot #12b", "#12"),
        *("lendbot #12 until Friday", "lendbot #12 k3f9 ECC errors", "lendbot #12 k3f", "lendbot #12 aeio"),
    ],
)
def test_nothing_else_is_a_mark(words: str) -> None:
    """We undo only what carries our mark: an admin's drain stays, and so does one that they wrote beside our mark."""
    assert read_mark(words) is None


@pytest.mark.parametrize(
    "name",
    ["", "maint", "lendbot", "lendbot_1", "lendbot_1_2_3", "xlendbot_1_2", "lendbot_doctor", "lendbot_word_1_2"],
)
def test_nothing_else_is_a_lendbots_reservation(name: str) -> None:
    """Another's reservation is never deleted."""
    assert read_reservation(name) is None


@pytest.mark.parametrize("value", ["", "twelve", "12 k3f9 more", "-1", "12.5"])
def test_an_annotation_that_cannot_be_read_is_nobodys_and_no_free_node(value: str) -> None:
    """A node that somebody marked by hand is left alone."""
    assert read_label(value) == UNREADABLE
    assert "cannot be read" in UNREADABLE.said


def test_a_stores_name_is_no_english_word() -> None:
    """What somebody writes behind a mark is not read as a store's name."""
    assert re.search("[aeiouy]", STORE_LETTERS) is None
