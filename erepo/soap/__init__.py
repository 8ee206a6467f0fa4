"""The wire: SOAP 1.2, WS-Addressing, WS-Security, MTOM and the HTTP channel that carries them.

Sending:   Outgoing ─► message.pack (signing.Signer) ─► channel.post
Receiving: octets ─► mtom.unpack ─► verifying.Verifier.verify ─► Verified: the nodes the signature covers
Both ends use the same code, so a client is as strict with answers as the service is with requests.
"""
