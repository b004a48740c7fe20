"""Sample data that agrees with itself: the same seed gives the same bytes on every machine."""
