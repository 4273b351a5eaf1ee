"""What can be said of whether a group would rather leave; apart, so that readers of results load no engine."""

STABLE, NOT_DISTINGUISHABLE, UNSTABLE = "stable", "not distinguishable from stable", "not stable"
