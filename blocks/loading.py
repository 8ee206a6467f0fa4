"""Load blocks by name, with an error a person understands."""

from typing import TypeVar

from prefect.blocks.core import Block

from blocks.errors import BlockMissing

B = TypeVar("B", bound=Block)


async def load(kind: type[B], name: str) -> B:
    """Return the saved block `name` of one kind.

    Raises:
        BlockMissing: nothing of that name was saved, or what was saved no longer fits the kind.
    """
    try:
        block = await kind.aload(name)
    except ValueError:
        raise BlockMissing(kind=kind.get_block_type_name(), name=name) from None
    assert isinstance(block, kind)
    return block
