"""What stands under the field where kinds of documents are chosen."""

from typing import Final

from erepo.cda.kinds import KINDS

#: Ids go into the parameters and into the list of Prefect's form; people know the kinds by these names.
KIND_NAMES: Final = "; ".join(
    f"{kind.value}: {info.label.pl} / {info.label.en}" for kind, info in KINDS.items()
)
