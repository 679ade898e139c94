"""What people in a computing centre write, beyond the rules. It is Tuesday 24 November 2026, 10:00 in Indianapolis."""

from datetime import datetime

import pytest

from loans.when import Ask, Deadline, Refused, read
from tests.loans.told import FRIDAY, HERE, TUESDAY, told

AFTERNOON = TUESDAY.replace(hour=15)


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("+2 days", "for 2 days"),
        ("+2h30m", "for 2 h 30 min"),
        ("now + 40 minutes", "Tue 24 Nov 2026 10:40"),
        ("now+2days", "Thu 26 Nov 2026 10:00"),
        ("next Tuesday +10 days", "Fri 11 Dec 2026 23:59"),
        ("for 2-12:00:00", "for 2 days 12 h"),
        ("for 48:00:00", "for 2 days"),
        ("for 1:30", "refused"),
        ("+am", "refused"),
    ],
)
def test_lengths_as_slurm_writes_them(phrase: str, expected: str) -> None:
    """Who types `--time` and `--begin` all day types them here too; 1:30 is hours or minutes."""
    assert told(phrase) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("Thu Nov 26 11:00:09 EST 2026", "Thu 26 Nov 2026 11:00"),
        ("Thu Nov 26 09:05:00 2026", "Thu 26 Nov 2026 09:05"),
        ("Thu Nov 26 00:00:00 2026", "Thu 26 Nov 2026 00:00"),
        ("Thu Nov 26 5:00 2026", "ask 26 Nov 05:00, 26 Nov 17:00"),
        ("Fri Nov 26 11:00:09 2026", "refused"),
        ("dec-23-2026", "Wed 23 Dec 2026 23:59"),
        ("16. Dec. 2026", "Wed 16 Dec 2026 23:59"),
        ("3.12. 18:00", "Thu 03 Dec 2026 18:00"),
        ("Friday (27 Nov)", "Fri 27 Nov 2026 23:59"),
        ("12-24", "ask 24 Dec 23:59"),
        ("1-2", "refused"),
    ],
)
def test_dates_as_machines_and_neighbours_write_them(phrase: str, expected: str) -> None:
    """A line pasted from `date` is read, and its weekday is checked."""
    assert told(phrase) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("5p", "Tue 24 Nov 2026 17:00"),
        ("3p tomorrow", "Wed 25 Nov 2026 15:00"),
        ("tomorrow 9a", "Wed 25 Nov 2026 09:00"),
        ("until 8:45a", "Wed 25 Nov 2026 08:45"),
        ("4a", "refused"),
        ("18:00h", "Tue 24 Nov 2026 18:00"),
        ("18.00 h", "ask 24 Nov 18:00, 25 Nov 04:00"),
        ("2:30 hours", "refused"),
        ("tomorrow 1515pm", "ask 25 Nov 15:15"),
        ("Friday 2000", "ask 27 Nov 20:00"),
        ("tomorrow 9", "ask 25 Nov 09:00, 25 Nov 21:00"),
        ("at 3 15", "ask 24 Nov 15:15, 25 Nov 03:15"),
        ("3 15", "refused"),
        ("tomorrow at seven twenty-seven", "ask 25 Nov 07:27, 25 Nov 19:27"),
        ("mid-day tomorrow", "Wed 25 Nov 2026 12:00"),
        ("this time tomorrow", "Wed 25 Nov 2026 10:00"),
        ("tonight at 2", "ask 25 Nov 02:00"),
        ("tonight at 2am", "ask 25 Nov 02:00"),
    ],
)
def test_clocks_as_people_shorten_them(phrase: str, expected: str) -> None:
    """A letter or a suffix settles the half of the day; a number alone never does."""
    assert told(phrase) == expected


@pytest.mark.parametrize("phrase", ["around 5pm Friday", "Friday at about 5pm", "~5pm Friday", "Friday 5pm-ish"])
def test_about_a_moment_is_that_moment(phrase: str) -> None:
    """The card spells the exact minute anyway, and a deadline has one."""
    assert told(phrase) == "Fri 27 Nov 2026 17:00"
    assert told("in about ~5 hours") == "Tue 24 Nov 2026 15:00"
    assert told("Friday around 5") == "ask 27 Nov 05:00, 27 Nov 17:00"


