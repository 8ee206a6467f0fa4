"""What every XML signature is judged with, on the wire (`erepo.soap`) and inside documents (`erepo.cda`).

Canonical octets, strict forms, keys, signature values, and the bounds of what may be canonicalised at all.
The rules of who must sign what belong to the rooms above; so do the errors: each room hands in
its `Refusals`.
"""
