"""The product that WS-Attacker builds, for each signed part: where it goes, in what, and the id of its copy.

An evil copy takes the signed part's place; the part itself is kept where a resolver of ids would find it.
"""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product

from lxml import etree

from erepo.soap.names import (
    ACTION,
    ADDRESS,
    BODY,
    CREATED,
    DS,
    ENVELOPE,
    EXPIRES,
    HEADER,
    KEY_INFO,
    MESSAGE_ID,
    REPLY_TO,
    SECURITY,
    SIGNATURE,
    SIGNED_INFO,
    TIMESTAMP,
    TO,
    TOKEN_REFERENCE,
    WSA,
    WSU_ID,
)
from tests.support.attack_kit import Tree, bend, body, evil, header, one, security

PARTS = {
    "Body": BODY,
    "Timestamp": TIMESTAMP,
    "To": TO,
    "Action": ACTION,
    "MessageID": MESSAGE_ID,
    "ReplyTo": REPLY_TO,
}
Put = Callable[[Tree, Tree], None]


def _inside(tag: str) -> Put:
    return lambda tree, moved: one(tree, tag).append(moved)


def _first(tag: str) -> Put:
    return lambda tree, moved: one(tree, tag).insert(0, moved)


def _object(tree: Tree, moved: Tree) -> None:
    etree.SubElement(one(tree, SIGNATURE), f"{{{DS}}}Object").append(moved)


def _parameters(tree: Tree, moved: Tree) -> None:
    etree.SubElement(one(tree, REPLY_TO), f"{{{WSA}}}ReferenceParameters").append(moved)


PLACES: dict[str, Put] = {
    "Envelope first": _first(ENVELOPE),
    "Envelope last": _inside(ENVELOPE),
    "between Header and Body": lambda tree, moved: header(tree).addnext(moved),
    "Header first": _first(HEADER),
    "Header last": _inside(HEADER),
    "Security first": _first(SECURITY),
    "Security before the Signature": lambda tree, moved: one(tree, SIGNATURE).addprevious(moved),
    "Security last": _inside(SECURITY),
    "ds:Object": _object,
    "Signature": _inside(SIGNATURE),
    "SignedInfo": _inside(SIGNED_INFO),
    "KeyInfo": _inside(KEY_INFO),
    "token reference": _inside(TOKEN_REFERENCE),
    "Timestamp": _inside(TIMESTAMP),
    "ReplyTo's parameters": _parameters,
    "Body": _inside(BODY),
    "payload": lambda tree, moved: body(tree)[0].append(moved),
    "deep in the payload": lambda tree, moved: body(tree)[0][0].append(moved),
}


def _wrapped(*tags: str, **rebound: str) -> Callable[[Tree], Tree]:
    def wrap(moved: Tree) -> Tree:
        for tag in tags:
            outer = etree.Element(tag, nsmap=rebound or None)
            outer.append(moved)
            moved = outer
        return moved

    return wrap


WRAPPERS: dict[str, Callable[[Tree], Tree]] = {
    "bare": lambda moved: moved,
    "in a foreign element": _wrapped("{urn:foreign}Wrapper"),
    "in a false Header": _wrapped(HEADER),
    "in a false Security in a false Header": _wrapped(SECURITY, HEADER),
    "under prefixes bound anew": _wrapped(
        "{urn:foreign}W", soap="urn:e", wsu="urn:e", ds="urn:e", xds="urn:e"
    ),
}
IDENTIFIERS = {"a new id": "evil", "no id": None, "the same id": "same"}


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _evil(good: Tree, identifier: str | None) -> Tree:
    """Return a copy that says something else."""
    if good.tag == BODY:
        return evil(good, identifier)
    copied = copy.deepcopy(good)
    if good.tag == TIMESTAMP:
        copied.find(CREATED).text, copied.find(EXPIRES).text = _moment(-1), _moment(200)  # type: ignore[union-attr]
    elif good.tag == REPLY_TO:
        copied.find(ADDRESS).text = "http://127.0.0.1:9/collect"  # type: ignore[union-attr]
    else:
        copied.text = "urn:evil"
    if identifier is None:
        copied.attrib.pop(WSU_ID)
    elif identifier != "same":
        copied.set(WSU_ID, identifier)
    return copied


def _register(number: int, part: str, place: str, wrapper: str, identifier: str) -> None:
    @bend(f"W{number}", f"{part} to {place}, {wrapper}; the evil copy has {identifier}")
    def _(tree: Tree) -> None:
        good = one(tree, PARTS[part])
        parent = good.getparent()
        assert parent is not None
        parent.replace(good, _evil(good, IDENTIFIERS[identifier]))
        PLACES[place](tree, WRAPPERS[wrapper](good))


for _number, _names in enumerate(product(PARTS, PLACES, WRAPPERS, IDENTIFIERS)):
    _register(_number, *_names)


@bend("W-a", "every signed part at once in one wrapper, with evil copies of the same ids")
def _(tree: Tree) -> None:
    place = etree.Element("{urn:foreign}Wrapper")
    for tag in PARTS.values():
        good = one(tree, tag)
        parent = good.getparent()
        assert parent is not None
        parent.replace(good, _evil(good, "same"))
        place.append(good)
    security(tree).append(place)
