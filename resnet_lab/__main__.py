"""python -m resnet_lab"""

import sys

from .cli import main

sys.exit(main(prog="python -m resnet_lab"))
