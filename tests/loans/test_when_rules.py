"""Each rule about time phrases, by name. It is Tuesday 24 November 2026, 10:00 in Indianapolis, unless it says so."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from loans.when import Ask, Deadline, Refused, read, say, spelled
from tests.loans.told import FRIDAY, HERE, TUESDAY, told

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_date_alone_ends_at_a_minute_to_midnight_in_the_askers_zone() -> None:
    """Friday is the asker's Friday, all of it, whatever the server's zone."""
    assert told("until Friday") == "Fri 27 Nov 2026 23:59"
    answer = read("until Friday", TUESDAY.astimezone(UTC), BERLIN)
    assert answer == Deadline(datetime(2026, 11, 27, 23, 59, tzinfo=BERLIN))


@pytest.mark.parametrize(
    "phrase", ["until Friday or so", "Friday please", "see you Friday", "6pm friday 6pm", "3 Friday"]
)
def test_the_whole_phrase_is_read_or_none_of_it(phrase: str) -> None:
    """A word that was skipped could have been the one that mattered."""
    assert told(phrase) == "refused"


def test_a_weekday_that_is_today_is_asked() -> None:
    """On Friday, "until Friday" can free the nodes tonight or in a week."""
    assert told("until Friday", FRIDAY) == "ask 27 Nov 23:59, 04 Dec 23:59"
    assert told("Friday 6pm", FRIDAY) == "ask 27 Nov 18:00, 04 Dec 18:00"
    assert told("Friday 9am", FRIDAY) == "ask 04 Dec 09:00"
    assert told("this Friday", FRIDAY) == "ask 27 Nov 23:59, 04 Dec 23:59"


def test_next_is_asked_unless_both_readings_are_one_day() -> None:
    """Half of the people mean this week's Friday, the other half next week's."""
    assert told("next Friday") == "ask 27 Nov 23:59, 04 Dec 23:59"
    assert told("next Tuesday") == "Tue 01 Dec 2026 23:59"
    assert told("next Monday") == "Mon 30 Nov 2026 23:59"


def test_this_weekday_already_past_is_asked() -> None:
    """On Tuesday, "this Monday" was yesterday or a slip."""
    assert told("this Monday") == "ask 30 Nov 23:59"
    assert told("this Thursday") == "Thu 26 Nov 2026 23:59"


def test_weeks_that_begin_on_monday_and_on_sunday_are_both_heard() -> None:
    """Only Sunday lies in another week for some, so only Sunday is asked."""
    assert told("Friday next week") == "Fri 04 Dec 2026 23:59"
    assert told("Sunday of next week") == "ask 29 Nov 23:59, 06 Dec 23:59"


@pytest.mark.parametrize("phrase", ["end of the week", "EOW", "end of this week"])
def test_the_end_of_a_week_is_asked(phrase: str) -> None:
    """A week ends on Friday, Saturday or Sunday, as you like."""
    assert told(phrase) == "ask 27 Nov 23:59, 28 Nov 23:59, 29 Nov 23:59"


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("at 5", "ask 24 Nov 17:00, 25 Nov 05:00"),
        ("3:30", "ask 24 Nov 15:30, 25 Nov 03:30"),
        ("Friday at 5", "ask 27 Nov 05:00, 27 Nov 17:00"),
        ("4 o'clock", "ask 24 Nov 16:00, 25 Nov 04:00"),
        ("tomorrow at half past six", "ask 25 Nov 06:30, 25 Nov 18:30"),
        ("until 5", "ask 24 Nov 17:00, 25 Nov 05:00, 05 Dec 23:59"),
        ("Friday 6", "ask 27 Nov 06:00, 27 Nov 18:00"),
    ],
)
def test_bare_hours_are_asked(phrase: str, expected: str) -> None:
    """Five in the morning or in the afternoon is twelve hours of somebody's nodes."""
    assert told(phrase) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("15:30", "Tue 24 Nov 2026 15:30"),
        ("tomorrow 08:00", "Wed 25 Nov 2026 08:00"),
        ("3pm", "Tue 24 Nov 2026 15:00"),
        ("9am", "Wed 25 Nov 2026 09:00"),
        ("tomorrow at 5 in the afternoon", "Wed 25 Nov 2026 17:00"),
        ("quarter past 6pm", "Tue 24 Nov 2026 18:15"),
        ("10 minutes to noon", "Tue 24 Nov 2026 11:50"),
        ("ten to 6pm", "ask 24 Nov 17:50"),
        ("nine to five pm", "refused"),
        ("tonight at 8", "Tue 24 Nov 2026 20:00"),
        ("tomorrow morning at 7", "Wed 25 Nov 2026 07:00"),
    ],
)
def test_hours_that_say_which_half_of_the_day_are_not_asked(phrase: str, expected: str) -> None:
    """A question that nobody needs teaches people to click without reading."""
    assert told(phrase) == expected


