/**
 * Hostile input for everything that reads what comes from outside: a target a parser, which either gives a value that
 * holds its promises or refuses by its own exception; anything else is a finding.
 */
package io.amalgam.fuzz;
