"""The tools' frame: registry, argument types, text of the answers, error translation."""