def test_midnight_of_a_date_is_asked() -> None:
    """Friday's midnight opens it for some and closes it for others; so does 12am. Midnight alone is the next one."""
    assert told("Friday midnight") == "ask 27 Nov 00:00, 28 Nov 00:00"
    assert told("midnight on Friday") == "ask 27 Nov 00:00, 28 Nov 00:00"
    assert told("Friday 12am") == "ask 27 Nov 00:00, 28 Nov 00:00"
    assert told("midnight") == told("tonight at midnight") == "Wed 25 Nov 2026 00:00"
    assert told("Friday 12pm") == told("Friday noon") == "Fri 27 Nov 2026 12:00"
    assert told("Friday 24:00") == "Sat 28 Nov 2026 00:00"


def test_slash_dates_with_both_numbers_to_twelve_are_asked() -> None:
    """12/11 is November in Europe. A number over twelve, a twin or the right weekday settles it."""
    assert told("12/11/2027") == "ask 12 Nov 23:59, 11 Dec 23:59"
    assert told("11/12") == "ask 11 Dec 23:59, 12 Nov 23:59"
    assert told("11/27") == told("27/11") == "Fri 27 Nov 2026 23:59"
    assert told("12/12") == "Sat 12 Dec 2026 23:59"
    assert told("Thursday 10/12") == "Thu 10 Dec 2026 23:59"


def test_a_bare_m_is_asked() -> None:
    """2m is two minutes or two months. After hours it can only be minutes."""
    assert told("2m") == told("for 2m") == told("in 2m") == "ask 24 Nov 10:02, 24 Jan 10:00"
    assert told("for 2h30m") == "for 2 h 30 min"


@pytest.mark.parametrize(
    "phrase", ["today 9am", "yesterday", "20 Nov 2026", "2026-11-24T09:59", "in 0 minutes", "for 0 days", "1/1/2020"]
)
def test_what_is_past_is_refused(phrase: str) -> None:
    """A deadline that has gone by would end the loan before it starts."""
    assert told(phrase) == "refused"


def test_a_date_that_has_just_gone_by_is_confirmed_before_it_becomes_next_years() -> None:
    """On 24 November, "until 20 Nov" is a slip more often than a loan of a year."""
    assert told("20 Nov") == "ask 20 Nov 23:59"
    assert told("1 March") == "Mon 01 Mar 2027 23:59"
    assert told("24 Nov") == "ask 24 Nov 23:59, 24 Nov 23:59"


@pytest.mark.parametrize(
    "phrase", ["30 Feb", "31 April 2027", "13/13/2027", "25:00", "14pm", "6:75pm", "29 Feb 2027", "the 32nd"]
)
def test_what_cannot_be_is_refused(phrase: str) -> None:
    """A calendar library that rolls 30 February into March decides for the person."""
    assert told(phrase) == "refused"


