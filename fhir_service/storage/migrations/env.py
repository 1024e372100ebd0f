"""Runs the migrations on the connection that `schema.migrate` passes in."""

from alembic import context

from fhir_service.storage.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
