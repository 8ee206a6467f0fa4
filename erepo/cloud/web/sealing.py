"""Changes that an account signs over their very octets: the signature proves the body, and is evidence."""

from functools import partial

from erepo.acting import Detached, SealRefused, read_detached
from erepo.acting.detached import HEADER
from erepo.cloud.audit.events import Thing
from erepo.cloud.web.acting import expected_of
from erepo.cloud.web.calls import Call


async def proven_body(call: Call, body: bytearray, kind: str) -> Detached:
    """Return the account's signature over a body; `kind` of thing is what the record calls a refused one.

    Raises:
        SealRefused: it proves nothing.
    """
    text = call.request.headers.get(HEADER.encode(), b"").decode("latin-1").strip()
    expected = await expected_of(call.cloud, call.tenant)
    try:
        return await call.cloud.heavily(partial(read_detached, text, body, expected))
    except SealRefused:
        call.trail.things = (Thing(kind, "-", "its signature was refused"),)
        raise
