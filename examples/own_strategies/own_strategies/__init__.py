"""A sharing rule, a bidding strategy and a protocol that live outside groupage."""
