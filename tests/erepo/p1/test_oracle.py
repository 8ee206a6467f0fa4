"""xmlsec, an independent implementation, agrees with the P1 profile in both directions."""

import base64
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from erepo.p1 import names
from erepo.p1.packing import P1Message, p1_signer, pack_p1
from erepo.p1.tokens import ready_token
from erepo.p1.verifying import P1Verifier, read_p1
from erepo.pki import Bundle, TrustStore, client_context
from erepo.soap.errors import CoverageRefused
from erepo.soap.headers import Addressing
from erepo.soap.names import (
    BASE64,
    DS,
    SAML2,
    SECURITY,
    SIGNATURE,
    SOAP11,
    WSSE,
    WSU,
    WSU_ID,
    X509_TOKEN,
)
from erepo.soap.signing import ReadyAssertion, sha256
from erepo.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.support.p1 import Provider, RunningP1

#: One sandbox serves all of them.
pytestmark = pytest.mark.xdist_group("p1")

_BODY = (
    f'<v1:RejestrowanieRepozytoriumRequest xmlns:v1="{names.SZAR}" xmlns:v11="{names.SZAR_TYPES}">'
    "<v11:wymusUtworzenieNowegoRepozytorium>true</v11:wymusUtworzenieNowegoRepozytorium>"
    "</v1:RejestrowanieRepozytoriumRequest>"
)


def xmlsec_accepts(envelope: etree._Element, signature: etree._Element, bundle: Bundle) -> None:
    """Verify one signature with xmlsec; it raises if it disagrees."""
    xmlsec.tree.add_ids(envelope, ["ID"])
    context = xmlsec.SignatureContext()
    pem = bundle.certificate.public_bytes(Encoding.PEM)
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
    for element in envelope.iter():
        if element.get(WSU_ID):
            context.register_id(element, "Id", WSU)
    context.verify(signature)


def of_security(envelope: etree._Element, version: SoapVersion) -> etree._Element:
    """Return the signature of the Security header."""
    found = envelope.find(f"{version.name('Header')}/{SECURITY}/{SIGNATURE}")
    assert found is not None
    return found


def sign(
    envelope: etree._Element, place: etree._Element, names_of: list[str], bundle: Bundle, **more: str
) -> None:
    """Have xmlsec sign elements by their wsu:Id, as a WSS4J-like client does."""
    signature = xmlsec.template.create(
        envelope, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256, ns="ds"
    )
    context = xmlsec.SignatureContext()
    for name in names_of:
        reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri=f"#{name}")
        xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        (element,) = envelope.xpath("//*[@u:Id=$i]", i=name, namespaces={"u": WSU})
        context.register_id(element, "Id", WSU)
    pointer = etree.SubElement(
        xmlsec.template.ensure_key_info(signature), f"{{{WSSE}}}SecurityTokenReference"
    )
    etree.SubElement(pointer, f"{{{WSSE}}}Reference", URI="#X509-1", ValueType=X509_TOKEN)
    place.append(signature)
    context.key = xmlsec.Key.from_memory(_pem(bundle), xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)


def _pem(bundle: Bundle) -> bytes:
    return bundle.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def by_xmlsec(bundle: Bundle, parts: tuple[str, ...] = ("TS-1", "Body")) -> bytes:
    """Write a request to SZAR with prefixes and white space of its own, signed by xmlsec alone."""
    token = base64.b64encode(bundle.certificate.public_bytes(Encoding.DER)).decode()
    now = datetime.now(UTC)
    envelope = etree.fromstring(
        f'<soapenv:Envelope xmlns:soapenv="{SOAP11}" xmlns:wsu="{WSU}">\n<soapenv:Header>'
        f'<wsse:Security xmlns:wsse="{WSSE}" soapenv:mustUnderstand="1">\n'
        f'<wsse:BinarySecurityToken EncodingType="{BASE64}" ValueType="{X509_TOKEN}" wsu:Id="X509-1">{token}'
        f'</wsse:BinarySecurityToken><wsu:Timestamp wsu:Id="TS-1"><wsu:Created>{now:%Y-%m-%dT%H:%M:%SZ}'
        f"</wsu:Created><wsu:Expires>{now + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}</wsu:Expires>"
        f"</wsu:Timestamp></wsse:Security></soapenv:Header>\n"
        f'<soapenv:Body wsu:Id="Body">{_BODY}</soapenv:Body></soapenv:Envelope>'
    )
    security = envelope.find(f".//{SECURITY}")
    assert security is not None
    sign(envelope, security, list(parts), bundle)
    return etree.tostring(envelope)


