"""Who acts (XUA, ITI-40): assertions in the forms real providers write, and those that must not pass."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from tests.interop.kit import expect, metadata, names, saml, wss
from tests.interop.kit.saml import NPWZ, NPWZ_ROOT, PESEL_ROOT, ROLE, XSPA, attribute
from tests.interop.kit.wss import Style

if TYPE_CHECKING:
    from tests.interop.kit.wire import Answer, Peer

QUERY = metadata.query("GetDocuments", [("$XDSDocumentEntryUniqueId", expect.quoted("1.2.3"))])
PESEL = saml.pesel()
NOBODY = (
    '<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">j.kowalski</saml:NameID>'
)
TRANSIENT = '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">_x1</saml:NameID>'


def ask(peer: Peer, assertion: str | None, **style: Any) -> Answer:
    """A signed query with this assertion."""
    return wss.send(peer, 18, QUERY, Style(assertion=assertion, **style))


def key_holder(peer: Peer) -> str:
    """SubjectConfirmationData with the certificate of the message's key."""
    pem = "".join((peer.folder / "wss.pem").read_text().split("-----")[2].split())
    return (
        '<saml:SubjectConfirmationData xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:type="saml:KeyInfoConfirmationDataType"><ds:KeyInfo xmlns:ds="{names.NS["ds"]}"><ds:X509Data>'
        f"<ds:X509Certificate>{pem}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></saml:SubjectConfirmationData>"
    )


def forms(peer: Peer) -> dict[str, dict[str, Any]]:
    """Good assertions."""
    registry, service = str(peer.account["registry"]), str(peer.account["service"])
    npi = XSPA + "npi"
    two = "<saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience><saml:Audience>"
    return {
        "PESEL in NameID, root#id": {},
        "PESEL as an URN": {"name_id": f"<saml:NameID>urn:oid:{PESEL_ROOT}#{PESEL}</saml:NameID>"},
        "PESEL, bare": {"name_id": f"<saml:NameID>{PESEL}</saml:NameID>"},
        "PESEL as CX": {"name_id": f"<saml:NameID>{PESEL}^^^&amp;{PESEL_ROOT}&amp;ISO</saml:NameID>"},
        "NameID with format and qualifier": {
            "name_id": '<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified" '
            f'NameQualifier="clinic">{PESEL_ROOT}:{PESEL}</saml:NameID>'
        },
        "NPWZ in NameID": {"name_id": f"<saml:NameID>{NPWZ_ROOT}#{NPWZ}</saml:NameID>"},
        "NPWZ in npi": {"name_id": NOBODY, "extra": attribute(npi, NPWZ)},
        "NPWZ in npi, with root": {"name_id": TRANSIENT, "extra": attribute(npi, f"{NPWZ_ROOT}#{NPWZ}")},
        "PESEL attribute": {"name_id": NOBODY, "extra": attribute("PESEL", PESEL, "basic")},
        "NPWZ attribute": {"name_id": NOBODY, "extra": attribute("NPWZ", NPWZ, None)},
        "names of basic format": {"format": "basic"},
        "names of unspecified format": {"format": "unspecified"},
        "names without format": {"format": None},
        "role as text": {"role": "LEK"},
        "purpose as text": {"purpose": "TREATMENT"},
        "role with typed value": {
            "role": saml.coded("Role", "11", "1.2.3").replace('xsi:type="hl7:CE" ', "")
        },
        "two roles": {"extra": attribute(ROLE, "PIEL")},
        "further attributes of IHE": {
            "extra": attribute(XSPA + "organization", "Clinic")
            + attribute(XSPA + "organization-id", "urn:oid:1.2.3")
            + attribute("urn:ihe:iti:xca:2010:homeCommunityId", "urn:oid:1.2.3")
            + attribute("urn:oasis:names:tc:xacml:2.0:resource:resource-id", "1^^^&amp;1.2.3&amp;ISO")
        },
        "audience registry": {"audience": registry},
        "audience home community": {"audience": str(peer.account["homeCommunityId"])},
        "audience among others": {
            "conditions": "",
            "audience": service + "</saml:Audience><saml:Audience>https://other.example",
        },
        "two audience restrictions, both ours": {
            "conditions": two.replace("https://other.example", registry)
            + service
            + "</saml:Audience></saml:AudienceRestriction>"
        },
        "bearer with data": {
            "confirmation_data": f'<saml:SubjectConfirmationData NotOnOrAfter="{saml.stamp(100)}"/>'
        },
        "holder of key": {"confirmation": "holder-of-key", "confirmation_data": key_holder(peer)},
        "one time use": {"conditions": "<saml:OneTimeUse/>"},
        "proxy restriction": {"conditions": '<saml:ProxyRestriction Count="0"/>'},
        "issuer with format": {"issuer": "CN=Clinic,O=Żółty"},
        "valid for an hour": {"ends": 3600, "starts": -600},
        "X509Data in its signature": {"signing": {"certificate": peer.folder / "wss.pem"}},
        "prefix list in its signature": {"signing": {"prefixes": "xs hl7"}},
    }


