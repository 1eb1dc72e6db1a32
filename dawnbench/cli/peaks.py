"""The verb `dawnbench peaks`."""

from __future__ import annotations

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import device_option


@main.command()
@device_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def peaks(device: str, as_json: bool) -> None:
    """Measure the device's peaks.

    A product of two square matrices in each precision that the hardware has, and a copy beyond and within its
    caches: some ten seconds. These are the roofs that `dawnbench profile` compares kernels with.
    """
    from dawnbench.report.text.status_line import waiting_for

    with waiting_for("loading torch", silent=as_json):
        from dawnbench.engine.device import open_device
        from dawnbench.export.roofline_json import peaks_json
        from dawnbench.profiling import measure_peaks
        from dawnbench.report.text.console import open_console
        from dawnbench.report.text.peaks_table import peaks_report

    with waiting_for("measuring the device's peaks", silent=as_json):
        opened = open_device(device)
        opened.tune()
        found = measure_peaks(opened)
    if as_json:
        click.echo(peaks_json(found), nl=False)
    else:
        open_console().print(peaks_report(found), highlight=False)
