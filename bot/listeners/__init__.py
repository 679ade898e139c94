"""ack, build the Ask, call commands, hand on the Reply. A button is another way to say a command."""
