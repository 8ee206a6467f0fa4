"""Honest signatures of every usual form are proven; what is unusual is told from what is forged."""

import copy
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from erepo.cda.errors import NotCda, NotXml
from erepo.cda.signature import Finding, carries_signature, is_suspect, verify_document
from erepo.cda.signature.errors import (
    AlgorithmUnsupported,
    PropertiesMissing,
    SignatureAbsent,
    SignatureForged,
    SignatureUnsupported,
    SignatureWrong,
    TransformRefused,
)
from erepo.pki.bundle import Bundle
from tests.support.attack_kit import XPATH
from tests.support.cda_documents import EXAMPLES, document, needs_examples
from tests.support.document_attacks import ds, one, references, xades
from tests.support.signed_documents import (
    DS,
    EXCLUSIVE,
    MORE,
    SHA1,
    SHA512,
    Edit,
    Signing,
    Tree,
    b64,
    der,
    doctor,
    fill,
    good,
    is_valid,
    nurse,
    octets_of,
)
from tests.support.soap_messages import Identity

COMMENTS = f"{EXCLUSIVE}WithComments"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


def _key_value(tree: Tree) -> None:
    numbers = doctor().bundle.key.public_key().public_numbers()
    value = etree.SubElement(etree.SubElement(one(tree, ds("KeyInfo")), ds("KeyValue")), ds("RSAKeyValue"))
    for name, number in (("Modulus", numbers.n), ("Exponent", numbers.e)):  # type: ignore[union-attr]
        etree.SubElement(value, ds(name)).text = b64(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _signed_key_info(tree: Tree) -> None:
    one(tree, ds("KeyInfo")).set("Id", "key-1")
    third = copy.deepcopy(references(tree)[1])
    third.set("URI", "#key-1")
    del third.attrib["Type"]
    references(tree)[1].addnext(third)


def xpath(tree: Tree, text: str = "not(ancestor-or-self::ds:Signature)") -> None:
    """Write the transform that takes the signature out as DSS writes it."""
    first = one(references(tree)[0], ds("Transform"))
    first.set("Algorithm", XPATH)
    etree.SubElement(first, ds("XPath")).text = text


def _names_and_lines(tree: Tree) -> None:
    data = one(tree, ds("X509Data"))
    etree.SubElement(data, ds("X509SubjectName")).text = "CN=Jan Próbny"
    first = one(tree, ds("X509Certificate"))
    text = first.text or ""
    first.text = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))


def _issuer_serial(tree: Tree) -> None:
    serial = etree.SubElement(one(tree, xades("Cert")), xades("IssuerSerial"))
    etree.SubElement(serial, ds("X509IssuerName")).text = "CN=test authority"
    etree.SubElement(serial, ds("X509SerialNumber")).text = "1"


def _more_properties(tree: Tree) -> None:
    about = one(tree, xades("SignedSignatureProperties"))
    etree.SubElement(etree.SubElement(about, xades("SignerRole")), xades("ClaimedRoles"))
    etree.SubElement(
        etree.SubElement(about, xades("SignaturePolicyIdentifier")), xades("SignaturePolicyImplied")
    )
    about = one(tree, xades("SignedDataObjectProperties"))
    commitment = etree.SubElement(about, xades("CommitmentTypeIndication"))
    etree.SubElement(commitment, xades("ObjectReference")).text = "#r-1"


def _no_formats(tree: Tree) -> None:
    one(tree, xades("SignedProperties")).remove(one(tree, xades("SignedDataObjectProperties")))


def _local_time(tree: Tree) -> None:
    one(tree, xades("SigningTime")).text = "2026-01-02T11:20:30.125+01:00"