FORMS = [
    "PESEL in NameID, root#id", "PESEL as an URN", "PESEL, bare", "PESEL as CX",
    "NameID with format and qualifier", "NPWZ in NameID", "NPWZ in npi", "NPWZ in npi, with root",
    "PESEL attribute", "NPWZ attribute", "names of basic format", "names of unspecified format",
    "names without format", "role as text", "purpose as text", "role with typed value", "two roles",
    "further attributes of IHE", "audience registry", "audience home community", "audience among others",
    "two audience restrictions, both ours", "bearer with data", "holder of key", "one time use",
    "proxy restriction", "issuer with format", "valid for an hour", "X509Data in its signature",
    "prefix list in its signature",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_forms(clinic: Peer, form: str) -> None:
    """An assertion in any legal form lets its user act."""
    answer = ask(clinic, saml.usual(clinic, **forms(clinic)[form]))
    assert answer.status == names.SUCCESS, (answer.fault, answer.response.status_code)
    wss.check(clinic, answer)


def test_all_forms_are_tried(clinic: Peer) -> None:
    """The list of forms is complete."""
    assert set(forms(clinic)) == set(FORMS)


def test_covered_by_the_message(clinic: Peer) -> None:
    """The message's signature may cover the assertion by its ID."""
    made = saml.Assertion(str(clinic.account["service"]))
    text = made.signed(clinic.folder / "wss.key")
    style = Style(assertion=text, parts=(*wss.REQUIRED, "assertion"))
    style.ids = lambda part: made.own if part == "assertion" else f"id-{part}"
    assert wss.send(clinic, 18, QUERY, style).status == names.SUCCESS


NOT_STAFF: dict[str, dict[str, Any] | None] = {
    "no assertion": None,
    "a login name only": {"name_id": NOBODY},
    "PESEL with a wrong check digit": {
        "name_id": f"<saml:NameID>{PESEL[:-1]}{(int(PESEL[-1]) + 1) % 10}</saml:NameID>"
    },
    "NPWZ with a wrong check digit": {"name_id": NOBODY, "extra": attribute("NPWZ", "6425740")},
    "empty PESEL": {"name_id": NOBODY, "extra": attribute("PESEL", "")},
}


@pytest.mark.parametrize("case", NOT_STAFF)
def test_nobody_acts(clinic: Peer, case: str) -> None:
    """Without a member of staff: 403 with the manual's cure, signed, and no number in it."""
    changes = NOT_STAFF[case]
    answer = ask(clinic, None if changes is None else saml.usual(clinic, **changes))
    assert answer.response.status_code == 403
    assert answer.fault
    text = answer.response.text
    assert "PESEL" in text
    assert "NPWZ" in text
    assert "person" in text.lower() or "staff" in text.lower()
    assert PESEL[:-1] not in text
    wss.check(clinic, answer)


def test_mtls_account_may_say_who(peer: Peer, clinic: Peer) -> None:
    """An account of mutual TLS alone needs no assertion."""
    assert peer.send(18, QUERY).status == names.SUCCESS
    assert clinic.account["security"] == "wss"


REFUSED: dict[str, dict[str, Any]] = {
    "expired": {"starts": -4000, "ends": -200},
    "not yet valid": {"starts": 200, "ends": 500},
    "unknown audience": {"audience": "https://elsewhere.example"},
    "no audience": {"drop": ("Conditions",)},
    "audience as prefix": {"audience": "https://127.0.0.1.elsewhere.example"},
    "second restriction of another": {
        "conditions": "<saml:AudienceRestriction><saml:Audience>https://elsewhere.example</saml:Audience>"
        "</saml:AudienceRestriction>"
    },
    "no AuthnStatement": {"drop": ("AuthnStatement",)},
    "authenticated in the future": {"authenticated": 1000},
    "no Subject": {"drop": ("Subject",)},
    "sender-vouches": {"confirmation": "sender-vouches"},
    "bearer data expired": {
        "confirmation_data": '<saml:SubjectConfirmationData NotOnOrAfter="2020-01-01T00:00:00Z"/>'
    },
    "bearer for another recipient": {
        "confirmation_data": '<saml:SubjectConfirmationData Recipient="https://elsewhere.example/x"/>'
    },
    "holder of no key": {"confirmation": "holder-of-key"},
    "SAML version": {"version": "1.1"},
    "unknown condition": {
        "conditions": '<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:x="urn:x" xsi:type="x:Unknown"/>'
    },
}


def refused(peer: Peer, answer: Answer) -> None:
    """A Sender fault, signed, without inner text."""
    assert answer.fault.startswith("Sender"), (answer.status, answer.errors)
    assert answer.response.status_code in {400, 403}
    text = answer.response.text
    assert "Traceback" not in text
    assert "lxml" not in text
    wss.check(peer, answer)


@pytest.mark.parametrize("case", REFUSED)
def test_bent_assertions(clinic: Peer, case: str) -> None:
    """An assertion that proves nothing (M37; negative cases of the kit) is a fault, not a silent pass."""
    refused(clinic, ask(clinic, saml.usual(clinic, **REFUSED[case])))


def test_foreign_signers(clinic: Peer, clinic_rsa: Peer, peer: Peer) -> None:
    """Unsigned, signed by the TLS key, by another account, under another's certificate."""
    plain = saml.Assertion(str(clinic.account["service"]))
    for text in (
        plain.xml(),
        plain.signed(clinic.folder / "tls.key"),
        plain.signed(clinic_rsa.folder / "wss.key"),
        plain.signed(clinic_rsa.folder / "wss.key", clinic_rsa.folder / "wss.pem"),
        plain.signed(peer.folder / "wss.key", clinic.folder / "wss.pem"),
        saml.usual(clinic_rsa),
    ):
        refused(clinic, ask(clinic, text))


def test_holder_of_another_key(clinic: Peer, clinic_rsa: Peer) -> None:
    """holder-of-key of a key that neither signed the message nor made the connection."""
    text = saml.usual(clinic, confirmation="holder-of-key", confirmation_data=key_holder(clinic_rsa))
    refused(clinic, ask(clinic, text))


def test_changed_after_signing(clinic: Peer) -> None:
    """One letter changed after signing, a comment inside the PESEL, an attribute added."""
    text = saml.usual(clinic)
    for old, new in (
        (PESEL, saml.pesel("7001011234")),
        (PESEL, PESEL[:5] + "<!-- -->" + PESEL[5:]),
        ("</saml:AttributeStatement>", attribute("x", "y") + "</saml:AttributeStatement>"),
        ("Version=", 'Extra="1" Version='),
    ):
        assert old in text
        answer = ask(clinic, text.replace(old, new))
        assert answer.fault, answer.status


def wrap(clinic: Peer, how: str) -> str:
    """XSW1-8 on the assertion: G stays signed, E names another person."""
    good = etree.fromstring(saml.usual(clinic))
    own = str(good.get("ID"))
    evil = saml.Assertion(
        str(clinic.account["service"]), name_id=f"<saml:NameID>{saml.pesel('7001011234')}</saml:NameID>"
    )
    evil.own = own if "same" in how else "_evil"
    bad = etree.fromstring(evil.xml())
    signature = good.find("ds:Signature", names.NS)
    number = how.split(maxsplit=1)[0]
    if number in {"1", "2", "5", "6", "8"}:
        good.remove(signature)
        bad.insert(1, signature)
    text = etree.tostring
    if number == "1":
        signature.append(good)
    elif number == "2":
        bad.insert(1, good)
    elif number == "3":
        return (text(bad) + text(good)).decode()
    elif number == "4":
        bad.append(good)
    elif number == "5":
        return (text(bad) + text(good)).decode()
    elif number == "6":
        signature.insert(0, good)
    elif number == "7":
        extensions = etree.Element("Extensions")
        extensions.append(bad)
        return (text(extensions) + text(good)).decode()
    else:
        held = etree.SubElement(signature, f"{{{names.NS['ds']}}}Object")
        held.append(good)
    return text(bad).decode()


@pytest.mark.parametrize("how", [f"{n}{same}" for n in range(1, 9) for same in ("", " same id")])
def test_wrapping(clinic: Peer, how: str) -> None:
    """XSW1-8 against the assertion alone, the message signed well by the thief of the assertion."""
    answer = ask(clinic, wrap(clinic, how))
    assert answer.fault.startswith("Sender"), (answer.status, how)


def test_one_time_use_once(clinic: Peer) -> None:
    """OneTimeUse: the same assertion in a second message is refused."""
    text = saml.usual(clinic, conditions="<saml:OneTimeUse/>")
    assert ask(clinic, text).status == names.SUCCESS
    refused(clinic, ask(clinic, text))


def test_assertion_used_again(clinic: Peer) -> None:
    """Without OneTimeUse an assertion serves several messages while it is valid, as toolkits cache it."""
    text = saml.usual(clinic)
    assert ask(clinic, text).status == names.SUCCESS
    assert ask(clinic, text).status == names.SUCCESS


def test_assertion_outside_security(clinic: Peer) -> None:
    """An assertion beside Security, or two of them inside, does not count as one."""
    text = saml.usual(clinic)
    outside = ask(clinic, None, heads={"headers": text})
    assert outside.fault
    assert ask(clinic, text + saml.usual(clinic)).fault


def test_hmac_with_the_public_key(clinic: Peer) -> None:
    """The assertion 'signed' by HMAC with the account's certificate as its key."""
    import xmlsec  # noqa: PLC0415

    made = etree.fromstring(saml.Assertion(str(clinic.account["service"])).xml())
    algorithm = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    signature = etree.fromstring(saml.template(str(made.get("ID")), algorithm, clinic.folder / "wss.pem"))
    made.insert(1, signature)
    context = xmlsec.SignatureContext()
    pem = (clinic.folder / "wss.pem").read_bytes()
    context.key = xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, base64.b64decode(pem.split(b"-----")[2]))
    context.register_id(made, "ID")
    context.sign(signature)
    refused(clinic, ask(clinic, etree.tostring(made).decode()))
