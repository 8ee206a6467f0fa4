"""`/api/kinds`: which kinds are archived by themselves, and how long documents stay."""

from fastapi import APIRouter

from erepo.api.access import AtOffice, KindReader, KindWriter
from erepo.api.models import KindChange, KindSettings
from erepo.api.routes.common import problems
from erepo.cda.kinds import KINDS, Kind
from erepo.clinic.kinds import KindRule, read_rules, set_rule
from erepo.clinic.retention import set_years

router = APIRouter(tags=["kinds"])


@router.get("/api/kinds", operation_id="listKinds", summary="List kinds", responses=problems())
def list_all(office: AtOffice, _: KindReader) -> list[KindSettings]:
    """List all kinds with their settings."""
    with office.database.read() as connection:
        return [_shown(rule) for rule in read_rules(connection).values()]


@router.put("/api/kinds/{kind}", operation_id="setKind", summary="Set a kind", responses=problems(422))
def set_one(office: AtOffice, caller: KindWriter, kind: Kind, wanted: KindChange) -> KindSettings:
    """Change the settings of a kind; documents still local follow them from the next run on. Audited."""
    with office.database.begin() as connection:
        rule = set_rule(
            connection,
            kind,
            auto_archive=wanted.auto_archive,
            local_days=wanted.local_days,
            actor=caller.actor,
        )
        if wanted.retention_years is not None:
            rule = set_years(connection, kind, wanted.retention_years, actor=caller.actor)
    return _shown(rule)


def _shown(rule: KindRule) -> KindSettings:
    label = KINDS[rule.kind].label
    return KindSettings(
        kind=rule.kind,
        name_pl=label.pl,
        name_en=label.en,
        auto_archive=rule.auto_archive,
        local_days=rule.local_days,
        retention_years=rule.retention_years,
    )
