"""The operating system around Keyturn: folders, time, processes, notifications.

Everything that differs between systems is here. Linux is tested; the branches for Windows and
macOS are written to be right and have not been run.
"""
