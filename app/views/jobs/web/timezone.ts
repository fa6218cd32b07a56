// @ts-nocheck
// What the jobs page knows from the browser alone: its time zone.

window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.jobs = {
  time_zone() {
    return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  },
};
