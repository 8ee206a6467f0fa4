"""Attacks on the assertion about the acting user (M37): wrapping and proof; all others come with them.

XSW numbers are those of SAML Raider, translated from Response and Assertion to Security header and
Assertion: G is the signed original, E the evil copy, S the signature.
"""

import copy

from lxml import etree

from erepo.acting import AssertionRefused, UserUnknown
from erepo.acting.names import NAME_ID, ROLE, SUBJECT
from erepo.soap.errors import MalformedXml, MessageRefused, SecurityMalformed
from erepo.soap.names import (
    C14N_METHOD,
    DIGEST_METHOD,
    DS,
    KEY_INFO,
    REFERENCE,
    SAML2,
    SIGNATURE,
    SIGNATURE_METHOD,
    SIGNED_INFO,
    TRANSFORM,
    TRANSFORMS,
    WSU_ID,
)
from tests.erepo.acting import attack_claims
from tests.support.acting_kit import (
    VECTORS,
    ActingKit,
    Pieces,
    Tree,
    attribute,
    bend,
    drop,
    forge,
    nothing,
    one,
    place,
    resign,
    x509_data,
)

#: Every attack on assertions; importing the other module has registered its own.
__all__ = ["VECTORS", "attack_claims"]
_WRAPPER = "{urn:foreign}Extensions"


def evil(good: Tree, identifier: str = "_evil") -> Tree:
    """Return a copy that names somebody else, with another ID."""
    copied = copy.deepcopy(good)
    one(copied, NAME_ID).text = "2.16.840.1.113883.3.4424.1.1.616#44051401359"
    copied.set("ID", identifier)
    return copied


def pair(kit: ActingKit) -> tuple[Tree, Tree, Tree]:
    """Return G without its S, E without its S, and S."""
    good = kit.good()
    bad = evil(good)
    drop(bad, SIGNATURE)
    return good, bad, drop(good, SIGNATURE)


# --- wrapping -------------------------------------------------------------------------------------------


@place("XSW1", "E outside with S, G inside S", MessageRefused)
def _xsw1(kit: ActingKit) -> Pieces:
    good, bad, signature = pair(kit)
    signature.append(good)
    bad.insert(1, signature)
    return Pieces((bad,))


@place("XSW2", "E outside, G before S inside E", MessageRefused)
def _xsw2(kit: ActingKit) -> Pieces:
    good, bad, signature = pair(kit)
    bad.insert(1, signature)
    bad.insert(1, good)
    return Pieces((bad,))


@place("XSW3", "E without S before G", SecurityMalformed)
def _xsw3(kit: ActingKit) -> Pieces:
    return Pieces((pair(kit)[1], kit.good()))


@place("XSW3b", "E without S after G", SecurityMalformed)
def _xsw3b(kit: ActingKit) -> Pieces:
    return Pieces((kit.good(), pair(kit)[1]))


@place("XSW4", "G with S inside E", MessageRefused)
def _xsw4(kit: ActingKit) -> Pieces:
    bad = pair(kit)[1]
    bad.append(kit.good())
    return Pieces((bad,))


@place("XSW5", "E keeps S in its place, G without S at the end of the Body", AssertionRefused)
def _xsw5(kit: ActingKit) -> Pieces:
    good, bad, signature = pair(kit)
    bad.insert(1, signature)
    return Pieces((bad,), body=(good,))


@place("XSW5b", "as XSW5, both with the same ID", AssertionRefused)
def _xsw5b(kit: ActingKit) -> Pieces:
    good, _, signature = pair(kit)
    bad = evil(good, good.get("ID", ""))
    bad.insert(1, signature)
    return Pieces((bad,), body=(good,))


@place("XSW5c", "as XSW5, G in a header of its own", AssertionRefused)
def _xsw5c(kit: ActingKit) -> Pieces:
    good, bad, signature = pair(kit)
    bad.insert(1, signature)
    return Pieces((bad,), headers=(good,))


@place("XSW6", "E keeps S, G inside S", MessageRefused)
def _xsw6(kit: ActingKit) -> Pieces:
    good, bad, signature = pair(kit)
    bad.insert(1, signature)
    one(signature, KEY_INFO).append(good)
    return Pieces((bad,))


@place("XSW7", "E of the same ID inside Extensions in a header, G in its place", AssertionRefused)
def _xsw7(kit: ActingKit) -> Pieces:
    good = kit.good()
    wrapper = etree.Element(_WRAPPER)
    wrapper.append(evil(good, good.get("ID", "")))
    return Pieces((good,), headers=(wrapper,))


