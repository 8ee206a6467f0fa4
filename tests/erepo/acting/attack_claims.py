"""Attacks on what an assertion says (M37, T6): time, audience, authentication, subject; signed, and wrong."""

import copy
from datetime import timedelta

from lxml import etree

from erepo.acting import AssertionRefused, UserUnknown
from erepo.acting.names import (
    ATTRIBUTE,
    ATTRIBUTE_STATEMENT,
    AUDIENCE,
    AUDIENCE_RESTRICTION,
    AUTHN_CONTEXT,
    AUTHN_STATEMENT,
    CLASS_REFERENCE,
    CONDITIONS,
    CONFIRMATION,
    CONFIRMATION_DATA,
    ISSUER,
    NAME_ID,
    NPI,
    ORGANIZATION_ID,
    PROVIDER_IDENTIFIER,
    PURPOSE,
    ROLE,
    SUBJECT,
    SUBJECT_ID,
)
from erepo.soap.names import SAML2
from tests.support.acting_kit import (
    ActingKit,
    Pieces,
    Tree,
    attribute,
    drop,
    forge,
    forget,
    nothing,
    one,
    place,
    resign,
    utc,
    x509_data,
)
from tests.support.actors import CLERK, NOW, NPWZ

# --- time, audience, authentication ---------------------------------------------------------------------

forge("M37-expired", "its time is over", AssertionRefused, now=NOW - timedelta(minutes=12))(nothing)
forge("M37-early", "not valid yet", AssertionRefused, now=NOW + timedelta(minutes=3))(nothing)
forge("M37-long", "valid for days", AssertionRefused, life=3 * 86400)(nothing)
forge("M37-audience", "another audience", AssertionRefused, audience="https://other.example/services")(
    nothing
)
forge(
    "M37-prefix",
    "an audience that begins like ours",
    AssertionRefused,
    audience="https://cloud.example/services/0000000000001003.evil.example",
)(nothing)
forge("M37-no-conditions", "no Conditions", AssertionRefused)(lambda tree: drop(tree, CONDITIONS))
forge("M37-no-audience", "no AudienceRestriction", AssertionRefused)(
    lambda tree: drop(tree, AUDIENCE_RESTRICTION)
)
forge("M37-empty-audience", "empty Audience", AssertionRefused)(
    lambda tree: setattr(one(tree, AUDIENCE), "text", "")
)
forge("M37-no-end", "no NotOnOrAfter", AssertionRefused)(
    lambda tree: one(tree, CONDITIONS).attrib.pop("NotOnOrAfter")
)
forge("M37-no-end-in-sight", "valid to the end of the calendar", AssertionRefused)(
    lambda tree: one(tree, CONDITIONS).set("NotOnOrAfter", "9999-12-31T23:59:59Z")
)
forge("M37-no-start", "no NotBefore", AssertionRefused)(
    lambda tree: one(tree, CONDITIONS).attrib.pop("NotBefore")
)
forge("M37-twice", "Conditions twice", AssertionRefused)(
    lambda tree: tree.append(copy.deepcopy(one(tree, CONDITIONS)))
)
forge("M37-local-time", "NotOnOrAfter without zone", AssertionRefused)(
    lambda tree: one(tree, CONDITIONS).set("NotOnOrAfter", utc(NOW + timedelta(minutes=5))[:-1])
)
forge("M37-issued-later", "IssueInstant in the future", AssertionRefused)(
    lambda tree: tree.set("IssueInstant", utc(NOW + timedelta(minutes=5)))
)


@forge("M37-two-restrictions", "ours and, in a second restriction, another's", AssertionRefused)
def _two_restrictions(tree: Tree) -> None:
    restriction = etree.SubElement(one(tree, CONDITIONS), AUDIENCE_RESTRICTION)
    etree.SubElement(restriction, AUDIENCE).text = "https://other.example"


@forge("M37-condition", "a condition nobody knows", AssertionRefused)
def _condition(tree: Tree) -> None:
    etree.SubElement(one(tree, CONDITIONS), f"{{{SAML2}}}Condition")


def authn(code: str, title: str, name: str, value: str | None) -> None:
    """Register another attribute of AuthnStatement."""

    def edit(tree: Tree) -> None:
        statement = one(tree, AUTHN_STATEMENT)
        statement.attrib.pop(name, None)
        if value is not None:
            statement.set(name, value)

    forge(f"M37-authn-{code}", title, AssertionRefused)(edit)


