"""The script of (a) says the same of a document as our own writer, so that both do the same work."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from erepo.cli.demo_clinic import prepare
from erepo.clinic.archiving.ledger import new_unique_id
from erepo.clinic.bare import describe
from erepo.clinic.database import open_clinic
from erepo.clinic.metadata import Depositor, submission_of
from erepo.clinic.tables import now
from erepo.content import FileContent, read_all
from erepo.settings import Settings
from erepo.xds import iti18
from erepo.xds.iti41 import Submission
from erepo.xds.model import Code, MetadataSet
from erepo.xds.vocabulary import ResponseStatus
from tests.bench.bare import depositor_of
from tests.bench.documents import KINDS, write_portions
from tests.bench.typed import Script
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.cloud_client import CloudClient, connected

#: As the comparison orders them: the script's, and the bare pipeline's.
ACCOUNTS = {"0000000000002001": {"security": "mtls"}, "0000000000002002": {}}
CODES = ("class_code", "type_code", "format_code", "facility_type", "practice_setting")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A service of its own."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Enough documents of the comparison that every kind and every form of body is among them."""
    folder = tmp_path_factory.mktemp("documents")
    return write_portions(folder, {"some": 6 * len(KINDS)}, 20_000)["some"]


def _depositor(folder: Path, source_id: str) -> Depositor:
    with closing(open_clinic(Settings(_env_file=None, home=folder, key_passphrase="throw-away"))) as database:
        prepare(database)
        return depositor_of(database, source_id)


class Noting(Script):
    """The script, noting under which ids it sends."""

    def __init__(self, credentials: Path) -> None:
        super().__init__(credentials, "ec-p256")
        self.sets: list[str] = []

    def submission_set(self, package: str, patient: str) -> Any:
        """Note it."""
        self.sets.append(package)
        return super().submission_set(package, patient)


def _ours(path: Path, depositor: Depositor) -> Submission:
    content, moment = FileContent(path), now()
    return submission_of(new_unique_id(), [(describe(content, now=moment), content)], depositor, now=moment)


async def _stored(client: CloudClient, set_uuid: str) -> MetadataSet:
    """What one submission brought, without what is drawn anew or given by the account.

    Display names go as well: the script takes them from the document.
    """
    found = (await client.query(iti18.get_submission_set_and_contents(entry_uuid=set_uuid))).metadata
    (sent,), (entry,), (member,) = found.submission_sets, found.documents, found.associations
    assert (member.source, member.target) == (sent.entry_uuid, entry.entry_uuid)
    codes = {name: _bare(getattr(entry, name)) for name in CODES}
    secrecy = tuple(_bare(code) for code in entry.confidentiality)
    fresh = {"entry_uuid": "", "lid": ""}
    return MetadataSet(
        (replace(sent, **fresh, unique_id="", source_id="", submission_time=""),),
        (replace(entry, **fresh, **codes, confidentiality=secrecy, repository_unique_id=""),),
        associations=(replace(member, **fresh, source="", target=""),),
    )


def _bare(code: Code) -> Code:
    return Code(code.code, code.scheme)


async def test_the_script_registers_what_our_writer_registers(
    cloud: RunningCloud, documents: list[Path], tmp_path: Path
) -> None:
    """Documents of every kind are stored with the same slots, codes, authors, ids and octets."""
    naive, ours = (cloud.add_tenant(account, **order) for account, order in ACCOUNTS.items())
    script, depositor = Noting(naive.folder), _depositor(tmp_path, ours.facts["sourceId"])
    assert await asyncio.to_thread(script.send, documents) == len(documents)
    async with connected(naive, signed=False) as there, connected(ours) as here:
        for path, set_uuid in zip(documents, script.sets, strict=True):
            submission = _ours(path, depositor)
            assert (await here.provide(submission)).status == ResponseStatus.SUCCESS
            assert await _stored(there, set_uuid) == await _stored(here, submission.submission_set.entry_uuid)
            unique_id = submission.entries[0][0].unique_id
            (kept,) = (await there.retrieve(unique_id)).documents
            assert read_all(kept.content) == path.read_bytes()
