/**
 * The coordinator of merges: {@link io.amalgam.mergeworker.coordination.MergeLine} is one merge as a pure state machine,
 * a partition owner runs those of one partition,
 * {@link io.amalgam.mergeworker.coordination.Coordinator} those of a worker.
 */
package io.amalgam.mergeworker.coordination;
