"""Assertions that P1's key, or another one, has signed and that must not count: see `outside_attacks`."""

import copy
from base64 import b64encode
from collections.abc import Callable

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from erepo.acting import names as saml
from erepo.identifiers import oids
from erepo.p1 import names
from erepo.soap import names as soap
from erepo.soap.names import SAML2
from tests.support.foreign_provider import Message
from tests.support.outside import ANOTHER, OutsideWorld, stranger
from tests.support.outside_attacks import (
    EVIL,
    Tree,
    at,
    attribute,
    forge,
    nothing,
    said,
    setting,
    text,
    vector,
    without,
)

_SUBJECT_CONFIRMATION = f"{saml.SUBJECT}/{saml.CONFIRMATION}"
_DATA = f"{_SUBJECT_CONFIRMATION}/{saml.CONFIRMATION_DATA}"
_CLASS = f"{saml.AUTHN_STATEMENT}/{saml.AUTHN_CONTEXT}/{saml.CLASS_REFERENCE}"

# Who issued it.
forge("A1", "another Issuer", text(saml.ISSUER, "urn:somebody:else"))
forge("A2", "the Issuer with a blank piece of P1's name", text(saml.ISSUER, "urn:erepo:sandbox:p1 x"))
forge("A3", "no Issuer", without(saml.ISSUER))


@vector("A4", "signed by a key nobody vouches for (M24)")
def _strange(world: OutsideWorld, document: str) -> Message:
    return said(world, document, world.assertion(signer=stranger()))


@vector("A5", "signed by the reader's own WSS key: a provider is no P1")
def _own(world: OutsideWorld, document: str) -> Message:
    return said(world, document, world.assertion(signer=world.reader.provider.wss))


@vector("A6", "signed by P1's WSS key: P1's, but not for tokens")
def _wss(world: OutsideWorld, document: str) -> Message:
    return said(world, document, world.assertion(signer=world.of_p1("wss")))


@vector("A7", "signed by P1's server: of the same authority, and for connections")
def _server(world: OutsideWorld, document: str) -> Message:
    return said(world, document, world.assertion(signer=world.of_p1("tls")))


# When.
forge("B1", "NotOnOrAfter is over", setting(saml.CONDITIONS, "NotOnOrAfter", lambda: at(minutes=-5)))
forge("B2", "NotBefore lies ahead", setting(saml.CONDITIONS, "NotBefore", lambda: at(minutes=5)))
forge("B3", "longer than a day", setting(saml.CONDITIONS, "NotOnOrAfter", lambda: at(days=3)))
forge("B4", "no NotOnOrAfter", lambda root: root.find(saml.CONDITIONS).attrib.pop("NotOnOrAfter"))
forge(
    "B5",
    "a moment with another zone",
    setting(saml.CONDITIONS, "NotOnOrAfter", lambda: at(hours=1)[:-1] + "+02:00"),
)
forge("B6", "issued in the future", setting(".", "IssueInstant", lambda: at(hours=1)))
forge("B7", "authenticated two days ago", setting(saml.AUTHN_STATEMENT, "AuthnInstant", lambda: at(days=-2)))
forge("B8", "the confirmation is over", setting(_DATA, "NotOnOrAfter", lambda: at(minutes=-5)))
forge("B9", "no Conditions", without(saml.CONDITIONS))


# For whom, and how it is confirmed.
def _audience(name: str) -> Callable[[Tree], object]:
    def edit(root: Tree) -> None:
        restriction = etree.SubElement(root.find(saml.CONDITIONS), saml.AUDIENCE_RESTRICTION)
        etree.SubElement(restriction, saml.AUDIENCE).text = name

    return edit


