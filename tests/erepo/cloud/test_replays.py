"""The identical message is accepted once: at once, later, after a restart, by any process."""

import httpx
import pytest

from erepo.soap.message import Outgoing, pack
from erepo.soap.signing import Signer
from erepo.xds import iti18, iti41
from tests.support.cloud import RunningCloud, TenantCredentials, free_port, second_process
from tests.support.cloud_client import PATIENT, assertions_of, one_document


def _submission(tenant: TenantCredentials, url: str = "") -> tuple[dict[str, str], bytes]:
    payload, attachments = iti41.write_request(one_document(b"<a/>"))
    outgoing = Outgoing(iti41.ACTION, url or tenant.repository, payload, attachments)
    packed = pack(outgoing, Signer(tenant.wss), assertion=assertions_of(tenant)())
    return {"content-type": packed.content_type}, b"".join(packed.chunks())


def _query(tenant: TenantCredentials) -> tuple[dict[str, str], bytes]:
    payload = iti18.write_query(iti18.find_documents(PATIENT))
    outgoing, acting = Outgoing(iti18.ACTION, tenant.registry, payload), assertions_of(tenant)
    packed = pack(outgoing, Signer(tenant.wss), mtom=False, assertion=acting())
    return {"content-type": packed.content_type}, b"".join(packed.chunks())


def _post(tenant: TenantCredentials, url: str, message: tuple[dict[str, str], bytes]) -> httpx.Response:
    with httpx.Client(verify=tenant.tls_context(), trust_env=False, timeout=60) as session:
        return session.post(url, content=message[1], headers=message[0])


@pytest.mark.parametrize("write", [_submission, _query], ids=["submission", "query"])
def test_a_message_is_accepted_once(own_cloud: RunningCloud, write: object) -> None:
    """The same octets again are refused: at once, after kill -9 and a start, and by a second process."""
    own_cloud.start()
    tenant = own_cloud.tenant
    url = tenant.repository if write is _submission else tenant.registry
    message = write(tenant)  # type: ignore[operator]
    assert _post(tenant, url, message).status_code == 200
    _refused(_post(tenant, url, message))
    own_cloud.kill()
    own_cloud.start()
    _refused(_post(tenant, url, message))
    port = free_port()
    with second_process(own_cloud, port):
        elsewhere = url.replace(f":{own_cloud.settings.cloud_port}/", f":{port}/")
        _refused(_post(tenant, elsewhere, message))


def _refused(answer: httpx.Response) -> None:
    assert answer.status_code != 200
    assert b"FailedCheck" in answer.content