@pytest.mark.parametrize(
    "phrase", ["Friday before 5pm", "Friday by 17:00", "Friday no later than 5pm", "Friday 5pm at the latest"]
)
def test_a_limit_on_the_hour_is_the_hour(phrase: str) -> None:
    """Before five on Friday, and by five at the latest, end at five."""
    assert told(phrase) == "Fri 27 Nov 2026 17:00"
    assert told("by Friday latest") == "Fri 27 Nov 2026 23:59"


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("two Sundays from now", "Sun 06 Dec 2026 23:59"),
        ("2 Tuesdays from now", "Tue 08 Dec 2026 23:59"),
        ("zero Sundays from now", "refused"),
        ("999999 Fridays from now", "refused"),
        ("Friday after next", "ask 04 Dec 23:59, 11 Dec 23:59"),
        ("Monday after next", "Mon 07 Dec 2026 23:59"),
        ("first Tuesday in October", "Tue 05 Oct 2027 23:59"),
        ("the 15th day of next month", "Tue 15 Dec 2026 23:59"),
        ("the 15th of the month", "Tue 15 Dec 2026 23:59"),
        ("last day of the month", "Mon 30 Nov 2026 23:59"),
        ("March nineteen", "Fri 19 Mar 2027 23:59"),
        ("this coming Friday", "Fri 27 Nov 2026 23:59"),
        ("end of the current week", "ask 27 Nov 23:59, 28 Nov 23:59, 29 Nov 23:59"),
        ("Friday in 3 days", "Fri 27 Nov 2026 23:59"),
        ("Monday in 3 days", "refused"),
        ("Monday in two weeks", "ask 07 Dec 23:59, 14 Dec 23:59"),
        ("2 days after tomorrow", "Fri 27 Nov 2026 23:59"),
        ("the next day", "Wed 25 Nov 2026 23:59"),
    ],
)
def test_days_that_are_counted_off(phrase: str, expected: str) -> None:
    """Today is none of them, and where "next" has two readings so has what follows it."""
    assert told(phrase) == expected


def test_working_days_are_monday_to_friday_and_know_no_holidays() -> None:
    """From a weekend some count Monday as the first day and some as none: asked."""
    assert told("in 4 business days") == "Mon 30 Nov 2026 10:00"
    assert told("for 5 working days") == "for 7 days"
    assert told("next working day", FRIDAY) == "Mon 30 Nov 2026 23:59"
    saturday = datetime(2026, 11, 28, 10, tzinfo=HERE)
    assert told("in 1 business day", saturday) == "ask 30 Nov 10:00"
    assert told("in 6 business days", saturday) == "ask 07 Dec 10:00"
    assert told("in 0 business days") == told("in 999999 business days") == "refused"


def test_the_next_days_are_a_length_and_the_next_week_may_not_be() -> None:
    """With "for" it is a length; without, days and weeks could be whole ones of the calendar."""
    assert told("for the next 2 weeks") == "for 14 days"
    assert told("over the next 2 weeks") == "Tue 08 Dec 2026 10:00"
    assert told("next 3 hours") == told("for the next 3 hours") == "for 3 h"
    assert told("next 2 weeks") == "ask 08 Dec 10:00"
    assert told("for another 2 days") == told("for 2 more days") == "for 2 days"
    assert told("for 2-3 days") == told("for 2 or 3 days") == "ask 26 Nov 10:00, 27 Nov 10:00"
    assert told("for next week") == "refused"


def test_a_weekday_beside_a_day_it_does_not_fit_is_offered_where_it_does() -> None:
    """Either is a slip, or another month is meant: a question, never an answer."""
    assert told("Fri 11th") == "Fri 11 Dec 2026 23:59"
    assert told("Wed 13th") == "ask 13 Jan 23:59"
    assert told("Friday 27") == "Fri 27 Nov 2026 23:59"
    assert told("Friday 17") == "ask 27 Nov 17:00, 17 Sep 23:59"


def test_a_day_of_the_month_that_has_just_gone_by_is_confirmed() -> None:
    """On the 24th, "until the 23rd" is a slip at least as often as a loan of a month."""
    assert told("the 23rd") == "ask 23 Dec 23:59"
    assert told("the 20th") == "Sun 20 Dec 2026 23:59"
    assert told("29 Feb", datetime(2028, 3, 2, 10, tzinfo=HERE)) == "ask 29 Feb 23:59"


