"""A client of an account with WS-Security, as small as it can be: Python 3.11, lxml, cryptography.

python3 client.py FOLDER registry|repository ACTION BODY.xml

FOLDER is what `erepo cloud tenant add --credentials FOLDER` wrote, BODY.xml the element of the SOAP Body; in
it `{sourceId}` is replaced by the account's, each `{oid}` by a new one, `{now}` by the time. Prints what the
Body of the answer holds, once its signature is proven.
"""

import base64
import hashlib
import http.client
import json
import re
import ssl
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from lxml import etree

# Who acts: a member of the clinic's staff, with PESEL (as here) or NPWZ; role and purpose are demanded too.
PERSON = "2.16.840.1.113883.3.4424.1.1.616:80051212357"
ROLE, PURPOSE = "Lekarz", "TREATMENT"

OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
X509 = f"{OASIS}x509-token-profile-1.0#X509v3"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ANONYMOUS = "http://www.w3.org/2005/08/addressing/anonymous"
NAMES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://www.w3.org/2005/08/addressing",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "wsse": f"{OASIS}wssecurity-secext-1.0.xsd",
    "wsu": f"{OASIS}wssecurity-utility-1.0.xsd",
}
DECLARED = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMES.items())
ID = f"{{{NAMES['wsu']}}}Id"

folder, (endpoint, action, body) = Path(sys.argv[1]), sys.argv[2:]
account = json.loads((folder / "account.json").read_text())
key = load_pem_private_key((folder / "wss.key").read_bytes(), None)
certificate = x509.load_pem_x509_certificate((folder / "wss.pem").read_bytes())


def element(text):
    """Make an element whose prefixes are those of `NAMES`; no blank may be added after signing."""
    return etree.fromstring(f"<x {DECLARED}>{text}</x>")[0]


def canonical(node):
    """Exclusive canonicalisation without comments."""
    return etree.tostring(node, method="c14n", exclusive=True)


def digest(octets):
    """SHA-256 as base64."""
    return base64.b64encode(hashlib.sha256(octets).digest()).decode()


def moment(seconds=0):
    """A time from now, UTC."""
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def signature(parts, key_info="", enveloped=""):
    """Sign the parts (id: element). ECDSA is written as r and s, 32 octets each, not as DER."""
    references = "".join(
        f'<ds:Reference URI="#{name}"><ds:Transforms>{enveloped}<ds:Transform Algorithm="{EXCLUSIVE}"/>'
        '</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{digest(canonical(part))}</ds:DigestValue></ds:Reference>"
        for name, part in parts.items()
    )
    method = "ecdsa-sha256" if isinstance(key, ec.EllipticCurvePrivateKey) else "rsa-sha256"
    signed = element(
        f'<ds:Signature><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
        f'<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#{method}"/>{references}'
        f"</ds:SignedInfo><ds:SignatureValue/>{key_info}</ds:Signature>"
    )
    octets = canonical(signed[0])
    if method == "ecdsa-sha256":
        pair = utils.decode_dss_signature(key.sign(octets, ec.ECDSA(hashes.SHA256())))
        value = b"".join(number.to_bytes(32, "big") for number in pair)
    else:
        value = key.sign(octets, padding.PKCS1v15(), hashes.SHA256())
    signed[1].text = base64.b64encode(value).decode()
    return signed


def assertion():
    """Say who acts. The signature stands behind the Issuer; KeyInfo may be left out."""
    name = f"_{uuid.uuid4()}"
    made = element(
        f'<saml:Assertion ID="{name}" Version="2.0" IssueInstant="{moment()}">'
        f"<saml:Issuer>{account['account']}</saml:Issuer>"
        f"<saml:Subject><saml:NameID>{PERSON}</saml:NameID>"
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/></saml:Subject>'
        f'<saml:Conditions NotBefore="{moment()}" NotOnOrAfter="{moment(8 * 3600)}">'
        f"<saml:AudienceRestriction><saml:Audience>{account['service']}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
        f'<saml:AuthnStatement AuthnInstant="{moment()}"><saml:AuthnContext><saml:AuthnContextClassRef>'
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
        "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>"
        '<saml:Attribute Name="urn:oasis:names:tc:xacml:2.0:subject:role">'
        f"<saml:AttributeValue>{ROLE}</saml:AttributeValue></saml:Attribute>"
        '<saml:Attribute Name="urn:oasis:names:tc:xspa:1.0:subject:purposeofuse">'
        f"<saml:AttributeValue>{PURPOSE}</saml:AttributeValue></saml:Attribute>"
        "</saml:AttributeStatement></saml:Assertion>"
    )
    enveloped = '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
    made.insert(1, signature({name: made}, enveloped=enveloped))
    return made