def test_a_weekday_that_does_not_fit_its_date_is_refused() -> None:
    """One of the two is wrong, and only the person knows which."""
    assert told("Tuesday 27 Nov") == "refused"
    assert read("Tuesday 27 Nov", TUESDAY, HERE) == Refused("27 Nov 2026 is a Friday, not a Tuesday.")
    assert told("Friday 27 Nov") == told("27 Nov, Friday") == "Fri 27 Nov 2026 23:59"
    assert told("tomorrow, 26 November") == "refused"
    assert told("next Friday 11 Dec") == "refused"


def test_the_right_side_of_an_interval_is_read_from_its_left_side() -> None:
    """The phrase "from Monday until Wednesday" is three days, not the Wednesday before that Monday."""
    assert told("from Monday until Wednesday") == "Mon 30 Nov 00:00 to Wed 02 Dec 23:59"
    assert told("from 20 Dec until 5 Jan") == "Sun 20 Dec 00:00 to Tue 05 Jan 23:59"
    assert told("tomorrow from 10pm to 2am") == "Wed 25 Nov 22:00 to Thu 26 Nov 02:00"
    assert told("from Monday for 3 days") == "Mon 30 Nov 00:00 to Thu 03 Dec 00:00"
    assert told("from now until Friday") == "Tue 24 Nov 10:00 to Fri 27 Nov 23:59"
    assert told("from tomorrow until today") == "refused"


def test_a_word_on_the_right_that_could_move_the_left_is_asked() -> None:
    """Tuesday to Friday of next week does not start today, or does it."""
    assert told("from Tuesday to Friday next week").startswith("ask")
    assert told("from 4pm to 5pm tomorrow").startswith("ask")
    assert told("from 9am until 5pm") == "ask 25 Nov 17:00"
    assert told("tomorrow from 4pm to 5pm") == "Wed 25 Nov 16:00 to Wed 25 Nov 17:00"


def test_a_small_table_of_zones_is_known() -> None:
    """The clock is the one that was named; the answer is in the asker's own."""
    assert told("5pm CET") == "Tue 24 Nov 2026 11:00"
    assert told("Friday 17:00 UTC+5:30") == "Fri 27 Nov 2026 06:30"
    assert told("2026-11-27T18:00:00Z") == "Fri 27 Nov 2026 13:00"
    assert told("Friday 5pm UTC+25") == "refused"


def test_summer_time_said_in_winter_words_is_asked() -> None:
    """In July, "5pm EST" is New York's clock to most, and UTC-5 to the rest."""
    assert told("3 July 2027 5pm EST") == "ask 03 Jul 17:00, 03 Jul 18:00"
    assert told("Friday 5pm EST") == "Fri 27 Nov 2026 17:00"


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("1800", "refused"),
        ("3 30", "refused"),
        ("3.14", "ask 14 Mar 23:59"),
        ("Friday 1800", "Fri 27 Nov 2026 18:00"),
        ("3 March 2027", "Wed 03 Mar 2027 23:59"),
        ("until 2027", "refused"),
        ("at 14.30", "Tue 24 Nov 2026 14:30"),
        ("Friday 14.30", "ask 27 Nov 14:30"),
        ("16.12", "ask 16 Dec 23:59"),
        ("in 05 minutes", "refused"),
        ("0600 hours", "Wed 25 Nov 2026 06:00"),
    ],
)
def test_numbers_that_could_be_a_year_a_price_or_a_clock_are_not_taken_for_one(phrase: str, expected: str) -> None:
    """Digits alone are a clock only beside a day, after "at", or with their unit."""
    assert told(phrase) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("2026-12-25 10:30", "Fri 25 Dec 2026 10:30"),
        ("2026-12-25T10:30+01:00", "Fri 25 Dec 2026 04:30"),
        ("2026-12-25 10:30pm", "Fri 25 Dec 2026 22:30"),
        ("10:30 UTC", "Wed 25 Nov 2026 05:30"),
        ("2026-12-01 09:00 to 2026-12-05 17:00", "Tue 01 Dec 09:00 to Sat 05 Dec 17:00"),
    ],
)
def test_iso_dates_and_utc_come_with_24_hour_clocks(phrase: str, expected: str) -> None:
    """Who writes an ISO date or UTC writes hours to 24, and is not asked."""
    assert told(phrase) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("1pm-3pm", "Tue 24 Nov 13:00 to Tue 24 Nov 15:00"),
        ("1-5 Dec", "Tue 01 Dec 00:00 to Sat 05 Dec 23:59"),
        ("December 1 to 5, 2026", "Tue 01 Dec 00:00 to Sat 05 Dec 23:59"),
        ("between the 1st and the 5th", "Tue 01 Dec 00:00 to Sat 05 Dec 23:59"),
        ("for 2 days from Friday 5pm", "Fri 27 Nov 17:00 to Sun 29 Nov 17:00"),
        ("mon-fri", "Mon 30 Nov 00:00 to Fri 04 Dec 23:59"),
        ("2 and 7 Feb", "refused"),
        ("from 8 to 10", "refused"),
        ("Friday and Saturday", "refused"),
        ("from 10 Dec until 5 Dec 2026", "refused"),
        ("1 Dec from 22:15 to 18:35", "ask 02 Dec 18:35"),
    ],
)
def test_intervals_have_two_ends_that_are_both_understood(phrase: str, expected: str) -> None:
    """A list of days is no interval, and bare hours are no ends."""
    assert told(phrase) == expected


