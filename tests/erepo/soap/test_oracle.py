"""xmlsec, an independent implementation, agrees with ours in both directions."""

import base64
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from erepo.soap.errors import SignatureInvalid
from erepo.soap.mtom import octets_of, unpack
from erepo.soap.names import (
    ACTION,
    BASE64,
    BODY,
    CREATED,
    DS,
    EXPIRES,
    HEADER,
    MESSAGE_ID,
    SECURITY,
    SIGNATURE,
    SOAP,
    TIMESTAMP,
    TO,
    TOKEN,
    WSA,
    WSSE,
    WSU,
    WSU_ID,
    X509_TOKEN,
    XOP,
    XOP_INCLUDE,
)
from erepo.soap.verifying import Verified
from tests.support.soap_messages import (
    LIMITS,
    RIM,
    ROOT_HEADERS,
    XDS,
    Identity,
    Sample,
    multipart,
    receive_soap,
)

DOCUMENTS = [b"<ClinicalDocument/>\n" * 50, bytes(range(256))]


def xmlsec_accepts(envelope: etree._Element, identity: Identity) -> None:
    """Verify with xmlsec; it raises if it disagrees."""
    xmlsec.tree.add_ids(envelope, ["Id"])
    context = xmlsec.SignatureContext()
    pem = identity.bundle.certificate.public_bytes(Encoding.PEM)
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
    for element in envelope.iter():
        if element.get(WSU_ID):
            context.register_id(element, "Id", WSU)
    context.verify(envelope.find(f"{HEADER}/{SECURITY}/{SIGNATURE}"))


def test_xmlsec_verifies_our_simple_message(signing: Identity) -> None:
    """A message with base64 in place, signed by us, is valid for xmlsec."""
    xmlsec_accepts(etree.fromstring(Sample(DOCUMENTS).envelope(signing.signer)), signing)


def test_xmlsec_verifies_our_mtom_message_once_expanded(signing: Identity) -> None:
    """The signature of an MTOM message covers the expanded infoset: base64 in the place of each Include."""
    received = Sample(DOCUMENTS).receive(signing.signer)
    for place, cid in [(node.getparent(), cid) for node, cid in received.includes.items()]:
        assert place is not None
        place.remove(place[0])
        place.text = base64.b64encode(received.attachments[cid]).decode()
    assert received.envelope.find(f".//{XOP_INCLUDE}") is None
    xmlsec_accepts(received.envelope, signing)


def test_xmlsec_refuses_our_message_once_changed(signing: Identity) -> None:
    """The oracle is awake: it notices one changed character."""
    envelope = etree.fromstring(Sample(DOCUMENTS).envelope(signing.signer).replace(b"tytu", b"tytX"))
    with pytest.raises(xmlsec.Error):
        xmlsec_accepts(envelope, signing)


def by_xmlsec(identity: Identity, prefixes: str = "", shape: Callable[[str], str] = str) -> bytes:
    """Write and sign a message the way a WSS4J-like client does, xmlsec doing all of the cryptography."""
    token = base64.b64encode(identity.bundle.certificate.public_bytes(Encoding.DER)).decode()
    now = datetime.now(UTC)
    text = shape(
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{WSA}" xmlns:u="{WSU}" xmlns:xs="urn:unused">\n'
        f'  <s:Header>\n<o:Security xmlns:o="{WSSE}" s:mustUnderstand="true">'
        f'<o:BinarySecurityToken u:Id="X-1" EncodingType="{BASE64}" ValueType="{X509_TOKEN}">{token}'
        f"</o:BinarySecurityToken>\n"
        f'<u:Timestamp u:Id="TS-1"><u:Created>{now:%Y-%m-%dT%H:%M:%SZ}</u:Created>'
        f"<u:Expires>{now + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}</u:Expires></u:Timestamp></o:Security>\n"
        f'<a:To u:Id="id-to">https://cloud.example/</a:To><a:MessageID u:Id="id-m">urn:uuid:1</a:MessageID>'
        f'<a:Action s:mustUnderstand="1" u:Id="id-a">urn:action</a:Action>'
        f"<a:ReplyTo><a:Address>{WSA}/anonymous</a:Address></a:ReplyTo></s:Header>\n"
        f'  <s:Body u:Id="id-b"><d:Request xmlns:d="{XDS}" xmlns="{RIM}"><Name  b="2"  a="ż">\n x &amp; y'
        f"</Name></d:Request></s:Body>\n</s:Envelope>"
    )
    envelope = etree.fromstring(text)
    xmlsec.tree.add_ids(envelope, ["Id"])
    security = envelope.find(f"{HEADER}/{SECURITY}")
    elliptic = identity.signer._signed_info_start.find("ecdsa") > 0
    method = xmlsec.Transform.ECDSA_SHA256 if elliptic else xmlsec.Transform.RSA_SHA256
    signature = xmlsec.template.create(envelope, xmlsec.Transform.EXCL_C14N, method, ns="ds")
    context = xmlsec.SignatureContext()
    for name in ("TS-1", "id-to", "id-m", "id-a", "id-b"):
        reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri=f"#{name}")
        transform = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        if prefixes:
            namespace = "http://www.w3.org/2001/10/xml-exc-c14n#"
            etree.SubElement(transform, f"{{{namespace}}}InclusiveNamespaces", PrefixList=prefixes)
        (element,) = envelope.xpath("//*[@u:Id=$i]", i=name, namespaces={"u": WSU})
        context.register_id(element, "Id", WSU)
    key_info = xmlsec.template.ensure_key_info(signature)
    pointer = etree.SubElement(key_info, f"{{{WSSE}}}SecurityTokenReference")
    etree.SubElement(pointer, f"{{{WSSE}}}Reference", URI="#X-1", ValueType=X509_TOKEN)
    security.append(signature)
    pem = identity.bundle.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)
    return etree.tostring(envelope)


