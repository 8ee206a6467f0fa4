"""The WSDL of the two endpoints and the schemas that it imports, as they are served at `?wsdl` and `?xsd=…`.

The files are our own: names and namespaces are the standards', what XDS.b does not use is left out. They name
each other by `?xsd=name`, relative to the address at which they are served.
"""

from functools import cache
from importlib.resources import files
from typing import Final
from xml.sax.saxutils import quoteattr

#: Endpoints that have a WSDL.
WSDLS: Final = ("registry", "repository")
#: Schemas by the names in `?xsd=…`.
SCHEMAS: Final = ("rim", "rs", "lcm", "query", "xds", "rmd", "xml")
#: Of both kinds of document.
MEDIA_TYPE: Final = "text/xml; charset=utf-8"

_PLACE: Final = b'"{location}"'


def wsdl(name: str, location: str) -> bytes:
    """Return the WSDL of an endpoint.

    Args:
        name: one of `WSDLS`.
        location: the address of the endpoint, which the WSDL tells its reader.

    Raises:
        KeyError: no such endpoint.
    """
    if name not in WSDLS:
        raise KeyError(name)
    return _file(f"{name}.wsdl").replace(_PLACE, quoteattr(location).encode())


def schema(name: str) -> bytes:
    """Return a schema.

    Args:
        name: one of `SCHEMAS`.

    Raises:
        KeyError: no such schema.
    """
    if name not in SCHEMAS:
        raise KeyError(name)
    return _file(f"{name}.xsd")


@cache
def _file(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()
