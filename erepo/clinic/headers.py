"""Headers of documents as the database keeps them: plain data and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from erepo.cda.model import II, Author, CdaHeader, HeaderWarning, Organisation, Patient, Related


def read_stored_header(data: Mapping[str, Any]) -> CdaHeader:
    """Rebuild a header from the column `document.header`.

    Raises:
        KeyError, TypeError: it was not written by this version's intake.
    """
    plain = dict(data)
    plain["document_id"] = II(**data["document_id"])
    plain["set_id"] = _identifier(data["set_id"])
    plain["patient"] = Patient(**{**data["patient"], "ids": _identifiers(data["patient"]["ids"])})
    plain["author"] = _person(data["author"])
    plain["legal_authenticator"] = (
        _person(data["legal_authenticator"]) if data["legal_authenticator"] else None
    )
    plain["custodian"] = _identifiers(data["custodian"])
    plain["related"] = tuple(_related(one) for one in data["related"])
    # Headers of earlier versions have none.
    plain["encounter"] = _identifiers(data.get("encounter", ()))
    plain["warnings"] = tuple(HeaderWarning(**one) for one in data["warnings"])
    return CdaHeader(**plain)


def _person(data: Mapping[str, Any]) -> Author:
    organisations = tuple(
        Organisation(**{**one, "ids": _identifiers(one["ids"])}) for one in data["organisation"]
    )
    return Author(**{**data, "id": _identifier(data["id"]), "organisation": organisations})


def _related(data: Mapping[str, Any]) -> Related:
    return Related(**{**data, "id": _identifier(data["id"]), "set_id": _identifier(data["set_id"])})


def _identifier(data: Mapping[str, str] | None) -> II | None:
    return II(**data) if data else None


def _identifiers(data: Sequence[Mapping[str, str]]) -> tuple[II, ...]:
    return tuple(II(**one) for one in data)
