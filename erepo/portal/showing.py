"""What lists say of documents: the clinic's own words for them, from its registry."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from lxml import etree
from sqlalchemy import select

from erepo.blobs.codec import expand
from erepo.cda.kinds import KINDS
from erepo.cloud.consents import shared_with
from erepo.cloud.consents.visibility import Shared
from erepo.cloud.patients.links import organisation
from erepo.cloud.registry.kinds import Kind, Status
from erepo.cloud.registry.queries.reading import portions
from erepo.cloud.storage.tables import registry_object
from erepo.portal.models import SharedDocument, SharedDocuments
from erepo.portal.office import Office
from erepo.portal.sessions import PatientSession
from erepo.texts import Language, Text
from erepo.xds.forms import iso_time

#: Octets of a registered element; larger ones are not told of by their title.
_MOST: Final = 4 * 1024**2
_RIM: Final = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
_CLASS_CODE: Final = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
_TYPE_CODE: Final = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
#: Several kinds share a code of P1; the name that a clinic registers tells them apart.
_BY_NAME: Final = {info.label.pl: info.label for info in KINDS.values()}
_CODES: Final = Counter(info.class_code for info in KINDS.values() if info.class_code)
_BY_CODE: Final = {info.class_code: info.label for info in KINDS.values() if _CODES[info.class_code] == 1}
_entry = registry_object.c


class Described(NamedTuple):
    """What a clinic registered of a document."""

    title: str | None
    kind: Text | None
    mime_type: str
    replaced: bool = False


_UNKNOWN: Final = Described(None, None, "application/octet-stream")


def shared_documents(office: Office, who: PatientSession, speak: Language) -> SharedDocuments:
    """Return what is shared with a person by the clinics that vouch for the proven address. Blocking."""
    accounts = who.accounts
    with office.cloud.database.everyone("what is shared with a person") as connection:
        found, more = shared_with(connection, who.readers, office.now(), who.clinics)
    names, described = {}, {}
    for account, number in accounts.items():
        wanted = [each.unique_id for each in found if each.account == account]
        with office.cloud.database.read(number) as connection:
            names[account] = organisation(connection, number)
        described[account] = _described(office, number, wanted)
    documents = [
        _shown(each, names[each.account], described[each.account].get(each.unique_id, _UNKNOWN), speak)
        for each in found
    ]
    return SharedDocuments(documents=documents, more=more)


def _shown(shared: Shared, clinic: str, described: Described, speak: Language) -> SharedDocument:
    return SharedDocument.model_validate(
        {
            "account": shared.account,
            "clinic": clinic,
            "uniqueId": shared.unique_id,
            "title": described.title,
            # Not filled: a clinic may have registered a name with braces.
            "kind": getattr(described.kind, speak, None),
            "created": iso_time(shared.created) or None,
            "mimeType": described.mime_type,
            "size": shared.size,
            "replaced": described.replaced,
            "validUntil": f"{shared.valid_until.isoformat()}Z",
        }
    )


def _described(office: Office, tenant_id: int, unique_ids: Sequence[str]) -> dict[str, Described]:
    found: dict[str, Described] = {}
    with office.cloud.database.read(tenant_id) as connection:
        for portion in portions(unique_ids):
            query = select(_entry.unique_id, _entry.status, _entry.xml).where(
                _entry.tenant_id == tenant_id,
                _entry.unique_id.in_(portion),
                _entry.kind == int(Kind.DOCUMENT_ENTRY),
            )
            # The one in force last: it has the last word.
            rows = sorted(connection.execute(query), key=lambda row: row.status == int(Status.APPROVED))
            for row in rows:
                replaced = row.status != int(Status.APPROVED)
                found[row.unique_id] = _read(bytes(row.xml))._replace(replaced=replaced)
    return found


def _read(packed: bytes) -> Described:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(expand(packed, _MOST), parser)
    except (etree.XMLSyntaxError, ValueError):
        return _UNKNOWN
    mime_type = root.get("mimeType") or _UNKNOWN.mime_type
    return Described(_name(root), _kind(root), mime_type)


def _kind(root: etree._Element) -> Text | None:
    """Return the words for a kind: ours in both languages, else as they were registered."""
    found = {each.get("classificationScheme"): each for each in root.iterfind(f"{_RIM}Classification")}
    class_code, type_code = found.get(_CLASS_CODE), found.get(_TYPE_CODE)
    name = _name(class_code) if class_code is not None else None
    if name in _BY_NAME:
        return _BY_NAME[name]
    if class_code is not None and (code := class_code.get("nodeRepresentation")) in _BY_CODE:
        return _BY_CODE[code]
    name = name or (_name(type_code) if type_code is not None else None)
    return Text(name, name) if name else None


def _name(element: etree._Element) -> str | None:
    found = element.find(f"{_RIM}Name/{_RIM}LocalizedString")
    return (found.get("value") or None) if found is not None else None
