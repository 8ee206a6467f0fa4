"""Who did what, when, with what outcome: an append-only chain of events per account."""