def proven(identity: Identity, octets: bytes) -> Verified:
    """Verify a message with our verifier."""
    return identity.verifier().verify(receive_soap(octets))


def test_we_verify_what_xmlsec_signed(signing: Identity) -> None:
    """A foreign message with other prefixes, order, white space and an unsigned ReplyTo is accepted."""
    verified = proven(signing, by_xmlsec(signing))
    assert verified.message_id == "urn:uuid:1"
    assert verified.payload.tag == f"{{{XDS}}}Request"


@pytest.mark.parametrize("prefixes", ["s", "s a u xs", "#default", "xs #default s", "unknown"])
def test_we_canonicalise_prefix_lists_like_xmlsec(elliptic: Identity, prefixes: str) -> None:
    """InclusiveNamespaces of WSS4J-like clients give the same digests, also for outer prefixes."""
    assert proven(elliptic, by_xmlsec(elliptic, prefixes)).action == "urn:action"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<d:Request ", '<d:Request xml:lang="pl" xml:space="preserve" '),
        ('xmlns:xs="urn:unused"', 'xmlns:xs="urn:unused" xmlns="urn:outer"'),
        ("x &amp; y", "<![CDATA[x < y & z]]>&#13;&#9;&quot;"),
        ('xmlns="' + RIM + '"', 'xmlns="' + RIM + '" q="a&#10;b&#9;&lt;&quot;"'),
        ("</Name>", '</Name><e xmlns=""/><f xmlns:d="urn:rebound" d:z="1" b:y="2" xmlns:b="urn:b"/>'),
    ],
)
def test_we_canonicalise_odd_xml_like_xmlsec(elliptic: Identity, before: str, after: str) -> None:
    """CDATA, character references, xml: attributes, undeclared and rebound prefixes canonicalise alike."""

    def shape(text: str) -> str:
        assert before in text
        return text.replace(before, after)

    assert proven(elliptic, by_xmlsec(elliptic, shape=shape)).action == "urn:action"


@pytest.mark.parametrize("around", ["{}", "\n    {}\n"])
@pytest.mark.parametrize("prefixes", ["", "s a #default"])
def test_we_verify_xop_of_what_xmlsec_signed_in_place(signing: Identity, around: str, prefixes: str) -> None:
    """A toolkit that signs the base64 and then moves the octets into parts is understood, indented or not."""
    texts = [base64.b64encode(octets).decode() for octets in DOCUMENTS]
    places = "".join(f"<d:Document>{around.format(text)}</d:Document>" for text in texts)
    octets = by_xmlsec(signing, prefixes, lambda text: text.replace("</Name>", f"</Name>{places}"))
    assert proven(signing, octets).payload.tag == f"{{{XDS}}}Request"
    parts = []
    for number, (text, document) in enumerate(zip(texts, DOCUMENTS, strict=True)):
        include = f'<i:Include xmlns:i="{XOP}" href="cid:{number}%40x"/>'
        octets = octets.replace(text.encode(), include.encode(), 1)
        parts.append((f"Content-ID: <{number}@x>", document))
    received = unpack(*multipart([(ROOT_HEADERS, octets), *parts]), LIMITS)
    verified = signing.verifier().verify(received)
    read = [bytes(octets_of(received, place)) for place in verified.payload.findall(f"{{{XDS}}}Document")]
    assert read == DOCUMENTS
    received = unpack(*multipart([(ROOT_HEADERS, octets), (parts[0][0], b"EVIL"), parts[1]]), LIMITS)
    with pytest.raises(SignatureInvalid):
        signing.verifier().verify(received)


def test_digest_values_are_sha256(elliptic: Identity) -> None:
    """Every digest in our messages is a SHA-256; SHA-1 serves XDS hashes only."""
    envelope = etree.fromstring(Sample().envelope(elliptic.signer))
    values = [base64.b64decode(node.text or "") for node in envelope.iter(f"{{{DS}}}DigestValue")]
    assert {len(value) for value in values} == {hashlib.sha256().digest_size}
    assert len(values) == 6


def test_signed_parts_are_the_profile_ones(elliptic: Identity) -> None:
    """Timestamp, Body, Action, MessageID, To and ReplyTo of a request are signed by their ids."""
    envelope = etree.fromstring(Sample().envelope(elliptic.signer))
    signed = {node.get("URI", "")[1:] for node in envelope.iter(f"{{{DS}}}Reference")}
    tags = {element.tag for element in envelope.iter() if element.get(WSU_ID) in signed}
    assert {BODY, TIMESTAMP, ACTION, MESSAGE_ID, TO} < tags
    assert TOKEN not in tags
    created, expires = envelope.findtext(f".//{CREATED}"), envelope.findtext(f".//{EXPIRES}")
    assert created is not None
    assert expires is not None
    assert created < expires


def test_prefix_lists_work_in_every_thread(elliptic: Identity) -> None:
    """`#default` in a PrefixList is understood in a thread that has never parsed before."""
    octets = by_xmlsec(elliptic, "#default")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(proven, elliptic, octets).result().action == "urn:action"
