/**
 * Commands that ask a recipe-service: submit, watch, list, show, cancel, leaderboard, pull.
 *
 * <p>Exit status: 0 for success; 1 when the input or the merge is at fault; 2 for wrong arguments; 3 when the service or
 * something that it needs does not answer (trying again may help); 4 when the merge was cancelled; 70 for faults of ours.
 */
package io.amalgam.cli.client;
