"""The consent service: what we may do. Purposes, the ledger of what people said, permits, unsubscribing."""
