"""An event as DICOM writes it: the audit message of PS3.15 A.5, with the contents that IHE asks for.

The same event gives the same octets: whoever gets it twice can see that.
"""

import ipaddress
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from erepo.cloud.audit.codes import Coded, Kind, Role, kind_of, role_of
from erepo.cloud.audit.events import CONSUMED, OPERATOR, Action, Event, Thing

#: What our clients write into wsa:ReplyTo: IHE wants its content as the UserID of who asks.
ANONYMOUS: Final = "http://www.w3.org/2005/08/addressing/anonymous"
_APPLICATION_SERVER = "4"
_ERASED = "15"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_Element = etree._Element  # noqa: SLF001  # the type lxml gives its elements has no public name


@dataclass(frozen=True, slots=True)
class Origin:
    """Who reports: the service."""

    url: str
    """Its address without a path."""
    host: str
    community: str = ""
    """homeCommunityId."""


def write_message(event: Event, origin: Origin) -> bytes:
    """Return the audit message of an event, UTF-8 with an XML declaration."""
    kind = kind_of(event)
    root = etree.Element("AuditMessage")
    _identify(root, event, kind)
    _participants(root, event, kind, origin)
    source = _child(root, "AuditSourceIdentification", AuditSourceID=origin.host)
    if origin.community:
        source.set("AuditEnterpriseSiteID", origin.community)
    _coded(source, "AuditSourceTypeCode", Coded(_APPLICATION_SERVER, "DCM", "Application Server"))
    for thing in event.things:
        _object(root, thing, role_of(thing), event.action, origin)
    if not event.things and kind.event.code == "110101":
        _object(root, Thing("audit", origin.url), role_of(Thing("audit", "")), event.action, origin)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _identify(root: _Element, event: Event, kind: Kind) -> None:
    at = event.at.replace(tzinfo=UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    identification = _child(
        root,
        "EventIdentification",
        EventActionCode=event.action.value,
        EventDateTime=at,
        EventOutcomeIndicator=str(int(event.result)),
    )
    _coded(identification, "EventID", kind.event)
    if kind.type is not None:
        _coded(identification, "EventTypeCode", kind.type)
    if event.codes:
        _child(identification, "EventOutcomeDescription").text = _clean(" ".join(event.codes))
    if event.who.purpose:
        _coded(identification, "PurposeOfUse", _code(event.who.purpose))


def _participants(root: _Element, event: Event, kind: Kind, origin: Origin) -> None:
    """Who asked, with which machine, and we; IHE calls the two machines source and destination."""
    who = event.who
    client_role, our_role = kind.roles or (None, None)
    if event.transaction == CONSUMED:  # we asked, and another provider's repository answered
        source = _person(root, who.endpoint, role=client_role)
        _network(source, urlsplit(who.endpoint).hostname or "")
    elif not event.transaction.startswith(OPERATOR):
        client = _person(root, ANONYMOUS, requestor=True, role=client_role)
        _optional(client, "AlternativeUserID", who.tls and f"sha256:{who.tls}")
        _optional(client, "UserName", who.account)
        _network(client, who.address)
    if who.user:
        person = _person(root, who.user, requestor=True, role=_code(who.role) if who.role else None)
        _optional(person, "UserName", who.account and f"<{who.user}@{who.account}>")
    url = origin.url + who.endpoint if who.endpoint[:1] == "/" else origin.url
    ours = _person(root, url, requestor=event.transaction == CONSUMED, role=our_role)
    ours.set("AlternativeUserID", str(event.process))
    _network(ours, origin.host)


def _person(root: _Element, user: str, *, requestor: bool = False, role: Coded | None = None) -> _Element:
    person = _child(root, "ActiveParticipant", UserID=user)
    person.set("UserIsRequestor", str(requestor).lower())
    if role is not None:
        _coded(person, "RoleIDCode", role)
    return person


def _network(person: _Element, address: str) -> None:
    if not address:
        return
    try:
        ipaddress.ip_address(address)
        kind = "2"
    except ValueError:
        kind = "1"
    _optional(person, "NetworkAccessPointID", address)
    person.set("NetworkAccessPointTypeCode", kind)


def _object(root: _Element, thing: Thing, role: Role, action: Action, origin: Origin) -> None:
    found = _child(
        root,
        "ParticipantObjectIdentification",
        ParticipantObjectID=thing.id,
        ParticipantObjectTypeCode=role.type,
        ParticipantObjectTypeCodeRole=role.role,
    )
    if action is Action.DELETE and thing.kind in {"document", "object"}:
        found.set("ParticipantObjectDataLifeCycle", _ERASED)
    _coded(found, "ParticipantObjectIDTypeCode", role.id)
    match thing.kind:
        case "query":
            _child(found, "ParticipantObjectQuery").text = thing.detail
            _detail(found, "QueryEncoding", "UTF-8")
            _detail(found, "urn:ihe:iti:xca:2010:homeCommunityId", origin.community)
        case "document" | "withheld":
            _detail(found, "Repository Unique Id", thing.detail)
            if thing.kind == "withheld":
                _detail(found, "Outcome", "not given")
        case "audit":
            _child(found, "ParticipantObjectName").text = "Security Audit Log"
            _detail(found, "Pages", thing.detail)
        case _:
            _detail(found, "Value", thing.detail)


def _detail(found: _Element, name: str, value: str) -> None:
    if value:
        _child(found, "ParticipantObjectDetail", type=name, value=b64encode(value.encode()).decode())


def _coded(parent: _Element, tag: str, code: Coded) -> None:
    element = _child(parent, tag, codeSystemName=code.system, originalText=code.name)
    element.set("csd-code", _clean(code.code))
    element.set("displayName", _clean(code.name))


def _code(text: str) -> Coded:
    """Return what `code^display^scheme` says."""
    code, _, rest = text.partition("^")
    name, _, system = rest.partition("^")
    return Coded(code, system, name or code)


def _child(parent: _Element, tag: str, **attributes: str) -> _Element:
    return etree.SubElement(parent, tag, {name: _clean(value) for name, value in attributes.items()})


def _optional(element: _Element, name: str, value: str) -> None:
    if value:
        element.set(name, _clean(value))


def _clean(text: str) -> str:
    """Drop what XML cannot hold: a path of a refused request may contain anything."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
