"""Networks from elsewhere: any PyTorch module as the package's table, and where two networks part.

`describe(model, (3, 224, 224))` records one run and counts it.
"""

from __future__ import annotations

from .describing import describe

__all__ = ["describe"]
