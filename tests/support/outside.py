"""An account whose documents are in P1's index, its door, and another provider before it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from lxml import etree

from erepo.acting.assertion import enveloped_signature
from erepo.identifiers import oids
from erepo.p1 import Identified, names
from erepo.pki import Authority, new_key
from erepo.pki.bundle import Bundle
from erepo.sandbox.p1 import tokens
from erepo.soap.names import SIGNATURE
from erepo.soap.signing import ReadyAssertion, Signer, sha256
from tests.support.foreign_provider import ForeignProvider
from tests.support.indexing import RESORT_I, IndexWorld, index_world
from tests.support.xds import PATIENT

READER, ANOTHER = "000000011111", "000000022222"
WHOM = Identified(PATIENT.authority_oid, PATIENT.id)
Edit = Callable[[Any], object]


@dataclass(eq=False)
class OutsideWorld:
    """The service, P1, the account, and a provider that wants its documents."""

    index: IndexWorld
    reader: ForeignProvider
    another: ForeignProvider

    @property
    def repository(self) -> str:
        """Id of the account's repository in P1."""
        (found,) = self.index.p1.repositories(RESORT_I)
        return found

    @property
    def address(self) -> str:
        """Where P1 says that the repository is."""
        return self.index.p1.repositories(RESORT_I)[self.repository]

    async def documents(self, count: int = 1, **changes: Any) -> list[str]:
        """Archive documents and have them indexed."""
        found = await self.index.deposits(count, **changes)
        for each in found:
            answer = self.index.index(each)
            assert answer.status_code == 200, answer.text
        return found

    def decide(self, decision: str, document: str = "*", organisation: str = READER) -> None:
        """Have SOZ decide so."""
        who = organisation if organisation == "*" else f"{oids.PROVIDER}#{organisation}"
        self.index.p1.home.store.set_rule(who, document, decision)

    def ask(self, *unique_ids: str, repository: str = "", **options: Any) -> httpx.Response:
        """Ask as the reader and return the answer as it came."""
        wanted = repository or self.repository
        return self.reader.post(self.reader.message(self.address, wanted, unique_ids, **options))

    @cache  # noqa: B019 — one world, a few keys: opening one takes long
    def of_p1(self, name: str) -> Bundle:
        """Return one of P1's own keys: `tls`, `wss` or `token`."""
        return self.index.p1.home.bundle(name)

    def assertion(
        self, edit: Edit = lambda _: None, after: Edit = lambda _: None, **more: Any
    ) -> ReadyAssertion:
        """Return an assertion as P1 signs it.

        Args:
            edit: changes it before it is signed.
            after: changes it after that.
            more: `signer` instead of P1's; `values`: other attributes, None takes one away.
        """
        signer = Signer(more.get("signer") or self.of_p1("token"))
        values = {**values_of(self.reader.provider.resort_i), **more.get("values", {})}
        octets = tokens.issue({name: text or "" for name, text in values.items()}, signer, datetime.now(UTC))
        root = etree.fromstring(octets)
        root.remove(root.find(SIGNATURE))
        for attribute in list(root.iter(f"{{{root.nsmap['saml2']}}}Attribute")):
            if values.get(str(attribute.get("Name")), "") is None:
                attribute.getparent().remove(attribute)
        edit(root)
        identifier = root.get("ID", "")
        root.insert(1, etree.fromstring(enveloped_signature(signer, identifier, sha256(canonical(root)))))
        after(root)
        octets = canonical(root)
        return ReadyAssertion(identifier, octets, sha256(octets))


def canonical(root: Any) -> bytes:
    """Return the canonical octets of an element, comments kept."""
    return etree.tostring(root, method="c14n", exclusive=True, with_comments=True)


def values_of(organisation: str) -> dict[str, str | None]:
    """Return the attributes of a good token."""
    return {
        names.ORGANIZATION_ID: f"{oids.PROVIDER}#{organisation}",
        names.CHILD_ORGANIZATION: f"{oids.CELL}#{organisation}-008",
        names.SUBJECT_ID: f"{oids.NPWZ_DOCTOR}#5425740",
        names.RESOURCE_ID: str(WHOM),
        names.FUNCTIONAL_ROLE: "medical doctor",
        names.PURPOSE: "TREAT",
    }


@contextmanager
def outside_world(folder: Path) -> Iterator[OutsideWorld]:
    """Run all of it until the block ends; SOZ permits the reader everything."""
    with index_world(folder, door=True) as index:
        ca = index.tenant.ca_pem
        readers = [ForeignProvider(index.p1.provider(each), ca, WHOM) for each in (READER, ANOTHER)]
        world = OutsideWorld(index, *readers)
        world.decide("Permit")
        yield world


def content_of(unique_id: str) -> bytes:
    """Return the octets of a document that `OutsideWorld.documents` made."""
    return f"<ClinicalDocument>{unique_id}</ClinicalDocument>".encode()


def errors_of(answer: httpx.Response) -> bytes:
    """Return the list of errors of an answer, as it stands there."""
    start, end = answer.content.find(b"RegistryErrorList"), answer.content.rfind(b"RegistryErrorList")
    return answer.content[start:end]


@cache
def stranger(names_of: str = READER) -> Bundle:
    """Return a signing pair that another authority issued for the reader's name."""
    key = new_key("rsa-3072")
    return Bundle(key, Authority.create("nobody").issue_signer(key, f"Podmiot leczniczy {names_of} WSS"))