@pytest.mark.parametrize("zone", ["IST", "CST", "BST"])
def test_zones_of_two_places_are_refused(zone: str) -> None:
    """IST is India, Ireland or Israel."""
    answer = read(f"Friday 5pm {zone}", TUESDAY, HERE)
    assert isinstance(answer, Refused)
    assert zone in answer.sentence


def test_a_clock_time_that_the_change_to_summer_skips_is_said_and_shifted_only_on_yes() -> None:
    """02:30 does not happen that night; whether 03:30 will do is the asker's to say."""
    answer = read("14 Mar 2027 2:30am", TUESDAY, HERE)
    assert isinstance(answer, Ask)
    assert [reading.at for reading in answer.readings] == [datetime(2027, 3, 14, 3, 30, tzinfo=HERE)]
    assert "clocks skip 02:30" in answer.readings[0].say


def test_a_clock_time_that_happens_twice_is_asked() -> None:
    """01:30 comes once in summer time and once an hour later."""
    answer = read("7 Nov 2027 1:30am", TUESDAY, HERE)
    assert isinstance(answer, Ask)
    first, second = (reading.at.astimezone(UTC) for reading in answer.readings)
    assert second - first == timedelta(hours=1)


def test_hours_are_elapsed_time_and_days_are_wall_clock() -> None:
    """Across the night when clocks go forward, 24 hours end an hour later on the clock than one day does."""
    evening = datetime(2027, 3, 13, 20, tzinfo=HERE)
    assert told("in 24 hours", evening) == "Sun 14 Mar 2027 21:00"
    assert told("in 1 day", evening) == "Sun 14 Mar 2027 20:00"
    assert told("in 1 week", evening) == "Sat 20 Mar 2027 20:00"


def test_a_month_from_the_31st_has_two_ends_and_is_asked() -> None:
    """February has no 31st: its last day, or the first of March."""
    assert told("in a month", datetime(2027, 1, 31, 10, tzinfo=HERE)) == "ask 28 Feb 10:00, 01 Mar 10:00"
    assert told("in a month") == "Thu 24 Dec 2026 10:00"
    assert told("the 31st") == "ask 31 Dec 23:59"
    assert told("29 Feb") == "ask 29 Feb 23:59"


