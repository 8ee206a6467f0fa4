"""(a) The script a user would write: zeep with typed objects, requests and zeep.wsse, one by one.

It reads the header of each document with lxml, builds the metadata from the types of the WSDL, signs Body and
Timestamp, sends the document inline and reads the status of the answer. It says the same of a document as our
own writer does. What is not in the document stands at the top, as in most scripts.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from tests.bench.child import Job, answer
from tests.bench.meter import Meter, Timed
from tests.bench.naive import Signature, make_client, open_service

WSDL = Path(__file__).with_name("typed.wsdl")
CDA = {"h": "urn:hl7-org:v3"}
OBJECT = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:"
HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
STABLE_DOCUMENT = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
SUBMISSION_SET = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
P1 = "2.16.840.1.113883.3.4424"
PESEL, P1_TYPES, OWN_NODES = f"{P1}.1.1.616", f"{P1}.11.1.32", f"{P1}.2.7."
ORGANISATIONS = (f"{P1}.2.3.1", f"{P1}.2.3.2", f"{P1}.2.3.3")
ROLES = {"LEK": "Lekarz", "DLAB": "Diagnosta laboratoryjny"}
CELL = ("1500", "05", "Poradnia chirurgii ogólnej")
PROVIDER = f"Przychodnia Przykładowa Sp. z o.o.^^^^^&{ORGANISATIONS[0]}&ISO^^^^000000100300"
USER = f"5425740^Przykładowa^Anna^^^^^^&{P1}.1.6.2&ISO"
WARSAW = ZoneInfo("Europe/Warsaw")


class Script:
    """The client, made once, and the types of its WSDL.

    Args:
        credentials: a folder with ca.pem, tls.pem, tls.key, wss.pem, wss.key and account.json.
        key_type: of wss.key.
    """

    def __init__(self, credentials: Path, key_type: str) -> None:
        client = make_client(WSDL, credentials, key_type, Signature)
        self.service = open_service(client, credentials)
        self.rim: Any = client.type_factory("urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0")
        self.source_id = json.loads((credentials / "account.json").read_text())["sourceId"]

    def send(self, documents: Sequence[Path]) -> int:
        """Send every document, one by one; return how many were answered with Success."""
        stored = 0
        for path in documents:
            octets = path.read_bytes()
            entry, package = uuid.uuid4().urn, uuid.uuid4().urn
            header = etree.fromstring(octets)
            patient = _patient_id(header)
            objects = [
                {"ExtrinsicObject": self.document(entry, header, octets, patient)},
                {"RegistryPackage": self.submission_set(package, patient)},
                {"Association": self.member(package, entry)},
            ]
            told = self.service.ProvideAndRegister(
                SubmitObjectsRequest={"RegistryObjectList": {"_value_1": objects}},
                Document={"_value_1": octets, "id": entry},
            )
            stored += told.status.endswith(":Success")
        return stored

    def document(self, entry: str, header: etree._Element, octets: bytes, patient: str) -> Any:
        """Describe a document."""
        start, stop = _encounter(header)
        identifier = header.find("h:id", CDA)
        signer = header.find("h:legalAuthenticator/h:assignedEntity/h:id", CDA)
        slots = [
            self.slot("creationTime", _utc(header.find("h:effectiveTime", CDA).get("value"))),
            self.slot("hash", hashlib.sha1(octets, usedforsecurity=False).hexdigest()),
            self.slot("languageCode", header.find("h:languageCode", CDA).get("code")),
            self.slot("legalAuthenticator", f"{signer.get('extension')}^^^^^^^^&{signer.get('root')}&ISO"),
            self.slot("serviceStartTime", start),
            self.slot("serviceStopTime", stop),
            self.slot("size", str(len(octets))),
            self.slot("sourcePatientId", _own_patient_id(header) or patient),
            self.slot("sourcePatientInfo", *_patient_info(header)),
        ]
        unique = f"{identifier.get('root')}^{identifier.get('extension')}"
        return self.rim.ExtrinsicObjectType(
            id=entry,
            mimeType="text/xml",
            objectType=STABLE_DOCUMENT,
            Slot=slots,
            Name=self.text(header.findtext("h:title", namespaces=CDA)),
            Classification=[self.author(entry, header), *self.codes(entry, header)],
            ExternalIdentifier=[
                self.external(entry, "58a6f841-87b3-4a3e-92fd-a8ffeff98427", "patientId", patient),
                self.external(entry, "2e82c1f6-a085-4c72-9da3-8640a32e42ab", "uniqueId", unique),
            ],
        )

    def author(self, entry: str, header: etree._Element) -> Any:
        """Say who wrote a document."""
        author = header.find("h:author", CDA)
        function = author.find("h:functionCode", CDA).get("code")
        slots = [
            self.slot("authorPerson", _person(author.find("h:assignedAuthor", CDA))),
            self.slot("authorInstitution", *_institutions(author)),
            self.slot("authorRole", ROLES.get(function, function)),
        ]
        return self.classified(entry, "93606bcf-9494-43ec-9b4e-a7748d1a838d", "", Slot=slots)

    def codes(self, entry: str, header: etree._Element) -> list[Any]:
        """Give a document its codes."""
        code = header.find("h:code", CDA)
        p1 = code.find(f"h:translation[@codeSystem='{P1_TYPES}']", CDA)
        secrecy = header.find("h:confidentialityCode", CDA).get("code")
        facility, practice, cell = CELL
        given = (
            ("41a5887f-8865-4c09-adf7-e362475b143a", *_named(p1), "Klasyfikacja dokumentów P1"),
            ("f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1", facility, cell, "Specjalność komórki organizacyjnej"),
            ("a09d5840-386c-46f2-b5ad-9c3699a4309d", "urn:extPL:pl-cda", "PIK HL7 CDA", "Kody formatów P1"),
            ("cccf5598-8b07-4b77-a05e-ae952c785ead", practice, cell, "Dziedzina medyczna"),
            ("f0306f51-975f-434e-a61c-c59651d33983", *_named(code), "LOINC"),
            ("f4f85eac-e6cb-4883-b524-f2705394840f", secrecy, secrecy, "2.16.840.1.113883.5.25"),
        )
        return [self.code(entry, *one) for one in given]

    def submission_set(self, package: str, patient: str) -> Any:
        """Describe what is sent together: one document."""
        who = [self.slot("authorPerson", USER), self.slot("authorInstitution", PROVIDER)]
        node = self.rim.ClassificationType(
            id=uuid.uuid4().urn,
            objectType=f"{OBJECT}Classification",
            classifiedObject=package,
            classificationNode=SUBMISSION_SET,
        )
        kind = "REGISTER", "Rejestracja indeksu EDM", "Typ wysyłki"
        unique, name = f"2.25.{uuid.uuid4().int}", "XDSSubmissionSet"
        return self.rim.RegistryPackageType(
            id=package,
            objectType=f"{OBJECT}RegistryPackage",
            Slot=[self.slot("submissionTime", dt.datetime.now(dt.UTC).strftime("%Y%m%d%H%M%S"))],
            Classification=[
                node,
                self.classified(package, "a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d", "", Slot=who),
                self.code(package, "aa543740-bdda-424e-8c96-df4873be8500", *kind),
            ],
            ExternalIdentifier=[
                self.external(package, "6b5aea1a-874d-4603-a4bc-96a0a7b38446", "patientId", patient, name),
                self.external(
                    package, "554ac39e-e3fe-47fe-b233-965d2a147832", "sourceId", self.source_id, name
                ),
                self.external(package, "96fdda7c-d067-4183-912e-bf5ee74998a8", "uniqueId", unique, name),
            ],
        )

    def member(self, package: str, entry: str) -> Any:
        """Say that the document belongs to the submission."""
        return self.rim.AssociationType1(
            id=uuid.uuid4().urn,
            objectType=f"{OBJECT}Association",
            associationType=HAS_MEMBER,
            sourceObject=package,
            targetObject=entry,
            Slot=[self.slot("SubmissionSetStatus", "Original")],
        )

    def slot(self, name: str, *values: str) -> Any:
        """Return a slot."""
        return self.rim.SlotType1(name=name, ValueList=self.rim.ValueListType(Value=list(values)))

    def text(self, value: str) -> Any:
        """Return a text for people."""
        return self.rim.InternationalStringType(LocalizedString=[self.rim.LocalizedStringType(value=value)])

    def code(self, target: str, scheme: str, code: str, name: str, system: str) -> Any:
        """Return a code of an object."""
        slots = [self.slot("codingScheme", system)]
        return self.classified(target, scheme, code, Slot=slots, Name=self.text(name))

    def classified(self, target: str, scheme: str, code: str, **more: Any) -> Any:
        """Return a classification by a scheme."""
        return self.rim.ClassificationType(
            id=uuid.uuid4().urn,
            objectType=f"{OBJECT}Classification",
            classifiedObject=target,
            classificationScheme=f"urn:uuid:{scheme}",
            nodeRepresentation=code,
            **more,
        )

    def external(
        self, target: str, scheme: str, name: str, value: str, owner: str = "XDSDocumentEntry"
    ) -> Any:
        """Return an identifier that others gave."""
        return self.rim.ExternalIdentifierType(
            id=uuid.uuid4().urn,
            objectType=f"{OBJECT}ExternalIdentifier",
            registryObject=target,
            identificationScheme=f"urn:uuid:{scheme}",
            value=value,
            Name=self.text(f"{owner}.{name}"),
        )


def _patient_id(header: etree._Element) -> str:
    pesel = header.find(f"h:recordTarget/h:patientRole/h:id[@root='{PESEL}']", CDA)
    return f"{pesel.get('extension')}^^^&{PESEL}&ISO"


def _own_patient_id(header: etree._Element) -> str:
    for one in header.iterfind("h:recordTarget/h:patientRole/h:id", CDA):
        if one.get("root").startswith(OWN_NODES):
            return f"{one.get('extension')}^^^&{one.get('root')}&ISO"
    return ""


def _patient_info(header: etree._Element) -> list[str]:
    role = header.find("h:recordTarget/h:patientRole", CDA)
    person = role.find("h:patient", CDA)
    name = [person.findtext(f"h:name/h:{part}", namespaces=CDA) for part in ("family", "given")]
    return [
        f"PID-5|{name[0]}^{name[1]}^^^^^^",
        f"PID-7|{person.find('h:birthTime', CDA).get('value')[:8]}",
        f"PID-8|{person.find('h:administrativeGenderCode', CDA).get('code')}",
        f"PID-11|{role.findtext('h:addr/h:city', namespaces=CDA)}",
    ]


def _person(role: etree._Element) -> str:
    identifier, name = role.find("h:id", CDA), role.find("h:assignedPerson/h:name", CDA)
    family, given, prefix = (name.findtext(f"h:{one}", "", CDA) for one in ("family", "given", "prefix"))
    return f"{identifier.get('extension')}^{family}^{given}^^^{prefix}^^^&{identifier.get('root')}&ISO"


def _institutions(author: etree._Element) -> list[str]:
    found = []
    for place in author.iter(f"{{{CDA['h']}}}representedOrganization", f"{{{CDA['h']}}}wholeOrganization"):
        name = place.findtext("h:name", namespaces=CDA)
        found += [
            f"{name}^^^^^&{one.get('root')}&ISO^^^^{one.get('extension')}"
            for one in place.iterfind("h:id", CDA)
            if one.get("root") in ORGANISATIONS
        ]
    return found


def _encounter(header: etree._Element) -> tuple[str, str]:
    time = header.find("h:documentationOf/h:serviceEvent/h:effectiveTime", CDA)
    if time is None:
        time = header.find("h:componentOf/h:encompassingEncounter/h:effectiveTime", CDA)
    return _utc(time.find("h:low", CDA).get("value")), _utc(time.find("h:high", CDA).get("value"))


def _utc(local: str) -> str:
    form = "%Y%m%d%H%M%S"[: len(local) - 2]
    return dt.datetime.strptime(local, form).replace(tzinfo=WARSAW).astimezone(dt.UTC).strftime(form)


def _named(code: etree._Element) -> tuple[str, str]:
    return code.get("code"), code.get("displayName")


def work(job: Job) -> Timed:
    """Send a portion; what is measured begins when the client is made and the connection stands."""
    script, (first, *rest) = Script(job.credentials, job.key_type), job.documents()
    assert script.send([first]) == 1
    meter = Meter(job.roots)
    meter.start()
    return meter.stop(script.send(rest))


if __name__ == "__main__":
    answer(work)
