"""What the package uses of `dataclasses`, for the page, where the real one takes two seconds.

Fields come from the class's own annotations. `slots` is accepted and has no effect; other options
are refused.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class FrozenInstanceError(AttributeError):
    pass


class Factory:
    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], Any]) -> Factory:
    return Factory(default_factory)


def dataclass(cls: Any = None, *, frozen: bool = False, slots: bool = False) -> Any:
    if cls is None:
        return lambda decorated: dataclass(decorated, frozen=frozen, slots=slots)
    names = list(cls.__annotations__)
    defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    arguments: list[str] = []
    body: list[str] = []
    for name in names:
        factory = isinstance(defaults.get(name), Factory)
        arguments.append(f"{name}=defaults[{name!r}]" if name in defaults else name)
        body.append(
            f"state[{name!r}] = "
            + (f"{name}.make() if {name} is defaults[{name!r}] else " * factory)
            + name
        )
        if factory:
            delattr(cls, name)
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    # A generated __init__ is ten times as fast in the page as one that walks over the fields.
    made: dict[str, Any] = {"defaults": defaults}
    exec(
        f"def __init__(self, {', '.join(arguments)}):\n    state = self.__dict__\n    "
        + "\n    ".join(body),
        made,
    )

    def values(self: Any) -> tuple[Any, ...]:
        return tuple([self.__dict__[name] for name in names])

    def text(self: Any) -> str:
        fields = [f"{name}={self.__dict__[name]!r}" for name in names]
        return f"{cls.__qualname__}({', '.join(fields)})"

    def equal(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def hashed(self: Any) -> int:
        return hash(values(self))

    def refuse(self: Any, name: str, *value: Any) -> None:
        raise FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")

    methods = {
        "__init__": made["__init__"],
        "__repr__": text,
        "__eq__": equal,
        "__hash__": hashed if frozen else None,
    }
    if frozen:
        methods.update(__setattr__=refuse, __delattr__=refuse)
    for name, method in methods.items():
        if name not in cls.__dict__:
            setattr(cls, name, method)
    cls.__dataclass_fields__ = names
    return cls


def replace(instance: Any, **changes: Any) -> Any:
    state = {name: instance.__dict__[name] for name in instance.__dataclass_fields__}
    state.update(changes)
    return type(instance)(**state)
