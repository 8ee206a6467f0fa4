"""REST for the clinic's other systems: documents in, their states, kinds, webhooks.

app        the application: one table of routers (`routes`), errors as problem+json
server     running it: host, port, TLS;  protocol: bounds of connections and heads
access     who asks and what for: dependencies of routes
problems   errors as RFC 9457 says, in the asker's language
tokens     what lets a system in;  limiting: how often one may be wrong
requests   Idempotency-Key
uploads    a body as it arrives
listing    documents as others may see them: ids, kinds, states, times; never a patient
webhooks   telling others when a document changes its state
"""
