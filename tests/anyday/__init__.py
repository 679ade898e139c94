"""`make anyday`: the tests that know the time, at one moment of tests/moment.py after the other."""