SIGNINGS = {
    "as DSS does": Signing(),
    "an EC key": Signing(nurse()),
    "SigningCertificate": Signing(v2=False, edit=_issuer_serial),
    "SHA-512": Signing(digest=SHA512, method=f"{MORE}rsa-sha512"),
    "SHA-384": Signing(digest=f"{MORE}sha384", method=f"{MORE}rsa-sha384"),
    "other prefixes": Signing(prefixes=("dsig", "etsi")),
    "a default namespace": Signing(prefixes=("", "xades")),
    "the chain in KeyInfo": Signing(chain=(der(nurse()),)),
    "KeyValue": Signing(edit=_key_value),
    "KeyInfo signed, too": Signing(edit=_signed_key_info),
    "a PrefixList": Signing(inclusive="extPL xsi #default"),
    "names and lines": Signing(edit=_names_and_lines),
    "more properties": Signing(edit=_more_properties),
    "no DataObjectFormat": Signing(edit=_no_formats),
    "local time": Signing(edit=_local_time),
}


@pytest.mark.parametrize("signing", SIGNINGS.values(), ids=SIGNINGS)
def test_honest_signatures_are_proven(signing: Signing) -> None:
    """What xmlsec calls valid and P1 takes is proven: signer, time, the root without the signature."""
    octets = signing.sign(document())
    assert is_valid(octets)
    proven = verify_document(octets)
    assert proven.certificate == signing.who.bundle.certificate
    assert proven.signed_at.astimezone(UTC).replace(microsecond=0) == datetime(
        2026, 1, 2, 10, 20, 30, tzinfo=UTC
    )
    assert proven.findings == ()
    assert proven.root.find(f"{{{DS}}}Signature") is None


BODY = document()
DOCUMENTS = {
    "r1": document(namespace="http://www.csioz.gov.pl/xsd/extPL/r1"),
    "r3": document(namespace="http://www.csioz.gov.pl/xsd/extPL/r3"),
    "no prolog": document(prolog=""),
    "comments outside": BODY.replace(b"<ClinicalDocument", b"<!-- one --><ClinicalDocument")
    + b"<!-- two -->\n",
    "comments inside": BODY.replace(b"<title>Wy", b"<!-- one --><title>Wy<!-- two -->"),
    "instructions everywhere": BODY.replace(b"<title>", b"<?one 1?><title>") + b"\n<?two 2?>\n",
    "line breaks": BODY.replace(b"><", b">\r\n\t<"),
    "CDATA and references": BODY.replace(b"Wynik", b"<![CDATA[a < b]]> &amp; &#x105;&#13;"),
    "a prefix": BODY.replace(b"<title>", b'<v3:title xmlns:v3="urn:hl7-org:v3">').replace(
        b"</title>", b"</v3:title>"
    ),
    "xml:space": BODY.replace(b"<title>", b'<title xml:space="preserve" xml:lang="pl">'),
}


@pytest.mark.parametrize("octets", DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents_of_every_look_are_proven(octets: bytes) -> None:
    """Namespaces, prologs, comments and spaces of the document make no difference."""
    signed = Signing().sign(octets)
    assert is_valid(signed)
    assert verify_document(signed).signed_at


@needs_examples
@pytest.mark.parametrize(
    "file", sorted(EXAMPLES.glob("*.xml")) if EXAMPLES.is_dir() else [], ids=lambda f: f.stem
)
def test_official_examples_are_proven_once_signed(file: object) -> None:
    """Each official example, signed, is proven; none carries a signature of its own."""
    octets = file.read_bytes()  # type: ignore[attr-defined]
    assert not is_suspect(octets)
    assert verify_document(Signing().sign(octets)).signed_at


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "ISO-8859-2", "windows-1250", "US-ASCII"])
def test_encodings_make_no_difference(encoding: str) -> None:
    """The canonical form is UTF-8 always; a document in another encoding is proven and found all the same."""
    octets = Signing().sign(document(title="<title>Łódź</title>"), encoding=encoding)
    assert is_suspect(octets)
    assert carries_signature(octets)
    assert verify_document(octets).signed_at


def test_large_text_is_proven() -> None:
    """A scan of 12 MB inside the document is beyond what libxml2 takes by itself."""
    scan = f"<component><nonXMLBody><text>{'QUJD' * 3_000_000}</text></nonXMLBody></component>"
    octets = Signing().sign(document(rest=scan))
    assert verify_document(octets).signed_at
    with pytest.raises(SignatureWrong):
        verify_document(octets.replace(b"QUJDQUJD", b"QUJDQUJE", 1))


