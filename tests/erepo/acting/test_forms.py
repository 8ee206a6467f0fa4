"""Good assertions are accepted in the many forms in which clients write them."""

import base64
import copy
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import xmlsec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from erepo.acting import AssertionRefused, UserUnknown, read_assertion
from erepo.acting.names import (
    ATTRIBUTE_STATEMENT,
    AUDIENCE,
    AUDIENCE_RESTRICTION,
    AUTHN_STATEMENT,
    BEARER,
    CLASS_REFERENCE,
    CONDITIONS,
    CONFIRMATION,
    CONFIRMATION_DATA,
    ISSUER,
    NPI,
    ROLE,
)
from erepo.soap.names import DS, ECDSA_SHA256, KEY_INFO, RSA_SHA256, SAML2, SIGNATURE, WSSE
from erepo.soap.verifying import read_unsigned
from tests.support.acting_kit import ActingKit, Pieces, Tree, attribute, drop, one, resign, utc, x509_data
from tests.support.actors import ACCOUNT, DOCTOR, NOW, SERVICE, assertion_of, expected_of
from tests.support.soap_messages import Identity, receive_soap

Edit = Callable[[Tree], object]


def proven(kit: ActingKit, tree: Tree, *, signed: bool = True, **changed: object) -> object:
    """Return who acts according to a message with this assertion."""
    received = receive_soap(Pieces((tree,)).envelope(kit.victim if signed else None))
    verifier = kit.victim.verifier(clock=lambda: NOW)
    verified = verifier.verify(received) if signed else read_unsigned(received)
    return read_assertion(verified, expected_of(kit.victim, **changed)).actor


# --- form of the assertion ------------------------------------------------------------------------------


def bearer(tree: Tree) -> None:
    """Confirm the subject as bearer, as XUA does."""
    one(tree, CONFIRMATION).set("Method", BEARER)
    drop(tree, CONFIRMATION_DATA)


def endless(tree: Tree) -> None:
    """Session and confirmation end with the calendar, as some write what has no end."""
    one(tree, AUTHN_STATEMENT).set("SessionNotOnOrAfter", "9999-12-31T23:59:59.999Z")
    one(tree, CONFIRMATION_DATA).set("NotOnOrAfter", "9999-12-31T23:59:59Z")


def bearer_data(tree: Tree) -> None:
    """Confirm as bearer with times and recipient."""
    bearer(tree)
    data = etree.SubElement(one(tree, CONFIRMATION), CONFIRMATION_DATA, Recipient=f"{SERVICE}/")
    data.set("NotOnOrAfter", utc(NOW + timedelta(minutes=5)))


def second_confirmation(tree: Tree) -> None:
    """Confirm in two ways, of which one is unknown here."""
    confirmation = copy.deepcopy(one(tree, CONFIRMATION))
    confirmation.set("Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")
    one(tree, CONFIRMATION).addprevious(confirmation)


def no_key_info(tree: Tree) -> None:
    """Leave KeyInfo out of the signature."""
    signature = one(tree, SIGNATURE)
    signature.remove(signature[2])


def key_name(tree: Tree) -> None:
    """Name the key only."""
    info = one(tree, SIGNATURE)[2]
    info[:] = []
    etree.SubElement(info, f"{{{DS}}}KeyName").text = "0000000000001003 WSS"


def subject_name(tree: Tree) -> None:
    """Name the certificate by its subject only."""
    data = one(tree, SIGNATURE)[2][0]
    data[:] = []
    etree.SubElement(data, f"{{{DS}}}X509SubjectName").text = "CN=0000000000001003 WSS"


def key_identifier(tree: Tree) -> None:
    """Point at the certificate by a KeyIdentifier of WS-Security."""
    info = one(tree, SIGNATURE)[2]
    info[:] = []
    pointer = etree.SubElement(info, f"{{{WSSE}}}SecurityTokenReference")
    etree.SubElement(pointer, f"{{{WSSE}}}KeyIdentifier").text = "AAAA"


def signature_last(tree: Tree) -> None:
    """Append the signature, as simple signers do."""
    tree.append(drop(tree, SIGNATURE))


def pretty(tree: Tree) -> None:
    """Indent everything before signing."""
    etree.indent(tree)
    one(tree, SIGNATURE).tail = "\n   "


def whole_seconds(tree: Tree) -> None:
    """Write moments without fractions."""
    one(tree, CONDITIONS).set("NotBefore", utc(NOW))


def many_digits(tree: Tree) -> None:
    """Write moments with seven digits, as .NET does."""
    one(tree, CONDITIONS).set("NotBefore", utc(NOW)[:-1] + ".1234567Z")


