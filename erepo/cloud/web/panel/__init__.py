"""The panel of an account in a browser: `/services/{account}/app`, and what stands at `/e-survey-gui/`.

The connection has proved the account's TLS certificate before anything here is called; a foreign account is
answered before, as everywhere. Pages are made on the server (Jinja2, escaped), need no script and may run
none; they show the account, never a patient.

    routes      which page, which method, is somebody logged in, which error page
    visit       one request: form, cookies, language, session
    entry       log in, log out, change the password
    pages       account, certificates, structure, P1, record
    show        numbers, times and events as people read them
    render      templates, headers, cookies
    words       every text of the pages, in Polish and English
"""

from erepo.cloud.web.panel.routes import refusal, serve, serve_survey

__all__ = ["refusal", "serve", "serve_survey"]