def test_many_cells_are_proven() -> None:
    """A table of ten thousand short cells is markup for the most part, and honest."""
    rows = "<tr><td>1</td><td/></tr>" * 5000
    body = f"<component><section><text><table><tbody>{rows}</tbody></table></text></section></component>"
    assert verify_document(Signing().sign(document(rest=body))).signed_at


def test_weak_digests_are_found() -> None:
    """P1 takes SHA-1, so it is proven here; but it is said."""
    octets = Signing(digest=SHA1).sign(document())
    assert verify_document(octets).findings == (Finding.SHA1,)


def _countersign(octets: bytes) -> bytes:
    """Let the nurse sign the doctor's signature, as XAdES has it."""
    root = etree.fromstring(octets)
    place = one(root, xades("QualifyingProperties"))
    for name in ("UnsignedProperties", "UnsignedSignatureProperties", "CounterSignature"):
        place = etree.SubElement(place, xades(name))
    twin = Signing(nurse()).template()
    for tag, name, value in (
        (ds("Signature"), "Id", "id-2"),
        (xades("QualifyingProperties"), "Target", "#id-2"),
        (xades("SignedProperties"), "Id", "xades-2"),
    ):
        one(twin, tag).set(name, value)
    references(twin)[0].set("URI", "#xades-2")
    references(twin)[0].attrib.pop("Id")
    one(twin, ds("SignedInfo")).remove(references(twin)[1])
    one(references(twin)[0], ds("Transforms")).remove(one(twin, ds("Transform")))
    place.append(twin)
    fill(twin, nurse())
    return octets_of(root)


def test_counter_signatures_are_found() -> None:
    """Somebody who signed the signature does not keep it from being proven; he himself is not."""
    octets = _countersign(good())
    assert verify_document(octets).findings == (Finding.COUNTERSIGNED,)


def _without(tag: str) -> Edit:
    def edit(tree: Tree) -> None:
        found = one(tree, tag)
        above = found.getparent()
        assert above is not None
        above.remove(found)

    return edit


def _algorithm(tag: str, algorithm: str) -> Edit:
    def edit(tree: Tree) -> None:
        for each in tree.iter(ds(tag)):
            if each.get("Algorithm") != f"{DS}enveloped-signature":
                each.set("Algorithm", algorithm)

    return edit


def _no_time_zone(tree: Tree) -> None:
    one(tree, xades("SigningTime")).text = "2026-01-02T10:20:30"


def _implied(tree: Tree) -> None:
    for each in references(tree):
        transforms = one(each, ds("Transforms"))
        transforms.remove(transforms[-1])


def _plain_signature(tree: Tree) -> None:
    tree.remove(one(tree, ds("Object")))
    one(tree, ds("SignedInfo")).remove(references(tree)[1])