def test_p1_takes_what_xmlsec_signed_and_xmlsec_takes_its_answer(provider: Provider, p1: RunningP1) -> None:
    """A foreign client's SZAR request is served; the answer's signature is valid for xmlsec and for us."""
    context = client_context(provider.tls, p1.trust)
    answer = httpx.post(
        f"{p1.url}{names.SZAR_PATH}",
        content=by_xmlsec(provider.wss),
        headers={"content-type": "text/xml; charset=utf-8", "soapaction": "urn:rejestrujRepozytorium"},
        verify=context,
        trust_env=False,
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    envelope = etree.fromstring(answer.content)
    xmlsec_accepts(envelope, of_security(envelope, SOAP_11), p1.home.bundle("wss"))
    trust = TrustStore.from_pem(p1.trust)
    verified = P1Verifier(trust).verify(read_p1(answer.content, SOAP_11), SOAP_11)
    assert verified.payload.findtext(f".//{{{names.SZAR_TYPES}}}status") == "SUKCES"


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=["1.1", "1.2"])
def test_xmlsec_takes_what_we_sign(version: SoapVersion, provider: Provider) -> None:
    """Our message in the profile is valid for xmlsec; exactly Body and Timestamp are signed."""
    message = P1Message(
        etree.fromstring(_BODY), version, Addressing("urn:a&b", "https://p1.example/", "urn:uuid:1")
    )
    octets = pack_p1(message, p1_signer(provider.wss))
    envelope = etree.fromstring(octets)
    xmlsec_accepts(envelope, of_security(envelope, version), provider.wss)
    signed = {node.get("URI", "")[1:] for node in envelope.iter(f"{{{DS}}}Reference")}
    covered = {etree.QName(each).localname for each in envelope.iter() if each.get(WSU_ID) in signed}
    assert covered == {"Body", "Timestamp"}
    changed = etree.fromstring(octets.replace(b"true</", b"false</"))
    with pytest.raises(xmlsec.Error):
        xmlsec_accepts(changed, of_security(changed, version), provider.wss)


def test_a_token_carried_on_keeps_its_signature(provider: Provider, p1: RunningP1) -> None:
    """The assertion in the header of an index message is valid for xmlsec, by P1's own key."""
    with provider.client() as client:
        token = client.token(provider.asking())
    message = P1Message(etree.fromstring(_BODY), SOAP_12, None, token.assertion)
    envelope = etree.fromstring(pack_p1(message, p1_signer(provider.wss)))
    xmlsec_accepts(envelope, of_security(envelope, SOAP_12), provider.wss)
    inner = envelope.find(f".//{{{SAML2}}}Assertion/{SIGNATURE}")
    assert inner is not None
    xmlsec_accepts(envelope, inner, p1.home.bundle("token"))


def test_a_token_with_prefixes_in_values_keeps_its_signature(provider: Provider) -> None:
    """A token whose signature names `xs` in its PrefixList, declared outside, survives being carried on."""
    answer = etree.fromstring(
        f'<x xmlns:xs="{names.XS}" xmlns:xsi="{names.XSI}" xmlns:saml2="{SAML2}"><saml2:Assertion ID="_t">'
        '<saml2:AttributeValue xsi:type="xs:string">a#b</saml2:AttributeValue></saml2:Assertion></x>'
    )
    assertion = answer[0]
    signature = xmlsec.template.create(
        answer, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256, ns="ds"
    )
    reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri="#_t")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    last = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    etree.SubElement(last, "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces", PrefixList="xs")
    assertion.insert(0, signature)
    xmlsec.tree.add_ids(answer, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(_pem(provider.wss), xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)
    message = P1Message(etree.fromstring(_BODY), SOAP_12, None, ready_token(assertion))
    envelope = etree.fromstring(pack_p1(message, p1_signer(provider.wss)))
    inner = envelope.find(f".//{{{SAML2}}}Assertion/{SIGNATURE}")
    assert inner is not None
    xmlsec_accepts(envelope, inner, provider.wss)


@pytest.mark.parametrize("parts", [("TS-1",), ("Body",)])
def test_body_and_timestamp_must_be_signed(parts: tuple[str, ...], provider: Provider, p1: RunningP1) -> None:
    """A good signature over less than the profile demands proves nothing."""
    verifier = P1Verifier(TrustStore([p1.home.providers.certificate]))
    octets = by_xmlsec(provider.wss, parts)
    with pytest.raises(CoverageRefused):
        verifier.verify(read_p1(octets, SOAP_11), SOAP_11)
    assert verifier.verify(read_p1(by_xmlsec(provider.wss), SOAP_11), SOAP_11).certificate


def test_an_assertion_is_carried_beside_the_signature(provider: Provider) -> None:
    """What is carried is not among the signed parts."""
    ready = ReadyAssertion("_a", f'<a xmlns="{SAML2}" ID="_a"></a>'.encode(), sha256(b""))
    octets = pack_p1(P1Message(etree.fromstring(_BODY), SOAP_11, None, ready), p1_signer(provider.wss))
    assert b'URI="#_a"' not in octets
    assert ready.octets in octets
