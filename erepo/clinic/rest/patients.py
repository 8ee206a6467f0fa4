"""The account's invitations of patients over REST: each signed by the account's WSS key over its octets."""

from dataclasses import dataclass, field

import orjson

from erepo.acting import write_detached
from erepo.clinic.rest.client import AccountClient
from erepo.clinic.rest.errors import AnswerInvalid
from erepo.clinic.rest.request import Request
from erepo.pki.bundle import Bundle


@dataclass(frozen=True)
class PatientCalls:
    """Speaks of patients for one account."""

    client: AccountClient
    wss: Bundle = field(repr=False)

    def invite_patient(self, body: bytes) -> None:
        """Send an invitation; the very same again changes nothing.

        Raises:
            ServiceRefusal, RetryableError…: see `AccountClient.activate`.
            AnswerInvalid: the service speaks of another one.
        """
        seal = write_detached(body, self.wss)
        answer = self.client.ask_octets(Request("POST", "/patients", body, seal))
        _expect(answer, orjson.loads(body)["id"], ("invited", "ended"))

    def remove_patient(self, invitation_id: str, body: bytes) -> None:
        """End an invitation; the same again changes nothing. Raises as `invite_patient`."""
        seal = write_detached(body, self.wss)
        answer = self.client.ask_octets(Request("DELETE", f"/patients/{invitation_id}", body, seal))
        _expect(answer, invitation_id, ("ended",))


def _expect(answer: bytes, invitation_id: str, states: tuple[str, ...]) -> None:
    try:
        told = orjson.loads(answer)
        good = told["id"] == invitation_id and told["state"] in states
    except (orjson.JSONDecodeError, KeyError, TypeError):
        good = False
    if not good:
        raise AnswerInvalid(address="patients", reason="id, state")
