"""The patients' side of the service: sign in by PESEL and a one-time code, see what is shared with you.

A process of its own beside the service, over the same database and the libraries of `erepo.cloud`; people
come without certificates, so nothing of the accounts' doors is behind this one. `app.build` makes the
application, `sessions.signed_in` is what a route depends on.
"""