def test_a_length_says_how_long_and_a_bare_one_is_confirmed() -> None:
    """The phrase "for 3 days" is a length; "3 days" may be half a sentence. Months have an end rather than a length."""
    assert told("for 3 days") == "for 3 days"
    assert told("3 days") == "ask 27 Nov 10:00"
    assert told("for an hour and a half") == told("for 1.5 hours") == told("for 90 min") == "for 1 h 30 min"
    assert told("for half an hour") == "for 30 min"
    assert told("for a fortnight") == "for 14 days"
    assert told("for 2 months") == "Sun 24 Jan 2027 10:00"
    assert told("for a couple of days") == "ask 26 Nov 10:00"
    assert told("for 1.30 hours") == "ask 24 Nov 11:18"
    assert told("for a few days") == told("for 2 minutes 3 hours") == told("for 1 hour 2 hours") == "refused"


@pytest.mark.parametrize(
    "phrase", ["next week", "this weekend", "next month", "March", "Friday evening", "tomorrow morning", "next year"]
)
def test_a_whole_week_month_or_part_of_a_day_is_refused_with_a_way_to_say_it(phrase: str) -> None:
    """None of them has one end; the sentence names a phrase that has."""
    answer = read(phrase, TUESDAY, HERE)
    assert isinstance(answer, Refused)
    example = answer.sentence.split('"')[-2]
    assert isinstance(read(example, TUESDAY, HERE), Deadline)


def test_the_end_of_work_is_asked_and_the_end_of_a_day_is_not() -> None:
    """EOD is five o'clock in one office and midnight in the next."""
    assert told("EOD") == "ask 24 Nov 17:00, 24 Nov 23:59"
    assert told("end of day Friday") == told("end of Friday") == "Fri 27 Nov 2026 23:59"
    assert told("end of month") == told("EOM") == "Mon 30 Nov 2026 23:59"
    assert told("end of next month") == told("end of the year") == "Thu 31 Dec 2026 23:59"


def test_before_a_day_is_asked() -> None:
    """Before Friday excludes Friday for some."""
    assert told("before Friday") == "ask 27 Nov 00:00, 27 Nov 23:59"
    assert told("before 6pm") == "Tue 24 Nov 2026 18:00"


def test_a_likely_typo_is_a_question_and_never_an_answer() -> None:
    """The guess is shown in full, and a person says yes."""
    answer = read("untill freday", TUESDAY, HERE)
    assert isinstance(answer, Ask)
    assert answer.guess == "until friday"
    assert answer.readings[0].say == "Fri 27 Nov 2026, 23:59 EST (UTC-5), 3 days 13 h"
    assert told("nowhere") == told("palm") == told("fine days") == "refused"


@pytest.mark.parametrize(
    "phrase", ["", " ", "?!", "until", "Friday " * 40, "in 99999999999 days", "in 999999 years", "\ud800", "٣pm"]
)
def test_a_phrase_that_is_no_phrase_is_refused_with_an_example(phrase: str) -> None:
    """Empty, endless, huge, half a character: a sentence, never a traceback."""
    answer = read(phrase, TUESDAY, HERE)
    assert isinstance(answer, Refused)
    assert answer.sentence.encode()


def test_a_naive_now_is_refused() -> None:
    """A clock without a zone is a bug of ours, not of the person's."""
    with pytest.raises(ValueError, match="aware"):
        read("Friday", datetime(2026, 11, 24, 10), HERE)  # noqa: DTZ001 - the point of the test


def test_an_answer_spells_weekday_date_time_offset_and_length() -> None:
    """What the preview shows is all a person needs to see a slip."""
    at = datetime(2026, 11, 27, 23, 59, tzinfo=HERE)
    assert say(at, TUESDAY, HERE) == "Fri 27 Nov 2026, 23:59 EST (UTC-5), 3 days 13 h"
    assert spelled(at, ZoneInfo("Asia/Kolkata")) == "Sat 28 Nov 2026, 10:29 IST (UTC+5:30)"
    assert spelled(at, UTC) == "Sat 28 Nov 2026, 04:59 UTC"
