"""Find out why something does not work, and leave a page that says what to do.

Requires nothing: what is not there yet is told as such. Looks at the worker's machine, from where documents
are sent.
"""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.diagnosis_page import report_diagnosis
from flows.naming import run_name
from tasks.boundary import guarded
from tasks.diagnosing import run_diagnosis


@flow(name="diagnose", flow_run_name=run_name("diagnose"))
@guarded
async def diagnose(
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
    send_test_mail: Annotated[
        str, Field(title="Wyślij wiadomość próbną na adres / Send a test mail to", max_length=200)
    ] = "",
) -> None:
    """Run every check of chapter 2 of the manual and our own, and show findings with cause and cure.

    Changes nothing. The run ends Failed where something is wrong; the page is there in any case.

    Args:
        connection: Name of the clinic's blocks.
        send_test_mail: Address that gets a test mail; empty only tests the connection.
    """
    await report_diagnosis(await run_diagnosis(connection, send_test_mail))
