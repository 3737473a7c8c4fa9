"""An answer to each exercise: a module a chapter. Try first; `python -m tutorial check 04`."""
