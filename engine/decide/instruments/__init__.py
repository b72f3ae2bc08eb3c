"""Gift cards, certificates, rewards and coupons: events of spec 7b, each kind a table of states and its own money."""
