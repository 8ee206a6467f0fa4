"""What stands behind an account in a path: the one table of endpoints.

A new endpoint is a row here, a line in the list of `web.app` and, unless it shows pages to people, a path in
`web.openapi`. Whoever comes here has been proven to be the account itself; only the activation proves that in
its own way.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from erepo.cloud.audit.events import PANEL, Action
from erepo.cloud.errors import MethodNotAllowed, PathUnknown
from erepo.cloud.web import (
    abroad,
    accounts,
    administrators,
    audits,
    certificates,
    consents,
    indexing,
    national,
    panel,
    patients,
    patients_own,
    structures,
    xds,
)
from erepo.cloud.web.answers import Answer
from erepo.cloud.web.calls import Call

Serve = Callable[[Call], Awaitable[Answer | None]]

_ACCOUNT = re.compile(r"/services/([0-9]{16})(|/.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Method:
    """How one HTTP method of an endpoint is served.

    Attributes:
        action: what it does, in the record.
        serve: returns the answer; None when it sent one itself.
    """

    action: Action
    serve: Serve


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One resource of an account.

    Attributes:
        name: what it is called in the record.
        methods: by the HTTP method.
        pages: whether it shows pages to people: then it serves every path below it as well
            (`call.request.path` tells which), and what is refused there is told on a page, too.
    """

    name: str
    methods: Mapping[str, Method] = field(default_factory=dict)
    pages: bool = False

    def method(self, name: str) -> Method:
        """Return how a method is served.

        Raises:
            MethodNotAllowed: it is none of this endpoint.
        """
        found = self.methods.get(name)
        if found is None:
            raise MethodNotAllowed(allowed=", ".join(self.methods))
        return found


async def _never(_call: Call) -> Answer | None:
    raise PathUnknown


#: The connection's certificate belongs to no account yet: `web.app` serves it.
ACTIVATION: Final = Endpoint("activation", {"POST": Method(Action.CREATE, _never)})

#: Also other accounts come to it, with consents: see `web.sharing`.
XDS: Final = Endpoint(
    "XDS", {"POST": Method(Action.EXECUTE, xds.serve_soap), "GET": Method(Action.READ, xds.describe)}
)

#: For other providers with P1's certificates, who are no account: `web.app` serves it (`web.outside`).
OUTSIDE: Final = Endpoint("ITI-43", {"POST": Method(Action.READ, _never)})

#: By what follows the account in the path; `{…}` stands for one part of it that its own method reads.
ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "": Endpoint("account", {"GET": Method(Action.READ, accounts.answer_state)}),
    "/activation": ACTIVATION,
    "/certificates": Endpoint(
        "certificates",
        {
            "GET": Method(Action.READ, certificates.answer_list),
            "PUT": Method(Action.UPDATE, certificates.answer_register),
        },
    ),
    "/structure": Endpoint(
        "structure",
        {
            "GET": Method(Action.READ, structures.answer_held),
            "PUT": Method(Action.UPDATE, structures.answer_sent),
        },
    ),
    "/p1/certificates": Endpoint(
        "p1-certificates",
        {
            "GET": Method(Action.READ, national.answer_state),
            "PUT": Method(Action.UPDATE, national.answer_register),
            "DELETE": Method(Action.DELETE, national.answer_revoke),
        },
    ),
    "/p1/xds/repository": OUTSIDE,
    "/p1/search": Endpoint("p1-search", {"POST": Method(Action.EXECUTE, abroad.answer_search)}),
    "/p1/documents": Endpoint("p1-documents", {"POST": Method(Action.READ, abroad.answer_document)}),
    "/documents/{uniqueId}/index": Endpoint(
        "p1-index",
        {
            "GET": Method(Action.READ, indexing.answer_state),
            "POST": Method(Action.CREATE, indexing.answer_index),
            "DELETE": Method(Action.DELETE, indexing.answer_withdraw),
        },
    ),
    "/consents": Endpoint(
        "consents",
        {
            "GET": Method(Action.READ, consents.answer_list),
            "POST": Method(Action.CREATE, consents.answer_given),
        },
    ),
    "/consents/{id}": Endpoint(
        "consents",
        {
            "GET": Method(Action.READ, consents.answer_state),
            "DELETE": Method(Action.DELETE, consents.answer_revoked),
        },
    ),
    "/patient-documents": Endpoint(
        "patient-documents", {"GET": Method(Action.READ, patients_own.answer_list)}
    ),
    "/patient-documents/{id}": Endpoint(
        "patient-documents",
        {
            "GET": Method(Action.READ, patients_own.answer_octets),
            "DELETE": Method(Action.DELETE, patients_own.answer_settled),
        },
    ),
    "/patients": Endpoint(
        "patients",
        {
            "GET": Method(Action.READ, patients.answer_list),
            "POST": Method(Action.CREATE, patients.answer_invited),
        },
    ),
    "/patients/{id}": Endpoint(
        "patients",
        {
            "GET": Method(Action.READ, patients.answer_state),
            "DELETE": Method(Action.DELETE, patients.answer_removed),
        },
    ),
    "/audit": Endpoint("audit", {"GET": Method(Action.READ, audits.answer_page)}),
    "/administrator": Endpoint("administrator", {"PUT": Method(Action.CREATE, administrators.answer_create)}),
    "/app": Endpoint(
        PANEL,
        {"GET": Method(Action.READ, panel.serve), "POST": Method(Action.EXECUTE, panel.serve)},
        pages=True,
    ),
    "/e-survey-gui": Endpoint(
        f"{PANEL}: e-survey", {"GET": Method(Action.READ, panel.serve_survey)}, pages=True
    ),
    "/xds/repository": XDS,
    "/xds/registry": XDS,
}

#: Places with a name in braces stand for every path of their form; the server has decoded it. A uniqueId may
#: hold a slash, other names do not.
_FORMS: Final = tuple(
    (
        re.compile(
            re.escape(place).replace(r"\{uniqueId\}", "(.+)").replace(r"\{id\}", "([^/]+)"), re.DOTALL
        ),
        each,
    )
    for place, each in ENDPOINTS.items()
    if "{" in place
)


def find(path: str) -> tuple[str, Endpoint]:
    """Return the account that a path names, and the endpoint behind it.

    Raises:
        PathUnknown: it is no path of an account.
    """
    found = _ACCOUNT.fullmatch(path)
    if found is None:
        raise PathUnknown
    account, rest = found.groups()
    endpoint = ENDPOINTS.get(rest) or next(
        (each for place, each in ENDPOINTS.items() if each.pages and rest.startswith(f"{place}/")),
        next((each for form, each in _FORMS if form.fullmatch(rest)), None),
    )
    if endpoint is None:
        raise PathUnknown
    return account, endpoint


def of_pages(path: str) -> str | None:
    """Return the account whose pages for people a path is among, None where there are none."""
    try:
        account, endpoint = find(path)
    except PathUnknown:
        return None
    return account if endpoint.pages else None
