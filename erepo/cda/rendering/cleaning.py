"""The locked process that sanitises a page: markup can be bent so that reading it takes hours.

It is another process than the one that made the page: that one may have been broken into.
"""

from erepo.cda.rendering.locked import serve
from erepo.cda.rendering.sanitising import sanitise


def answer(request: bytes) -> bytes:
    """Return the fragment that may be shown, as UTF-8."""
    return sanitise(request.decode("utf-8", "replace")).encode("utf-8", "replace")


if __name__ == "__main__":
    serve(answer)
