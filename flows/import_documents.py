"""Take in the documents that lie in the drop folder, and those that patients gave through the service.

Requires the block ClinicDatabase that onboard-clinic writes, for patients' documents the others as well. The
folder is `$EREPO_HOME/clinic/inbox`; it is no parameter, for names of folders and files may tell patients,
and parameters lie in Prefect in clear.
"""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.naming import run_name
from flows.reporting import report_collected, report_import
from tasks.boundary import guarded
from tasks.importing import collect_own, take_in


@flow(name="import-documents", flow_run_name=run_name("import"))
@guarded
async def import_documents(
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
    quiet_seconds: Annotated[int, Field(title="Czas bez zmian (sekundy) / Quiet seconds", ge=0, le=3600)] = 5,
    delete_taken: Annotated[bool, Field(title="Usuń przyjęte pliki / Delete what was taken in")] = False,
    own_documents: Annotated[
        bool, Field(title="Dokumenty własne pacjentów / Patients' own documents")
    ] = True,
) -> None:
    """Take in every finished document of the drop folder.

    Each file ends as taken in, already known, or refused with a reason; a rotten one does not stop the
    others. Refused files stay in the folder.

    Args:
        connection: Name of the clinic's blocks.
        quiet_seconds: A file changed less than so many seconds ago is left for the next run, it may still
            grow.
        delete_taken: Remove originals, each once its copy is durable, read back equal, and that is committed.
        own_documents: Also collect what patients gave through the mobile application, if the cloud is in use.
    """
    await report_import(await take_in(connection, quiet_seconds, delete_taken))
    if own_documents and (collected := await collect_own(connection)) is not None:
        await report_collected(collected)
