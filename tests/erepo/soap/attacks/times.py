"""M42: moments."""

import copy
from datetime import UTC, datetime, timedelta

from erepo.soap.errors import (
    MessageExpired,
    SecurityMalformed,
    SecurityMissing,
)
from erepo.soap.names import (
    CREATED,
    EXPIRES,
    TIMESTAMP,
    WSU_ID,
)
from tests.support.attack_kit import (
    Tree,
    drop_references,
    forge,
    one,
    security,
    text,
)


def _moment(**shift: float) -> str:
    return f"{datetime.now(UTC) + timedelta(**shift):%Y-%m-%dT%H:%M:%SZ}"


@forge("M42", "no Timestamp", SecurityMissing)
def _(tree: Tree) -> None:
    drop_references(tree, "timestamp")
    security(tree).remove(one(tree, TIMESTAMP))


@forge("M42b", "two Timestamps", SecurityMalformed)
def _(tree: Tree) -> None:
    second = copy.deepcopy(one(tree, TIMESTAMP))
    del second.attrib[WSU_ID]
    security(tree).append(second)


@forge("M42c", "Expires before Created", SecurityMalformed)
def _(tree: Tree) -> None:
    text(one(tree, EXPIRES), _moment(minutes=-1))
    text(one(tree, CREATED), _moment())


@forge("M42d", "Expires equal to Created", SecurityMalformed)
def _(tree: Tree) -> None:
    text(one(tree, EXPIRES), one(tree, CREATED).text or "")


@forge("M42e", "created in the future, beyond the skew", MessageExpired)
def _(tree: Tree) -> None:
    text(one(tree, CREATED), _moment(minutes=2))
    text(one(tree, EXPIRES), _moment(minutes=4))


@forge("M42l", "created at the end of the calendar, where nothing can be added", MessageExpired)
def _(tree: Tree) -> None:
    text(one(tree, CREATED), "9999-12-31T23:59:59Z")
    one(tree, TIMESTAMP).remove(one(tree, EXPIRES))


@forge("M42f", "expired, beyond the skew", MessageExpired)
def _(tree: Tree) -> None:
    text(one(tree, CREATED), _moment(minutes=-4))
    text(one(tree, EXPIRES), _moment(minutes=-2))


@forge("M42g", "older than our life although it gives itself longer", MessageExpired)
def _(tree: Tree) -> None:
    text(one(tree, CREATED), _moment(minutes=-10))
    text(one(tree, EXPIRES), _moment(minutes=+10))


@forge("M42h", "older than our life, without Expires", MessageExpired)
def _(tree: Tree) -> None:
    text(one(tree, CREATED), _moment(minutes=-10))
    one(tree, TIMESTAMP).remove(one(tree, EXPIRES))


@forge("M42i", "Expires before Created in the tree", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, TIMESTAMP).insert(0, one(tree, EXPIRES))


for _number, _bad in enumerate([
    "2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.1234Z", "2026-01-01T00:00:60Z",
    "2026-02-30T00:00:00Z", "2026-01-01 00:00:00Z", "", "0000-00-00T00:00:00Z", "٢٠٢٦-01-01T00:00:00Z",
    " 2026-01-01T00:00:00Z", "99999-01-01T00:00:00Z",
]):  # fmt: skip

    @forge(f"M42j-{_number}", f"Created is {_bad!r}", SecurityMalformed)
    def _(tree: Tree, bad: str = _bad) -> None:
        text(one(tree, CREATED), bad)


@forge("M42k", "no Created", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, TIMESTAMP).remove(one(tree, CREATED))
