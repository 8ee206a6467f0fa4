"""Documents whose own signature was forged are not taken in (M40), over the real wire (ITI-41)."""

import asyncio
from contextlib import closing

import pytest

from erepo.cloud import operating
from erepo.cloud.storage.database import Database
from erepo.content import read_all
from erepo.xds.responses import RegistryResponse
from erepo.xds.vocabulary import ResponseStatus, Xds
from tests.erepo.cda.signature.attacks.catalogue import VECTORS
from tests.support.cda_documents import EXAMPLES, document, needs_examples
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import CloudClient, make_entry, make_submission, one_document
from tests.support.signed_documents import DS, SHA1, Signing, good

pytestmark = pytest.mark.one_store


def _refused(response: RegistryResponse, *unique_ids: str) -> bool:
    contexts = [error.context.partition(":")[0] for error in response.errors]
    right = all(error.code == Xds.INVALID_CONTENT for error in response.errors)
    return response.status == ResponseStatus.FAILURE and right and contexts == [*unique_ids]


async def test_forged_documents_are_refused(client: CloudClient) -> None:
    """Each vector ends as InvalidDocumentContent that names the document and nothing of its content."""
    wrong = []
    for vector in VECTORS:
        submission = one_document(vector.make())
        entry = submission.entries[0][0]
        response = await client.provide(submission)
        well = _refused(response, entry.unique_id) and response.errors[0].location
        if not well or "EVIL" in response.errors[0].context:
            wrong.append((vector.code, response))
    assert not wrong


async def test_one_forged_document_keeps_all_out(client: CloudClient) -> None:
    """Of a submission with a good and two forged documents nothing is stored; both forged ones are named."""
    forged = [
        vector.make() for vector in VECTORS if vector.code in ("M40-wrap: around", "M40-content: title")
    ]
    entries = [make_entry() for _ in range(3)]
    response = await client.provide(make_submission(*zip(entries, [good(), *forged], strict=True)))
    assert _refused(response, entries[1].unique_id, entries[2].unique_id)
    assert not (await client.retrieve(entries[0].unique_id)).documents


HARMLESS = {
    "signed": good(),
    "signed with SHA-1 digests": Signing(digest=SHA1).sign(document()),
    "signed in a way that is not verified here": Signing(method=f"{DS}rsa-sha1").sign(document()),
    "a CDA without a signature": document(),
    "a CDA that speaks of one": document(title="<title>Signature</title>"),
    "a CDA that quotes one": document(title="<title><![CDATA[<ds:Signature >]]></title>"),
    "a signature by itself": b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>',
    "other XML around a signed CDA": b"<a>" + good()[good().index(b"<ClinicalDocument") :] + b"</a>",
    "a page with a DOCTYPE": b"<!DOCTYPE html><html><body>Signature</body></html>",
    "a PDF that holds a signed CDA": b"%PDF-1.7\n" + good(),
    "broken XML without a signature": document()[:-5],
}


@pytest.mark.parametrize("octets", HARMLESS.values(), ids=HARMLESS)
async def test_harmless_documents_are_kept_as_they_came(client: CloudClient, octets: bytes) -> None:
    """Whatever is not forged is archived, byte for byte."""
    submission = one_document(octets)
    assert (await client.provide(submission)).status == ResponseStatus.SUCCESS
    found = await client.retrieve(submission.entries[0][0].unique_id)
    assert read_all(found.documents[0].content) == octets


@needs_examples
async def test_official_examples_are_kept(client: CloudClient) -> None:
    """All official examples are taken, as they are and signed."""
    for file in EXAMPLES.glob("*.xml"):
        for octets in (file.read_bytes(), Signing().sign(file.read_bytes())):
            assert (await client.provide(one_document(octets))).status == ResponseStatus.SUCCESS


async def test_large_signed_documents_are_verified(client: CloudClient) -> None:
    """Several at once, each larger than what waits for its turn: the good are kept, the changed refused."""
    scan = f"<component><nonXMLBody><text>{'QUJD' * 2_500_000}</text></nonXMLBody></component>"
    octets = Signing().sign(document(rest=scan))
    changed = octets.replace(b"QUJDQUJD", b"QUJDQUJE", 1)
    answers = await asyncio.gather(
        *(client.provide(one_document(each)) for each in (octets, changed, octets))
    )
    success, failure = ResponseStatus.SUCCESS, ResponseStatus.FAILURE
    assert [answer.status for answer in answers] == [success, failure, success]


async def test_the_operator_may_switch_it_off(client: CloudClient, cloud: RunningCloud) -> None:
    """With `--signatures ignore` nothing is looked at, from the next second on."""
    octets = next(vector.make() for vector in VECTORS if vector.code == "M40-wrap: around")
    for signatures, wanted in (("ignore", ResponseStatus.SUCCESS), ("check", ResponseStatus.FAILURE)):
        with closing(Database(cloud.settings.cloud_url)) as database:
            operating.change(database, cloud.tenant.account, {"signatures": signatures})
        await asyncio.sleep(1.1)
        assert (await client.provide(one_document(octets))).status == wanted
