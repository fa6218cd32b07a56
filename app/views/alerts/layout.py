"""The page of alerts: a row for each, and the channels that are told."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.controls import labelled, select
from app.components.severity import severity_badge
from app.components.tables import Column, cell, nothing, table
from app.components.times import time
from app.components.tour import tour_button
from app.view import PageContext
from app.views.alerts.ids import CHANGES, SNOOZES, Button, Ids, Snooze
from db.permissions import Permission
from db.queries.team.alerts import AlertRow, ChannelRow
from ingest.analysis.health.rules import BY_NAME
from ingest.analysis.health.sentences import worded
from ingest.analysis.named_cause import cause_words

EVERY_MS = 5_000
KINDS = {"app": "This application", "webhook": "Webhook", "email": "E-mail"}
SEVERITIES = {"high": "high", "medium": "medium and high", "low": "all"}

_COLUMNS = (
    Column("Severity"),
    Column("Finding"),
    Column("Run"),
    Column("Iteration", numeric=True),
    Column("Found"),
    Column("Snooze", unseen=True),
)


def layout(context: PageContext) -> Component:
    """Return the page; its rows come by callback."""
    may_manage = context.identity.may(Permission.MANAGE_ALERTS)
    return html.Div(
        [
            dcc.Interval(id=Ids.TIMER, interval=EVERY_MS),
            dcc.Store(id=Ids.SHOWN),
            *CHANGES.stores(),
            *SNOOZES.stores(),
            dcc.Store(id=Ids.CLICKED),
            dcc.Store(id=Ids.SNOOZE_CLICKED),
            dcc.Store(id=Ids.READ_DONE),
            dcc.Store(id=Ids.NEWEST),
            html.Div(
                [
                    html.H1("Alerts"),
                    html.Span(id=Ids.COUNT, className="dt-count", role="status"),
                    dmc.Button(
                        "Mark these as read",
                        id=Ids.READ,
                        variant="default",
                        size="xs",
                        display="none",
                    ),
                ],
                className="dt-page-head",
            ),
            html.Div(table(_COLUMNS, body_id=Ids.BODY, label="Alerts"), id=Ids.TABLE, hidden=True),
            html.Div(id=Ids.EMPTY),
            html.H2("Notification channels"),
            html.P(
                "Each event of a run that is still recording is sent once, with all findings that "
                "belong to it, if its severity reaches the minimum of the channel. What is snoozed "
                "waits. Webhooks must have a public address.",
                className="dt-soft",
            ),
            html.Div(id=Ids.CHANNELS),
            _form(hidden=not may_manage),
            html.P(
                "Administrators choose the notification channels.",
                className="dt-soft",
                hidden=may_manage,
            ),
        ],
        className="dt-page",
    )


def _form(*, hidden: bool) -> Component:
    return html.Div(
        [
            labelled("Channel", select(Ids.KIND, "Kind of channel", KINDS, "app", 170)),
            labelled(
                "Address",
                dmc.TextInput(
                    id=Ids.ADDRESS,
                    placeholder="https://... or you@example.org",
                    size="xs",
                    w=340,
                    **aria(label="Address of the webhook, or e-mail address"),
                ),
            ),
            labelled(
                "Findings of severity",
                select(Ids.SEVERITY, "Minimum severity", SEVERITIES, "high", 160),
            ),
            dmc.Button("Add", id=Ids.ADD, size="xs"),
            html.P(id=Ids.PROBLEM, className="dt-problem", role="alert"),
        ],
        className="dt-form-row",
        hidden=hidden,
    )


def row(found: AlertRow, *, may_snooze: bool = False) -> Component:
    """Return one alert as a row; what is new is marked by a word, too."""
    rule = BY_NAME.get(found.rule)
    said = f"of={found.uuid[:8]}&cursor={found.iteration}&pins={found.iteration}"
    parts: list[Any] = [
        dmc.Anchor(
            rule.title if rule else found.rule, href=f"/run/{found.run_id}/findings?{said}", fw=600
        ),
        html.Div(cause_words(found.cause, found.probability), className="alerts-cause"),
        html.Div(worded(found.text), className="dt-soft"),
    ]
    if found.unread:
        parts.insert(0, dmc.Badge("new", size="xs", mr=6, tt="none"))
    run = dmc.Anchor(
        found.run, href=f"/run/{found.run_id}/overview?of={found.uuid[:8]}", className="dt-main"
    )
    return html.Tr(
        [
            cell(severity_badge(found.severity)),
            cell(parts),
            cell(run),
            cell(f"{found.iteration:,}", numeric=True),
            cell(time(found.created_at)),
            cell(_snooze(found, may_snooze=may_snooze)),
        ],
        key=str(found.id),
    )


def _snooze(found: AlertRow, *, may_snooze: bool) -> Component:
    """Return what is snoozed of an alert, by whom, and the choice."""
    parts: list[Any] = []
    if found.snoozed_by is not None:
        parts.append(html.Div(f"Event snoozed by {found.snoozed_by}", className="dt-soft"))
        parts += _wake(found, Snooze.WAKE_EVENT, "event", may_snooze=may_snooze)
    if found.run_snoozed_until is not None:
        until = time(found.run_snoozed_until)
        who = f" by {found.run_snoozed_by}"
        parts.append(html.Div(["Run snoozed until ", until, who], className="dt-soft"))
        parts += _wake(found, Snooze.WAKE_RUN, "run", may_snooze=may_snooze)
    if not parts and may_snooze:
        parts.append(_menu(found))
    return html.Div(parts)


def _wake(found: AlertRow, choice: Snooze, what: str, *, may_snooze: bool) -> list[Component]:
    button = dmc.Button(
        "End snooze",
        id={"type": choice, "alert": found.id},
        variant="default",
        size="compact-xs",
        **aria(label=f"End the snooze of the {what}: {found.run}, iteration {found.iteration:,}"),
    )
    return [button] if may_snooze else []


_CHOICES = {
    Snooze.EVENT: "This event",
    Snooze.HOUR: "The run for 1 hour",
    Snooze.NIGHT: "The run for 12 hours",
    Snooze.DAY: "The run for a day",
    Snooze.WEEK: "The run for a week",
}


def _menu(found: AlertRow) -> Component:
    # The wrapper is the button: it is what says whether the menu is open.
    target = dmc.MenuTarget(
        html.Span("Snooze"),
        boxWrapperProps={
            "component": "button",
            "type": "button",
            "className": "alerts-snooze",
            **aria(label=f"Snooze: {found.run}, iteration {found.iteration:,}"),
        },
    )
    items = [
        dmc.MenuItem(text, id={"type": choice, "alert": found.id})
        for choice, text in _CHOICES.items()
    ]
    return dmc.Menu([target, dmc.MenuDropdown(items)], position="bottom-end")


def none_yet() -> Component:
    """Return what stands where nothing was told yet."""
    return nothing(
        "No alerts yet",
        html.P(
            "Findings of runs that are still recording appear here as they are found, and are sent "
            "to the channels below."
        ),
        tour_button(),
    )


def channels(found: Sequence[ChannelRow], *, may_manage: bool) -> Component:
    """Return the channels as a list, each with its last error."""
    if not found:
        return html.P("There are no channels yet.", className="dt-soft")
    return html.Ul([_channel(one, may_manage=may_manage) for one in found], className="alerts-list")


def _channel(found: ChannelRow, *, may_manage: bool) -> Component:
    words = KINDS[found.kind] + (f" {found.address}" if found.address else "")
    parts: list[Any] = [f"{words}: {SEVERITIES[found.severity]}, set by {found.account_name}. "]
    if found.error:
        parts.append(html.Span(f"The last delivery failed: {found.error} ", className="dt-problem"))
    elif found.sent_at is not None:
        parts.append(html.Span(["Last sent ", time(found.sent_at), ". "], className="dt-soft"))
    if may_manage:
        parts.append(
            dmc.Button(
                "Remove",
                id={"type": Button.REMOVE, "channel": found.id},
                variant="default",
                size="compact-xs",
                **aria(label=f"Remove the channel: {words}"),
            )
        )
    return html.Li(parts)
