/**
 * Breaks the line on purpose, and checks from the outside that it keeps its promises: processes, topics, store and
 * database are all real, faults come from outside of them, and what is checked is what any user could read.
 */
package io.amalgam.chaos;
