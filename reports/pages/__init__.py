"""Sites of pages: built, written, and asked whether they are true and whole."""
