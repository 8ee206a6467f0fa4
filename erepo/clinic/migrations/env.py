"""Runs migrations on the connection that `Database.upgrade` hands over, inside its transaction."""

from alembic import context

from erepo.clinic import (  # noqa: F401 — their tables join the metadata
    tables_abroad,
    tables_account,
    tables_api,
    tables_chain,
    tables_clock,
    tables_earchive,
    tables_indexing,
    tables_inviting,
    tables_migrating,
    tables_patients_own,
    tables_people,
    tables_purging,
    tables_retention,
    tables_sharing,
)
from erepo.clinic.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
