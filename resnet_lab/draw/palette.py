"""The colours of every picture, and what they stand for."""

# Okabe and Ito's palette, which colour-blind readers can tell apart; text always has the page's own colour.
COLOURS = {
    "conv": "#0072b2",
    "pool": "#cc79a7",
    "identity": "#009e73",
    "projection": "#d55e00",
    "residual": "#56b4e9",
    "linear": "#e69f00",
    "accent": "#0072b2",
    "muted": "#7f7f7f",
}

SHADES = (1, 0.45, 0.2)
