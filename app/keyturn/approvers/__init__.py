"""The adapters of the approver port: the window, a person at a terminal, the operator's program."""
