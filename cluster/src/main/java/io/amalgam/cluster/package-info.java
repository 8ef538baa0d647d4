/** What is generated for clusters and documentation from what the code says: topics, metrics. */
package io.amalgam.cluster;
