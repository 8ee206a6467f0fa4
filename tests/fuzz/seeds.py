"""Good octets to start from, made by our own writers, and words that a mutation may put in."""

import base64
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
from lxml import etree

from erepo.acting.reading import read_assertion
from erepo.acting.token import read_token
from erepo.content import Content, MemoryContent
from erepo.errors import ErepoError
from erepo.soap.faults import write_fault
from erepo.soap.mtom import Attachment, unpack
from erepo.soap.names import ANONYMOUS, SOAP, WSA, XOP_INCLUDE
from erepo.soap.verifying import read_unsigned
from erepo.xds import iti18, iti41, iti42, iti43, iti57, iti62, iti86
from erepo.xds.responses import RegistryError, write_registry_response
from erepo.xds.vocabulary import APPROVED, DEPRECATED, Xds
from tests.support.actors import CLERK, DOCTOR, NOW, assertion_of, expected_of, message_with
from tests.support.cda_documents import document
from tests.support.signed_documents import Signing, nurse
from tests.support.soap_messages import LIMITS, Identity, Sample, identity, wire
from tests.support.xds import submission, submission_set

PASSPHRASE = b"passphrase"
#: Few rounds, so that a second holds many tries.
QUICK = (
    PrivateFormat.PKCS12.encryption_builder()
    .kdf_rounds(2)
    .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
    .hmac_hash(hashes.SHA256())
    .build(PASSPHRASE)
)
MIME_WORDS = (
    b"\r\n--b\r\n", b"\r\n--b--\r\n", b"Content-ID: <a>\r\n", b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n", b"Content-Type: application/xop+xml\r\n", b"\r\n\r\n",
    b"cid:", b"%00", b'; start="<a>"', b'; boundary="b"', b"multipart/related", b"application/soap+xml",
    b'<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:a"/>', b"=3D", b"=\r\n",
)  # fmt: skip
XML_WORDS = (
    b"<!DOCTYPE a>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?x ?>", b"&#0;", b"&amp;", b"&x;",
    b" xmlns=''", b" xmlns:a='urn:a'", b"xml:id='a'",
    b"\xef\xbb\xbf", b"\xff", b"</", b"/>", b"#body", b'wsu:Id="body"',
    b"PrefixList='#default soap'", b"9999999999999999999", b"-1", b"%", b"^^^&&ISO", b"('a','b')", b"''",
)  # fmt: skip

SIGNATURE_WORDS = (
    *XML_WORDS, b"<ds:Signature>", b"</ds:Signature>", b'URI=""', b'Id="xades-1"',
    b'URI="#xades-1"', b'Id="id-1"', b"<ds:Object>", b"<xades:SignedProperties>", b"http://www.w3.org/TR/1999/REC-xslt-19991116",
    b"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", b"http://www.w3.org/2000/09/xmldsig#sha1",
    b'<InclusiveNamespaces xmlns="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xsi"/>',
    b"\xff\xfe<\0",
)  # fmt: skip


@cache
def signed_documents() -> tuple[bytes, ...]:
    """Return documents that carry a signature: of both kinds of key, both forms of the certificate."""
    return (
        Signing().sign(document()),
        Signing(nurse(), v2=False, prefixes=("", "etsi"), inclusive="xsi").sign(document(prolog="")),
    )


@cache
def signer() -> Identity:
    """Return who signs the seeds."""
    return identity("ec-p256")


@cache
def elder() -> Identity:
    """Return another signer of the same authority, with an RSA key."""
    return identity("rsa-3072", signer().authority)


@cache
def envelopes() -> tuple[bytes, ...]:
    """Return signed messages: requests, answers, with and without documents and an assertion."""
    samples = [
        Sample(now=NOW, mtom=False),
        Sample([b"octets"], now=NOW, mtom=False),
        Sample([b"octets"], now=NOW, mtom=False, relates_to="urn:uuid:1", to=ANONYMOUS),
    ]
    signed = [sample.envelope(each.signer) for sample in samples for each in (signer(), elder())]
    return (*signed, message_with(assertion_of(signer()), signer()), samples[0].envelope(None))


