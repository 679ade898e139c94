"""What is remembered. One store, on SQLite or PostgreSQL; values in, values out, and no row leaves this package."""
