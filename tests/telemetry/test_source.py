from __future__ import annotations

from dawnbench.telemetry.source import Probe, Source


class Sensor:
    def __init__(self, value: float) -> None:
        self.value = value
        self.error: Exception | None = None
        self.calls = 0

    def read(self) -> tuple[float]:
        self.calls += 1
        if self.error:
            raise self.error
        return (self.value,)


def test_a_source_delivers_its_probes_values_in_their_order():
    source = Source([Probe({"a": "W", "b": "%"}, lambda: (1.5, None)), Probe({"c": "MHz"}, lambda: (3,))])
    assert source.read() == {"a": 1.5, "b": None, "c": 3}
    assert source.units == {"a": "W", "b": "%", "c": "MHz"}
    assert source.unavailable == {}


def test_a_probe_that_fails_at_opening_is_left_out_with_its_reason():
    broken = Sensor(1.0)
    broken.error = OSError("no such sensor")
    source = Source([Probe({"broken": "W"}, broken.read), Probe({"sound": "W"}, lambda: (2,))])
    assert source.read() == {"sound": 2}
    assert source.units == {"sound": "W"}
    assert source.unavailable == {"broken": "broken cannot be read: no such sensor"}
    assert broken.calls == 1


def test_a_probe_that_fails_later_gives_none_with_a_reason_and_may_recover():
    sensor = Sensor(5.0)
    source = Source([Probe({"a": "W"}, sensor.read), Probe({"b": "W"}, lambda: (2,))])
    sensor.error = OSError("unplugged")
    assert source.read() == {"a": None, "b": 2}
    assert "a could not be read at some samples: unplugged" in source.unavailable["a"]
    sensor.error = None
    assert source.read() == {"a": 5.0, "b": 2}
    assert source.units == {"a": "W", "b": "W"}


def test_an_error_without_words_is_named_by_its_type():
    sensor = Sensor(1.0)
    sensor.error = TimeoutError()
    assert Source([Probe({"a": "W"}, sensor.read)]).unavailable["a"].endswith("TimeoutError")


def test_a_probe_that_returns_too_few_values_is_a_failure_not_a_gap():
    values = [1.0, 2.0]
    source = Source([Probe({"a": "W", "b": "W"}, lambda: values)])
    values.pop()
    assert source.read() == {"a": None, "b": None}
    assert set(source.unavailable) == {"a", "b"}
