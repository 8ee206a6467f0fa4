"""What every block type shares: where its documentation and its picture lie."""

from pydantic import HttpUrl

#: One page describes all blocks; each has a heading of its own.
DOCUMENTATION = "https://github.com/erepo/erepo/blob/main/docs/reference/blocks.md"

#: Published from `blocks/logo.png` of this repository.
LOGO = HttpUrl("https://raw.githubusercontent.com/erepo/erepo/main/blocks/logo.png")


def documentation(heading: str) -> HttpUrl:
    """Return the address of one block's chapter."""
    return HttpUrl(f"{DOCUMENTATION}#{heading}")