def filled(text):
    """Return the element of the Body, with ids of its own; without comments, which are not taken."""
    text = text.replace("{sourceId}", account["sourceId"])
    text = text.replace("{now}", f"{datetime.now(UTC):%Y%m%d%H%M%S}")
    text = re.sub(r"\{oid\}", lambda _: f"2.25.{uuid.uuid4().int}", text)
    return etree.fromstring(text, etree.XMLParser(remove_comments=True))


def message(message_id):
    """Build the envelope and sign what must be signed: Timestamp, Body, To, Action, MessageID."""
    token = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    envelope = element(
        f'<s:Envelope><s:Header><a:Action wsu:Id="action" s:mustUnderstand="1">{action}</a:Action>'
        f'<a:MessageID wsu:Id="message">{message_id}</a:MessageID>'
        f"<a:ReplyTo><a:Address>{ANONYMOUS}</a:Address></a:ReplyTo>"
        f'<a:To wsu:Id="to">{account[endpoint]}</a:To><wsse:Security s:mustUnderstand="1">'
        f'<wsu:Timestamp wsu:Id="time"><wsu:Created>{moment()}</wsu:Created>'
        f"<wsu:Expires>{moment(300)}</wsu:Expires></wsu:Timestamp>"
        f'<wsse:BinarySecurityToken wsu:Id="token" ValueType="{X509}"'
        f' EncodingType="{OASIS}soap-message-security-1.0#Base64Binary">{token}</wsse:BinarySecurityToken>'
        '</wsse:Security></s:Header><s:Body wsu:Id="body"/></s:Envelope>'
    )
    envelope[1].append(filled(Path(body).read_text()))
    security = envelope[0][-1]
    security.append(assertion())
    parts = {each.get(ID): each for each in (security[0], envelope[1], *envelope[0]) if each.get(ID)}
    key_info = (
        "<ds:KeyInfo><wsse:SecurityTokenReference>"
        f'<wsse:Reference URI="#token" ValueType="{X509}"/></wsse:SecurityTokenReference></ds:KeyInfo>'
    )
    security.append(signature(parts, key_info))
    return etree.tostring(envelope)


def proven(answer, message_id):
    """Return the Body of an answer that the service signed for our message; stop otherwise."""
    envelope = etree.fromstring(answer, etree.XMLParser(resolve_entities=False, no_network=True))
    header, body_of_answer = envelope
    made = header.find("wsse:Security/ds:Signature", NAMES)
    if made is None:
        raise SystemExit("the answer is not signed: it proves nothing")
    service = x509.load_pem_x509_certificate(account["serviceSigner"].encode()).public_key()
    value = base64.b64decode(made.findtext("ds:SignatureValue", namespaces=NAMES))
    if isinstance(service, ec.EllipticCurvePublicKey):
        r, s = (int.from_bytes(half, "big") for half in (value[:32], value[32:]))
        service.verify(utils.encode_dss_signature(r, s), canonical(made[0]), ec.ECDSA(hashes.SHA256()))
    else:
        service.verify(value, canonical(made[0]), padding.PKCS1v15(), hashes.SHA256())
    # By place, never by searching for an id: what is covered must be what is read.
    places = {each.get(ID): each for each in (*header, body_of_answer) if each.get(ID)}
    covered = set()
    for reference in made[0].iterfind("ds:Reference", NAMES):
        part = places.get(reference.get("URI")[1:])
        said = reference.findtext("ds:DigestValue", namespaces=NAMES)
        if part is not None and said == digest(canonical(part)):
            covered.add(part)
    relates = header.find("a:RelatesTo", NAMES)
    if not {body_of_answer, relates} <= covered or relates.text != message_id:
        raise SystemExit("the answer does not belong to our message, or was changed")
    return body_of_answer


def main():
    """Send the message and print the answer."""
    tls = ssl.create_default_context(cafile=folder / "ca.pem")
    tls.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    host, path = account[endpoint].removeprefix("https://").split("/", 1)
    connection = http.client.HTTPSConnection(host, context=tls, timeout=60)
    message_id = f"urn:uuid:{uuid.uuid4()}"
    headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
    connection.request("POST", f"/{path}", message(message_id), headers)
    answer = proven(connection.getresponse().read(), message_id)
    sys.stdout.write(etree.tostring(answer[0], encoding="unicode", pretty_print=True))


if __name__ == "__main__":
    main()