forge("C1", "meant for another repository (M37)", _audience("https://elsewhere.example/services/1"))
forge(
    "C2", "meant for this host, but another account", _audience("https://127.0.0.1/services/0000000000000001")
)
forge("C3", "another recipient", setting(_DATA, "Recipient", lambda: "https://elsewhere.example"))
forge(
    "C4",
    "a confirmation that nobody knows",
    setting(_SUBJECT_CONFIRMATION, "Method", lambda: "urn:x:sender-vouches"),
)
forge(
    "C5", "holder-of-key without a key", setting(_SUBJECT_CONFIRMATION, "Method", lambda: saml.HOLDER_OF_KEY)
)
forge("C6", "no confirmation (M37)", without(_SUBJECT_CONFIRMATION))
forge("C7", "no AuthnStatement", without(saml.AUTHN_STATEMENT))
forge(
    "C8", "an unknown class of authentication", text(_CLASS, "urn:oasis:names:tc:SAML:2.0:ac:classes:Guess")
)
forge(
    "C9", "an unknown condition", lambda root: etree.SubElement(root.find(saml.CONDITIONS), f"{{{SAML2}}}Fee")
)


@vector("C10", "holder-of-key of another provider's key")
def _holder(world: OutsideWorld, document: str) -> Message:
    other = world.another.provider.wss.certificate

    def edit(root: Tree) -> None:
        root.find(_SUBJECT_CONFIRMATION).set("Method", saml.HOLDER_OF_KEY)
        info = etree.SubElement(root.find(_DATA), soap.KEY_INFO)
        data = etree.SubElement(info, f"{{{soap.DS}}}X509Data")
        der = other.public_bytes(Encoding.DER)
        etree.SubElement(data, f"{{{soap.DS}}}X509Certificate").text = b64encode(der).decode()

    return said(world, document, world.assertion(edit))


# What it says.
forge(
    "D1",
    "another organisation than the sender's (T3)",
    nothing,
    values={
        names.ORGANIZATION_ID: f"{oids.PROVIDER}#{ANOTHER}",
        names.CHILD_ORGANIZATION: f"{oids.CELL}#{ANOTHER}-008",
    },
)
forge(
    "D2",
    "a cell of another organisation",
    nothing,
    values={names.CHILD_ORGANIZATION: f"{oids.CELL}#{ANOTHER}-008"},
)
forge(
    "D3",
    "the organisation's number under another register",
    nothing,
    values={names.ORGANIZATION_ID: f"{oids.CELL}#000000011111"},
)
forge("D4", "no organisation", nothing, values={names.ORGANIZATION_ID: None})
forge("D5", "no patient", nothing, values={names.RESOURCE_ID: None})
forge("D6", "a patient of another form", nothing, values={names.RESOURCE_ID: "80051200006"})
forge("D7", "no purpose", nothing, values={names.PURPOSE: None})
forge("D8", "an unknown purpose", nothing, values={names.PURPOSE: "MARKETING"})
forge("D9", "no role", nothing, values={names.FUNCTIONAL_ROLE: None})
forge("D10", "an unknown role", nothing, values={names.FUNCTIONAL_ROLE: "director"})
forge(
    "D11",
    "a person without PESEL and NPWZ",
    text(f"{saml.SUBJECT}/{saml.NAME_ID}", "jan"),
    values={names.SUBJECT_ID: "jan"},
)
forge(
    "D12",
    "two people: NameID and subject-id differ",
    text(f"{saml.SUBJECT}/{saml.NAME_ID}", f"{oids.NPWZ_DOCTOR}#3123456"),
)
forge(
    "D13",
    "the patient twice, the second another",
    lambda root: attribute(root, names.RESOURCE_ID).addnext(_patient(root)),
)
forge(
    "D14",
    "two values of the patient",
    lambda root: attribute(root, names.RESOURCE_ID).append(_patient(root)[0]),
)
forge(
    "D15", "an element inside a value", lambda root: etree.SubElement(attribute(root, names.PURPOSE)[0], "x")
)


def _patient(root: Tree) -> Tree:
    other = copy.deepcopy(attribute(root, names.RESOURCE_ID))
    other[0].text = EVIL
    return other
