"""What lists say of documents: the clinic's own words for them, from its registry."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from lxml import etree
from sqlalchemy import select

from erepo.blobs.codec import expand
from erepo.cloud.consents import shared_with
from erepo.cloud.consents.visibility import Shared
from erepo.cloud.patients.links import organisation
from erepo.cloud.registry.kinds import Kind, Status
from erepo.cloud.registry.queries.reading import portions
from erepo.cloud.storage.tables import registry_object
from erepo.portal.models import SharedDocument
from erepo.portal.office import Office
from erepo.portal.sessions import PatientSession

#: Octets of a registered element; larger ones are not told of by their title.
_MOST: Final = 4 * 1024**2
_RIM: Final = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
#: What kind a document is: of the class, which P1 names in Polish; the type (LOINC) has English names.
_KINDS: Final = (
    "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a",
    "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983",
)
_entry = registry_object.c


class Described(NamedTuple):
    """What a clinic registered of a document."""

    title: str | None
    kind: str | None
    mime_type: str


_UNKNOWN: Final = Described(None, None, "application/octet-stream")


def shared_documents(office: Office, who: PatientSession) -> list[SharedDocument]:
    """Return what is shared with a person by the clinics that vouch for the proven address. Blocking."""
    accounts = who.accounts
    with office.cloud.database.everyone("what is shared with a person") as connection:
        everything = shared_with(connection, who.readers, office.now())
    found = [each for each in everything if each.account in accounts]
    names, described = {}, {}
    for account, number in accounts.items():
        wanted = [each.unique_id for each in found if each.account == account]
        with office.cloud.database.read(number) as connection:
            names[account] = organisation(connection, number)
        described[account] = _described(office, number, wanted)
    return [
        _shown(each, names[each.account], described[each.account].get(each.unique_id, _UNKNOWN))
        for each in found
    ]


def _shown(shared: Shared, clinic: str, described: Described) -> SharedDocument:
    return SharedDocument.model_validate(
        {
            "account": shared.account,
            "clinic": clinic,
            "uniqueId": shared.unique_id,
            "title": described.title,
            "kind": described.kind,
            "created": shared.created,
            "mimeType": described.mime_type,
            "size": shared.size,
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
            found |= {row.unique_id: _read(bytes(row.xml)) for row in rows}
    return found


def _read(packed: bytes) -> Described:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(expand(packed, _MOST), parser)
    except (etree.XMLSyntaxError, ValueError):
        return _UNKNOWN
    found: Iterable[etree._Element] = root.iterfind(f"{_RIM}Classification")
    names = {each.get("classificationScheme"): _name(each) for each in found}
    kind = next(filter(None, map(names.get, _KINDS)), None)
    mime_type = root.get("mimeType") or _UNKNOWN.mime_type
    return Described(_name(root), kind, mime_type)


def _name(element: etree._Element) -> str | None:
    found = element.find(f"{_RIM}Name/{_RIM}LocalizedString")
    return (found.get("value") or None) if found is not None else None
