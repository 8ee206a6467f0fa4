"""Prefect: does it answer, take our login, have a living worker, know the deployments."""

from functools import cache
from importlib.resources import files
from typing import Any

import httpx
import yaml  # type: ignore[import-untyped]  # a part of Prefect that carries no types

from erepo.clinic.diagnosis.findings import Finding
from erepo.clinic.diagnosis.ground import Ground, PrefectPlace
from erepo.clinic.diagnosis.machine_errors import (
    DeploymentsMissing,
    PoolMissing,
    PrefectLoginRefused,
    PrefectSilent,
    WorkerMissing,
)
from erepo.errors import ErepoError
from erepo.texts import Text

#: Names told of what is missing; the count tells of all.
_TOLD = 5
_READY = Text(
    "Prefect answers, a worker is alive, and all {count} deployments are registered.",
    "Prefect odpowiada, proces roboczy działa, wszystkie wdrożenia ({count}) są zarejestrowane.",
)
_UNUSED = Text("Prefect is not used here.", "Prefect nie jest tu używany.")


def prefect(ground: Ground) -> Finding:
    """Ask Prefect what it would run, and who would run it."""
    place = ground.prefect
    if place is None:
        return Finding.none(_UNUSED)
    try:
        count = _ready(place, min(10.0, ground.settings.diagnosis.seconds / 2))
    except ErepoError as error:
        return Finding.of(error)
    return Finding.good(_READY, count=count)


def _ready(place: PrefectPlace, seconds: float) -> int:
    user, _, password = place.login.partition(":")
    login = (user, password) if place.login else None
    with httpx.Client(base_url=place.api, auth=login, timeout=seconds, trust_env=False) as client:
        try:
            _answer(client, place, "health")
            _check_pool(client, place)
            promised = deployments()
            missing = [
                name for name in promised if _answer(client, place, f"deployments/name/{name}") is None
            ]
        except httpx.HTTPError as error:
            raise PrefectSilent(address=place.api, answer=type(error).__name__) from None
    if missing:
        names = ", ".join(missing[:_TOLD]) + (" …" if len(missing) > _TOLD else "")
        raise DeploymentsMissing(count=len(missing), names=names)
    return len(promised)


def _check_pool(client: httpx.Client, place: PrefectPlace) -> None:
    """Prove that somebody alive takes runs from the pool; Prefect itself watches the heartbeats."""
    pool = _answer(client, place, f"work_pools/{place.pool}")
    if pool is None:
        raise PoolMissing(pool=place.pool, status="missing / brak")
    if pool.get("is_paused"):
        raise PoolMissing(pool=place.pool, status="paused / wstrzymana")
    if pool.get("status") != "READY":
        raise WorkerMissing(pool=place.pool)


def _answer(client: httpx.Client, place: PrefectPlace, path: str) -> Any:
    """Return an answer's JSON; None where there is no such thing."""
    answer = client.get(path)
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise PrefectLoginRefused(address=place.api, answer=answer.status_code)
    if not answer.is_success:
        raise PrefectSilent(address=place.api, answer=answer.status_code)
    return answer.json()


@cache
def deployments() -> tuple[str, ...]:
    """Return the deployments that the catalogue promises, as `flow/deployment`; empty without catalogue."""
    try:
        text = files("deployments").joinpath("prefect.yaml").read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return ()
    return tuple(f"{one['flow_name']}/{one['name']}" for one in yaml.safe_load(text)["deployments"])
