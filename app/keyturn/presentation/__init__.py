"""Qt-free view models: the shape and the words of everything that a person reads."""
