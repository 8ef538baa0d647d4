/** What the services count: one catalogue of metrics, which code, documentation, dashboards and alerts share. */
package io.amalgam.events.metric;
