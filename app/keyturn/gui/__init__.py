"""The window: PySide6 widgets that draw what `presentation` says and send what a person decides."""
