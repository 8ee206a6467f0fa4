"""ITI-42 Register Document Set-b: metadata of documents kept by a repository, to the registry (TF-2 3.42)."""

from typing import TYPE_CHECKING, Final

from lxml import etree

from erepo.xds.ebrim import Rules
from erepo.xds.submitting import Registration, object_list, read_submit, write_submit
from erepo.xds.vocabulary import Xds

if TYPE_CHECKING:
    from erepo.soap.verifying import Verified

__all__ = ["ACTION", "RESPONSE_ACTION", "Registration", "objects_of", "read_request", "write_request"]

ACTION: Final = "urn:ihe:iti:2007:RegisterDocumentSet-b"
RESPONSE_ACTION: Final = f"{ACTION}Response"


def write_request(registration: Registration) -> etree._Element:
    """Write the body of a request; documents and folders become members of the submission set."""
    return write_submit(registration.metadata())


def read_request(verified: "Verified") -> Registration:
    """Read a request; hash, size and repositoryUniqueId are demanded of every document that has octets.

    How the objects stand to what is registered is checked by who keeps the registry.

    Raises:
        MessageShapeWrong: the payload is no such request.
        MetadataError: metadata breaks a rule (XDSRegistryMetadataError, every problem at once).
    """
    return read_submit(objects_of(verified), Rules.REGISTER)


def objects_of(verified: "Verified") -> etree._Element:
    """Return the only RegistryObjectList of a request; ITI-57 has the same.

    Raises:
        MessageShapeWrong: the payload is no such request, or has not exactly one.
    """
    expected = "lcm:SubmitObjectsRequest with one rim:RegistryObjectList expected"
    return object_list(verified.payload, Xds.REGISTRY_ERROR, expected)
