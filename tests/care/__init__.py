"""Tests of care: what a support desk and a gift-card office do."""
