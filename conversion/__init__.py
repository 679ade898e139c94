"""The engine: durable plans that move nodes between the two worlds."""
