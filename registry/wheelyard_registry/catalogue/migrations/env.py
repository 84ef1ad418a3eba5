"""Runs migrations on the connection that the registry hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from wheelyard_registry.catalogue import tables

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=tables.metadata, transactional_ddl=False)
context.run_migrations()
