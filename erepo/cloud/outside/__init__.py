"""Other providers at an account's door: whom P1 vouches for, what they may see, what P1 says to that (SOZ).

    connection (P1's TLS authority) ─► message (P1's WSS authority) ─► assertion (P1's token key): one sender
    ─► indexed in P1, Approved, of the assertion's patient ─► SOZ permits ─► record, message for P1 ─► octets

The endpoint is `erepo.cloud.web.outside`; `queue` and `sending` bring the audit messages to P1.
"""
