"""What Alembic runs before the migrations. store/schema.py hands it the connection; it knows no address of its own.

A new migration is written by hand beside the last one: copy it, give it the next number, and let
tests/store/test_schema.py say what is still missing against store/tables.py. On SQLite use batch_alter_table.
"""

from alembic import context

from store.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
