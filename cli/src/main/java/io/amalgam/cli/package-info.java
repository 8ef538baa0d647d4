/** The command line: everything that needs no server, and the client of one. */
package io.amalgam.cli;
