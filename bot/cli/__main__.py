"""`python -m bot.cli`: lendbot, where its console script is not installed."""

from bot.cli.main import main

if __name__ == "__main__":
    main()