@place("XSW7b", "E in its place, G with S inside Extensions in a header", AssertionRefused)
def _xsw7b(kit: ActingKit) -> Pieces:
    wrapper = etree.Element(_WRAPPER)
    wrapper.append(kit.good())
    return Pieces((pair(kit)[1],), headers=(wrapper,))


@place("XSW8", "E keeps S, G inside an Object of S", MessageRefused)
def _xsw8(kit: ActingKit) -> Pieces:
    good, bad, signature = pair(kit)
    bad.insert(1, signature)
    etree.SubElement(signature, f"{{{DS}}}Object").append(good)
    return Pieces((bad,))


@place("XSW9", "two SignedInfo in one signature (CVE-2019-3465)", MessageRefused)
def _xsw9(kit: ActingKit) -> Pieces:
    good = kit.good()
    signature = one(good, SIGNATURE)
    signature.insert(0, copy.deepcopy(one(signature, SIGNED_INFO)))
    return Pieces((good,))


@place("M37-first-unsigned", "two assertions, the first one unsigned (CVE-2022-41912)", SecurityMalformed)
def _first_unsigned(kit: ActingKit) -> Pieces:
    return Pieces((pair(kit)[1], kit.good()))


@place("M37-id-elsewhere", "the ID stands again on another element, as wsu:Id", AssertionRefused)
def _id_elsewhere(kit: ActingKit) -> Pieces:
    good = kit.good()
    other = etree.Element("{urn:foreign}Other")
    other.set(WSU_ID, good.get("ID", ""))
    return Pieces((good,), headers=(other,))


@place("M37-second-signature", "a second signature, by a stranger", AssertionRefused)
def _second_signature(kit: ActingKit) -> Pieces:
    good = kit.good()
    good.append(one(resign(kit.good(), kit.stranger), SIGNATURE))
    return Pieces((good,))


@place("M37-signature-in-subject", "the only signature deeper than its place", AssertionRefused)
def _signature_in_subject(kit: ActingKit) -> Pieces:
    good = kit.good()
    one(good, SUBJECT).append(drop(good, SIGNATURE))
    return Pieces((good,))


@place("M37-namesake", "an element called like the signature in another namespace", MessageRefused)
def _namesake(kit: ActingKit) -> Pieces:
    good = kit.good()
    etree.SubElement(one(good, NAME_ID), "{urn:foreign}Signature", nsmap={"ds": "urn:foreign"})
    return Pieces((resign(good, kit.victim),))


# --- proof ----------------------------------------------------------------------------------------------

bend("M37-unsigned", "no signature", AssertionRefused)(lambda tree: drop(tree, SIGNATURE))
forge("M37-neighbour", "another account's key", AssertionRefused, by="neighbour")(nothing)
forge("M37-stranger", "a stranger's key", AssertionRefused, by="stranger")(nothing)


@place("M37-neighbour-as-is", "another account's whole assertion", AssertionRefused)
def _neighbour(kit: ActingKit) -> Pieces:
    return Pieces((kit.good(identity=kit.neighbour),))


@place("M24-assertion", "the stranger's certificate in KeyInfo, its signature valid by it", AssertionRefused)
def _own_certificate(kit: ActingKit) -> Pieces:
    good = kit.good()
    info = one(good, KEY_INFO)
    info[:] = [x509_data(kit.stranger)]
    return Pieces((resign(good, kit.stranger),))


@place("M26-assertion", "two X509Data: the victim's and the stranger's", AssertionRefused)
def _two_certificates(kit: ActingKit) -> Pieces:
    good = kit.good()
    one(good, KEY_INFO).append(x509_data(kit.stranger))
    return Pieces((resign(good, kit.victim),))


@place("M25-assertion", "a KeyValue that is not the certificate's", AssertionRefused)
def _other_value(kit: ActingKit) -> Pieces:
    good = kit.good()
    value = etree.SubElement(one(good, KEY_INFO), f"{{{DS}}}KeyValue")
    rsa = etree.SubElement(value, f"{{{DS}}}RSAKeyValue")
    etree.SubElement(rsa, f"{{{DS}}}Modulus").text = "AQAB"
    etree.SubElement(rsa, f"{{{DS}}}Exponent").text = "AQAB"
    return Pieces((resign(good, kit.victim),))


