"""The text and the sort key of every column of a cell."""

import pytest

from reports.findings.figures import DEVICE_HEADS, HEADS, device_figures, figures, sort_keys
from reports.read.load import load
from tests.conftest import CASE, ONE, content, entry, small_file

CELL = f"{CASE.format(16)}/torch-cpu"
PEAK = {"flop_s": {"float32": 4e9}, "copy_bytes_s": 2e7, "cache_bytes": 1000}
LESS = {"rel_error": None, "peak_memory_bytes": None, "visits": None, "first_call_s": None}


def row_of(write, contender="torch-cpu", speedup=(3.0, 2.9, 3.1), **info):
    data = content([entry(f"{CASE.format(16)}/{contender}", 1e-3, speedup, **info)])
    data["machine_info"]["peaks"] = {"cpu/threads=1": PEAK}
    result = load(write(data))
    (row,) = result.timed
    return row, result.machine.peaks


def test_every_column_has_its_text(write):
    texts = figures(
        *row_of(
            write,
            precision="float32",
            code_lines=7,
            bimodal=True,
            by_medians=(2.0, 1.9, 2.1),
            peak_device_memory_bytes=2**20,
            quality={"accuracy": 0.9123, "saved_bytes": 2048},
        )
    )
    assert texts == {
        "size": "n=16",
        "dtype": "float32",
        "threads": "1",
        "contender": "torch-cpu",
        "time": "1.00 ms",
        "median": "1.10 ms",
        "speedup": "3.0",
        "interval": "2.9 to 3.1",
        "by_medians": "2.0",
        "of_peak": "50 % of FLOP/s",
        "first_call": "10.0 ms",
        "lines": "7",
        "blocks": "3",
        "visits": "3",
        "memory": "4.00 KiB, device 1.00 MiB",
        "error": "1.0e-07 / 1.0e-05",
        "accuracy": "91.2 %",
        "saved": "2.00 KiB",
        "status": "ok, at two speeds",
    }
    assert list(texts) == list(HEADS)


def test_missing_values_are_blank(write):
    texts = figures(*row_of(write, bytes=1.0, **LESS))
    blank = {"of_peak", "first_call", "lines", "visits", "memory", "error", "accuracy", "saved"}
    assert {key for key, text in texts.items() if not text} == blank
    assert texts["status"] == "ok"
    assert figures(*row_of(write, speedup_typical=None))["by_medians"] == ""
    assert figures(*row_of(write, speedup=ONE, speedup_typical=None))["speedup"] == "1.00"


def test_numpy_has_no_speedup_over_itself(write):
    texts = figures(*row_of(write, "numpy", ONE))
    assert [texts[key] for key in ("speedup", "interval", "by_medians")] == ["", "", ""]


def test_columns_sort_by_value_not_by_text(write):
    row, _ = row_of(write)
    keys = sort_keys(row)
    assert set(keys) <= set(HEADS)
    assert (keys["time"], keys["speedup"], keys["interval"]) == (1e-3, 3.0, 2.9)
    assert keys["median"] == pytest.approx(1.1e-3)
    assert (keys["size"], keys["memory"], keys["error"]) == (16, 4096, 1e-7)


def test_device_columns_are_filled_if_the_devices_clock_was_used(write):
    assert device_figures(row_of(write)[0]) == {}
    parts = ("host_to_device_s", "launch_s", "kernel_s", "device_to_host_s", "wall_s")
    ledger = {key: 1e-6 * n for n, key in enumerate(parts)}
    row, _ = row_of(write, latency_s=2e-6, device_time_s=1e-6, ledger=ledger)
    texts = device_figures(row)
    assert set(texts) == set(DEVICE_HEADS)
    assert texts == {
        "time": "1.00 ms",
        "device_time_s": "1.00 µs",
        "latency_s": "2.00 µs",
        "cold_s": "",
        "host_to_device_s": "",
        "launch_s": "1.00 µs",
        "kernel_s": "2.00 µs",
        "device_to_host_s": "3.00 µs",
        "wall_s": "4.00 µs",
    }


@pytest.mark.parametrize("place", range(6))
def test_every_cell_of_a_small_file_has_every_column(write, place):
    row = load(write(small_file())).timed[place]
    assert set(figures(row, None)) == set(HEADS)
