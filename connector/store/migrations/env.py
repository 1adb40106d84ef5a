"""Runs the migrations on the connection that `migrate.upgrade` hands over."""

from alembic import context

from connector.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