def _strange(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> Identity:
    authority = doctor().authority
    return Identity(authority, Bundle(key, authority.issue_signer(key, "0000000000001003 WSS"), ()))


UNUSUAL = {
    "inclusive canonicalisation": (AlgorithmUnsupported, Signing(edit=_algorithm("Transform", INCLUSIVE))),
    "with comments": (
        AlgorithmUnsupported,
        Signing(edit=_algorithm("Transform", COMMENTS)),
    ),
    "no canonicalisation": (AlgorithmUnsupported, Signing(edit=_implied)),
    "of SignedInfo": (AlgorithmUnsupported, Signing(edit=_algorithm("CanonicalizationMethod", INCLUSIVE))),
    "RSA with SHA-1": (AlgorithmUnsupported, Signing(method=f"{DS}rsa-sha1")),
    "no properties": (PropertiesMissing, Signing(edit=_plain_signature)),
    "no time": (PropertiesMissing, Signing(edit=_without(xades("SigningTime")))),
    "no time zone": (PropertiesMissing, Signing(edit=_no_time_zone)),
    "no SigningCertificate": (PropertiesMissing, Signing(edit=_without(xades("SigningCertificateV2")))),
    "no KeyInfo": (PropertiesMissing, Signing(edit=_without(ds("KeyInfo")))),
    "EC P-384": (
        AlgorithmUnsupported,
        Signing(_strange(ec.generate_private_key(ec.SECP384R1())), method=f"{MORE}ecdsa-sha384"),
    ),
    "RSA of 1024 bits": (
        AlgorithmUnsupported,
        Signing(_strange(rsa.generate_private_key(65537, 1024))),
    ),
}


@pytest.mark.parametrize(("kind", "signing"), UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_signatures_are_not_called_forged(kind: type[SignatureUnsupported], signing: Signing) -> None:
    """What an honest signer may do, but is not verified here, has an error of its own."""
    octets = signing.sign(document())
    with pytest.raises(SignatureUnsupported) as caught:
        verify_document(octets)
    assert type(caught.value) is kind
    assert not isinstance(caught.value, SignatureForged)


def _first(root: Tree) -> None:
    root.insert(0, root[-1])


def _for_another(root: Tree) -> None:
    one(root, xades("DataObjectFormat")).set("ObjectReference", "#r-2")


def _later(root: Tree) -> None:
    time = one(root, xades("SigningTime"))
    time.addnext(copy.deepcopy(time))


def _to_a_file(root: Tree) -> None:
    references(root)[0].set("URI", "file:///etc/passwd")


@pytest.mark.parametrize("edit", [_first, _for_another, _later, _to_a_file])
def test_an_unusual_algorithm_hides_no_wrong_structure(edit: Edit) -> None:
    """The structure is judged first: a bent document is forged, whatever algorithm it names."""
    octets = Signing(edit=_algorithm("CanonicalizationMethod", INCLUSIVE)).sign(document())
    root = etree.fromstring(octets)
    edit(root)
    with pytest.raises(SignatureForged):
        verify_document(octets_of(root))


def test_documents_without_a_signature() -> None:
    """They say so; and what only looks like one costs a closer look, no more."""
    assert not carries_signature(document())
    assert not is_suspect(document(title="<title>Signature: Jan</title>"))
    for octets in (
        document(title="<title><![CDATA[<Signature >]]></title>"),
        document(title='<title><Signature xmlns="urn:other"/></title>'),
    ):
        assert is_suspect(octets)
        with pytest.raises(SignatureAbsent):
            verify_document(octets)
    assert not is_suspect(b"%PDF-1.7 <ClinicalDocument > <ds:Signature >")
    with pytest.raises(NotCda):
        verify_document(b"<a><Signature /></a>")
    with pytest.raises(NotXml):
        verify_document(good()[:-3])


def test_the_xpath_of_dss_means_the_enveloped_signature() -> None:
    """What DSS signs is proven, as xmlsec proves it; changed by a letter it is refused like any other."""
    octets = Signing(edit=xpath).sign(document(), encoding="UTF-8")
    assert is_valid(octets)
    assert verify_document(octets).certificate == doctor().bundle.certificate
    changed = octets.replace(b"code=", b"code =", 1).replace("Próbny".encode(), b"Inny", 1)
    assert not is_valid(changed)
    with pytest.raises(SignatureWrong):
        verify_document(changed)


@pytest.mark.parametrize(
    "text",
    [
        "not(ancestor-or-self::v3:Signature)",
        "not(ancestor-or-self::ds:Signature) or true()",
        "not(ancestor-or-self::ds:Object)",
        "not(ancestor-or-self::Signature)",
        "true()",
        "",
    ],
)
def test_no_other_xpath_is_taken(text: str) -> None:
    """An XPath that is not that very one rewrites what is signed."""
    octets = Signing(edit=xpath).sign(document())
    bent = octets.replace(b"not(ancestor-or-self::ds:Signature)", text.encode())
    bent = bent.replace(b"<ds:XPath>", b'<ds:XPath xmlns:v3="urn:hl7-org:v3">')
    with pytest.raises(TransformRefused):
        verify_document(bent)
