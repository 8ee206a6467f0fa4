"""Sections of the page of benchmarks: one is written anew, its neighbours stay."""


def section_of(page: str, head: str) -> str:
    """Return a section from its head up to the next one, or an empty text."""
    return _parts(page, head)[1]


def replace_section(page: str, head: str, section: str) -> str:
    """Return the page with a section in the place of the former one, or at the end.

    Args:
        page: the whole of it.
        head: as it stands there, `## A large registry`.
        section: the new one, head included.
    """
    before, _, after = _parts(page, head)
    return f"{before.rstrip()}\n\n{section.rstrip()}\n" + (f"\n{after}" if after else "")


def _parts(page: str, head: str) -> tuple[str, str, str]:
    before, found, rest = page.partition(f"\n{head}\n")
    if not found:
        return page, "", ""
    body, mark, after = rest.partition("\n## ")
    return before, f"{head}\n{body.rstrip()}\n", f"## {after}" if mark else ""
