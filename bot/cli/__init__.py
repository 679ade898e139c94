"""The command line: main.py says what is typed, and imports what a command does when it is called."""