@forge("M27-assertion", "RetrievalMethod in KeyInfo", AssertionRefused)
def _retrieval(tree: Tree) -> None:
    etree.SubElement(one(tree, KEY_INFO), f"{{{DS}}}RetrievalMethod", URI="http://evil.example/key")


@forge("M26-pointer", "KeyInfo points at a token that is not there", AssertionRefused)
def _pointer(tree: Tree) -> None:
    wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    info = one(tree, KEY_INFO)
    info[:] = []
    pointer = etree.SubElement(info, f"{{{wsse}}}SecurityTokenReference")
    etree.SubElement(pointer, f"{{{wsse}}}Reference", URI="#elsewhere")


def algorithm(code: str, title: str, tag: str, value: str) -> None:
    """Register another algorithm."""
    forge(code, title, AssertionRefused)(lambda tree: one(tree, tag).set("Algorithm", value))


algorithm("M17-assertion", "rsa-sha1", SIGNATURE_METHOD, f"{DS}rsa-sha1")
algorithm("M28-assertion", "HMAC", SIGNATURE_METHOD, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
algorithm("M17-digest", "SHA-1 digest", DIGEST_METHOD, f"{DS}sha1")
algorithm("M30-assertion", "inclusive c14n", C14N_METHOD, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
algorithm(
    "M30-comments", "c14n with comments", C14N_METHOD, "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"
)
algorithm(
    "M31-assertion", "XSLT as first transform", TRANSFORM, "http://www.w3.org/TR/1999/REC-xslt-19991116"
)


@forge("M31-third", "a third transform", AssertionRefused)
def _third_transform(tree: Tree) -> None:
    transforms = one(tree, TRANSFORMS)
    transforms.append(copy.deepcopy(transforms[1]))


@forge("M37-not-enveloped", "no enveloped-signature transform", AssertionRefused)
def _not_enveloped(tree: Tree) -> None:
    transforms = one(tree, TRANSFORMS)
    transforms.remove(transforms[0])


@forge("M32-assertion", "two references to the assertion", AssertionRefused)
def _two_references(tree: Tree) -> None:
    one(tree, SIGNED_INFO).append(copy.deepcopy(one(tree, REFERENCE)))


for _code, _uri in (("M19", ""), ("M33", "http://evil.example/a"), ("M18", "#xpointer(/)"), ("M37", "#body")):
    forge(f"{_code}-reference", f"reference to {_uri or 'the whole document'}", AssertionRefused)(
        lambda tree, uri=_uri: one(tree, REFERENCE).set("URI", uri)
    )


@bend("M20-assertion", "a comment cuts the NameID", MalformedXml)
def _comment(tree: Tree) -> None:
    name = one(tree, NAME_ID)
    comment = etree.Comment("cut")
    comment.tail, name.text = name.text, "2.16.840.1.113883.3.4424.1.1.616#4405140"
    name.append(comment)


@bend("M37-edited-name", "NameID edited after signing", AssertionRefused)
def _edited(tree: Tree) -> None:
    one(tree, NAME_ID).text = "2.16.840.1.113883.3.4424.1.1.616#44051401359"


@bend("M37-edited-role", "role edited after signing", AssertionRefused)
def _edited_role(tree: Tree) -> None:
    attribute(tree, ROLE)[0][0].set("code", "ADMIN")


@bend("M37-no-id", "no ID", AssertionRefused)
def _no_id(tree: Tree) -> None:
    del tree.attrib["ID"]


@forge("M37-version", "SAML 1.1 by its Version", AssertionRefused)
def _version(tree: Tree) -> None:
    tree.set("Version", "1.1")


@place("M37-encrypted", "an EncryptedAssertion", SecurityMalformed, UserUnknown)
def _encrypted(kit: ActingKit) -> Pieces:
    return Pieces((etree.Element(f"{{{SAML2}}}EncryptedAssertion"),))


@place("M37-advice", "Advice with an assertion inside", AssertionRefused)
def _advice(kit: ActingKit) -> Pieces:
    good = kit.good()
    advice = etree.SubElement(good, f"{{{SAML2}}}Advice")
    advice.append(pair(kit)[1])
    return Pieces((resign(good, kit.victim),))


@place("M37-body-only", "the assertion in the Body instead of the header", UserUnknown)
def _body_only(kit: ActingKit) -> Pieces:
    return Pieces(body=(kit.good(),))


place("M37-none", "no assertion at all", UserUnknown)(lambda _kit: Pieces())