authn("future", "authenticated in the future", "AuthnInstant", utc(NOW + timedelta(minutes=5)))
authn("old", "authenticated long ago", "AuthnInstant", utc(NOW - timedelta(days=2)))
authn("none", "no AuthnInstant", "AuthnInstant", None)
authn("garbage", "AuthnInstant is no moment", "AuthnInstant", "yesterday")
authn("session", "the session is over", "SessionNotOnOrAfter", utc(NOW - timedelta(minutes=5)))
forge("M37-authn", "no AuthnStatement", AssertionRefused)(lambda tree: drop(tree, AUTHN_STATEMENT))
forge("M37-authn-context", "no AuthnContext", AssertionRefused)(lambda tree: drop(tree, AUTHN_CONTEXT))
forge("M37-authn-class", "no class", AssertionRefused)(lambda tree: drop(tree, CLASS_REFERENCE))
for _class in ("urn:oasis:names:tc:SAML:2.0:ac:classes:Nothing", "invalid"):
    forge(f"M37-authn-{_class[-7:]}", "an unknown class", AssertionRefused)(
        lambda tree, name=_class: setattr(one(tree, CLASS_REFERENCE), "text", name)
    )

# --- subject --------------------------------------------------------------------------------------------

forge("M37-no-subject", "no Subject", AssertionRefused)(lambda tree: drop(tree, SUBJECT))
forge("M37-no-name", "no NameID", AssertionRefused)(lambda tree: drop(tree, NAME_ID))
forge("M37-no-confirmation", "no SubjectConfirmation", AssertionRefused)(
    lambda tree: drop(tree, CONFIRMATION)
)
forge("M37-no-key", "holder-of-key without a key", AssertionRefused)(
    lambda tree: drop(tree, CONFIRMATION_DATA)
)
forge("M37-vouches", "sender-vouches", AssertionRefused)(
    lambda tree: one(tree, CONFIRMATION).set("Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")
)
forge("M37-confirmed-late", "its confirmation is over", AssertionRefused)(
    lambda tree: one(tree, CONFIRMATION_DATA).set("NotOnOrAfter", utc(NOW - timedelta(minutes=5)))
)
forge("M37-recipient", "meant for another recipient", AssertionRefused)(
    lambda tree: one(tree, CONFIRMATION_DATA).set("Recipient", "https://other.example")
)
forge("M37-no-role", "no role", AssertionRefused)(lambda tree: forget(tree, ROLE))
forge("M37-no-purpose", "no purpose of use", AssertionRefused)(lambda tree: forget(tree, PURPOSE))
forge("M37-issuer", "issued by another account", AssertionRefused)(
    lambda tree: setattr(one(tree, ISSUER), "text", "0000000000001004")
)
forge("M37-organisation", "about another account's staff", AssertionRefused)(
    lambda tree: setattr(attribute(tree, ORGANIZATION_ID)[0], "text", "0000000000001004")
)


@place("M37-holder", "holder-of-key with the neighbour's key", AssertionRefused)
def _holder(kit: ActingKit) -> Pieces:
    good = kit.good()
    one(good, CONFIRMATION_DATA)[0][:] = [x509_data(kit.neighbour)]
    return Pieces((resign(good, kit.victim),))


@forge("M37-two-people", "NameID and provider identifier name two people", AssertionRefused)
def _two_people(tree: Tree) -> None:
    one(tree, NAME_ID).text = "2.16.840.1.113883.3.4424.1.6.2#5425740"


def _nobody(tree: Tree, name: str) -> None:
    one(tree, NAME_ID).text = name
    forget(tree, NPI, PROVIDER_IDENTIFIER, SUBJECT_ID)


for _code, _name in (
    ("login", "anna"),
    ("check-digit", "2.16.840.1.113883.3.4424.1.1.616#44051401358"),
    ("register", f"1.2.3.4#{NPWZ}"),
    ("npwz", "2.16.840.1.113883.3.4424.1.6.2#1234567"),
):
    forge(f"T6-{_code}", "a user linked to nobody with PESEL or NPWZ", UserUnknown)(
        lambda tree, name=_name: _nobody(tree, name)
    )


@forge("T6-patient", "the only PESEL is the patient's", UserUnknown, actor=CLERK)
def _patient(tree: Tree) -> None:
    _nobody(tree, "anna")
    patient = etree.SubElement(one(tree, ATTRIBUTE_STATEMENT), ATTRIBUTE)
    patient.set("Name", "urn:oasis:names:tc:xacml:1.0:resource:resource-id")
    value = etree.SubElement(patient, f"{{{SAML2}}}AttributeValue")
    value.text = "44051401359^^^&2.16.840.1.113883.3.4424.1.1.616&ISO"