def packages() -> Iterator[bytes]:
    """Yield MTOM messages, the Content-Type in the first line."""
    for sample in (Sample([b"one\r\n", b"two"], now=NOW), Sample(now=NOW), Sample([b""], now=NOW)):
        packed = sample.pack(signer().signer)
        yield f"{packed.content_type}\n".encode() + wire(packed)
        yield (
            packed.content_type.split(";")[0].encode()
            + b'; boundary="b"\n'
            + _shortened(packed.content_type, wire(packed))
        )


def _shortened(content_type: str, octets: bytes) -> bytes:
    boundary = content_type.partition('boundary="')[2].partition('"')[0].encode()
    return octets.replace(boundary, b"b")


def around(payload: bytes) -> bytes:
    """Return a simple message without a signature around the octets of a payload."""
    headers = f"<w:Action>urn:a</w:Action><w:MessageID>urn:m</w:MessageID><w:To>{ANONYMOUS}</w:To>"
    start = f'<s:Envelope xmlns:s="{SOAP}"><s:Header xmlns:w="{WSA}">{headers}</s:Header><s:Body>'
    return start.encode() + payload + b"</s:Body></s:Envelope>"


def payloads() -> Iterator[bytes]:
    """Yield the requests and answers of all transactions, documents in place."""
    sent = submission(b"<one/>", b"two")
    requests = (iti43.DocumentRequest("1.2.3", "1.2.3^A1"),)
    errors = (RegistryError(Xds.REPOSITORY_ERROR, "why"),)
    metadata = sent.metadata()
    retrieved = iti43.RetrievedDocument("1.2.3", "1.2.3^A1", "text/xml", MemoryContent(b"octets"))
    names = ("urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3",)
    query = iti18.StoredQuery(
        names[0], {"$patientId": (("80051212340^^^&1.2&ISO",),), "$s": (("a", "b"), ("c",))}
    )
    change = iti57.status_change(submission_set(), names[0], original=APPROVED, new=DEPRECATED)
    version = iti57.new_version(submission_set(), replace(metadata.documents[0], lid=names[0]), 1)
    yield _inline(*iti41.write_request(sent))
    yield _inline(*iti43.write_response([retrieved], errors))
    for payload in (
        iti18.write_query(query),
        iti18.write_response(metadata),
        iti18.write_response(errors=errors, refs=names),
        iti42.write_request(sent.registration()),
        iti43.write_request(requests),
        iti57.write_request(iti57.Update(submission_set(), (change, version))),
        iti62.write_request(names),
        iti86.write_request(requests),
        write_registry_response(errors=errors),
        write_fault(ValueError()),
    ):
        yield etree.tostring(payload)


def _inline(payload: etree._Element, attachments: Sequence[Attachment]) -> bytes:
    contents: dict[str, Content] = {f"cid:{each.content_id}": each.content for each in attachments}
    for node in list(payload.iter(XOP_INCLUDE)):
        place = node.getparent()
        assert place is not None
        place.text = base64.b64encode(b"".join(contents[node.get("href", "")].chunks())).decode()
        place.remove(node)
    return etree.tostring(payload)


def asserted() -> Iterable[bytes]:
    """Yield messages that carry an assertion and are not signed themselves."""
    for who in (signer(), elder()):
        for actor in (DOCTOR, CLERK):
            yield message_with(assertion_of(who, actor), None)


def read_asserted(octets: bytes) -> None:
    """Read the assertion of a message, and the same octets as a token of REST."""
    with suppress(ErepoError):
        read_token(octets.decode("latin-1"), expected_of(signer()))
    with suppress(ErepoError):
        verified = read_unsigned(unpack("application/soap+xml", octets, LIMITS))
        proven = read_assertion(verified, expected_of(signer()))
        assert proven.actor.id in (DOCTOR.id, CLERK.id), "an actor whom nobody vouched for"
