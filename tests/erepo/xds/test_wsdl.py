"""The WSDL: loaded by zeep from a server, with every operation and its action."""

from collections.abc import Iterator

import pytest
import requests
from lxml import etree
from zeep import Client
from zeep.transports import Transport

from erepo.xds import iti18, iti41, iti42, iti43, iti57, iti62, iti86
from erepo.xds.wsdl.documents import MEDIA_TYPE, SCHEMAS, WSDLS, schema, wsdl
from tests.support.xds_schemas import serving

ACTIONS = {
    "registry": {one.ACTION for one in (iti18, iti42, iti57, iti62)},
    "repository": {one.ACTION for one in (iti41, iti43, iti86)},
}
WSAM = "http://www.w3.org/2007/05/addressing/metadata"
WSAW = "http://www.w3.org/2006/05/addressing/wsdl"
W = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP12 = "{http://schemas.xmlsoap.org/wsdl/soap12/}"


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """Where the documents are served."""
    with serving() as address:
        yield address


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """A session without proxies."""
    with requests.Session() as made:
        made.trust_env = False
        yield made


@pytest.mark.parametrize("name", WSDLS)
def test_zeep_loads_the_wsdl_and_knows_its_operations(
    base: str, session: requests.Session, name: str
) -> None:
    """Imports are found beside the WSDL; every operation has its action, and the port its address."""
    with Client(f"{base}/{name}?wsdl", transport=Transport(session=session, timeout=60)) as client:  # type: ignore[no-untyped-call]
        (service,) = client.wsdl.services.values()
        (port,) = service.ports.values()
        operations = port.binding.all().values()
        assert {one.abstract.wsa_action for one in operations} == ACTIONS[name]
        assert {one.soapaction for one in operations} == ACTIONS[name]
        assert port.binding_options["address"] == f"{base}/{name}"
        assert client.get_element("{urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0}RegistryResponse")


@pytest.mark.parametrize("name", WSDLS)
def test_both_spellings_of_the_action_are_there(name: str) -> None:
    """The W3C recommendation's attribute and its draft's agree, and the binding has them too."""
    root = etree.fromstring(wsdl(name, "https://example.org/"))
    operations = root.findall(f"{W}portType/{W}operation")
    assert len(operations) == len(ACTIONS[name])
    for operation in operations:
        for message, suffix in (("input", ""), ("output", "Response")):
            found = operation.find(f"{W}{message}")
            assert found is not None
            assert found.get(f"{{{WSAM}}}Action") == found.get(f"{{{WSAW}}}Action")
            assert (found.get(f"{{{WSAM}}}Action") or "").removesuffix(suffix) in ACTIONS[name]
    bound = {one.get("soapAction") for one in root.iter(f"{SOAP12}operation")}
    assert bound == ACTIONS[name]


def test_mtom_is_said_where_it_is_used() -> None:
    """ITI-41 and ITI-43 carry documents, the others are simple SOAP."""
    text = wsdl("repository", "https://example.org/")
    assert text.count(b'PolicyReference URI="#mtom"') == 2
    assert b"PolicyReference" not in wsdl("registry", "https://example.org/")


def test_the_address_is_escaped() -> None:
    """Whatever the address is, the WSDL stays well-formed and tells it."""
    location = 'https://example.org/?a="1"&b=<2>'
    address = next(etree.fromstring(wsdl("registry", location)).iter(f"{SOAP12}address"))
    assert address.get("location") == location


def test_only_known_documents_are_given() -> None:
    """The names are a fixed set; nothing else of the disk can be asked for."""
    for name in ("../registry", "registry.wsdl", "", "rim"):
        with pytest.raises(KeyError):
            wsdl(name, "https://example.org/")
    for name in ("../../errors", "rim.xsd", "", "registry"):
        with pytest.raises(KeyError):
            schema(name)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_import_names_a_schema_of_ours(base: str, session: requests.Session, name: str) -> None:
    """No schema points outside, and each is served as XML."""
    answer = session.get(f"{base}/registry?xsd={name}", timeout=60)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, MEDIA_TYPE)
    root = etree.fromstring(answer.content)
    places = [one.get("schemaLocation") for one in root.iter("{http://www.w3.org/2001/XMLSchema}import")]
    assert {place.removeprefix("?xsd=") for place in places if place} <= set(SCHEMAS)
    assert all(places)
