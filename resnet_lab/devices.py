"""A few devices with what their makers say of them: the roofs under which a network computes.

A data sheet's figure is a peak that no program reaches: dense, that is without the zeros that
"sparsity" leaves out, and for a processor at its base clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from .checks import check_choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Device:
    """What computes, and how fast it can be at best.

    Attributes:
        name: as in `DEVICES`.
        text: what it is, in a few words.
        memory: bytes.
        bandwidth: bytes a second between memory and arithmetic.
        rates: floating-point operations a second by precision; a multiply-accumulate is two. "tf32"
            is float32 rounded to 10 bits of fraction, in which PyTorch computes float32's
            convolutions where a GPU can. A 16-bit precision that is missing is no faster than
            float32.
        start: seconds that PyTorch may take to start an operation from Python. On a GPU's host we
            measured 0.05 to 0.09 ms; a fast one takes a fifth.
        source: where the figures stand.
    """

    name: str
    text: str
    memory: float
    bandwidth: float
    rates: Mapping[str, float]
    start: float
    source: str

    def rate(self, kind: str, precision: str) -> float:
        """Operations a second for layers of that kind."""
        if precision == "float32" and kind == "conv" and "tf32" in self.rates:
            return self.rates["tf32"]
        return self.rates.get(precision, self.rates["float32"])

    def ridge(self, precision: str) -> float:
        """The intensity, in operations a byte, from which on a convolution's limit is arithmetic.

        Example:
            >>> round(DEVICES["A100"].ridge("bfloat16"))
            153
        """
        return self.rate("conv", precision) / self.bandwidth


DEVICES = {
    device.name: device
    for device in [
        Device(
            "phone",
            "a phone's processor: Snapdragon 8 Gen 3",
            12e9,
            76.8e9,
            # One core of 4 and five of 2 vector units, each 4 multiply-accumulates a cycle, twice
            # as many in float16; the two small cores are left out.
            {"float32": 8e9 * (4 * 3.3 + 2 * (3 * 3.2 + 2 * 3.0)), "float16": 710.4e9},
            2e-5,
            "Qualcomm, Snapdragon 8 Gen 3 product brief (clocks; LPDDR5X-9600, 64 bits); Arm, "
            "software optimization guides of Cortex-X4 and Cortex-A720 (vector units)",
        ),
        Device(
            "laptop",
            "a laptop's processor: Ryzen 7 7840U",
            32e9,
            89.6e9,
            # Eight cores, each 32 operations a cycle.
            {"float32": 8 * 3.3e9 * 32},
            2e-5,
            "AMD, Ryzen 7 7840U product page (cores, 3.3 GHz base clock, two channels of "
            "DDR5-5600); AMD, software optimization guide for Zen 4 (vector units)",
        ),
        Device(
            "T4",
            "NVIDIA T4, the free GPU of Colab",
            16e9,
            320e9,
            {"float32": 8.1e12, "float16": 65e12},
            1e-4,
            "NVIDIA, T4 data sheet (operations) and product brief (bandwidth)",
        ),
        Device(
            "L4",
            "NVIDIA L4",
            24e9,
            300e9,
            {"float32": 30.3e12, "tf32": 60e12, "bfloat16": 121e12, "float16": 121e12},
            1e-4,
            "NVIDIA, L4 data sheet; tensor figures halved, as the sheet gives them with sparsity",
        ),
        Device(
            "A100",
            "NVIDIA A100, 80 GB, SXM",
            80e9,
            2039e9,
            {"float32": 19.5e12, "tf32": 156e12, "bfloat16": 312e12, "float16": 312e12},
            1e-4,
            "NVIDIA, A100 data sheet",
        ),
        Device(
            "H100",
            "NVIDIA H100, SXM",
            80e9,
            3350e9,
            {"float32": 67e12, "tf32": 494.5e12, "bfloat16": 989.5e12, "float16": 989.5e12},
            1e-4,
            "NVIDIA, H100 data sheet; tensor figures halved, as the sheet gives them with sparsity",
        ),
        Device(
            "H200",
            "NVIDIA H200, SXM",
            141e9,
            4800e9,
            {"float32": 67e12, "tf32": 494.5e12, "bfloat16": 989.5e12, "float16": 989.5e12},
            1e-4,
            "NVIDIA, H200 data sheet; tensor figures halved, as the sheet gives them with sparsity",
        ),
    ]
}
"""The devices by name. Any other is a `Device` of your own."""


def device_named(device: str | Device) -> Device:
    """The device of that name, or the device itself."""
    if isinstance(device, Device):
        return device
    if not isinstance(device, str):
        raise TypeError(
            f"device is {device!r}; it must be a name such as 'H100', or a devices.Device"
        )
    check_choice("device", device, DEVICES)
    return DEVICES[device]
