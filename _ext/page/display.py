"""What chapters' cells use of `IPython.display`, for the page."""


class HTML:
    def __init__(self, data: str) -> None:
        self.data = data

    def _repr_html_(self) -> str:
        return self.data
