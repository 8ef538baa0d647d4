/** What Quarkus sees: settings, the channel from Kafka, health, metrics, start and end. */
package io.amalgam.mergeworker.service;
