"""The flow import-documents."""

import os
import time

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from flows.import_documents import import_documents
from tests.support.flow_clinic import PREFECT, ClinicUnderTest

pytestmark = PREFECT


async def newest(key: str) -> str:
    """Return the newest artifact of a key."""
    async with get_client() as client:
        found = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])),
            sort=ArtifactSort.CREATED_DESC,
            limit=1,
        )
    return str(found[0].data)


async def test_documents_are_taken_in_and_originals_stay(database_only: ClinicUnderTest) -> None:
    """Every file ends as a document; nothing is deleted unless asked."""
    database_only.drop(13)
    await import_documents(quiet_seconds=0)
    assert database_only.states() == {"local": 13}
    assert len(list(database_only.inbox.iterdir())) == 13
    assert "| taken in | 13 |" in await newest("import-summary")


async def test_a_second_run_knows_them_and_deletes_when_asked(database_only: ClinicUnderTest) -> None:
    """The same bytes are one document; originals go only after their copy is safe."""
    database_only.drop(5)
    await import_documents(quiet_seconds=0)
    await import_documents(quiet_seconds=0, delete_taken=True)
    assert database_only.states() == {"local": 5}
    assert list(database_only.inbox.iterdir()) == []
    assert "| already known | 5 |" in await newest("import-summary")


async def test_a_rotten_file_does_not_stop_the_others(database_only: ClinicUnderTest) -> None:
    """It stays in the folder, and the page tells why and what to do, not the name."""
    database_only.drop(3)
    (database_only.inbox / "Kowalska.xml").write_text("<ClinicalDocument>")
    await import_documents(quiet_seconds=0, delete_taken=True)
    assert [file.name for file in database_only.inbox.iterdir()] == ["Kowalska.xml"]
    page = await newest("import-summary")
    assert "| refused, still in the folder | 1 |" in page
    assert "* `cda.not-xml` (1): The document is not well-formed XML (line …, column …). Export" in page
    assert "Kowalska" not in page


async def test_files_still_being_written_wait(database_only: ClinicUnderTest) -> None:
    """A file changed a moment ago, or one that says it is partial, is left for the next run."""
    database_only.drop(3)
    files = sorted(database_only.inbox.iterdir())
    files[0].rename(files[0].with_suffix(".part"))
    old = time.time() - 60
    os.utime(files[1], (old, old))
    await import_documents(quiet_seconds=30)
    assert database_only.states() == {"local": 1}


async def test_no_folder_is_no_error(database_only: ClinicUnderTest) -> None:
    """A clinic that drops nothing has nothing taken in."""
    await import_documents()
    assert database_only.states() == {}
