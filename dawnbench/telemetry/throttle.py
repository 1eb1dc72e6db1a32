"""Names for NVML's bit mask of clocks-event reasons."""

from __future__ import annotations

# The bits of nvmlClocksEventReason* and nvmlClocksThrottleReason* in nvml.h.
_WORDS = {
    0x001: "idle",
    0x002: "applications clocks setting",
    0x004: "software power cap",
    0x008: "hardware slowdown",
    0x010: "sync boost",
    0x020: "software thermal slowdown",
    0x040: "hardware thermal slowdown",
    0x080: "hardware power brake",
    0x100: "display clock setting",
    0x200: "board limit",
    0x400: "reliability",
}

# Neither slows training: an idle GPU is not training, and the clocks setting is the user's choice.
HARMLESS = frozenset({"idle", "applications clocks setting"})


def decode(mask: int) -> tuple[str, ...]:
    """Return the name of each bit set in the mask, including harmless ones."""
    bits = [1 << place for place in range(mask.bit_length()) if mask >> place & 1]
    return tuple(_WORDS.get(bit, f"unknown reason {bit:#x}") for bit in bits)


def harmful(mask: int) -> tuple[str, ...]:
    """Return the names of the reasons that slow training."""
    return tuple(word for word in decode(mask) if word not in HARMLESS)
