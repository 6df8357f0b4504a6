"""A fault that has been set at one partner: whom it strikes, how often, and what it has done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.sandbox.faults.kinds import EVERYTHING, Asked, Fault
from adapters.sandbox.faults.registry import fault_named

_KNOWN = {"fault", "share", "times", "after", "seconds", "on"}


class BadOrderError(ValueError):
    """What was ordered makes no sense; the message says what does."""


@dataclass(frozen=True, slots=True)
class FaultOrder:
    """Which fault, and how.

    Of the requests that it is set `on`, the first few (`after`) are left alone; then it
    strikes this `share` of them, evenly, and at most so many `times`.
    """

    fault: Fault
    share: float = 1.0
    times: int | None = None
    after: int = 0
    seconds: float | None = None
    on: frozenset[Asked] = EVERYTHING

    @property
    def most(self) -> int | None:
        """How often it may strike at most; None is always."""
        return self.fault.times if self.times is None else self.times

    def to_json(self) -> dict[str, Any]:
        """Return it as it is sent to the control port."""
        return {
            "fault": self.fault.name,
            "share": self.share,
            "times": self.most,
            "after": self.after,
            "seconds": self.seconds or self.fault.seconds,
            "on": sorted(self.on),
        }


def to_order(told: Any) -> FaultOrder:
    """Read an order.  Raises `BadOrderError` or `UnknownFaultError`."""
    if not isinstance(told, Mapping) or not isinstance(told.get("fault"), str):
        raise BadOrderError('send {"fault": NAME}, and with it share, times, after, seconds, on')
    if surplus := set(told) - _KNOWN:
        raise BadOrderError(f"unknown keys {sorted(surplus)}; known are {sorted(_KNOWN)}")
    times, seconds = told.get("times"), told.get("seconds")
    return FaultOrder(
        fault=fault_named(told["fault"]),
        share=_number(told.get("share", 1.0), "share", least=0.0, most=1.0),
        times=None if times is None else int(_number(times, "times", least=1)),
        after=int(_number(told.get("after", 0), "after", least=0)),
        seconds=None if seconds is None else _number(seconds, "seconds", least=0.001, most=3_600),
        on=_asked(told.get("on")),
    )


@dataclass(slots=True)
class ActiveFault:
    """A fault in force: of the requests that it might have struck (`seen`), it `struck` some."""

    order: FaultOrder
    seen: int = 0
    struck: int = 0
    memory: dict[str, Any] = field(default_factory=dict)

    def strikes(self, asked: Asked) -> bool:
        """Return whether it strikes the request that has just come, and count it."""
        if self.order.fault.act is None or asked not in self.order.on:
            return False
        self.seen += 1
        number = self.seen - self.order.after
        if number < 1 or (self.order.most is not None and self.struck >= self.order.most):
            return False
        if int(number * self.order.share) == int((number - 1) * self.order.share):
            return False
        self.struck += 1
        return True

    def to_json(self) -> dict[str, Any]:
        """Return what the control port tells of it."""
        fault = self.order.fault
        return {
            **self.order.to_json(),
            "id": fault.id,
            "does": fault.does,
            "seen": self.seen,
            "struck": self.struck,
        }


def _number(told: Any, name: str, *, least: float, most: float = float("inf")) -> float:
    is_number = isinstance(told, int | float) and not isinstance(told, bool)
    if not is_number or not least <= told <= most:
        limits = f"from {least:g}" + (f" to {most:g}" if most < float("inf") else "")
        raise BadOrderError(f"{name} must be a number {limits}, not {told!r}")
    return float(told)


def _asked(told: Any) -> frozenset[Asked]:
    if told is None:
        return EVERYTHING
    try:
        return frozenset(map(Asked, told if isinstance(told, list) else [told]))
    except ValueError as exc:
        known = ", ".join(Asked)
        raise BadOrderError(f"`on` must be some of {known}, not {told!r}") from exc