def test_a_reading_that_is_long_past_leaves_the_other_one_sure() -> None:
    """Nobody asks at three in the afternoon for five in the morning, or in November for March; last week is a slip."""
    assert told("today at 5", AFTERNOON) == "Tue 24 Nov 2026 17:00"
    assert told("3/12/2026") == "Thu 03 Dec 2026 23:59"
    assert told("11/12/2026") == "ask 11 Dec 23:59"
    assert told("1/2/2026") == "refused"
    assert told("from today 9:00 until Friday").startswith("ask")


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("in a few hours", "no number"),
        ("for several days", "no number"),
        ("for 15", '"for 15 hours"'),
        ("asap", "when it ends"),
        ("tomorrow after 4pm", "names no end"),
        ("over the weekend", "has no one end"),
        ("until the end of the semester", '"semester"'),
        ("next July", '"end of March"'),
    ],
)
def test_a_refusal_names_what_is_missing(phrase: str, words: str) -> None:
    """A person reads it and types the next phrase: it says which word, or what to say instead."""
    answer = read(phrase, TUESDAY, HERE)
    assert isinstance(answer, Refused)
    assert words in answer.sentence
    assert not isinstance(read(answer.sentence.split('"')[-2], TUESDAY, HERE), Refused | Ask)


def test_work_ends_at_five_or_at_midnight_whatever_it_is_called() -> None:
    """Close of business, the end of the working day and "for today" are EOD."""
    for phrase in ("close of business", "end of the working day", "for today", "the EOD"):
        assert told(phrase) == told("EOD")
    assert isinstance(read("at the EOM", TUESDAY, HERE), Deadline)


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("tomorrow 9-5", "ask 25 Nov 17:00, 26 Nov 05:00"),
        ("tomorrow from 9 to 5", "ask 25 Nov 17:00, 26 Nov 05:00"),
        ("Thursday 2-4pm", "ask 26 Nov 16:00, 26 Nov 16:00"),
        ("3 December 2-4pm", "Thu 03 Dec 14:00 to Thu 03 Dec 16:00"),
        ("on Thursday from 2pm to 4pm", "Thu 26 Nov 14:00 to Thu 26 Nov 16:00"),
        ("between 2 and 4:30pm tomorrow", "Wed 25 Nov 14:00 to Wed 25 Nov 16:30"),
        ("from Thursday 9 to 17", "Thu 26 Nov 09:00 to Thu 26 Nov 17:00"),
        ("Friday 9-17", "ask 27 Nov 17:00, 17 Sep 23:59"),
        ("Friday 1915-2015", "ask 27 Nov 20:15"),
        ("6 Jan 2027 - 6:37am", "Wed 06 Jan 2027 06:37"),
    ],
)
def test_two_hours_of_a_day_are_a_stretch_and_asked_where_a_half_of_the_day_is_open(phrase: str, expected: str) -> None:
    """Nine to five is a working day to some and a night to others; 9-17 is a date as well."""
    assert told(phrase) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("Nov 30-Dec 4", "Mon 30 Nov 00:00 to Fri 04 Dec 23:59"),
        ("30 Nov-4 Dec", "Mon 30 Nov 00:00 to Fri 04 Dec 23:59"),
        ("30-Nov-2026", "Mon 30 Nov 2026 23:59"),
        ("Nov-30", "Mon 30 Nov 2026 23:59"),
        ("2026-W49-5", "Fri 04 Dec 2026 23:59"),
        ("2026-W54-1", "refused"),
        ("2026-W49", "refused"),
        ("noon Eastern", "Tue 24 Nov 2026 12:00"),
        ("Friday 5pm US Pacific time", "Fri 27 Nov 2026 20:00"),
        ("noon Central European time", "Wed 25 Nov 2026 06:00"),
    ],
)
def test_dates_and_zones_are_read_as_calendars_and_mails_write_them(phrase: str, expected: str) -> None:
    """A dash between two dates is a stretch; a zone has a long name too."""
    assert told(phrase) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("for 3/4 days", "ask 25 Nov 04:00, 27 Nov 10:00, 28 Nov 10:00"),
        ("for 2/3 weeks", "ask 08 Dec 10:00, 15 Dec 10:00"),
        ("for 3/4 hour", "for 45 min"),
        ("for 1/2 day", "for 12 h"),
    ],
)
def test_a_fraction_of_several_is_asked(phrase: str, expected: str) -> None:
    """ "3/4 days" are eighteen hours to a few, and three or four days to most."""
    assert told(phrase) == expected


def test_a_day_that_the_coming_month_lacks_is_said_of_that_month() -> None:
    """Said in November, 30 February is next year's, and so is the reason."""
    answer = read("until 30 February", TUESDAY, HERE)
    assert isinstance(answer, Refused)
    assert "February 2027" in answer.sentence
