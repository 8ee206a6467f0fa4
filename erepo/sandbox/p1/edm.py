"""EDM: ITI-18, ITI-42 and ITI-57 with the rules that are known of P1 (polish-domain §4.6, §4.8).

REG.WER.4636   submissionTime within 15 minutes of the server's, in local Polish time
REG.WER.6860   the medical event of a document exists
(no number known)  MedicalEventId and StorageCategory stand on each document
XDSUnknownRepositoryId   the repository was registered for this provider (SZAR)
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from lxml import etree

from erepo.identifiers import FormWrong, ReferenceId
from erepo.sandbox.p1.registry import Registry, forget_uuids
from erepo.sandbox.p1.store import Store
from erepo.soap.verifying import Verified
from erepo.xds import iti18, iti42, iti57
from erepo.xds.errors import RequestRejected
from erepo.xds.model import DocumentEntry, SubmissionSet
from erepo.xds.responses import RegistryError, write_registry_response
from erepo.xds.vocabulary import REFERENCE_ENCOUNTER, Slot, Xds

_POLAND: Final = ZoneInfo("Europe/Warsaw")
_APART: Final = timedelta(minutes=15)
_TO_SECONDS: Final = 14
_YEAR: Final = re.compile(r"[12][0-9]{3}")
#: Most objects of an answer while the fault `large` lasts.
LARGE: Final = 3
_LATE: Final = RegistryError(Xds.REGISTRY_ERROR, "minor: Timeout")


class Edm:
    """The index's three services."""

    def __init__(self, registry: Registry, store: Store) -> None:
        self._registry, self._store = registry, store

    def register(self, verified: Verified, resort_i: str, now: datetime) -> etree._Element:
        """Answer ITI-42."""
        try:
            forget_uuids(verified)
            registration = iti42.read_request(verified)
            errors = [*_check_time(registration.submission_set, now)]
            for entry in registration.documents:
                errors += self._check_document(entry, resort_i)
            errors = errors or [*self._registry.register(registration, verified)]
        except RequestRejected as error:
            errors = [*error.errors]
        return write_registry_response(errors=errors)

    def update(self, verified: Verified, resort_i: str, now: datetime) -> etree._Element:
        """Answer ITI-57."""
        try:
            forget_uuids(verified)
            update = iti57.read_request(verified)
            errors = [*_check_time(update.submission_set, now), *self._check_owner(update, resort_i)]
            errors = errors or [*self._registry.update(update, verified)]
        except RequestRejected as error:
            errors = [*error.errors]
        return write_registry_response(errors=errors)

    def _check_owner(self, update: iti57.Update, resort_i: str) -> Iterator[RegistryError]:
        """Refuse changes of documents that lie in another provider's repository."""
        wanted = [each.target for each in update.operations if isinstance(each, iti57.StatusChange)]
        entries = [each.entry for each in update.operations if isinstance(each, iti57.NewVersion)]
        if wanted:
            entries += self._registry.documents(wanted)
        own = {each.oid for each in self._store.repositories(resort_i)}
        for entry in entries:
            if isinstance(entry, DocumentEntry) and entry.repository_unique_id not in own:
                yield _wrong(entry, "the document lies in another provider's repository")

    def query(self, verified: Verified, kind: str = "") -> etree._Element:
        """Answer ITI-18, or run out of time where `kind` is `large` and the answer would be."""
        try:
            found = self._registry.answer(iti18.read_query(verified))
        except RequestRejected as error:
            return iti18.write_response(errors=error.errors)
        refs, elements = list(found.refs), list(found.elements)
        if kind == "large" and len(refs) + len(elements) > LARGE:
            return late("iti-18")
        return iti18.write_response(refs=refs, elements=elements)

    def _check_document(self, entry: DocumentEntry, resort_i: str) -> Iterator[RegistryError]:
        own = {each.oid for each in self._store.repositories(resort_i)}
        if entry.repository_unique_id not in own:
            yield _wrong(entry, "repositoryUniqueId is none of this provider's", Xds.UNKNOWN_REPOSITORY)
        years = entry.extra_slots.get(Slot.STORAGE_CATEGORY, ())
        if len(years) != 1 or not _YEAR.fullmatch(years[0]):
            yield _wrong(entry, f"{Slot.STORAGE_CATEGORY} is missing or no year")
        events = entry.extra_slots.get(Slot.MEDICAL_EVENT_ID, ())
        event = _event(events[0]) if len(events) == 1 else ""
        if not event:
            yield _wrong(entry, f"{Slot.MEDICAL_EVENT_ID} is missing or malformed")
        elif not self._store.has_event(event):
            yield _wrong(entry, "rule: REG.WER.6860, the medical event does not exist")


def late(operation: str) -> etree._Element:
    """Return the answer of a P1 that ran out of time itself."""
    if operation == "iti-18":
        return iti18.write_response(errors=[_LATE])
    return write_registry_response(errors=[_LATE])


def event_key(text: str) -> str:
    """Return a medical event's id as it is kept, `id^^^&OID&ISO`; "" for another form.

    Args:
        text: that form, with or without the type of the reference behind it.
    """
    return _event(text if text.count("^") > 3 else f"{text}^{REFERENCE_ENCOUNTER}")


def _event(text: str) -> str:
    try:
        read = ReferenceId.parse(text)
    except FormWrong:
        return ""
    if read.type_code != REFERENCE_ENCOUNTER or not read.authority_oid:
        return ""
    return f"{read.id}^^^&{read.authority_oid}&ISO"


def _check_time(submission_set: SubmissionSet, now: datetime) -> Iterator[RegistryError]:
    text = submission_set.submission_time
    try:
        # A shorter one would be read as well, with digits in other places.
        said = datetime.strptime(text if len(text) == _TO_SECONDS else "", "%Y%m%d%H%M%S").replace(
            tzinfo=_POLAND
        )
    except ValueError:
        yield RegistryError(Xds.REGISTRY_METADATA, "rule: REG.WER.4636, submissionTime has no seconds")
        return
    # An hour of autumn has two meanings; either may be meant.
    if not any(abs(now - said.replace(fold=fold)) <= _APART for fold in (0, 1)):
        yield RegistryError(Xds.REGISTRY_METADATA, "rule: REG.WER.4636, submissionTime is not the local time")


def _wrong(entry: DocumentEntry, context: str, code: Xds = Xds.REGISTRY_METADATA) -> RegistryError:
    return RegistryError(code, context, location=entry.entry_uuid)
