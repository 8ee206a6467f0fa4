"""Telling others when a document changes its state: at least once, in order for each document, nothing lost.

    history (audit_event) ─► feeding ─► outbox (webhook_delivery) ─► sending ─► receiver
                          one transaction                        noted afterwards

A crash between sending and noting sends again, under the same `webhook-id`: receivers leave out what they
have seen. The signature follows Standard Webhooks (standardwebhooks.com, specification of 2023).
"""
