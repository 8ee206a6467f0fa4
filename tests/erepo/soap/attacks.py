"""The attack generator: messages that an attacker could bend, one vector each, all to be refused.

Codes M1 to M44 follow the house's list of signature attacks (WS-Attacker, SAMLRaider, "On Breaking SAML", WSS4J's
rules). M37 and M40 (SAML assertions, XAdES) belong to rooms that do not exist yet; M41 and M44 are states, not
messages: see test_verifying.py and test_client.py.
"""

import base64
import copy
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1
from lxml import etree

from erepo.soap.errors import (
    AlgorithmRefused,
    CoverageRefused,
    HeaderNotUnderstood,
    MalformedEnvelope,
    MessageExpired,
    SecurityMalformed,
    SecurityMissing,
    SignatureInvalid,
    SignerRefused,
    SoapVersionRefused,
)
from erepo.soap.names import (
    ACTION,
    ADDRESS,
    C14N_METHOD,
    CREATED,
    DIGEST_METHOD,
    DIGEST_VALUE,
    DS,
    ENVELOPE,
    EXC_C14N,
    EXPIRES,
    KEY_INFO,
    MESSAGE_ID,
    REPLY_TO,
    SIGNATURE,
    SIGNATURE_METHOD,
    SIGNATURE_VALUE,
    SOAP,
    SOAP11,
    TIMESTAMP,
    TO,
    TOKEN,
    TOKEN_REFERENCE,
    TRANSFORM,
    TRANSFORMS,
    WSA,
    WSSE,
    WSSE_REFERENCE,
    WSU_ID,
)
from tests.support.attack_kit import (
    Forgery,
    Kit,
    Message,
    Tree,
    bend,
    body,
    drop_references,
    evil,
    forge,
    header,
    mtom,
    one,
    raw_edit,
    reference_to,
    replace_body,
    security,
    set_algorithm,
    simple,
    text,
    vector,
    wrapper,
)
from tests.support.soap_messages import Sample, wire

XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
STR_TRANSFORM = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform"
)
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
OUTLINE = (MalformedEnvelope,)

# --- wrapping: the signed Body is moved, another one is read ---------------------------------------------------


@bend("M1", "the Body is edited (control)", SignatureInvalid)
def _(tree: Tree) -> None:
    text(body(tree)[0][0], "EVIL")


@bend("M2", "the signed Body in a Header wrapper, an evil one with a new id in its place", CoverageRefused)
def _(tree: Tree) -> None:
    header(tree).append(wrapper(replace_body(tree, "evil")))


@bend("M3", "the same, the evil Body has no id", CoverageRefused)
def _(tree: Tree) -> None:
    header(tree).append(wrapper(replace_body(tree)))


@bend("M3b", "the same, wrapped in a second soap:Header inside the Header", CoverageRefused)
def _(tree: Tree) -> None:
    inner = etree.SubElement(header(tree), header(tree).tag)
    inner.append(replace_body(tree))


@bend("M4", "the signed Body in a wrapper inside wsse:Security", SecurityMalformed)
def _(tree: Tree) -> None:
    security(tree).append(wrapper(replace_body(tree)))


@bend("M4b", "the signed Body inside the Timestamp", SignatureInvalid)
def _(tree: Tree) -> None:
    one(tree, TIMESTAMP).append(replace_body(tree))


@bend("M5", "the signed Body in a ds:Object of the signature", SecurityMalformed)
def _(tree: Tree) -> None:
    etree.SubElement(one(tree, SIGNATURE), f"{{{DS}}}Object").append(replace_body(tree))


@bend("M5b", "the signed Body inside KeyInfo", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, KEY_INFO).append(replace_body(tree))


@bend("M6", "two Bodies, the evil one first", *OUTLINE)
def _(tree: Tree) -> None:
    body(tree).addprevious(evil(body(tree)))


@bend("M7", "two Bodies, the good one first", *OUTLINE)
def _(tree: Tree) -> None:
    tree.append(evil(body(tree)))


@bend("M8", "the signed Body inside the evil Body, beside its payload", *OUTLINE)
def _(tree: Tree) -> None:
    good = replace_body(tree)
    body(tree).append(good)


