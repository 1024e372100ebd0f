"""Libraries that vendors use, in their own languages, against the real process."""
