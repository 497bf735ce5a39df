"""Networks from elsewhere: any PyTorch module as the package's table, and where two networks part.

`describe` records one run and counts it; `compare` holds it against another; `to_json` and
`from_json` keep it as text. Only the first two need PyTorch.
"""

from __future__ import annotations

from ..comparing import Comparison
from ..graph_json import from_json, to_json
from .describing import DescribeError, compare, describe

__all__ = ["Comparison", "DescribeError", "compare", "describe", "from_json", "to_json"]
