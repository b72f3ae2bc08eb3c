"""What finance asks of a ledger: liability, breakage, profit and loss of each offer, deferred revenue.

A report is made from transfers and awards alone, never from the wallet's present rows, so that any past day can be
asked for; what it adds up to is held against the stored balances before it is shown.
"""
