"""What the panel shows of rooms that it does not know: the structure, the registration in P1.

Each answers with what the account's REST resource of the same name answers, so that the panel never says
anything else than the interface does.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import Connection


class Sources(Protocol):
    """Asked inside a reading transaction of the one account."""

    def structure(self, connection: Connection, tenant_id: int) -> Mapping[str, Any] | None:
        """Return the structure the service holds, None where the clinic has not sent one.

        `{"provider": {"name", "regon", "resort_i", "units": [{"name", "regon", "resort_v", "cells": [{"name",
        "resort_vii", "resort_viii", "resort_x"}]}]}, "sha256", "updatedAt"}`
        """
        ...

    def p1(self, connection: Connection, tenant_id: int) -> Mapping[str, Any]:
        """Return the registration in P1.

        `{"state": "none" | "stored" | "registered"}`, and unless it is `none` `repositoryId`, `registeredAt`,
        `tls` and `wss` with `serial`, `subject`, `notBefore`, `notAfter`.
        """
        ...


class NothingSent:
    """The sources of a service that takes neither a structure nor certificates of P1."""

    def structure(self, connection: Connection, tenant_id: int) -> Mapping[str, Any] | None:  # noqa: ARG002
        """There is none."""
        return None

    def p1(self, connection: Connection, tenant_id: int) -> Mapping[str, Any]:  # noqa: ARG002
        """There is none."""
        return {"state": "none"}
