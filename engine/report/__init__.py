"""What people read: a run's summary, a wallet, a timeline, and why an event gave what it gave."""
