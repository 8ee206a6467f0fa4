"""The certificate office of the cloud shop, as a stand-in: two requests in by mail, two certificates out.

It certifies whoever asks, without the identity checks of a real office: for one machine only.
"""

#: Where clinics write to. The office takes mail for any address; this one is the reply's sender.
ADDRESS = "biuro@office.example"

__all__ = ["ADDRESS"]