@bend("M9", "the signed Body inside the evil payload", CoverageRefused)
def _(tree: Tree) -> None:
    good = replace_body(tree)
    body(tree)[0].append(good)


@bend(
    "M10",
    "the signed Body earlier, in the Header; the evil one has the same id",
    CoverageRefused,
    SignatureInvalid,
)
def _(tree: Tree) -> None:
    header(tree).insert(0, wrapper(replace_body(tree, "same")))


@bend("M10b", "an evil copy with the id of the Body in the Header, the Body untouched", CoverageRefused)
def _(tree: Tree) -> None:
    header(tree).insert(0, wrapper(evil(body(tree), "same")))


@bend(
    "M10c",
    "any element somewhere in the Body with the id of the Timestamp",
    CoverageRefused,
    SignatureInvalid,
)
def _(tree: Tree) -> None:
    header(tree).append(wrapper(copy.deepcopy(one(tree, TIMESTAMP))))


@bend("M11", "the evil Body first with the same id, the good one appended", *OUTLINE)
def _(tree: Tree) -> None:
    body(tree).addprevious(evil(body(tree), "same"))


@bend("M12", "the old Timestamp wrapped, a fresh one in its place", CoverageRefused)
def _(tree: Tree) -> None:
    old = one(tree, TIMESTAMP)
    fresh = copy.deepcopy(old)
    fresh.set(WSU_ID, "fresh")
    security(tree).replace(old, fresh)
    header(tree).append(wrapper(old))


@bend("M12b", "the Timestamp edited", SignatureInvalid)
def _(tree: Tree) -> None:
    text(one(tree, EXPIRES), "2099-01-01T00:00:00Z")


for _name, _tag in [("Action", ACTION), ("To", TO), ("MessageID", MESSAGE_ID)]:

    @bend(f"M13 {_name}", f"a signed wsa:{_name} edited", SignatureInvalid)
    def _(tree: Tree, tag: str = _tag) -> None:
        text(one(tree, tag), "urn:evil")

    @bend(f"M13b {_name}", f"the signed wsa:{_name} wrapped, another in its place", CoverageRefused)
    def _(tree: Tree, tag: str = _tag) -> None:
        good = one(tree, tag)
        other = copy.deepcopy(good)
        text(other, "urn:evil")
        other.set(WSU_ID, "evil")
        header(tree).replace(good, other)
        header(tree).append(wrapper(good))

    @forge(f"M13c {_name}", f"wsa:{_name} not signed at all", CoverageRefused)
    def _(tree: Tree, tag: str = _tag) -> None:
        drop_references(tree, one(tree, tag).get(WSU_ID, ""))

    @bend(f"M13d {_name}", f"a second wsa:{_name}", *OUTLINE)
    def _(tree: Tree, tag: str = _tag) -> None:
        header(tree).insert(0, copy.deepcopy(one(tree, tag)))

    @bend(f"M13e {_name}", f"wsa:{_name} removed", CoverageRefused, MalformedEnvelope)
    def _(tree: Tree, tag: str = _tag) -> None:
        header(tree).remove(one(tree, tag))


@bend("M13f", "an unsigned RelatesTo added, to pass for an answer", CoverageRefused)
def _(tree: Tree) -> None:
    etree.SubElement(header(tree), f"{{{WSA}}}RelatesTo").text = "urn:uuid:question"


@bend("M14", "no Signature", SecurityMissing)
def _(tree: Tree) -> None:
    security(tree).remove(one(tree, SIGNATURE))


@bend("M15", "no Security header", SecurityMissing)
def _(tree: Tree) -> None:
    header(tree).remove(security(tree))


@bend("M15b", "an empty Security header", SecurityMissing)
def _(tree: Tree) -> None:
    del security(tree)[:]


@forge("M16", "a good signature over the Timestamp only", CoverageRefused)
def _(tree: Tree) -> None:
    drop_references(tree, "body", "to", "action", "message-id", "reply-to")


@forge("M16b", "everything signed but the Body", CoverageRefused)
def _(tree: Tree) -> None:
    drop_references(tree, "body")


@forge("M16c", "everything signed but the Timestamp", CoverageRefused)
def _(tree: Tree) -> None:
    drop_references(tree, "timestamp")


