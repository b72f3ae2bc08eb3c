"""Care: what people at a support desk and in a gift-card office do, as events over the same ledger (spec 7)."""
