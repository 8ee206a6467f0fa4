"""Audit messages are what DICOM's schema and IHE's tables ask for."""

from base64 import b64decode, b64encode
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from erepo.cloud.audit.dicom import Origin, write_message
from erepo.cloud.audit.events import NODE, OPERATOR, Action, Event, Result, Thing, Who

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).with_name("audit-message.rng")))
ORIGIN = Origin("https://cloud.example:8400", "cloud.example", "urn:oid:2.25.1")
WHO = Who(
    account="0000000000001003",
    tls="ab" * 32,
    user="2.16.840.1.113883.3.4424.1.6.2:3123456",
    role="LEK^lekarz^2.16.840.1.113883.3.4424.11.3.18",
    purpose="TREAT^treatment^2.16.840.1.113883.5.8",
    address="192.0.2.7",
    endpoint="/services/0000000000001003/xds/registry",
)
AT = datetime(2026, 3, 1, 12, 30, 0, 125)  # noqa: DTZ001  # UTC, naive: as events keep it
PATIENT = Thing("patient", "80051212357^^^&2.16.840.1.113883.3.4424.1.1.616&ISO")
SET = Thing("set", "2.25.5")
DOCUMENT = Thing("document", "2.25.6", "2.25.7")
REQUEST = b"<query:AdhocQueryRequest xmlns:query='q'/>"
QUERY = Thing("query", "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d", b64encode(REQUEST).decode())


def message(event: Event) -> etree._Element:
    """Return the message of an event; it must be valid, and the same when written again."""
    octets = write_message(event, ORIGIN)
    assert write_message(Event.read(event.octets()), ORIGIN) == octets
    root = etree.fromstring(octets)
    SCHEMA.assertValid(root)
    return root


def codes(root: etree._Element, path: str) -> list[tuple[str | None, str | None]]:
    """Return codes with their systems."""
    return [(found.get("csd-code"), found.get("codeSystemName")) for found in root.iterfind(path)]


IHE = {
    "ITI-18": (Action.EXECUTE, "110112", (PATIENT, QUERY)),
    "ITI-41": (Action.CREATE, "110107", (PATIENT, SET, DOCUMENT)),
    "ITI-42": (Action.CREATE, "110107", (PATIENT, SET)),
    "ITI-43": (Action.READ, "110106", (DOCUMENT, Thing("withheld", "2.25.8", "2.25.7"))),
    "ITI-57": (Action.UPDATE, "110107", (PATIENT, SET)),
    "ITI-62": (Action.DELETE, "110110", (Thing("object", "urn:uuid:x"),)),
    "ITI-86": (Action.DELETE, "110110", (DOCUMENT,)),
}


@pytest.mark.parametrize("transaction", IHE)
def test_transactions_are_told_as_ihe_says(transaction: str) -> None:
    """EventID, action, type, the two machines with their roles, and the person are those of the profile."""
    action, event_id, things = IHE[transaction]
    root = message(Event(transaction, action, WHO, AT, things))
    identification = root.find("EventIdentification")
    assert identification is not None
    assert identification.get("EventActionCode") == action
    assert identification.get("EventDateTime") == "2026-03-01T12:30:00.000125Z"
    assert identification.get("EventOutcomeIndicator") == "0"
    assert codes(root, "EventIdentification/EventID") == [(event_id, "DCM")]
    assert codes(root, "EventIdentification/EventTypeCode") == [(transaction, "IHE Transactions")]
    assert codes(root, "EventIdentification/PurposeOfUse") == [("TREAT", "2.16.840.1.113883.5.8")]
    client, person, service = root.iterfind("ActiveParticipant")
    source, destination = ("110152", "110153") if transaction == "ITI-43" else ("110153", "110152")
    assert codes(client, "RoleIDCode") == [(source, "DCM")]
    assert codes(service, "RoleIDCode") == [(destination, "DCM")]
    assert (client.get("UserIsRequestor"), client.get("NetworkAccessPointID")) == ("true", "192.0.2.7")
    assert client.get("NetworkAccessPointTypeCode") == "2"
    assert (person.get("UserID"), person.get("UserIsRequestor")) == (WHO.user, "true")
    assert person.get("UserName") == f"<{WHO.user}@{WHO.account}>"
    assert codes(person, "RoleIDCode") == [("LEK", "2.16.840.1.113883.3.4424.11.3.18")]
    assert service.get("UserID") == "https://cloud.example:8400/services/0000000000001003/xds/registry"
    assert str(service.get("AlternativeUserID")).isdigit()
    assert len(root.findall("ParticipantObjectIdentification")) == len(things)


def objects(*things: Thing, action: Action = Action.READ) -> list[etree._Element]:
    """Return the participant objects of an event about things."""
    return list(message(Event("ITI-43", action, WHO, AT, things)).iterfind("ParticipantObjectIdentification"))


