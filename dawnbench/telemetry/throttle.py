"""The words for NVML's mask of clocks-event reasons."""

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

# Neither slows a training: an idle GPU has none under way, and the clocks setting is the user's own choice.
HARMLESS = frozenset({"idle", "applications clocks setting"})


def decode(mask: int) -> tuple[str, ...]:
    """Return a word for each bit set in the mask, the harmless ones included."""
    bits = [1 << place for place in range(mask.bit_length()) if mask >> place & 1]
    return tuple(_WORDS.get(bit, f"unknown reason {bit:#x}") for bit in bits)


def harmful(mask: int) -> tuple[str, ...]:
    """Return the words of the reasons that slow a training down."""
    return tuple(word for word in decode(mask) if word not in HARMLESS)
