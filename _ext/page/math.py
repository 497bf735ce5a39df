"""What chapters' cells use of `math`, for the page, by the browser's own functions."""

from javascript import Math

pi, e, inf = Math.PI, Math.E, float("inf")


def floor(x: float) -> int:
    return int(x // 1)


def ceil(x: float) -> int:
    return -int(-x // 1)


def sqrt(x: float) -> float:
    return _in_domain(x) ** 0.5


def exp(x: float) -> float:
    return float(Math.exp(x))


def log(x: float, base: float = 0) -> float:
    value = float(Math.log(_in_domain(x, zero=True)))
    return value / float(Math.log(base)) if base else value


def log2(x: float) -> float:
    return float(Math.log2(_in_domain(x, zero=True)))


def log10(x: float) -> float:
    return float(Math.log10(_in_domain(x, zero=True)))


def sin(x: float) -> float:
    return float(Math.sin(x))


def cos(x: float) -> float:
    return float(Math.cos(x))


def tanh(x: float) -> float:
    return float(Math.tanh(x))


def hypot(x: float, y: float) -> float:
    return float(Math.hypot(x, y))


def prod(values: object) -> float:
    result = 1
    for value in values:
        result *= value
    return result


def gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return abs(a)


def comb(n: int, k: int) -> int:
    result = 1
    for step in range(k):
        result = result * (n - step) // (step + 1)
    return result


def isclose(a: float, b: float, rel_tol: float = 1e-9, abs_tol: float = 0.0) -> bool:
    return abs(a - b) <= max(rel_tol * max(abs(a), abs(b)), abs_tol)


def _in_domain(x: float, zero: bool = False) -> float:
    if x < 0 or zero and x == 0:
        raise ValueError("math domain error")
    return x