def password(tree: Tree) -> None:
    """Authenticate by password."""
    one(tree, CLASS_REFERENCE).text = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


def own_class(tree: Tree) -> None:
    """Authenticate by a class of one's own."""
    one(tree, CLASS_REFERENCE).text = "https://refeds.org/profile/mfa"


def session(tree: Tree) -> None:
    """State the session and where it is."""
    statement = one(tree, AUTHN_STATEMENT)
    statement.set("SessionNotOnOrAfter", utc(NOW + timedelta(hours=8)))
    statement.insert(0, etree.Element(f"{{{SAML2}}}SubjectLocality", Address="10.0.0.1"))


def any_audience(tree: Tree) -> None:
    """Name several audiences, one of them ours."""
    restriction = one(tree, AUDIENCE_RESTRICTION)
    restriction.insert(0, etree.Element(AUDIENCE))
    restriction[0].text = "https://other.example"


def community(tree: Tree) -> None:
    """Name the community by its OID."""
    one(tree, AUDIENCE).text = "urn:oid:2.25.77"


def issuer_name(tree: Tree) -> None:
    """Write the certificate's subject as issuer."""
    one(tree, ISSUER).text = f"CN={ACCOUNT} WSS, O=Przychodnia"


def two_statements(tree: Tree) -> None:
    """Spread the attributes over two statements."""
    statement = etree.Element(ATTRIBUTE_STATEMENT)
    statement.append(attribute(tree, ROLE))
    tree.append(statement)


FORMS = [
    bearer, bearer_data, endless, second_confirmation, no_key_info, key_name, subject_name, key_identifier,
    signature_last, pretty, whole_seconds, many_digits, password, own_class, session, any_audience, community,
    issuer_name, two_statements,
]  # fmt: skip


@pytest.mark.parametrize("edit", FORMS, ids=lambda edit: edit.__name__)
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "plain"])
def test_good_forms_are_accepted(kit: ActingKit, edit: Edit, signed: bool) -> None:
    """What conforming clients write differently from ours is accepted."""
    tree = kit.good()
    edit(tree)
    assert proven(kit, resign(tree, kit.victim), signed=signed) == DOCTOR


def test_a_reference_to_the_messages_token_is_followed(kit: ActingKit) -> None:
    """KeyInfo may point at the token that signed the message; without one there is nothing to point at."""
    tree = kit.good()
    info = one(tree, SIGNATURE)[2]
    info[:] = []
    pointer = etree.SubElement(info, f"{{{WSSE}}}SecurityTokenReference")
    etree.SubElement(pointer, f"{{{WSSE}}}Reference", URI="#x509")
    resign(tree, kit.victim)
    assert proven(kit, tree) == DOCTOR
    with pytest.raises(AssertionRefused):
        proven(kit, tree, signed=False)


def test_key_values_are_compared(kit: ActingKit) -> None:
    """KeyInfo and confirmation may hold the key itself instead of the certificate."""
    tree = kit.good()
    for info in (one(tree, SIGNATURE)[2], next(one(tree, CONFIRMATION_DATA).iter(KEY_INFO))):
        info[:] = [key_value(kit.victim)]
    assert proven(kit, resign(tree, kit.victim)) == DOCTOR
    one(tree, CONFIRMATION_DATA)[0][:] = [key_value(kit.neighbour)]
    with pytest.raises(AssertionRefused):
        proven(kit, resign(tree, kit.victim))


def key_value(identity: Identity) -> Tree:
    """Return the KeyValue of a key."""
    value = etree.Element(f"{{{DS}}}KeyValue")
    public = identity.bundle.key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        held = etree.SubElement(value, f"{{{DS}}}RSAKeyValue")
        for name, number in (("Modulus", numbers.n), ("Exponent", numbers.e)):
            octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
            etree.SubElement(held, f"{{{DS}}}{name}").text = base64.b64encode(octets).decode()
        return value
    point = public.public_numbers()
    octets = b"\x04" + point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")
    held = etree.SubElement(value, "{http://www.w3.org/2009/xmldsig11#}ECKeyValue")
    etree.SubElement(held, "{http://www.w3.org/2009/xmldsig11#}NamedCurve", URI="urn:oid:1.2.840.10045.3.1.7")
    etree.SubElement(held, "{http://www.w3.org/2009/xmldsig11#}PublicKey").text = base64.b64encode(
        octets
    ).decode()
    return value


