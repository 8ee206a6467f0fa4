"""Runs migrations on the connection that `Database.upgrade` hands over, inside its transaction."""

from alembic import context

from erepo.clinic import tables_account, tables_api, tables_people  # noqa: F401 — their tables join the metadata
from erepo.clinic.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
