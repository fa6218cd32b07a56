"""The team: accounts and what they may, annotations, saved views, alerts, the activity log."""
