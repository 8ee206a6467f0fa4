"""Forms of the identifiers of registry objects (IHE ITI TF-3 4.2.3.1)."""

import re

_UUID = re.compile(r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_entry_uuid(text: str) -> bool:
    """Tell whether an id is `urn:uuid:` with a UUID in its usual form, either case."""
    return _UUID.fullmatch(text) is not None
