"""Events as they come: feeds, the worker that decides what they tell, turns among workers, messages to subscribers.

    feed → intake → turn → pipeline → acknowledgement

A feed hands over messages with their positions; intake makes admissions of them; a turn is the right to post; the
position is committed in the transaction that posts, and acknowledged after it.
"""
