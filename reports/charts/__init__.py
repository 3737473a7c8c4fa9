"""Figures: one claim each, said in its title; SVG that is the same bytes every time."""