def described(found: etree._Element) -> tuple[str | None, ...]:
    """Return type, role, id, and code of the id."""
    names = ("ParticipantObjectTypeCode", "ParticipantObjectTypeCodeRole", "ParticipantObjectID")
    return (*(found.get(name) for name in names), codes(found, "ParticipantObjectIDTypeCode")[0][0])


def details(found: etree._Element) -> dict[str, str]:
    """Return the details, decoded."""
    pairs = found.iterfind("ParticipantObjectDetail")
    return {str(each.get("type")): b64decode(str(each.get("value"))).decode() for each in pairs}


def test_objects_are_told_as_ihe_says() -> None:
    """Patient, submission set, document and removed object carry the codes of the profile."""
    patient, submission, document, removed = objects(
        PATIENT, SET, DOCUMENT, Thing("object", "urn:uuid:x"), action=Action.DELETE
    )
    assert described(patient) == ("1", "1", PATIENT.id, "2")
    assert described(submission) == ("2", "20", "2.25.5", "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd")
    assert described(document) == ("2", "3", "2.25.6", "9")
    assert details(document) == {"Repository Unique Id": "2.25.7"}
    assert described(removed) == ("2", "3", "urn:uuid:x", "urn:ihe:iti:2017:ObjectRef")
    assert removed.get("ParticipantObjectDataLifeCycle") == "15"
    assert submission.get("ParticipantObjectDataLifeCycle") is None


def test_a_query_is_told_with_its_request() -> None:
    """The stored query's id, the request itself in base64, its encoding and the community are there."""
    [found] = objects(QUERY)
    assert described(found) == ("2", "24", QUERY.id, "ITI-18")
    assert b64decode(found.findtext("ParticipantObjectQuery") or "") == REQUEST
    assert details(found) == {
        "QueryEncoding": "UTF-8",
        "urn:ihe:iti:xca:2010:homeCommunityId": "urn:oid:2.25.1",
    }


def test_a_document_not_given_is_told_as_such() -> None:
    """What was asked for and withheld differs from what was handed out."""
    given_out, withheld = objects(DOCUMENT, Thing("withheld", "2.25.8", "2.25.7"))
    assert "Outcome" not in details(given_out)
    assert details(withheld)["Outcome"] == "not given"


OTHERS = {
    NODE: ("110113", "110126"),
    "activation": ("110113", "110137"),
    "account": ("110100", "account"),
    "request": ("110113", "110132"),
    "XDS": ("110113", "110132"),
    f"{OPERATOR}: tenant suspend": ("110113", "110129"),
}


@pytest.mark.parametrize("transaction", OTHERS)
def test_everything_else_is_told_too(transaction: str) -> None:
    """Failed handshakes, refused requests, REST and what the operator does have codes of DICOM."""
    event = Event(transaction, Action.EXECUTE, Who(address="::1"), AT).ended(Result.SERIOUS, ("tls.x", "y"))
    root = message(event)
    event_id, type_code = OTHERS[transaction]
    assert codes(root, "EventIdentification/EventID")[0][0] == event_id
    assert codes(root, "EventIdentification/EventTypeCode")[0][0] == type_code
    assert root.findtext("EventIdentification/EventOutcomeDescription") == "tls.x y"


@pytest.mark.parametrize("transaction", ["audit", f"{OPERATOR}: audit show"])
def test_reading_the_record_is_told_as_such(transaction: str) -> None:
    """Who reads the record uses the audit log, a security resource."""
    things = () if transaction == "audit" else (Thing("setting", "audit show"),)
    root = message(Event(transaction, Action.READ, Who(user="operator"), AT, things))
    assert codes(root, "EventIdentification/EventID") == [("110101", "DCM")]
    [found] = root.iterfind("ParticipantObjectIdentification")
    assert found.get("ParticipantObjectTypeCodeRole") == "13"


ANY = st.text(max_size=30)


@given(
    st.builds(
        Event,
        transaction=ANY,
        action=st.sampled_from(Action),
        who=st.builds(Who, *[ANY] * 8),
        at=st.datetimes(),
        things=st.lists(
            st.builds(Thing, st.sampled_from(["patient", "document", "setting"]), ANY, ANY), max_size=3
        ).map(tuple),
        result=st.sampled_from(Result),
        codes=st.lists(ANY, max_size=2).map(tuple),
    )
)
def test_any_event_becomes_a_valid_message(event: Event) -> None:
    """Whatever stands in an event, control characters and halves of letters too, its message is XML."""
    try:
        event.octets()
    except TypeError:  # halves of letters: the event itself could not have been recorded
        return
    root = etree.fromstring(write_message(event, ORIGIN))
    assert root.find("EventIdentification/EventID") is not None
