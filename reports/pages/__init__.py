"""Builds sites of pages, writes them, and checks them."""