@forge("M16d", "no reference at all", CoverageRefused)
def _(tree: Tree) -> None:
    drop_references(tree, "timestamp", "body", "to", "action", "message-id", "reply-to")


@forge("M16e", "the payload signed instead of the Body", CoverageRefused)
def _(tree: Tree) -> None:
    body(tree)[0].set(WSU_ID, "payload")
    reference_to(tree, "body").set("URI", "#payload")


@Forgery(elder=True, algorithm=SHA1())("M17", "a good rsa-sha1 signature", AlgorithmRefused)
def _(tree: Tree) -> None:
    set_algorithm(tree, SIGNATURE_METHOD, RSA_SHA1)


@Forgery(elder=True, algorithm=SHA1())(
    "M17b", "an rsa-sha1 signature that calls itself rsa-sha256", SignatureInvalid
)
def _(tree: Tree) -> None:
    pass


@forge("M17c", "SHA-1 digests", AlgorithmRefused)
def _(tree: Tree) -> None:
    set_algorithm(tree, DIGEST_METHOD, "http://www.w3.org/2000/09/xmldsig#sha1")


@Forgery(elder=True)("M17d", "the signature method of another key type", AlgorithmRefused)
def _(tree: Tree) -> None:
    set_algorithm(tree, SIGNATURE_METHOD, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")


for _number, _uri in enumerate(
    [
        "#body' or '1'='1",
        '#body"]|//*["',
        "#xpointer(/)",
        "#xpointer(id('body'))",
        "# body",
        "#",
        "body",
        "",
        "#body#body",
        "#x509#",
    ]
):

    @forge(f"M18-{_number}", f"a reference to {_uri!r}", CoverageRefused)
    def _(tree: Tree, uri: str = _uri) -> None:
        reference_to(tree, "body").set("URI", uri)


@forge("M19", "a reference without URI", CoverageRefused)
def _(tree: Tree) -> None:
    del reference_to(tree, "body").attrib["URI"]


@vector("M20", "a comment in a signed text, invisible to the signature")
def _(kit: Kit) -> Message:
    return raw_edit(kit, "Zażółć".encode(), "Zaż<!-- -->ółć".encode())


@vector("M20b", "a processing instruction in a signed text")
def _(kit: Kit) -> Message:
    return raw_edit(kit, b"urn:ihe", b"<?x y?>urn:ihe")


@bend("M21", "a bad Signature first, the good one second", SecurityMalformed)
def _(tree: Tree) -> None:
    bad = copy.deepcopy(one(tree, SIGNATURE))
    text(bad.find(SIGNATURE_VALUE), "AAAA")
    one(tree, SIGNATURE).addprevious(bad)


@bend("M21b", "the good Signature first, a bad one second", SecurityMalformed)
def _(tree: Tree) -> None:
    bad = copy.deepcopy(one(tree, SIGNATURE))
    text(bad.find(SIGNATURE_VALUE), "AAAA")
    security(tree).append(bad)


@bend("M22", "the whole old Envelope inside the Header of an evil one", CoverageRefused)
def _(tree: Tree) -> None:
    old = copy.deepcopy(tree)
    replace_body(tree)
    header(tree).append(old)


@bend("M22b", "the whole old Envelope in the Header, Security left in it only", SecurityMissing)
def _(tree: Tree) -> None:
    old = copy.deepcopy(tree)
    replace_body(tree)
    header(tree).remove(security(tree))
    header(tree).append(wrapper(old))


@bend("M23", "a second Header that holds the signed Body", *OUTLINE)
def _(tree: Tree) -> None:
    good = replace_body(tree)
    second = etree.Element(header(tree).tag)
    second.append(good)
    header(tree).addnext(second)


# --- keys and tokens -------------------------------------------------------------------------------------------


@Forgery(stranger=True)("M24", "signed well by a certificate that nobody trusts", SignerRefused)
def _(tree: Tree) -> None:
    pass


@vector("M24b", "the token replaced by another trusted certificate", AlgorithmRefused)
def _(kit: Kit) -> Message:
    tree = kit.tree()
    text(one(tree, TOKEN), one(kit.tree(kit.elder), TOKEN).text or "")
    return simple(tree)


@bend("M24c", "a token that is no certificate", SignerRefused)
def _(tree: Tree) -> None:
    text(one(tree, TOKEN), base64.b64encode(b"\x30\x03\x02\x01\x01").decode())


@bend("M24d", "a token of many kilobytes", SignerRefused)
def _(tree: Tree) -> None:
    text(one(tree, TOKEN), "AAAA" * 20_000)


@forge("M25", "KeyInfo with a KeyValue beside the token reference", SecurityMalformed)
def _(tree: Tree) -> None:
    etree.SubElement(one(tree, KEY_INFO), f"{{{DS}}}KeyValue")


@forge("M25b", "KeyInfo with a KeyValue only", SecurityMalformed)
def _(tree: Tree) -> None:
    del one(tree, KEY_INFO)[:]
    etree.SubElement(one(tree, KEY_INFO), f"{{{DS}}}KeyValue")


@forge("M26", "X509Data beside the token reference", SecurityMalformed)
def _(tree: Tree) -> None:
    data = etree.SubElement(one(tree, KEY_INFO), f"{{{DS}}}X509Data")
    etree.SubElement(data, f"{{{DS}}}X509Certificate").text = one(tree, TOKEN).text


@forge("M26b", "the token outside the Security header", SecurityMissing)
def _(tree: Tree) -> None:
    header(tree).append(one(tree, TOKEN))


@forge("M26c", "two tokens", SecurityMalformed)
def _(tree: Tree) -> None:
    second = copy.deepcopy(one(tree, TOKEN))
    second.set(WSU_ID, "other")
    security(tree).append(second)


@forge("M26d", "the reference points at something else than the token", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, WSSE_REFERENCE).set("URI", "#body")


@forge("M27", "RetrievalMethod to another host", SecurityMalformed)
def _(tree: Tree) -> None:
    del one(tree, KEY_INFO)[:]
    etree.SubElement(one(tree, KEY_INFO), f"{{{DS}}}RetrievalMethod", URI="http://127.0.0.1:9/key")


@forge("M27b", "a token reference to another host", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, WSSE_REFERENCE).set("URI", "http://127.0.0.1:9/key")


@forge("M27c", "a KeyIdentifier instead of a reference", SecurityMalformed)
def _(tree: Tree) -> None:
    del one(tree, TOKEN_REFERENCE)[:]
    etree.SubElement(one(tree, TOKEN_REFERENCE), f"{{{WSSE}}}KeyIdentifier").text = "AAAA"


@forge("M28", "an HMAC keyed with the public certificate", AlgorithmRefused)
def _(tree: Tree) -> None:
    set_algorithm(tree, SIGNATURE_METHOD, HMAC)


@forge("M29", "HMACOutputLength", AlgorithmRefused)
def _(tree: Tree) -> None:
    etree.SubElement(one(tree, SIGNATURE_METHOD), f"{{{DS}}}HMACOutputLength").text = "0"


# --- canonicalisation, transforms, references --------------------------------------------------------------------

for _code, _method in [
    ("M30", INCLUSIVE),
    ("M30b", EXC_C14N + "WithComments"),
    ("M30c", "http://www.w3.org/2006/12/xml-c14n11"),
    ("M30d", ""),
]:

    @forge(_code, f"SignedInfo canonicalised by {_method!r}", AlgorithmRefused)
    def _(tree: Tree, method: str = _method) -> None:
        set_algorithm(tree, C14N_METHOD, method)


for _number, _method in enumerate(
    [XSLT, XPATH, FILTER2, ENVELOPED, INCLUSIVE, STR_TRANSFORM, f"{DS}base64", f"{EXC_C14N}WithComments"]
):

    @forge(f"M31-{_number}", f"the transform {_method}", AlgorithmRefused)
    def _(tree: Tree, method: str = _method) -> None:
        one(reference_to(tree, "body"), TRANSFORM).set("Algorithm", method)

    @forge(f"M31b-{_number}", f"the transform {_method} before the accepted one", AlgorithmRefused)
    def _(tree: Tree, method: str = _method) -> None:
        one(reference_to(tree, "body"), TRANSFORMS).insert(0, etree.Element(TRANSFORM, Algorithm=method))


@bend(
    "M31c",
    "an XSLT program inside CanonicalizationMethod (runs before the signature is judged)",
    SecurityMalformed,
)
def _(tree: Tree) -> None:
    sheet = "<s:stylesheet xmlns:s='http://www.w3.org/1999/XSL/Transform' version='1.0'/>"
    one(tree, C14N_METHOD).append(etree.fromstring(sheet))


@forge("M31d", "no transforms", SecurityMalformed)
def _(tree: Tree) -> None:
    node = reference_to(tree, "body")
    node.remove(one(node, TRANSFORMS))


@forge("M31e", "a PrefixList that is no list of prefixes", SecurityMalformed)
def _(tree: Tree) -> None:
    place = one(reference_to(tree, "body"), TRANSFORM)
    etree.SubElement(place, f"{{{EXC_C14N}}}InclusiveNamespaces", PrefixList="soap '; drop")


@forge("M31f", "a PrefixList of thousands", SecurityMalformed)
def _(tree: Tree) -> None:
    place = one(reference_to(tree, "body"), TRANSFORM)
    names = " ".join(f"p{number}" for number in range(5000))
    etree.SubElement(place, f"{{{EXC_C14N}}}InclusiveNamespaces", PrefixList=names)


@forge("M32", "two hundred references", CoverageRefused)
def _(tree: Tree) -> None:
    node = reference_to(tree, "body")
    for _number in range(200):
        node.addnext(copy.deepcopy(node))


@forge("M32b", "two hundred transforms", AlgorithmRefused)
def _(tree: Tree) -> None:
    node = one(reference_to(tree, "body"), TRANSFORM)
    for _number in range(200):
        node.addnext(copy.deepcopy(node))


@forge("M32c", "one part referenced twice", CoverageRefused)
def _(tree: Tree) -> None:
    node = reference_to(tree, "body")
    node.addnext(copy.deepcopy(node))


@forge("M32d", "a Manifest", SecurityMalformed)
def _(tree: Tree) -> None:
    holder = etree.SubElement(one(tree, SIGNATURE), f"{{{DS}}}Object")
    etree.SubElement(holder, f"{{{DS}}}Manifest")


@forge("M32e", "a reference of a Type", SecurityMalformed)
def _(tree: Tree) -> None:
    reference_to(tree, "body").set("Type", f"{DS}Manifest")


@forge("M32f", "a reference that covers the signature itself", CoverageRefused)
def _(tree: Tree) -> None:
    one(tree, SIGNATURE).set("Id", "self")
    node = copy.deepcopy(reference_to(tree, "body"))
    node.set("URI", "#self")
    reference_to(tree, "body").addnext(node)


for _number, _uri in enumerate(
    ["http://127.0.0.1:9/x", "file:///etc/passwd", "cid:part", "//host/x", "x.xml#body"]
):

    @forge(f"M33-{_number}", f"a reference to {_uri}", CoverageRefused)
    def _(tree: Tree, uri: str = _uri) -> None:
        reference_to(tree, "body").set("URI", uri)


# --- signature values ---------------------------------------------------------------------------------------------

for _code, _value in [
    ("M34", b""),
    ("M34b", bytes(64)),
    ("M34c", b"\x00" * 31 + b"\x01" + b"\x00" * 31 + b"\x01"),
    ("M34d", b"\xff" * 64),
    ("M34e", encode_dss_signature(1, 1)),
    ("M34f", bytes(65)),
]:

    @bend(_code, f"a signature value of {len(_value)} octets", SignatureInvalid)
    def _(tree: Tree, value: bytes = _value) -> None:
        text(one(tree, SIGNATURE_VALUE), base64.b64encode(value).decode())


@bend("M34g", "a truncated signature value", SignatureInvalid)
def _(tree: Tree) -> None:
    value = base64.b64decode(one(tree, SIGNATURE_VALUE).text or "")
    text(one(tree, SIGNATURE_VALUE), base64.b64encode(value[:-1]).decode())


@bend("M34h", "a signature value that is no base64", SecurityMalformed)
def _(tree: Tree) -> None:
    text(one(tree, SIGNATURE_VALUE), "\u00a0" + (one(tree, SIGNATURE_VALUE).text or ""))


@bend("M34i", "an element inside the signature value", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, SIGNATURE_VALUE).append(wrapper())


@Forgery(digests=False)("M34j", "a digest of another length", SignatureInvalid)
def _(tree: Tree) -> None:
    text(one(reference_to(tree, "body"), DIGEST_VALUE), "AAAA")


@Forgery(digests=False)("M34k", "a digest that is no base64", SecurityMalformed)
def _(tree: Tree) -> None:
    text(one(reference_to(tree, "body"), DIGEST_VALUE), "AAA")


# --- headers ------------------------------------------------------------------------------------------------------


@bend("M35", "two Security headers", *OUTLINE)
def _(tree: Tree) -> None:
    header(tree).append(copy.deepcopy(security(tree)))


@bend("M35b", "two Security headers, one for another role", *OUTLINE)
def _(tree: Tree) -> None:
    second = copy.deepcopy(security(tree))
    second.set(f"{{{SOAP}}}role", "urn:other")
    header(tree).insert(0, second)


@bend("M35c", "the Security header for another role", SecurityMalformed)
def _(tree: Tree) -> None:
    security(tree).set(f"{{{SOAP}}}role", "urn:other")


for _code, _name in [
    ("M36", "Id"),
    ("M36b", "ID"),
    ("M36c", "id"),
    ("M36d", "{http://www.w3.org/XML/1998/namespace}id"),
]:

    @forge(_code, f"the Body named by {_name} instead of wsu:Id", CoverageRefused)
    def _(tree: Tree, name: str = _name) -> None:
        del body(tree).attrib[WSU_ID]
        body(tree).set(name, "body")


for _code, _name in [
    ("M36e", "Id"),
    ("M36f", "ID"),
    ("M36g", "{http://www.w3.org/XML/1998/namespace}id"),
    ("M36h", WSU_ID),
]:

    @bend(_code, f"another element with the Body's id in {_name}", CoverageRefused)
    def _(tree: Tree, name: str = _name) -> None:
        element = etree.SubElement(header(tree), "{urn:foreign}Other")
        element.set(name, "body")


@vector("M36i", "an id declared by a DTD")
def _(kit: Kit) -> Message:
    dtd = b"<!DOCTYPE x [<!ATTLIST x y ID #IMPLIED>]>"
    return simple(dtd + Sample().envelope(kit.victim.signer))


@vector("M38", "a prefix of the Body bound to another namespace", SignatureInvalid)
def _(kit: Kit) -> Message:
    return raw_edit(kit, b'xmlns:xds="urn:ihe:iti:xds-b:2007"', b'xmlns:xds="urn:evil"', 99)


@bend("M38b", "a namespace injected that a naive XPath would follow", SignatureInvalid, MalformedEnvelope)
def _(tree: Tree) -> None:
    good = body(tree)
    moved = etree.fromstring(etree.tostring(good).replace(SOAP.encode(), b"urn:injected"))
    tree.replace(good, evil(good, "same"))
    header(tree).append(moved)


# --- attachments --------------------------------------------------------------------------------------------------


@vector("M39", "an attachment edited", SignatureInvalid)
def _(kit: Kit) -> Message:
    content_type, octets = mtom(kit, b"first document", b"second document")
    return content_type, octets.replace(b"first document", b"FIRST document")


@vector("M39b", "two attachments swapped by their ids", SignatureInvalid)
def _(kit: Kit) -> Message:
    content_type, octets = mtom(kit, b"first document", b"second document")
    octets = octets.replace(b"ID: <document-0@", b"ID: <x@").replace(b"ID: <document-1@", b"ID: <document-0@")
    return content_type, octets.replace(b"ID: <x@", b"ID: <document-1@")


@vector("M39c", "two attachments swapped by their includes", SignatureInvalid)
def _(kit: Kit) -> Message:
    content_type, octets = mtom(kit, b"first document", b"second document")
    octets = octets.replace(b"cid:document-0@", b"cid:x@").replace(b"cid:document-1@", b"cid:document-0@")
    return content_type, octets.replace(b"cid:x@", b"cid:document-1@")


@vector("M39d", "one octet appended to an attachment", SignatureInvalid)
def _(kit: Kit) -> Message:
    content_type, octets = mtom(kit, b"only document")
    return content_type, octets.replace(b"only document", b"only document\n")


@vector("M39e", "an attachment that no include names", *())
def _(kit: Kit) -> Message:
    content_type, octets = mtom(kit, b"only document")
    boundary = content_type.split('boundary="')[1].split('"')[0].encode()
    extra = b"\r\n--" + boundary + b"\r\nContent-ID: <extra>\r\n\r\nextra"
    return content_type, octets.replace(b"\r\n--" + boundary + b"--", extra + b"\r\n--" + boundary + b"--")


@vector(
    "M39f", "a signature over the bare xop:Include: the document's octets are not covered", SignatureInvalid
)
def _(kit: Kit) -> Message:
    content_type, octets = mtom(kit, b"only document")
    start, end = octets.index(b"<soap:Envelope"), octets.index(b"</soap:Envelope>") + len("</soap:Envelope>")
    tree = etree.fromstring(octets[start:end])
    forge.sign(tree, kit.victim)
    return content_type, octets[:start] + etree.tostring(tree) + octets[end:]


# --- time ---------------------------------------------------------------------------------------------------------


def _moment(**shift: float) -> str:
    return f"{datetime.now(UTC) + timedelta(**shift):%Y-%m-%dT%H:%M:%SZ}"


@forge("M42", "no Timestamp", SecurityMissing)
def _(tree: Tree) -> None:
    drop_references(tree, "timestamp")
    security(tree).remove(one(tree, TIMESTAMP))


@forge("M42b", "two Timestamps", SecurityMalformed)
def _(tree: Tree) -> None:
    second = copy.deepcopy(one(tree, TIMESTAMP))
    del second.attrib[WSU_ID]
    security(tree).append(second)


@forge("M42c", "Expires before Created", SecurityMalformed)
def _(tree: Tree) -> None:
    text(one(tree, EXPIRES), _moment(minutes=-1))
    text(one(tree, CREATED), _moment())


@forge("M42d", "Expires equal to Created", SecurityMalformed)
def _(tree: Tree) -> None:
    text(one(tree, EXPIRES), one(tree, CREATED).text or "")


@forge("M42e", "created in the future, beyond the skew", MessageExpired)
def _(tree: Tree) -> None:
    text(one(tree, CREATED), _moment(minutes=2))
    text(one(tree, EXPIRES), _moment(minutes=4))


@forge("M42f", "expired, beyond the skew", MessageExpired)
def _(tree: Tree) -> None:
    text(one(tree, CREATED), _moment(minutes=-4))
    text(one(tree, EXPIRES), _moment(minutes=-2))


@forge("M42g", "older than our life although it gives itself longer", MessageExpired)
def _(tree: Tree) -> None:
    text(one(tree, CREATED), _moment(minutes=-10))
    text(one(tree, EXPIRES), _moment(minutes=+10))


@forge("M42h", "older than our life, without Expires", MessageExpired)
def _(tree: Tree) -> None:
    text(one(tree, CREATED), _moment(minutes=-10))
    one(tree, TIMESTAMP).remove(one(tree, EXPIRES))


@forge("M42i", "Expires before Created in the tree", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, TIMESTAMP).insert(0, one(tree, EXPIRES))


for _number, _bad in enumerate([
    "2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.1234Z", "2026-01-01T00:00:60Z",
    "2026-02-30T00:00:00Z", "2026-01-01 00:00:00Z", "", "0000-00-00T00:00:00Z", "٢٠٢٦-01-01T00:00:00Z", " 2026-01-01T00:00:00Z",
    "99999-01-01T00:00:00Z",
]):  # fmt: skip

    @forge(f"M42j-{_number}", f"Created is {_bad!r}", SecurityMalformed)
    def _(tree: Tree, bad: str = _bad) -> None:
        text(one(tree, CREATED), bad)


@forge("M42k", "no Created", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, TIMESTAMP).remove(one(tree, CREATED))


# --- addressing and envelope --------------------------------------------------------------------------------------

for _code, _tag in [("M43", REPLY_TO), ("M43b", f"{{{WSA}}}FaultTo")]:

    @forge(_code, f"{etree.QName(_tag).localname} names another host", *OUTLINE)
    def _(tree: Tree, tag: str = _tag) -> None:
        found = header(tree).find(tag)
        place = etree.SubElement(header(tree), tag) if found is None else found
        address = etree.SubElement(place, ADDRESS) if not len(place) else place[0]
        address.text = "http://127.0.0.1:9/collect"


@bend("M43c", "reference parameters in ReplyTo", *OUTLINE)
def _(tree: Tree) -> None:
    etree.SubElement(one(tree, REPLY_TO), f"{{{WSA}}}ReferenceParameters")


@bend("M43d", "an unknown header that must be understood", HeaderNotUnderstood)
def _(tree: Tree) -> None:
    etree.SubElement(header(tree), "{urn:foreign}Transaction").set(f"{{{SOAP}}}mustUnderstand", "true")


@vector("M43e", "SOAP 1.1", SoapVersionRefused)
def _(kit: Kit) -> Message:
    return raw_edit(kit, SOAP.encode(), SOAP11.encode(), 99)


@bend("M43f", "no Header", *OUTLINE)
def _(tree: Tree) -> None:
    tree.remove(header(tree))


@bend("M43g", "no Body", *OUTLINE)
def _(tree: Tree) -> None:
    tree.remove(body(tree))


@bend("M43h", "an empty Body", *OUTLINE)
def _(tree: Tree) -> None:
    del body(tree)[:]


@bend("M43i", "two payloads", *OUTLINE)
def _(tree: Tree) -> None:
    body(tree).append(copy.deepcopy(body(tree)[0]))


@bend("M43j", "text beside the payload", *OUTLINE)
def _(tree: Tree) -> None:
    text(body(tree), "text")


@bend("M43k", "an element after the Body", *OUTLINE)
def _(tree: Tree) -> None:
    tree.append(wrapper())


@bend("M43l", "the Body before the Header", *OUTLINE)
def _(tree: Tree) -> None:
    tree.append(header(tree))


@forge("M43m", "an element inside wsa:Action", *OUTLINE)
def _(tree: Tree) -> None:
    one(tree, ACTION).append(wrapper())


@forge("M43n", "a wsa:MessageID of a megabyte", *OUTLINE)
def _(tree: Tree) -> None:
    text(one(tree, MESSAGE_ID), "x" * 10**6)


@forge("M43o", "an empty wsa:MessageID", *OUTLINE)
def _(tree: Tree) -> None:
    text(one(tree, MESSAGE_ID), " ")


@forge("M43p", "RelatesTo of another relationship", *OUTLINE)
def _(tree: Tree) -> None:
    etree.SubElement(header(tree), f"{{{WSA}}}RelatesTo", RelationshipType="urn:x").text = "urn:uuid:1"


@bend("M43q", "a thousand headers", *OUTLINE)
def _(tree: Tree) -> None:
    header(tree).extend([wrapper() for _number in range(1000)])


@bend("M43r", "another root around the Envelope", *OUTLINE)
def _(tree: Tree) -> None:
    inner = copy.deepcopy(tree)
    del tree[:]
    tree.append(inner)


@vector("M43s", "an unknown element in the Security header", SecurityMalformed)
def _(kit: Kit) -> Message:
    tree = kit.tree()
    etree.SubElement(security(tree), f"{{{WSSE}}}UsernameToken")
    return simple(tree)


@vector("M43t", "text in the Security header", SecurityMalformed)
def _(kit: Kit) -> Message:
    return raw_edit(kit, b"<wsu:Timestamp", b"text<wsu:Timestamp")


@vector("M43u", "a relative namespace name in a signed part: it has no canonical form")
def _(kit: Kit) -> Message:
    return raw_edit(kit, b"<xds:Request ", b'<xds:Request xmlns:r="relative" ')


@vector("M43v", "the same part name in another Envelope namespace", SoapVersionRefused, MalformedEnvelope)
def _(kit: Kit) -> Message:
    octets = wire(Sample(mtom=False).pack(kit.victim.signer))
    return simple(octets.replace(ENVELOPE[1:-9].encode(), b"urn:soap-envelope"))


@forge("M43w", "an unknown attribute on the Timestamp", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, TIMESTAMP).set("more", "more")
