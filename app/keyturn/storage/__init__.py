"""What a profile remembers: its database, the decision log, and what people agreed to."""
