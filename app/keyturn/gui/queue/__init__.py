"""The queue: requests that wait, the card of the chosen one, and what a person does about it."""