def test_the_connections_key_may_be_the_holders(kit: ActingKit) -> None:
    """A holder confirmed by the key of the TLS connection is proven by that connection."""
    tree = kit.good()
    one(tree, CONFIRMATION_DATA)[0][:] = [x509_data(kit.neighbour)]
    resign(tree, kit.victim)
    holders = (kit.victim.bundle.certificate, kit.neighbour.bundle.certificate)
    assert proven(kit, tree, holders=holders) == DOCTOR


def test_any_registered_key_may_sign(kit: ActingKit) -> None:
    """While two WSS certificates are registered, either may have signed the assertion."""
    tree = kit.good(identity=kit.neighbour)
    one(tree, CONFIRMATION).set("Method", BEARER)
    resign(tree, kit.neighbour)
    both = (kit.victim.bundle.certificate, kit.neighbour.bundle.certificate)
    assert proven(kit, tree, certificates=both) == DOCTOR


TYPES = b'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:default" '

# --- the oracle -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefixes", ["", "xs", "#default xs ds"])
@pytest.mark.parametrize("key_info", [True, False])
def test_assertions_signed_by_xmlsec_are_accepted(kit: ActingKit, key_info: bool, prefixes: str) -> None:
    """The oracle signs, we prove; also where values need the prefix of a schema type, and a PrefixList."""
    tree = kit.good()
    drop(tree, SIGNATURE)
    if prefixes:
        octets = etree.tostring(tree).replace(b"<saml2:Assertion ", b"<saml2:Assertion " + TYPES, 1)
        tree = etree.fromstring(octets)
        attribute(tree, NPI)[0].set("{http://www.w3.org/2001/XMLSchema-instance}type", "xs:string")
    elliptic = isinstance(kit.victim.bundle.key, ec.EllipticCurvePrivateKey)
    method = xmlsec.Transform.ECDSA_SHA256 if elliptic else xmlsec.Transform.RSA_SHA256
    signature = xmlsec.template.create(tree, xmlsec.Transform.EXCL_C14N, method, ns="ds")
    tree.insert(1, signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri=f"#{tree.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    last = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    if prefixes:
        xmlsec.template.transform_add_c14n_inclusive_namespaces(last, prefixes)
    if key_info:
        data = xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
        xmlsec.template.x509_data_add_certificate(data)
    context = xmlsec.SignatureContext()
    context.key = oracle_key(kit.victim, private=True)
    context.register_id(tree, "ID")
    context.sign(signature)
    assert proven(kit, tree) == DOCTOR


def test_xmlsec_accepts_our_assertions(kit: ActingKit) -> None:
    """We sign, xmlsec proves; the algorithm is the key's."""
    tree = etree.fromstring(assertion_of(kit.victim).octets)
    context = xmlsec.SignatureContext()
    context.key = oracle_key(kit.victim, private=False)
    context.register_id(tree, "ID")
    context.verify(one(tree, SIGNATURE))
    elliptic = isinstance(kit.victim.bundle.key, ec.EllipticCurvePrivateKey)
    method = one(tree, SIGNATURE)[0][1].get("Algorithm")
    assert method == (ECDSA_SHA256 if elliptic else RSA_SHA256)


def oracle_key(identity: Identity, *, private: bool) -> object:
    """Return a key for xmlsec."""
    pem = identity.bundle.certificate.public_bytes(Encoding.PEM)
    if not private:
        return xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.CERT_PEM)
    secret = identity.bundle.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = xmlsec.Key.from_memory(secret, xmlsec.KeyFormat.PEM)
    key.load_cert_from_memory(pem, xmlsec.KeyFormat.CERT_PEM)
    return key


# --- time -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "good"), [(-121, False), (-60, True), (0, True), (599, True), (659, True), (660, False)]
)
def test_its_time_has_sharp_edges(kit: ActingKit, age: float, good: bool) -> None:
    """Ten minutes, give or take the skew of 60 seconds."""
    made = kit.good(now=NOW - timedelta(seconds=age))
    if good:
        assert proven(kit, made) == DOCTOR
    else:
        with pytest.raises(AssertionRefused):
            proven(kit, made)


def test_without_an_assertion_nobody_acts(kit: ActingKit) -> None:
    """A message without one is refused as the manual says, also a signed one."""
    received = receive_soap(Pieces().envelope(kit.victim))
    verified = kit.victim.verifier(clock=lambda: NOW).verify(received)
    with pytest.raises(UserUnknown):
        read_assertion(verified, expected_of(kit.victim))


def test_moments_of_the_tests_are_plain() -> None:
    """The tests' own moments are written as SAML wants them."""
    assert datetime.fromisoformat(utc(NOW)) == NOW
