"""What is folded under the facts of a run: remarks, parameters without statistics, its origin."""

from dash import html
from dash.development.base_component import Component


def origin(found: list[tuple[str, str]]) -> Component:
    """Return where the run comes from that no Recorder wrote, folded; the place is in sight."""
    facts = dict(found)
    rows = [html.Li([html.Span(f"{label}: "), text]) for label, text in found]
    lost = sum(label == "Not taken" and not text.startswith("nothing") for label, text in found)
    ending = f"; {lost} kind{'' if lost == 1 else 's'} of things not taken" if lost else ""
    said = f"Read from {facts.get('Read from', '')} in {facts.get('Place', '')}{ending}"
    return html.Details(
        [html.Summary(said), html.Ul(rows)], className="overview-origin", hidden=not found
    )


def remarks(found: list[tuple[str, str]]) -> Component:
    """Return what the Recorder skipped or doubts, folded; nothing where there is none."""
    rows = [html.Li([html.Span(f"{when}. ") if when else None, text]) for when, text in found]
    count = "1 remark" if len(found) == 1 else f"{len(found)} remarks"
    return html.Details(
        [html.Summary(f"{count} of the Recorder: what it skipped or doubts"), html.Ul(rows)],
        className="overview-remarks",
        hidden=not found,
    )


def unrecorded(found: list[tuple[str, str]]) -> Component:
    """Return which parameters of the network have no statistics, folded; often only biases."""
    rows = [html.Li([html.Span(f"{why}. "), which]) for why, which in found]
    return html.Details(
        [html.Summary("Parameters that are not recorded, and why"), html.Ul(rows)],
        className="overview-unrecorded",
        hidden=not found,
    )
