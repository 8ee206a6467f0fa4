"""`/api/webhooks`: whom to tell when a document changes its state."""

from fastapi import APIRouter, Response

from erepo.api.access import AtOffice, WebhookOwner
from erepo.api.models import MadeWebhook, NewWebhook, PublicId, Retried, WebhookState
from erepo.api.routes.common import problems
from erepo.api.webhooks.registering import add_webhook, list_webhooks, read_webhook, remove_webhook, retry

router = APIRouter(tags=["webhooks"])


@router.post(
    "/api/webhooks",
    operation_id="addWebhook",
    summary="Add a webhook",
    status_code=201,
    responses=problems(422),
)
def add(office: AtOffice, caller: WebhookOwner, wanted: NewWebhook, response: Response) -> MadeWebhook:
    """Be told of every change from now on. The secret that signs what is sent is shown this once."""
    with office.database.begin() as connection:
        made = add_webhook(
            connection,
            wanted.url,
            [one.value for one in wanted.states],
            secret=wanted.secret,
            private=office.settings.api.webhook_private,
            actor=caller.actor,
            passphrase=office.settings.present_passphrase(),
        )
        shown = read_webhook(connection, made.id)
    response.headers["location"] = f"/api/webhooks/{made.id}"
    return MadeWebhook(**shown.as_json(), secret=made.secret)


@router.get("/api/webhooks", operation_id="listWebhooks", summary="List webhooks", responses=problems())
def list_all(office: AtOffice, _: WebhookOwner) -> list[WebhookState]:
    """List all webhooks and how their deliveries go."""
    with office.database.read() as connection:
        return [WebhookState(**one.as_json()) for one in list_webhooks(connection)]


@router.delete(
    "/api/webhooks/{webhook_id}",
    operation_id="removeWebhook",
    summary="Remove a webhook",
    status_code=204,
    responses=problems(404),
)
def remove(office: AtOffice, caller: WebhookOwner, webhook_id: PublicId) -> None:
    """Remove a webhook; what was still to be delivered to it is dropped."""
    with office.database.begin() as connection:
        remove_webhook(connection, webhook_id, actor=caller.actor)


@router.post(
    "/api/webhooks/{webhook_id}/retry",
    operation_id="retryWebhook",
    summary="Try deliveries again",
    responses=problems(404),
)
def try_again(office: AtOffice, caller: WebhookOwner, webhook_id: PublicId) -> Retried:
    """Try again what was given up, for instance after the receiver was down for days."""
    with office.database.begin() as connection:
        return Retried(retried=retry(connection, webhook_id, actor=caller.actor))
