"""Who asks, and what for: what routes depend on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from erepo.api.errors import ScopeMissing, TokenMissing, TokenRefused
from erepo.api.limiting import FailureLimit
from erepo.api.tokens import Scope, Token, check_token
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.intake import Intake
from erepo.settings import Settings

_AT_ONCE: Final = 8


@dataclass(frozen=True)
class Office:
    """What all routes work with.

    Attributes:
        settings: of the installation.
        database: the clinic's.
        store: its content.
        intake: takes documents in.
        failures: how often somebody was wrong.
        lanes: documents worked on at once; others wait with their octets where they are.
    """

    settings: Settings
    database: Database
    store: ContentStore
    intake: Intake
    failures: FailureLimit
    lanes: asyncio.Semaphore

    @classmethod
    def of(cls, settings: Settings, database: Database) -> "Office":
        """Return the office of an installation."""
        store = ContentStore.at(settings)
        intake = Intake(database, store, settings)
        failures = FailureLimit(settings.api.failures)
        return cls(settings, database, store, intake, failures, asyncio.Semaphore(_AT_ONCE))


def _office(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


AtOffice = Annotated[Office, Depends(_office)]

ActingUser = Annotated[
    str,
    Header(
        alias="X-Erepo-User",
        min_length=1,
        max_length=64,
        description="Login of the member of the staff on whose behalf it is done; their permission counts.",
    ),
]

_bearer = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token of `erepo api token add`, with scopes."
)
_Shown = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


def needs(scope: Scope) -> Callable[..., Token]:
    """Return the dependency of a route that only tokens with a scope may use.

    The dependency raises TokenMissing, TokenRefused, TooManyFailures or ScopeMissing.
    """

    def caller(request: Request, office: AtOffice, shown: _Shown) -> Token:
        token = _known(request, office, shown)
        if scope.value not in token.scopes:
            raise ScopeMissing(scope=scope.value)
        return token

    return caller


def _known(request: Request, office: Office, shown: HTTPAuthorizationCredentials | None) -> Token:
    if shown is None:
        raise TokenMissing
    address = request.client.host if request.client else ""
    text = shown.credentials
    tried, token = check_token(office.database, text)
    # Also where the token is good: whoever guesses must not learn from the answer that one of them was.
    office.failures.check((address, tried))
    if token is None:
        office.failures.failed((address, tried))
        raise TokenRefused
    return token


DocumentWriter = Annotated[Token, Depends(needs(Scope.DOCUMENTS_WRITE))]
DocumentReader = Annotated[Token, Depends(needs(Scope.DOCUMENTS_READ))]
DocumentOpener = Annotated[Token, Depends(needs(Scope.DOCUMENTS_OPEN))]
DocumentRemover = Annotated[Token, Depends(needs(Scope.DOCUMENTS_DELETE))]
Migrator = Annotated[Token, Depends(needs(Scope.MIGRATIONS))]
Indexer = Annotated[Token, Depends(needs(Scope.INDEXES))]
ConsentKeeper = Annotated[Token, Depends(needs(Scope.CONSENTS))]
Abroad = Annotated[Token, Depends(needs(Scope.ABROAD))]
KindReader = Annotated[Token, Depends(needs(Scope.KINDS_READ))]
KindWriter = Annotated[Token, Depends(needs(Scope.KINDS_WRITE))]
WebhookOwner = Annotated[Token, Depends(needs(Scope.WEBHOOKS))]
