"""The WSDL and schemas served over HTTP as the service serves them, and our schemas compiled."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from erepo.xds.vocabulary import LCM, QUERY, RIM, RMD, RS, XDSB
from erepo.xds.wsdl.documents import MEDIA_TYPE, schema, wsdl

_NAMES = {"rim": RIM, "rs": RS, "lcm": LCM, "query": QUERY, "xds": XDSB, "rmd": RMD}
_DRIVER = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{
    "".join(f'<xs:import namespace="{uri}" schemaLocation="?xsd={name}"/>' for name, uri in _NAMES.items())
}</xs:schema>"""
_BASE = "http://localhost/"


class _OwnFiles(etree.Resolver):
    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        address = urlsplit(system_url or "")
        name = parse_qs(address.query).get("xsd", [""])[0]
        return self.resolve_string(schema(name), context, base_url=f"{_BASE}?xsd={name}")


def own_schema() -> etree.XMLSchema:
    """Compile our schemas without network."""
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_OwnFiles())
    return etree.XMLSchema(etree.fromstring(_DRIVER, parser, base_url=_BASE))


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = parse_qs(address.query, keep_blank_values=True)
        name = address.path.rpartition("/")[2]
        host = f"http://{self.headers['Host']}"
        try:
            octets = wsdl(name, host + address.path) if "wsdl" in query else schema(query["xsd"][0])
        except KeyError:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", MEDIA_TYPE)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Keep quiet."""


@contextmanager
def serving() -> Iterator[str]:
    """Serve the documents on a free port; yields the address of the endpoints."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/services/0000000000001001/xds"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)
