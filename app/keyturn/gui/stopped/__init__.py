"""The stopped screen: what happened around the stop, and the way back, in the person's hands."""
