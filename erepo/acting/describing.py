"""What a proven assertion or token says about the person: identifier, role, purpose, name."""

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from erepo.acting.actor import ROOTS, Actor, known_person
from erepo.acting.errors import AssertionRefused, UserUnknown
from erepo.acting.names import ATTRIBUTE, ATTRIBUTE_VALUE
from erepo.identifiers import oids
from erepo.identifiers.errors import IdentifierInvalid
from erepo.identifiers.hl7 import CE

_MOST = 64
_LONGEST = 256
_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{16}(?![0-9])")
#: Last words of attribute names, small and without hyphens: XUA, XSPA, XACML and P1 differ in the rest.
_ROLES = ("role", "functionalrole", "structuralrole", "subjectrole", "userrole")
_PURPOSES = ("purposeofuse", "purpose")
_PERSONS = ("npi", "provideridentifier", "subjectid", "userid")
_REGISTERS = {"pesel": oids.PESEL, "npwz": oids.NPWZ_DOCTOR}
_REASONS = ("purposeofusereason", "reason")
_ORGANISATIONS = ("organizationid", "organisationid")

Value = etree._Element | str  # noqa: SLF001  # the type lxml gives its elements has no public name


def describe(name_id: etree._Element, statements: Sequence[etree._Element], account: str) -> Actor:
    """Return the actor of an assertion.

    Raises:
        AssertionRefused: role or purpose is missing, two people are named, or another account.
        UserUnknown: nobody with PESEL or NPWZ is named.
    """
    found = _attributes(statements)
    for key in _ORGANISATIONS:
        for value in found.get(key, ()):
            if any(other != account for other in _ACCOUNT.findall(_words(value))):
                raise AssertionRefused(rule="it speaks of another account")
    role, purpose = _first(found, _ROLES), _first(found, _PURPOSES)
    if role is None or purpose is None:
        raise AssertionRefused(rule="no role" if role is None else "no purpose of use")
    try:
        person = known_person(_candidates(name_id, found))
    except ValueError:
        raise AssertionRefused(rule="it names two people") from None
    if person is None:
        raise UserUnknown(rule="no valid PESEL or NPWZ in the assertion")
    return Actor(*person, role, purpose, account, _name(found), _reason(found))


def _attributes(statements: Sequence[etree._Element]) -> dict[str, list[Value]]:
    """Return the values of each attribute by the last word of its name."""
    attributes = [each for statement in statements for each in statement if each.tag == ATTRIBUTE]
    if len(attributes) > _MOST:
        raise AssertionRefused(rule="too many attributes")
    found: dict[str, list[Value]] = {}
    for attribute in attributes:
        name = attribute.get("Name", "").lower()
        if "patient" in name or "resource" in name:
            continue  # whose documents they are, not who asks
        values = [_value(each) for each in attribute if each.tag == ATTRIBUTE_VALUE]
        found.setdefault(_last_word(name), []).extend(value for value in values if value is not None)
    return found


def _last_word(name: str) -> str:
    last = re.split(r"[:/#]", name.strip())[-1]
    return last.replace("-", "").replace("_", "")


def _value(element: etree._Element) -> Value | None:
    if len(element):
        return element[0]
    return (element.text or "").strip()[:_LONGEST] or None


def _words(value: Value) -> str:
    """Return all text of a value, attributes included."""
    if isinstance(value, str):
        return value
    parts = [text for node in value.iter() for text in (*map(str, node.attrib.values()), node.text or "")]
    return " ".join(parts)


def _first(found: dict[str, list[Value]], keys: Sequence[str]) -> CE | None:
    values = (value for key in keys for value in found.get(key, ()))
    return next((code for code in map(coded, values) if code), None)


def coded(value: Value) -> CE | None:
    """Return the coded value of an element with `@code`, of `code^display^scheme`, or of a bare word.

    None if it says nothing, or not in words fit for a log.
    """
    if isinstance(value, str):
        code = _split(value)
    else:
        code = CE(*(value.get(name, "").strip() for name in ("code", "codeSystem", "displayName")))
        if not code.code:
            code = _split((value.text or "").strip())
    whole = f"{code.code}{code.scheme}{code.display}"
    return code if code.code and len(whole) <= _LONGEST and whole.isprintable() else None


def _split(text: str) -> CE:
    try:
        return CE.parse(text)
    except IdentifierInvalid:
        # `code^^^&system&ISO`, or a bare word.
        found = re.fullmatch(r"([^^]+)\^([^^]*)\^[^&]*&([0-9.]+)&ISO.*", text)
        return CE(found[1], found[3], found[2]) if found else CE(text, "")


def _candidates(name_id: etree._Element, found: dict[str, list[Value]]) -> Iterator[tuple[str, str]]:
    qualifiers = (
        name_id.get(name, "").removeprefix("urn:oid:") for name in ("NameQualifier", "SPNameQualifier")
    )
    yield next((root for root in qualifiers if root in ROOTS), ""), "".join(name_id.itertext())
    for key in _PERSONS:
        for value in found.get(key, ()):
            yield _identifier(value)
    for key, root in _REGISTERS.items():
        for value in found.get(key, ()):
            stated, text = _identifier(value)
            yield stated or root, text


def _identifier(value: Value) -> tuple[str, str]:
    if isinstance(value, str):
        return "", value
    if value.get("extension"):
        return value.get("root", "").removeprefix("urn:oid:"), value.get("extension", "")
    return "", "".join(value.itertext())


def _name(found: dict[str, list[Value]]) -> str:
    """Return the name that subject-id holds, if it is one and no identifier."""
    texts = [value for value in found.get("subjectid", ()) if isinstance(value, str)]
    return next((text for text in texts if text.isprintable() and not re.search(r"[0-9]{4}", text)), "")


def _reason(found: dict[str, list[Value]]) -> str:
    """Return the stated reason of the request, without spaces around it; empty where none is fit to keep."""
    texts = [_words(value).strip() for key in _REASONS for value in found.get(key, ())]
    return next((text[:_LONGEST] for text in texts if text and text.isprintable()), "")
